"""GPUs: a snapshot of those that are here, or of those that a text describes."""
from __future__ import annotations

import json
from collections.abc import Sequence
from ctypes import byref
from typing import Any

from . import _abi
from ._handle import Handle, indexed, taken, whole_text
from ._library import lib
from .values import DeviceInfo, row


class Devices(Handle, Sequence[DeviceInfo]):
    """A sequence of DeviceInfo, in the order in which the engine will see them."""

    __slots__ = ()

    def __init__(self, pointer: _abi.DevicesPointer):
        self._pointer = pointer

    def __len__(self) -> int:
        return int(lib.vramauto_devices_count(self._use()))

    def __getitem__(self, i: Any) -> Any:
        return indexed(i, len(self), self._one)

    def _one(self, i: int) -> DeviceInfo:
        pointer, info = self._use(), _abi.DeviceInfo.empty()
        taken(lib.vramauto_devices_get(pointer, i, byref(info)), lib.vramauto_devices_get)
        return row(DeviceInfo, info)

    def json_text(self) -> str:
        """What Context.parse reads again."""
        return whole_text(lib.vramauto_devices_json, self._use()).decode()

    def json(self) -> Any:
        return json.loads(self.json_text())
