package vramauto

/*
#include <stdlib.h>
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"runtime"
	"sync"
	"unsafe"
)

// OptionType says how the text of an option is read.
type OptionType uint32

// Types of options.
const (
	Switch OptionType = iota + 1
	Integer
	Number
	Bytes
	Choice
	Text
	JSON
	Words // several, a line each
)

// Option that a workload can be given.
type Option struct {
	Type             OptionType
	Name, ShortName  string
	Choices, Default string
	Help             string
}

// WorkloadOptions lists every option there is.
func WorkloadOptions() ([]Option, error) {
	if err := recentEnough(); err != nil {
		return nil, err
	}
	out := make([]Option, C.vramauto_option_count())
	for i := range out {
		info := C.vramauto_option_info{struct_size: C.sizeof_vramauto_option_info}
		if err := outOfRange("option", C.vramauto_option_get(C.size_t(i), &info)); err != nil {
			return nil, err
		}
		out[i] = Option{OptionType(info._type), C.GoString(info.name), C.GoString(info.short_name), C.GoString(info.choices),
			C.GoString(info.default_text), C.GoString(info.help)}
	}
	return out, nil
}

// Workload is what the engine is asked to do: options whose names are the engine's own flags without the dashes.
type Workload struct {
	handle
	lock sync.RWMutex // C lets one set options, or many read them
}

// NewWorkload has every default.
func (c *Context) NewWorkload() (*Workload, error) {
	if err := hold(&c.handle); err != nil {
		return nil, err
	}
	defer c.release()
	var out *C.vramauto_workload
	cerr := newCError()
	if err := failure(C.vramauto_workload_new(c.c(), &out, cerr), cerr); err != nil {
		return nil, err
	}
	w := &Workload{}
	w.own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.vramauto_workload_free((*C.vramauto_workload)(ptr)) })
	runtime.SetFinalizer(w, (*Workload).Close)
	return w, nil
}

// Close frees the workload.
func (w *Workload) Close() error {
	runtime.SetFinalizer(w, nil)
	w.close()
	return nil
}

func (w *Workload) h() *handle {
	if w == nil {
		return nil
	}
	return &w.handle
}

// Set an option. Numbers as the engine reads them: "32k" is 32,000, "32K" is 32,768; bytes also as "24GiB".
func (w *Workload) Set(name, value string) error {
	text, err := cString(name, value)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(text))
	return w.set(name, text)
}

// Reset an option to its default.
func (w *Workload) Reset(name string) error { return w.set(name, nil) }

func (w *Workload) set(name string, value *C.char) error {
	key, err := cString("option", name)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(key))
	if err := hold(&w.handle); err != nil {
		return err
	}
	defer w.release()
	w.lock.Lock()
	defer w.lock.Unlock()
	cerr := newCError()
	return failure(C.vramauto_workload_set((*C.vramauto_workload)(w.ptr), key, value, cerr), cerr)
}

// Attach a second model, which the workload keeps alive: role "speculative", a draft model, of which the last counts, or "lora", an
// adapter, which may be repeated.
func (w *Workload) Attach(role string, model *Model) error {
	text, err := cString("role", role)
	if err != nil {
		return err
	}
	defer C.free(unsafe.Pointer(text))
	m := model.h()
	if err := hold(&w.handle, m); err != nil {
		return err
	}
	defer letGo(&w.handle, m)
	w.lock.Lock()
	defer w.lock.Unlock()
	cerr := newCError()
	return failure(C.vramauto_workload_attach((*C.vramauto_workload)(w.ptr), text, (*C.vramauto_model)(m.pointer()), cerr), cerr)
}
