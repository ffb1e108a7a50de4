package vramauto

import (
	"sync/atomic"
	"unsafe"
)

// handle owns one handle of C. The owner and every call that works with it count; whoever comes last frees it, so that Close neither
// waits nor takes it away from a call.
type handle struct {
	ptr    unsafe.Pointer
	free   func(unsafe.Pointer)
	users  atomic.Int64 // 0: freed, or never made
	closed atomic.Bool
}

func (h *handle) own(ptr unsafe.Pointer, free func(unsafe.Pointer)) {
	h.ptr, h.free = ptr, free
	h.users.Store(1)
}

func (h *handle) acquire() bool {
	for !h.closed.Load() {
		users := h.users.Load()
		if users == 0 {
			return false
		}
		if h.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
	return false
}

func (h *handle) release() {
	if h.users.Add(-1) == 0 {
		h.free(h.ptr)
	}
}

func (h *handle) close() {
	if h.users.Load() > 0 && !h.closed.Swap(true) {
		h.release()
	}
}

// hold keeps handles from being freed until they are let go: all of them, or none where one is closed. nil stands for C's NULL.
func hold(handles ...*handle) error {
	for i, h := range handles {
		if h != nil && !h.acquire() {
			letGo(handles[:i]...)
			return ErrClosed
		}
	}
	return nil
}

func letGo(handles ...*handle) {
	for _, h := range handles {
		if h != nil {
			h.release()
		}
	}
}

func (h *handle) pointer() unsafe.Pointer {
	if h == nil {
		return nil
	}
	return h.ptr
}
