package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

// question is what estimates and plans are made from; only the context and the model are never NULL.
type question struct {
	ctx      *C.vramauto_context
	devices  *C.vramauto_devices
	model    *C.vramauto_model
	workload *C.vramauto_workload
}

// ask keeps everything alive and unchanged while C answers.
func (c *Context) ask(devices *Devices, model *Model, workload *Workload, run func(question, *C.vramauto_error) C.vramauto_status) error {
	d, m, w := devices.h(), model.h(), workload.h()
	if err := hold(&c.handle, d, m, w); err != nil {
		return err
	}
	defer letGo(&c.handle, d, m, w)
	if workload != nil {
		workload.lock.RLock()
		defer workload.lock.RUnlock()
	}
	cerr := newCError()
	status := run(question{c.c(), (*C.vramauto_devices)(d.pointer()), (*C.vramauto_model)(m.pointer()),
		(*C.vramauto_workload)(w.pointer())}, cerr)
	return c.after(failure(status, cerr))
}
