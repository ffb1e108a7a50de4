"""The C header in ctypes: every struct, callback and function of vramauto.h, and nothing else. Held to the header by a test."""
from __future__ import annotations

from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int32, c_size_t, c_uint32, c_uint64, c_void_p,
                    sizeof)
from functools import partial
from typing import Any

VERSION_NUMBER = 1000  # of the header that this file follows; an older library is refused
UNKNOWN = 2**64 - 1
MAX_RANK = 8


class Struct(Structure):
    """A struct that says its size, as VRAMAUTO_INIT does."""

    empty: Any = None  # () -> one without values, in half the time: set by declare()

    def __init__(self, **fields: Any) -> None:
        super().__init__(sizeof(self), **fields)


class Pointer(c_void_p):
    """Owns what a handle points to. Every call into C has its pointers as arguments, and arguments stay alive while it runs: the
    last of them to go frees the handle, whatever thread closed it meanwhile."""

    free: Any = None  # set by declare()

    def __del__(self) -> None:
        address, free = self.value, self.free
        if address and free:
            free(address)


class ContextPointer(Pointer):
    kept: object = None  # the functions that C may call


class DevicesPointer(Pointer):
    pass


class ModelPointer(Pointer):
    pass


class WorkloadPointer(Pointer):
    pass


class EstimatePointer(Pointer):
    pass


class PlanPointer(Pointer):
    pass


class Error(Struct):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("offset", c_uint64), ("where", c_char * 240),
                ("message", c_char * 256)]


LogFunction = CFUNCTYPE(None, c_void_p, c_int32, c_char_p, c_char_p)
ProgressFunction = CFUNCTYPE(c_int32, c_void_p, c_uint64, c_uint64)


class ContextOptions(Struct):
    _fields_ = [("struct_size", c_uint32), ("flags", c_uint32), ("log", LogFunction), ("user", c_void_p), ("log_level", c_int32),
                ("plugin_timeout_ms", c_uint32), ("plugins", c_char_p), ("progress", ProgressFunction)]


class PluginInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("status", c_int32), ("id", c_char_p), ("version", c_char_p), ("path", c_char_p),
                ("message", c_char_p)]


class DeviceInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("index", c_uint32), ("total_bytes", c_uint64), ("free_bytes", c_uint64),
                ("compute_major", c_uint32), ("compute_minor", c_uint32), ("flags", c_uint32), ("reserved", c_uint32),
                ("name", c_char_p), ("uuid", c_char_p), ("pci_bus_id", c_char_p), ("source", c_char_p)]


class ModelInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("source", c_uint32), ("tensor_count", c_uint64), ("parameters", c_uint64),
                ("stored_bytes", c_uint64), ("id", c_char_p), ("path", c_char_p), ("architecture", c_char_p),
                ("model_type", c_char_p)]


class TensorInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_uint32), ("bytes", c_uint64), ("shape", c_uint64 * MAX_RANK),
                ("rank", c_uint32), ("name_len", c_uint32), ("name", c_void_p)]  # name_len bytes, not read up to a NUL


class OptionInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("type", c_uint32), ("name", c_char_p), ("short_name", c_char_p),
                ("choices", c_char_p), ("default_text", c_char_p), ("help", c_char_p)]


class EstimateInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("ranks", c_uint32), ("components", c_uint64), ("cache_groups", c_uint64),
                ("notes", c_uint64), ("parameters", c_uint64), ("peak_bytes", c_uint64), ("estimator", c_char_p),
                ("plugin", c_char_p), ("engine", c_char_p), ("engine_version", c_char_p)]


class Component(Struct):
    _fields_ = [("struct_size", c_uint32), ("rank", c_uint32), ("kind", c_uint32), ("flags", c_uint32), ("bytes", c_uint64),
                ("low_bytes", c_uint64), ("high_bytes", c_uint64), ("name", c_char_p), ("source", c_char_p)]


class CacheGroup(Struct):
    _fields_ = [("struct_size", c_uint32), ("rank", c_uint32), ("layers", c_uint32), ("block_tokens", c_uint32),
                ("block_bytes", c_uint64), ("window_tokens", c_uint64), ("sequence_bytes", c_uint64), ("kind", c_char_p)]


class PlanInfo(Struct):
    _fields_ = [("struct_size", c_uint32), ("fits", c_uint32), ("gpu_memory_utilization", c_double),
                ("utilization_min", c_double), ("utilization_max", c_double), ("strategy", c_uint32),
                ("tensor_parallel_size", c_uint32), ("pipeline_parallel_size", c_uint32), ("data_parallel_size", c_uint32),
                ("max_model_len", c_uint64), ("max_model_len_limit", c_uint64), ("max_num_seqs", c_uint64),
                ("kv_cache_bytes", c_uint64), ("kv_cache_tokens", c_uint64), ("headroom_bytes", c_uint64),
                ("max_concurrency", c_double), ("margin", c_uint32), ("certainty", c_uint32), ("reason", c_char_p),
                ("uncertainty_bytes", c_uint64), ("least_certain", c_char_p)]


_status, _error = c_int32, POINTER(Error)

FUNCTIONS = {  # name: result, parameters
    "vramauto_gpu_memory_gib": (c_double,),
    "vramauto_model_size_gib": (c_double, c_char_p),
    "vramauto_gpu_memory_utilization": (c_double, c_char_p, c_uint64, c_uint32),
    "vramauto_version": (c_uint32,),
    "vramauto_build_info": (c_char_p,),
    "vramauto_status_name": (c_char_p, _status),
    "vramauto_context_new": (_status, POINTER(ContextOptions), POINTER(ContextPointer), _error),
    "vramauto_context_free": (None, c_void_p),
    "vramauto_plugin_count": (c_size_t, ContextPointer),
    "vramauto_plugin_get": (_status, ContextPointer, c_size_t, POINTER(PluginInfo)),
    "vramauto_devices_detect": (_status, ContextPointer, c_uint32, POINTER(DevicesPointer), _error),
    "vramauto_devices_parse": (_status, ContextPointer, c_char_p, POINTER(DevicesPointer), _error),
    "vramauto_devices_count": (c_size_t, DevicesPointer),
    "vramauto_devices_get": (_status, DevicesPointer, c_size_t, POINTER(DeviceInfo)),
    "vramauto_devices_json": (c_size_t, DevicesPointer, c_char_p, c_size_t),
    "vramauto_devices_free": (None, c_void_p),
    "vramauto_model_open": (_status, ContextPointer, c_char_p, POINTER(ModelPointer), _error),
    "vramauto_model_get": (_status, ModelPointer, POINTER(ModelInfo)),
    "vramauto_model_tensor": (_status, ModelPointer, c_uint64, POINTER(TensorInfo)),
    "vramauto_model_free": (None, c_void_p),
    "vramauto_catalogue_model": (c_char_p, c_size_t),
    "vramauto_catalogue_gpu": (c_char_p, c_size_t),
    "vramauto_option_count": (c_size_t,),
    "vramauto_option_get": (_status, c_size_t, POINTER(OptionInfo)),
    "vramauto_workload_new": (_status, ContextPointer, POINTER(WorkloadPointer), _error),
    "vramauto_workload_set": (_status, WorkloadPointer, c_char_p, c_char_p, _error),
    "vramauto_workload_attach": (_status, WorkloadPointer, c_char_p, ModelPointer, _error),
    "vramauto_workload_free": (None, c_void_p),
    "vramauto_estimate_run": (_status, ContextPointer, DevicesPointer, ModelPointer, WorkloadPointer, POINTER(EstimatePointer), _error),
    "vramauto_estimate_get": (_status, EstimatePointer, POINTER(EstimateInfo)),
    "vramauto_estimate_component": (_status, EstimatePointer, c_uint64, POINTER(Component)),
    "vramauto_estimate_cache_group": (_status, EstimatePointer, c_uint64, POINTER(CacheGroup)),
    "vramauto_estimate_note": (c_char_p, EstimatePointer, c_uint64),
    "vramauto_estimate_json": (c_size_t, EstimatePointer, c_char_p, c_size_t),
    "vramauto_estimate_free": (None, c_void_p),
    "vramauto_plan_calculate": (_status, ContextPointer, DevicesPointer, ModelPointer, WorkloadPointer, POINTER(PlanPointer), _error),
    "vramauto_plan_get": (_status, PlanPointer, POINTER(PlanInfo)),
    "vramauto_plan_estimate": (c_void_p, PlanPointer),
    "vramauto_plan_argument": (c_char_p, PlanPointer, c_size_t),
    "vramauto_plan_environment": (c_char_p, PlanPointer, c_size_t),
    "vramauto_plan_warning": (c_char_p, PlanPointer, c_size_t, POINTER(c_char_p)),
    "vramauto_plan_text": (c_size_t, PlanPointer, c_char_p, c_size_t),
    "vramauto_plan_json": (c_size_t, PlanPointer, c_char_p, c_size_t),
    "vramauto_plan_free": (None, c_void_p),
}


def declare(library: Any) -> None:
    """Gives a loaded library's functions their types. AttributeError where one is missing."""
    for name, (result, *parameters) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, parameters
    for struct in Struct.__subclasses__():
        struct.empty = partial(struct.from_buffer_copy, bytes(struct()))
    for pointer in (ContextPointer, DevicesPointer, ModelPointer, WorkloadPointer, EstimatePointer, PlanPointer):
        pointer.free = getattr(library, f"vramauto_{pointer.__name__[:-len('Pointer')].lower()}_free")
