package vramauto

/*
#include <stdlib.h>
#include <vramauto/vramauto.h>
*/
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// Source says where a model was read from.
type Source uint32

// Sources of models.
const (
	FromFiles Source = iota + 1
	FromConfig
	FromCatalogue
	FromName
	FromCache
	FromHub
)

// DType is a type of numbers; 100 and up are ggml's, plus 100.
type DType uint32

// ModelInfo tells what is known of a model: Unknown and "" where nothing is.
type ModelInfo struct {
	Source                               Source
	TensorCount, Parameters, StoredBytes uint64
	ID, Path, Architecture, ModelType    string
}

// Tensor as the header of a file describes it.
type Tensor struct {
	Name  string
	DType DType
	Bytes uint64
	Shape []uint64 // outermost first
}

// Model is a configuration and the headers of tensors.
type Model struct{ handle }

// OpenModel reads a directory, config.json, .safetensors, its .index.json, or finds a Hugging Face id. Where the context may use the
// network, ctx cancels transfers; the error then wraps ctx.Err() and is ErrCancelled.
func (c *Context) OpenModel(ctx context.Context, pathOrID string) (*Model, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !c.options.Network || ctx.Done() == nil {
		return c.open(pathOrID)
	}
	call, err := c.forOneCall(ctx)
	if err != nil {
		return nil, err
	}
	defer call.Close()
	return call.open(pathOrID)
}

// forOneCall is a context that ctx can cancel: in C, progress belongs to a context and not to a call. It describes no model, so it
// needs no plugins.
func (c *Context) forOneCall(ctx context.Context) (*Context, error) {
	if err := hold(&c.handle); err != nil {
		return nil, err
	}
	defer c.release()
	options := c.options
	options.NoPlugins, options.Plugins = true, nil
	options.Progress = func(done, total uint64) error {
		if err := ctx.Err(); err != nil || c.options.Progress == nil {
			return err
		}
		return c.options.Progress(done, total)
	}
	return newContext(options)
}

func (c *Context) open(pathOrID string) (*Model, error) {
	name, err := cString("model", pathOrID)
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(name))
	if err := hold(&c.handle); err != nil {
		return nil, err
	}
	defer c.release()
	var out *C.vramauto_model
	cerr := newCError()
	status := C.vramauto_model_open(c.c(), name, &out, cerr)
	if err := c.after(failure(status, cerr)); err != nil {
		C.vramauto_model_free(out)
		return nil, err
	}
	m := &Model{}
	m.own(unsafe.Pointer(out), func(ptr unsafe.Pointer) { C.vramauto_model_free((*C.vramauto_model)(ptr)) })
	runtime.SetFinalizer(m, (*Model).Close)
	return m, nil
}

// Close frees the model; plans made from it live on.
func (m *Model) Close() error {
	runtime.SetFinalizer(m, nil)
	m.close()
	return nil
}

func (m *Model) h() *handle {
	if m == nil {
		return nil
	}
	return &m.handle
}

func (m *Model) c() *C.vramauto_model { return (*C.vramauto_model)(m.ptr) }

// Info of the model.
func (m *Model) Info() (ModelInfo, error) {
	if err := hold(&m.handle); err != nil {
		return ModelInfo{}, err
	}
	defer m.release()
	info := C.vramauto_model_info{struct_size: C.sizeof_vramauto_model_info}
	status := C.vramauto_model_get(m.c(), &info)
	return ModelInfo{
		Source: Source(info.source), TensorCount: uint64(info.tensor_count), Parameters: uint64(info.parameters),
		StoredBytes: uint64(info.stored_bytes), ID: C.GoString(info.id), Path: C.GoString(info.path),
		Architecture: C.GoString(info.architecture), ModelType: C.GoString(info.model_type),
	}, outOfRange("model", status)
}

// Tensor number i of Info().TensorCount.
func (m *Model) Tensor(i uint64) (Tensor, error) {
	if err := hold(&m.handle); err != nil {
		return Tensor{}, err
	}
	defer m.release()
	info := C.vramauto_tensor_info{struct_size: C.sizeof_vramauto_tensor_info}
	if err := outOfRange("tensor", C.vramauto_model_tensor(m.c(), C.uint64_t(i), &info)); err != nil {
		return Tensor{}, err
	}
	shape := make([]uint64, info.rank)
	for k := range shape {
		shape[k] = uint64(info.shape[k])
	}
	return Tensor{C.GoStringN(info.name, C.int(info.name_len)), DType(info.dtype), uint64(info.bytes), shape}, nil
}
