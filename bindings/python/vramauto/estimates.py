"""An estimate: what each rank will hold, and the geometry of its KV cache."""
from __future__ import annotations

import json
from ctypes import byref
from typing import Any

from . import _abi
from ._handle import Handle, taken, whole_text
from ._library import lib
from .values import CacheGroup, Component, EstimateInfo, Row, row, text


class PlanEstimatePointer(_abi.EstimatePointer):
    """Of a plan's own estimate, which goes with the plan."""

    free = None
    plan: _abi.PlanPointer


class Estimate(Handle):
    __slots__ = ()

    def __init__(self, pointer: _abi.EstimatePointer):
        self._pointer = pointer

    @property
    def info(self) -> EstimateInfo:
        pointer, info = self._use(), _abi.EstimateInfo.empty()
        taken(lib.vramauto_estimate_get(pointer, byref(info)), lib.vramauto_estimate_get)
        return row(EstimateInfo, info)

    @property
    def components(self) -> tuple[Component, ...]:
        """Every named amount of memory, rank by rank."""
        return self._rows(Component, _abi.Component, lib.vramauto_estimate_component, self.info.components)

    @property
    def cache_groups(self) -> tuple[CacheGroup, ...]:
        """Groups of layers as the engine allocates them."""
        return self._rows(CacheGroup, _abi.CacheGroup, lib.vramauto_estimate_cache_group, self.info.cache_groups)

    @property
    def notes(self) -> tuple[str, ...]:
        pointer = self._use()
        return tuple(text(lib.vramauto_estimate_note(pointer, i)) for i in range(self.info.notes))

    def json_text(self) -> str:
        return whole_text(lib.vramauto_estimate_json, self._use()).decode("utf-8", "surrogateescape")

    def json(self) -> Any:
        return json.loads(self.json_text())

    def _rows(self, cls: type[Row], struct: Any, function: Any, count: int) -> tuple[Row, ...]:
        pointer, rows = self._use(), []
        for i in range(count):
            info = struct.empty()
            taken(function(pointer, i, byref(info)), function)
            rows.append(row(cls, info))
        return tuple(rows)
