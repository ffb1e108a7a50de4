"""How much GPU memory will a model need in an inference engine, and which settings should it get?

    import vramauto
    plan = vramauto.plan("Qwen/Qwen3-8B", "RTX 4090", max_model_len=16384)
    if plan.info.fits:
        print(plan.arguments)

`Context` has the rest: devices, models, workloads, estimates, plugins. A failure is a `vramauto.Error`.
"""
from __future__ import annotations

import json as _json
from typing import Any as _Any

from ._abi import VERSION_NUMBER as _VERSION_NUMBER
from ._library import lib as _lib, version_text as _version_text
from .catalogue import catalogue_gpus, catalogue_models
from .context import Context, default_context, detect, estimate, plan
from .devices import Devices
from .engine import DoesNotFitError, Engine
from .errors import (ArgumentError, CancelledError, ClosedError, DriverError, Error, FormatError, InternalError, LimitError,
                     NoDriverError, NoEstimatorError, NotFoundError, OutOfMemoryError, PluginError, SystemRefusedError, TimedOutError,
                     UnsupportedError)
from .estimates import Estimate
from .models import Model
from .plans import Plan
from .rule import calculate_gpu_memory_utilization, estimate_model_size_gb, get_gpu_memory_gb
from .values import (CacheGroup, Certainty, Component, ContextFlag, DetectFlag, DeviceFlag, DeviceInfo, Dtype, EstimateInfo, Kind,
                     LogLevel, Margin, ModelInfo, ModelSource, OptionInfo, OptionType, PlanInfo, PlanWarning, PluginInfo, Status,
                     Strategy, TensorInfo)
from .workloads import Workload, options

__all__ = [
    "ArgumentError", "CacheGroup", "CancelledError", "Certainty", "ClosedError", "Component", "Context", "ContextFlag",
    "DetectFlag", "DeviceFlag", "DeviceInfo", "Devices", "DoesNotFitError", "DriverError", "Dtype", "Engine", "Error", "Estimate",
    "EstimateInfo", "FormatError", "InternalError", "Kind", "LimitError", "LogLevel", "Margin", "Model", "ModelInfo",
    "ModelSource", "NoDriverError", "NoEstimatorError", "NotFoundError", "OptionInfo", "OptionType", "OutOfMemoryError", "Plan",
    "PlanInfo", "PlanWarning", "PluginError", "PluginInfo", "Status", "Strategy", "SystemRefusedError", "TensorInfo",
    "TimedOutError", "UnsupportedError", "Workload", "build_info", "calculate_gpu_memory_utilization", "catalogue_gpus",
    "catalogue_models", "default_context", "detect", "estimate", "estimate_model_size_gb", "get_gpu_memory_gb", "options", "plan",
    "version",
]

__version__ = _version_text(_VERSION_NUMBER)


def version() -> str:
    """Of the library that was loaded."""
    return _version_text(_lib.vramauto_version())


def build_info() -> _Any:
    """How the library was built."""
    return _json.loads(_lib.vramauto_build_info())
