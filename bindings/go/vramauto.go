// Package vramauto says before a start how an inference engine will use GPU memory: which settings start, what each GPU will hold
// and why, or that a model does not fit and what would.
//
//	ctx, err := vramauto.New(nil)
//	gpus, err := ctx.ParseDevices("RTX 4090")
//	model, err := ctx.OpenModel(context.Background(), "Qwen/Qwen3-8B")
//	plan, err := ctx.Plan(gpus, model, nil)
//	info, err := plan.Info() // info.GPUMemoryUtilization
//
// It is the C library libvramauto, found by pkg-config; vramauto.h tells what each field means.
//
// Contexts, devices, models, estimates and plans may be used by many goroutines at once, also while one of them closes it: what runs
// goes on, what comes later gets ErrClosed. Close frees at once; a finalizer does so for what was forgotten.
package vramauto

/*
#cgo pkg-config: vramauto
#include <stdlib.h>
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Unknown stands for a number that is not known, never 0.
const Unknown = ^uint64(0)

// needs is the version of the header this package was compiled with: the oldest library it works with.
const needs = C.VRAMAUTO_VERSION_NUMBER

// Version of the library that runs, such as "0.1.0".
func Version() string { return dotted(uint32(C.vramauto_version())) }

// BuildInfo of the library: JSON with its compiler, options and dependencies.
func BuildInfo() string { return C.GoString(C.vramauto_build_info()) }

func dotted(number uint32) string {
	return fmt.Sprintf("%d.%d.%d", number/1000000, number/1000%1000, number%1000)
}

func recentEnough() error { return atLeast(needs, uint32(C.vramauto_version())) }

func atLeast(needed, found uint32) error {
	if found >= needed {
		return nil
	}
	return &Error{Status: ErrUnsupported, Where: "libvramauto", Offset: Unknown,
		Message: fmt.Sprintf("is version %s, this package needs %s", dotted(found), dotted(needed))}
}

// GPUMemoryGiB is the total of the first GPU; 0 without one.
func GPUMemoryGiB() (float64, error) {
	if err := recentEnough(); err != nil {
		return 0, err
	}
	return float64(C.vramauto_gpu_memory_gib()), nil
}

// ModelSizeGiB is the size of the weights by the rule of thumb: files, config, name, else 7.
func ModelSizeGiB(model string) (float64, error) {
	name, err := cString("model", model)
	if err != nil {
		return 0, err
	}
	defer C.free(unsafe.Pointer(name))
	return float64(C.vramauto_model_size_gib(name)), recentEnough()
}

// GPUMemoryUtilization by the rule of thumb, in (0, 1]. maxModelLen 0: the default; tensorParallelSize 0: 1. Without a GPU 0.90.
func GPUMemoryUtilization(model string, maxModelLen uint64, tensorParallelSize uint32) (float64, error) {
	name, err := cString("model", model)
	if err != nil {
		return 0, err
	}
	defer C.free(unsafe.Pointer(name))
	return float64(C.vramauto_gpu_memory_utilization(name, C.uint64_t(maxModelLen), C.uint32_t(tensorParallelSize))), recentEnough()
}
