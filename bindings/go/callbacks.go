package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"errors"
	"fmt"
	"runtime/cgo"
	"sync/atomic"
)

// callbacks is what C's `user` stands for. It must not lead to the Context, which would never be collected.
type callbacks struct {
	log      func(level Level, source, message string)
	progress func(done, total uint64) error // an error cancels
	panicked atomic.Pointer[CallbackPanic]
	stopped  atomic.Pointer[error] // what progress returned last
}

// CallbackPanic is what a call returns when a callback of its context panicked meanwhile. A panic must not unwind C.
type CallbackPanic struct{ Value any }

func (p *CallbackPanic) Error() string {
	return fmt.Sprintf("vramauto: a callback panicked: %v", p.Value)
}

// Unwrap is the value of the panic where that was an error.
func (p *CallbackPanic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

func (c *callbacks) keepPanic() {
	if value := recover(); value != nil {
		c.panicked.CompareAndSwap(nil, &CallbackPanic{value})
	}
}

// after is what a call returns: a panic that was kept comes first; what was cancelled wraps the error of progress.
func (c *callbacks) after(err error) error {
	if c.panicked.Load() != nil {
		if panicked := c.panicked.Swap(nil); panicked != nil {
			return panicked
		}
	}
	var told *Error
	if errors.As(err, &told) && told.Status == ErrCancelled {
		if stopped := c.stopped.Load(); stopped != nil {
			told.cause = *stopped
		}
	}
	return err
}

//export vramautoGoLog
func vramautoGoLog(user C.uintptr_t, level C.vramauto_level, source, message *C.char) {
	c := cgo.Handle(user).Value().(*callbacks)
	defer c.keepPanic()
	c.log(Level(level), C.GoString(source), C.GoString(message))
}

//export vramautoGoProgress
func vramautoGoProgress(user C.uintptr_t, done, total C.uint64_t) (cancel C.int32_t) {
	c := cgo.Handle(user).Value().(*callbacks)
	cancel = 1 // also where it panics
	defer c.keepPanic()
	err := c.progress(uint64(done), uint64(total))
	if err == nil {
		return 0
	}
	c.stopped.Store(&err)
	return cancel
}
