package vramauto

/*
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Fits says whether the model does; DoesNotFit is an answer, not an error.
type Fits uint32

// Whether a model fits.
const (
	DoesNotFit Fits = iota
	DoesFit
	FitUnknown // the GPU's size is not known
)

// Strategy by which the utilization was chosen.
type Strategy uint32

// Strategies.
const (
	StrategyNone         Strategy = C.VRAMAUTO_STRATEGY_NONE
	StrategyGiven        Strategy = C.VRAMAUTO_STRATEGY_GIVEN
	StrategyConservative Strategy = C.VRAMAUTO_STRATEGY_CONSERVATIVE
	StrategyStandard     Strategy = C.VRAMAUTO_STRATEGY_STANDARD
	StrategyAggressive   Strategy = C.VRAMAUTO_STRATEGY_AGGRESSIVE
	StrategyMinimal      Strategy = C.VRAMAUTO_STRATEGY_MINIMAL
	StrategyMaximal      Strategy = C.VRAMAUTO_STRATEGY_MAXIMAL
)

// Margin is how much stays free.
type Margin uint32

// Margins.
const (
	MarginNone        Margin = C.VRAMAUTO_MARGIN_NONE
	MarginThin        Margin = C.VRAMAUTO_MARGIN_THIN
	MarginComfortable Margin = C.VRAMAUTO_MARGIN_COMFORTABLE
)

// Certainty is how much is known of the memory left for the KV cache.
type Certainty uint32

// Certainties.
const (
	CertaintyNone   Certainty = C.VRAMAUTO_CERTAINTY_NONE
	CertaintyGuess  Certainty = C.VRAMAUTO_CERTAINTY_GUESS
	CertaintyWithin Certainty = C.VRAMAUTO_CERTAINTY_WITHIN
	CertaintyExact  Certainty = C.VRAMAUTO_CERTAINTY_EXACT
)

// PlanInfo is a plan in numbers; utilizations of 0 and counts of Unknown are not known.
type PlanInfo struct {
	Fits                           Fits
	GPUMemoryUtilization           float64
	UtilizationMin, UtilizationMax float64 // it starts between these
	Strategy                       Strategy
	TensorParallelSize             uint32
	PipelineParallelSize           uint32
	DataParallelSize               uint32
	MaxModelLen, MaxModelLenLimit  uint64
	MaxNumSeqs                     uint64
	KVCacheBytes, KVCacheTokens    uint64
	HeadroomBytes                  uint64 // fullest rank, after start
	MaxConcurrency                 float64
	Margin                         Margin
	Certainty                      Certainty
	Reason                         string
	UncertaintyBytes               uint64 // the cache of the fullest rank may be off by so much either way
	LeastCertain                   string // the component that adds most to it; "" when exact
}

// Warning about a plan; Code is stable, Message is for people.
type Warning struct{ Code, Message string }

// Plan is settings, and whether they fit.
type Plan struct{ handle }

// Plan calculates settings. devices nil: a GPU of unknown size; workload nil: every default.
func (c *Context) Plan(devices *Devices, model *Model, workload *Workload) (*Plan, error) {
	var out *C.vramauto_plan
	err := c.ask(devices, model, workload, func(q question, err *C.vramauto_error) C.vramauto_status {
		return C.vramauto_plan_calculate(q.ctx, q.devices, q.model, q.workload, &out, err)
	})
	if err != nil {
		C.vramauto_plan_free(out)
		return nil, err
	}
	p := &Plan{}
	p.own(unsafe.Pointer(out), freePlan)
	runtime.SetFinalizer(p, (*Plan).Close)
	return p, nil
}

func freePlan(ptr unsafe.Pointer) { C.vramauto_plan_free((*C.vramauto_plan)(ptr)) }

// Close frees the plan.
func (p *Plan) Close() error {
	runtime.SetFinalizer(p, nil)
	p.close()
	return nil
}

func (p *Plan) c() *C.vramauto_plan { return (*C.vramauto_plan)(p.ptr) }

// Info of the plan.
func (p *Plan) Info() (PlanInfo, error) {
	if err := hold(&p.handle); err != nil {
		return PlanInfo{}, err
	}
	defer p.release()
	i := C.vramauto_plan_info{struct_size: C.sizeof_vramauto_plan_info}
	if err := outOfRange("plan", C.vramauto_plan_get(p.c(), &i)); err != nil {
		return PlanInfo{}, err
	}
	return PlanInfo{
		Fits: Fits(i.fits), GPUMemoryUtilization: float64(i.gpu_memory_utilization),
		UtilizationMin: float64(i.utilization_min), UtilizationMax: float64(i.utilization_max), Strategy: Strategy(i.strategy),
		TensorParallelSize: uint32(i.tensor_parallel_size), PipelineParallelSize: uint32(i.pipeline_parallel_size),
		DataParallelSize: uint32(i.data_parallel_size), MaxModelLen: uint64(i.max_model_len), MaxModelLenLimit: uint64(i.max_model_len_limit),
		MaxNumSeqs: uint64(i.max_num_seqs), KVCacheBytes: uint64(i.kv_cache_bytes), KVCacheTokens: uint64(i.kv_cache_tokens),
		HeadroomBytes: uint64(i.headroom_bytes), MaxConcurrency: float64(i.max_concurrency), Margin: Margin(i.margin),
		Certainty: Certainty(i.certainty), Reason: C.GoString(i.reason), UncertaintyBytes: uint64(i.uncertainty_bytes),
		LeastCertain: C.GoString(i.least_certain),
	}, nil
}

// Estimate that the plan was made from, to be closed too; ErrNotFound for a plan by the rule of thumb, which has none.
func (p *Plan) Estimate() (*Estimate, error) {
	if err := hold(&p.handle); err != nil {
		return nil, err
	}
	estimate := C.vramauto_plan_estimate(p.c())
	if estimate == nil {
		p.release()
		return nil, &Error{Status: ErrNotFound, Where: "plan", Offset: Unknown, Message: "has no estimate, it is by the rule of thumb"}
	}
	return newEstimate(estimate, func(unsafe.Pointer) { p.release() }), nil // it belongs to the plan, and holds it
}

// Arguments of the engine's command: all it needs.
func (p *Plan) Arguments() ([]string, error) {
	if err := hold(&p.handle); err != nil {
		return nil, err
	}
	defer p.release()
	var out []string
	for text := C.vramauto_plan_argument(p.c(), 0); text != nil; text = C.vramauto_plan_argument(p.c(), C.size_t(len(out))) {
		out = append(out, C.GoString(text))
	}
	return out, nil
}

// Environment of the engine that the plan needs: "NAME=VALUE", as exec.Cmd takes it.
func (p *Plan) Environment() ([]string, error) {
	if err := hold(&p.handle); err != nil {
		return nil, err
	}
	defer p.release()
	out := []string{}
	for text := C.vramauto_plan_environment(p.c(), 0); text != nil; text = C.vramauto_plan_environment(p.c(), C.size_t(len(out))) {
		out = append(out, C.GoString(text))
	}
	return out, nil
}

// Warnings about the plan.
func (p *Plan) Warnings() ([]Warning, error) {
	if err := hold(&p.handle); err != nil {
		return nil, err
	}
	defer p.release()
	out := []Warning{}
	var code *C.char
	for text := C.vramauto_plan_warning(p.c(), 0, &code); text != nil; text = C.vramauto_plan_warning(p.c(), C.size_t(len(out)), &code) {
		out = append(out, Warning{C.GoString(code), C.GoString(text)})
	}
	return out, nil
}

// Text for people.
func (p *Plan) Text() (string, error) {
	if err := hold(&p.handle); err != nil {
		return "", err
	}
	defer p.release()
	return string(written(func(buf *C.char, size C.size_t) C.size_t { return C.vramauto_plan_text(p.c(), buf, size) })), nil
}

// JSON of the whole plan: schema vramauto.plan/1.
func (p *Plan) JSON() ([]byte, error) {
	if err := hold(&p.handle); err != nil {
		return nil, err
	}
	defer p.release()
	return written(func(buf *C.char, size C.size_t) C.size_t { return C.vramauto_plan_json(p.c(), buf, size) }), nil
}
