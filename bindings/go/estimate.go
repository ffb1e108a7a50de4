package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Kind of memory; 0x40000000 and up are an estimator's own.
type Kind uint32

// Kinds of memory.
const (
	KindOther         Kind = C.VRAMAUTO_KIND_OTHER
	KindWeights       Kind = C.VRAMAUTO_KIND_WEIGHTS
	KindKVCache       Kind = C.VRAMAUTO_KIND_KV_CACHE
	KindState         Kind = C.VRAMAUTO_KIND_STATE
	KindActivations   Kind = C.VRAMAUTO_KIND_ACTIVATIONS
	KindGraphs        Kind = C.VRAMAUTO_KIND_GRAPHS
	KindCommunication Kind = C.VRAMAUTO_KIND_COMMUNICATION
	KindRuntime       Kind = C.VRAMAUTO_KIND_RUNTIME
)

// EstimateInfo is an estimate as a whole.
type EstimateInfo struct {
	Ranks                            uint32
	Parameters                       uint64
	PeakBytes                        uint64 // fullest rank, without the KV cache
	Estimator, Plugin                string
	Engine, EngineVersion            string
	components, cacheGroups, notices uint64
}

// Component is one named amount of memory on one rank.
type Component struct {
	Rank                       uint32
	Kind                       Kind
	OutsideBudget              bool   // of the engine
	Bytes, LowBytes, HighBytes uint64 // best value and bounds; all equal when exact
	Name, Source               string
}

// CacheGroup is one group of layers as the engine allocates them.
type CacheGroup struct {
	Rank          uint32
	Layers        uint32
	BlockTokens   uint32
	BlockBytes    uint64 // all its layers, one block
	WindowTokens  uint64 // kept per sequence; Unknown: the whole context
	SequenceBytes uint64 // of state that does not grow with length
	Kind          string // "full", "sliding", ...
}

// Estimate is bytes per rank and the geometry of the cache.
type Estimate struct{ handle }

// Estimate prices a model. devices nil: a GPU of unknown size; workload nil: every default.
func (c *Context) Estimate(devices *Devices, model *Model, workload *Workload) (*Estimate, error) {
	var out *C.vramauto_estimate
	err := c.ask(devices, model, workload, func(q question, err *C.vramauto_error) C.vramauto_status {
		return C.vramauto_estimate_run(q.ctx, q.devices, q.model, q.workload, &out, err)
	})
	if err != nil {
		C.vramauto_estimate_free(out)
		return nil, err
	}
	return newEstimate(out, func(ptr unsafe.Pointer) { C.vramauto_estimate_free((*C.vramauto_estimate)(ptr)) }), nil
}

func newEstimate(ptr *C.vramauto_estimate, free func(unsafe.Pointer)) *Estimate {
	e := &Estimate{}
	e.own(unsafe.Pointer(ptr), free)
	runtime.SetFinalizer(e, (*Estimate).Close)
	return e
}

// Close frees the estimate.
func (e *Estimate) Close() error {
	runtime.SetFinalizer(e, nil)
	e.close()
	return nil
}

func (e *Estimate) c() *C.vramauto_estimate { return (*C.vramauto_estimate)(e.ptr) }

// Info of the estimate as a whole.
func (e *Estimate) Info() (EstimateInfo, error) {
	if err := hold(&e.handle); err != nil {
		return EstimateInfo{}, err
	}
	defer e.release()
	return e.info()
}

func (e *Estimate) info() (EstimateInfo, error) {
	info := C.vramauto_estimate_info{struct_size: C.sizeof_vramauto_estimate_info}
	if err := outOfRange("estimate", C.vramauto_estimate_get(e.c(), &info)); err != nil {
		return EstimateInfo{}, err
	}
	return EstimateInfo{
		Ranks: uint32(info.ranks), Parameters: uint64(info.parameters), PeakBytes: uint64(info.peak_bytes),
		Estimator: C.GoString(info.estimator), Plugin: C.GoString(info.plugin),
		Engine: C.GoString(info.engine), EngineVersion: C.GoString(info.engine_version),
		components: uint64(info.components), cacheGroups: uint64(info.cache_groups), notices: uint64(info.notes),
	}, nil
}

// rows of the estimate, which C gives one by one.
func rows[T any](e *Estimate, count func(EstimateInfo) uint64, nth func(C.uint64_t) (T, error)) ([]T, error) {
	if err := hold(&e.handle); err != nil {
		return nil, err
	}
	defer e.release()
	all, err := e.info()
	if err != nil {
		return nil, err
	}
	out := make([]T, count(all))
	for i := range out {
		if out[i], err = nth(C.uint64_t(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Components of all ranks.
func (e *Estimate) Components() ([]Component, error) {
	return rows(e, func(all EstimateInfo) uint64 { return all.components }, func(i C.uint64_t) (Component, error) {
		c := C.vramauto_component{struct_size: C.sizeof_vramauto_component}
		err := outOfRange("component", C.vramauto_estimate_component(e.c(), i, &c))
		return Component{uint32(c.rank), Kind(c.kind), c.flags&1 != 0, uint64(c.bytes), uint64(c.low_bytes), uint64(c.high_bytes),
			C.GoString(c.name), C.GoString(c.source)}, err
	})
}

// CacheGroups of layers.
func (e *Estimate) CacheGroups() ([]CacheGroup, error) {
	return rows(e, func(all EstimateInfo) uint64 { return all.cacheGroups }, func(i C.uint64_t) (CacheGroup, error) {
		g := C.vramauto_cache_group{struct_size: C.sizeof_vramauto_cache_group}
		err := outOfRange("cache group", C.vramauto_estimate_cache_group(e.c(), i, &g))
		return CacheGroup{uint32(g.rank), uint32(g.layers), uint32(g.block_tokens), uint64(g.block_bytes), uint64(g.window_tokens),
			uint64(g.sequence_bytes), C.GoString(g.kind)}, err
	})
}

// Notes of the estimator and of the engine.
func (e *Estimate) Notes() ([]string, error) {
	if err := hold(&e.handle); err != nil {
		return nil, err
	}
	defer e.release()
	out := []string{}
	for note := C.vramauto_estimate_note(e.c(), 0); note != nil; note = C.vramauto_estimate_note(e.c(), C.uint64_t(len(out))) {
		out = append(out, C.GoString(note))
	}
	return out, nil
}

// JSON of the whole estimate.
func (e *Estimate) JSON() ([]byte, error) {
	if err := hold(&e.handle); err != nil {
		return nil, err
	}
	defer e.release()
	return written(func(buf *C.char, size C.size_t) C.size_t { return C.vramauto_estimate_json(e.c(), buf, size) }), nil
}
