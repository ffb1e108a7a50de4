"""A context: estimators, log and progress. All else is made from one."""
from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from ctypes import byref
from typing import Any, Union

from . import _abi
from ._calls import Calls, Log, Progress, log_function, progress_function
from ._handle import Handle, Text, checked, encoded, pointer_of, taken, unsigned
from ._library import lib
from .devices import Devices
from .estimates import Estimate
from .models import Model
from .plans import Plan
from .values import ContextFlag, DetectFlag, LogLevel, PluginInfo, row
from .workloads import Workload

AnyModel = Union[Model, Text]
AnyDevices = Union[Devices, str, None]


def _paths(plugins: Text | Iterable[Text] | None) -> bytes | None:
    if plugins is None:
        return None
    several = [plugins] if isinstance(plugins, (str, bytes, os.PathLike)) else plugins
    return b":".join(encoded(path, "plugins") for path in several)


class Context(Handle):
    """`log` and `progress` are called on the threads that call this context, several at once, and must not use it. A progress that
    returns something true, or raises, cancels."""

    __slots__ = ("_calls",)

    def __init__(self, *, flags: ContextFlag | int = 0, plugins: Text | Iterable[Text] | None = None, log: Log | None = None,
                 log_level: LogLevel | int = 0, progress: Progress | None = None, plugin_timeout_ms: int = 0):
        self._pointer = None
        calls = Calls()
        self._calls = calls if log or progress else None
        options = _abi.ContextOptions(flags=unsigned(flags, 32, "flags"), log_level=unsigned(log_level, 31, "log_level"),
                                      plugin_timeout_ms=unsigned(plugin_timeout_ms, 32, "plugin_timeout_ms"), plugins=_paths(plugins))
        if log:
            options.log = log_function(log, calls)
        if progress:
            options.progress = progress_function(progress, calls)
        pointer = _abi.ContextPointer()
        pointer.kept = options.log, options.progress
        self._call(lib.vramauto_context_new, byref(options), byref(pointer))
        self._pointer = pointer

    def _call(self, function: Any, *arguments: Any) -> None:
        if self._calls is None:
            return checked(function, *arguments)
        with self._calls:
            checked(function, *arguments)

    def _make(self, function: Any, kind: type[_abi.Pointer], *arguments: Any) -> Any:
        """What a call of this context gives."""
        out = kind()
        self._call(function, self._use(), *arguments, byref(out))
        return out

    @property
    def plugins(self) -> tuple[PluginInfo, ...]:
        """What was found, in the order it was searched for, also what was refused and why."""
        pointer, rows = self._use(), []
        for i in range(lib.vramauto_plugin_count(pointer)):
            info = _abi.PluginInfo()
            taken(lib.vramauto_plugin_get(pointer, i, byref(info)), lib.vramauto_plugin_get)
            rows.append(row(PluginInfo, info))
        return tuple(rows)

    def detect(self, flags: DetectFlag | int = 0) -> Devices:
        """The GPUs of this machine. DetectFlag.CUDA asks the CUDA driver in this process: exact, but later forks lose CUDA."""
        return Devices(self._make(lib.vramauto_devices_detect, _abi.DevicesPointer, unsigned(flags, 32, "flags")))

    def parse(self, text: Text) -> Devices:
        """GPUs without hardware: "2x RTX 4090", "24GiB", or what Devices.json_text() gave."""
        return Devices(self._make(lib.vramauto_devices_parse, _abi.DevicesPointer, encoded(text, "devices")))

    def open(self, path_or_id: Text) -> Model:
        """A directory, a file of a model, or a Hugging Face id."""
        return Model(self._make(lib.vramauto_model_open, _abi.ModelPointer, encoded(path_or_id, "model")))

    def workload(self, **options: Any) -> Workload:
        """max_model_len=8192 is the option max-model-len; vramauto.options() lists them all."""
        return Workload(self, options)

    def estimate(self, model: AnyModel, /, devices: AnyDevices = None, workload: Workload | None = None, **options: Any) -> Estimate:
        """What each rank will hold. Arguments as for plan()."""
        asked = self._question(model, devices, workload, options)
        return Estimate(self._make(lib.vramauto_estimate_run, _abi.EstimatePointer, *asked))

    def plan(self, model: AnyModel, /, devices: AnyDevices = None, workload: Workload | None = None, **options: Any) -> Plan:
        """Settings that start. devices None: a GPU of unknown size. Options change those of the workload for this call."""
        asked = self._question(model, devices, workload, options)
        return Plan(self._make(lib.vramauto_plan_calculate, _abi.PlanPointer, *asked))

    def _question(self, model: AnyModel, devices: AnyDevices, workload: Workload | None, options: dict[str, Any]) -> tuple[Any, ...]:
        if options:
            workload = workload.replace(**options) if workload is not None else Workload(self, options)
        if isinstance(devices, str):
            devices = self.parse(devices)
        if not isinstance(model, Model):
            model = self.open(model)
        return pointer_of(Devices, devices), model._use(), pointer_of(Workload, workload)


_default: Context | None = None
_default_lock = threading.Lock()


def default_context() -> Context:
    """The one that vramauto.plan() and its like use: silent, without the network."""
    global _default
    context = _default
    if context is None or context.closed:
        with _default_lock:
            context = _default
            if context is None or context.closed:
                context = _default = Context()
    return context


def detect(flags: DetectFlag | int = 0) -> Devices:
    """The GPUs of this machine."""
    return default_context().detect(flags)


def plan(model: AnyModel, /, devices: AnyDevices = None, workload: Workload | None = None, **options: Any) -> Plan:
    """Settings that start: plan("Qwen/Qwen3-8B", "RTX 4090", max_model_len=8192)."""
    return default_context().plan(model, devices, workload, **options)


def estimate(model: AnyModel, /, devices: AnyDevices = None, workload: Workload | None = None, **options: Any) -> Estimate:
    """What each rank will hold. Arguments as for plan()."""
    return default_context().estimate(model, devices, workload, **options)
