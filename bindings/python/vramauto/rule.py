"""The rule of thumb under the names of the functions that it came from. GB are 2**30 bytes. None of these fails or prints."""
from __future__ import annotations

from ._handle import Text, encoded, unsigned
from ._library import lib


def get_gpu_memory_gb() -> float:
    """Total memory of the first GPU; 0.0 without one."""
    return float(lib.vramauto_gpu_memory_gib())


def estimate_model_size_gb(model_path: Text) -> float:
    """Of the weights: by the files, else the configuration, else the name, else 7.0."""
    return float(lib.vramauto_model_size_gib(encoded(model_path, "model_path")))


def calculate_gpu_memory_utilization(model_path: Text, max_model_len: int | None = None, tensor_parallel_size: int = 1) -> float:
    """For --gpu-memory-utilization on the first GPU; 0.90 without one."""
    return float(lib.vramauto_gpu_memory_utilization(encoded(model_path, "model_path"), unsigned(max_model_len or 0, 64, "max_model_len"),
                                                     unsigned(tensor_parallel_size, 32, "tensor_parallel_size")))
