"""What the engine is asked to do: options by their names, which are the library's own table."""
from __future__ import annotations

import json
import os
from collections.abc import Mapping
from ctypes import byref
from functools import cache
from types import MappingProxyType
from typing import Any

from . import _abi
from ._handle import Handle, checked, encoded
from ._library import lib
from .models import Model
from .values import OptionInfo, OptionType, row


def options() -> list[OptionInfo]:
    """Every option that a workload takes."""
    rows = []
    for i in range(lib.vramauto_option_count()):
        info = _abi.OptionInfo()
        lib.vramauto_option_get(i, byref(info))
        rows.append(row(OptionInfo, info))
    return rows


@cache
def _options_of_words() -> frozenset[str]:
    return frozenset(option.name for option in options() if option.type == OptionType.WORDS)


def option_name(keyword: str) -> str:
    """max_model_len -> max-model-len."""
    return keyword.replace("_", "-")


def option_text(name: str, value: Any) -> bytes | None:
    """A value as the option's text: None is its default."""
    if value is None:
        return None
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, (int, float)):
        return repr(value).encode()
    if isinstance(value, Mapping):
        return encoded(json.dumps(dict(value)), name)
    if isinstance(value, (str, bytes, os.PathLike)):
        return encoded(value, name)
    raise TypeError(f"{name}: expected a text, number, bool, dict, Model, list or None, found {type(value).__name__}")


class Workload(Handle):
    """Immutable, so that threads can share it. A dict is written as JSON, a Model is attached in the role that its name is, a list
    gives each of its values, or is the words of an option that takes several."""

    __slots__ = ("options", "_context")

    def __init__(self, context: Any, options: Mapping[str, Any]):
        self.options = MappingProxyType({option_name(keyword): value for keyword, value in options.items()})
        self._context = context
        self._pointer = context._make(lib.vramauto_workload_new, _abi.WorkloadPointer)
        for name, value in self.options.items():
            several = value if isinstance(value, (list, tuple)) else (value,)
            if len(several) > 1 and name in _options_of_words():
                several = (b"\n".join(option_text(name, word) or b"" for word in several),)
            for one in several:
                self._set(name, one)

    def _set(self, name: str, value: Any) -> None:
        raw = encoded(name, "an option's name")
        if isinstance(value, Model):
            checked(lib.vramauto_workload_attach, self._use(), raw, value._use())
        else:
            checked(lib.vramauto_workload_set, self._use(), raw, option_text(name, value))

    def replace(self, **options: Any) -> Workload:
        """Another one, with these options changed."""
        return Workload(self._context, {**self.options, **{option_name(k): v for k, v in options.items()}})

    def __repr__(self) -> str:
        return f"Workload({dict(self.options)})"
