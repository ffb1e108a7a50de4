package vramauto

/*
#include <stdlib.h>
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Detect says how devices are detected.
type Detect uint32

// DetectCUDA asks the CUDA driver in this process: exact totals, but later forks lose CUDA.
const DetectCUDA Detect = C.VRAMAUTO_DETECT_CUDA

// Device is one GPU.
type Device struct {
	Index                      uint32 // in the order the engine will see them
	TotalBytes, FreeBytes      uint64 // as cudaMemGetInfo counts them
	ComputeMajor, ComputeMinor uint32
	UnifiedMemory              bool
	MIG                        bool
	TotalFromCatalogue         bool
	Name, UUID, PCIBusID       string
	Source                     string
}

// Devices is a snapshot of GPUs.
type Devices struct{ handle }

// DetectDevices finds the GPUs of this machine.
func (c *Context) DetectDevices(how Detect) (*Devices, error) {
	return c.devices(func(out **C.vramauto_devices, err *C.vramauto_error) C.vramauto_status {
		return C.vramauto_devices_detect(c.c(), C.uint32_t(how), out, err)
	})
}

// ParseDevices takes GPUs from text: "2x RTX 4090", "H100 80GB", "24GiB", or what Devices.JSON wrote.
func (c *Context) ParseDevices(text string) (*Devices, error) {
	in, err := cString("devices", text)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(in))
	return c.devices(func(out **C.vramauto_devices, err *C.vramauto_error) C.vramauto_status {
		return C.vramauto_devices_parse(c.c(), in, out, err)
	})
}

func (c *Context) devices(find func(out **C.vramauto_devices, err *C.vramauto_error) C.vramauto_status) (*Devices, error) {
	if err := hold(&c.handle); err != nil {
		return nil, err
	}
	defer c.release()
	var out *C.vramauto_devices
	cerr := newCError()
	status := find(&out, cerr)
	if err := c.after(failure(status, cerr)); err != nil {
		C.vramauto_devices_free(out)
		return nil, err
	}
	d := &Devices{}
	d.own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.vramauto_devices_free((*C.vramauto_devices)(ptr)) })
	runtime.SetFinalizer(d, (*Devices).Close)
	return d, nil
}

// Close frees the list.
func (d *Devices) Close() error {
	runtime.SetFinalizer(d, nil)
	d.close()
	return nil
}

func (d *Devices) h() *handle {
	if d == nil {
		return nil
	}
	return &d.handle
}

func (d *Devices) c() *C.vramauto_devices { return (*C.vramauto_devices)(d.ptr) }

// List the devices.
func (d *Devices) List() ([]Device, error) {
	if err := hold(&d.handle); err != nil {
		return nil, err
	}
	defer d.release()
	out := make([]Device, C.vramauto_devices_count(d.c()))
	for i := range out {
		info := C.vramauto_device_info{struct_size: C.sizeof_vramauto_device_info}
		if err := outOfRange("device", C.vramauto_devices_get(d.c(), C.size_t(i), &info)); err != nil {
			return nil, err
		}
		out[i] = Device{
			Index: uint32(info.index), TotalBytes: uint64(info.total_bytes), FreeBytes: uint64(info.free_bytes),
			ComputeMajor: uint32(info.compute_major), ComputeMinor: uint32(info.compute_minor),
			UnifiedMemory: info.flags&1 != 0, MIG: info.flags&2 != 0, TotalFromCatalogue: info.flags&4 != 0,
			Name: C.GoString(info.name), UUID: C.GoString(info.uuid), PCIBusID: C.GoString(info.pci_bus_id), Source: C.GoString(info.source),
		}
	}
	return out, nil
}

// JSON that ParseDevices reads, on a machine without these GPUs too.
func (d *Devices) JSON() ([]byte, error) {
	if err := hold(&d.handle); err != nil {
		return nil, err
	}
	defer d.release()
	return written(func(buf *C.char, size C.size_t) C.size_t { return C.vramauto_devices_json(d.c(), buf, size) }), nil
}
