package vramauto

/*
#include <stdlib.h>
#include "bridge.h"
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"strings"
	"time"
	"unsafe"
)

// Level of a message; smaller ones are more severe.
type Level int32

// Levels of messages.
const (
	LogError Level = C.VRAMAUTO_LOG_ERROR
	LogWarn  Level = C.VRAMAUTO_LOG_WARN
	LogInfo  Level = C.VRAMAUTO_LOG_INFO
	LogDebug Level = C.VRAMAUTO_LOG_DEBUG
)

// Options of a Context; the zero value has every default. Callbacks run on several goroutines at once, and must not use the Context.
type Options struct {
	NoPlugins bool // built-in estimators only
	NoEnv     bool // ignore environment variables
	Network   bool // a model that is not here may be read from the hub
	Refresh   bool // with Network: ask the hub before the cache and the catalogue

	Log           func(level Level, source, message string) // nil: silent
	LogLevel      Level                                     // 0: LogWarn
	Progress      func(done, total uint64) error            // of network transfers, in bytes; total may be Unknown; an error cancels
	Plugins       []string                                  // absolute directories and files, taken first
	PluginTimeout time.Duration                             // for one estimator to describe a model; 0: the library's default
}

// Context holds the log and the estimators.
type Context struct {
	handle
	options Options
	*callbacks
}

// New makes a context; nil options are the defaults. It refuses a library older than this package needs.
func New(options *Options) (*Context, error) {
	if err := recentEnough(); err != nil {
		return nil, err
	}
	if options == nil {
		options = &Options{}
	}
	return newContext(*options)
}

func newContext(options Options) (*Context, error) {
	in, free, err := cOptions(&options)
	if err != nil {
		return nil, err
	}
	defer free()
	c := &Context{options: options, callbacks: &callbacks{log: options.Log, progress: options.Progress}}
	user := cgo.NewHandle(c.callbacks)
	var out *C.vramauto_context
	cerr := newCError()
	status := C.vramauto_go_context_new(in, C.uintptr_t(user), truth(options.Log != nil), truth(options.Progress != nil), &out, cerr)
	if err := c.after(failure(status, cerr)); err != nil {
		C.vramauto_context_free(out)
		user.Delete()
		return nil, err
	}
	c.own(unsafe.Pointer(out), func(ptr unsafe.Pointer) {
		C.vramauto_context_free((*C.vramauto_context)(ptr))
		user.Delete()
	})
	runtime.SetFinalizer(c, (*Context).Close)
	return c, nil
}

func truth(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

func cOptions(o *Options) (in C.vramauto_context_options, free func(), err error) {
	in.struct_size = C.sizeof_vramauto_context_options
	for _, flag := range []struct {
		set bool
		bit C.uint32_t
	}{{o.NoPlugins, C.VRAMAUTO_CONTEXT_NO_PLUGINS}, {o.NoEnv, C.VRAMAUTO_CONTEXT_NO_ENV}, {o.Network, C.VRAMAUTO_CONTEXT_NETWORK}, {o.Refresh, C.VRAMAUTO_CONTEXT_REFRESH}} {
		if flag.set {
			in.flags |= flag.bit
		}
	}
	in.log_level = C.vramauto_level(o.LogLevel)
	ms := o.PluginTimeout.Milliseconds()
	if ms < 0 || ms > int64(^uint32(0)) || (ms == 0 && o.PluginTimeout != 0) {
		return in, nil, &Error{Status: ErrArgument, Where: "PluginTimeout", Offset: Unknown,
			Message: "is " + o.PluginTimeout.String() + ", expected 1ms to 49 days"}
	}
	in.plugin_timeout_ms = C.uint32_t(ms)
	if len(o.Plugins) == 0 {
		return in, func() {}, nil
	}
	for _, path := range o.Plugins {
		if strings.Contains(path, ":") {
			return in, nil, &Error{Status: ErrArgument, Where: "Plugins", Offset: Unknown, Message: "\"" + path + "\" has a colon, which separates paths"}
		}
	}
	if in.plugins, err = cString("Plugins", strings.Join(o.Plugins, ":")); err != nil {
		return in, nil, err
	}
	return in, func() { C.free(unsafe.Pointer(in.plugins)) }, nil
}

// Close frees the context; what was made from it lives on.
func (c *Context) Close() error {
	runtime.SetFinalizer(c, nil)
	c.close()
	return nil
}

func (c *Context) c() *C.vramauto_context { return (*C.vramauto_context)(c.ptr) }

// Plugin is an estimator's file that was found, or what is built in.
type Plugin struct {
	Status  Status // 0: in use
	ID      string // "" when not known
	Version string
	Path    string // "" when built in
	Message string // its estimators, or why it was refused
}

// Plugins lists what was found, in the order it was searched for, also what was refused and why.
func (c *Context) Plugins() ([]Plugin, error) {
	if err := hold(&c.handle); err != nil {
		return nil, err
	}
	defer c.release()
	out := make([]Plugin, C.vramauto_plugin_count(c.c()))
	for i := range out {
		info := C.vramauto_plugin_info{struct_size: C.sizeof_vramauto_plugin_info}
		if err := outOfRange("plugin", C.vramauto_plugin_get(c.c(), C.size_t(i), &info)); err != nil {
			return nil, err
		}
		out[i] = Plugin{Status(info.status), C.GoString(info.id), C.GoString(info.version), C.GoString(info.path), C.GoString(info.message)}
	}
	return out, nil
}
