"""What all handles share: use, close, and text in and out."""
from __future__ import annotations

import os
from ctypes import byref, create_string_buffer, string_at
from typing import Any, Callable, TypeVar, Union

from . import _abi
from .errors import ClosedError, error_of

Self = TypeVar("Self", bound="Handle")
Text = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def encoded(value: Text, what: str) -> bytes:
    """As the library takes it: UTF-8 without NUL. What Python could not decode in a path goes back as the bytes it was."""
    path = os.fspath(value)
    raw = path if isinstance(path, bytes) else path.encode("utf-8", "surrogateescape")
    if b"\0" in raw:
        raise ValueError(f"{what}: embedded null byte at {raw.index(0)}")
    return raw


def unsigned(value: int, bits: int, what: str) -> int:
    """ctypes would take the lower bits of a number that is too large."""
    if not 0 <= value < 1 << bits:
        raise OverflowError(f"{what}: found {value}, expected 0 to {(1 << bits) - 1}")
    return value


def checked(function: Any, *arguments: Any) -> None:
    """Calls what takes a trailing vramauto_error."""
    error = _abi.Error.empty()
    if function(*arguments, byref(error)):
        raise error_of(error)


def taken(status: int, function: Any) -> None:
    """The status of a call without an error struct, whose arguments are ours: a failure is a fault of this package."""
    if status:
        raise error_of(_abi.Error(status=status, offset=_abi.UNKNOWN, where=function.__name__.encode(), message=b"refused its arguments"))


def whole_text(function: Any, pointer: _abi.Pointer) -> bytes:
    """Text of unknown length, as snprintf gives it."""
    room = 65536  # text is written anew at each try
    while True:
        buffer = create_string_buffer(room)
        needed = function(pointer, buffer, room)
        if needed < room:
            return string_at(buffer, needed)
        room = needed + 1


def indexed(i: Any, count: int, one: Callable[[int], Any]) -> Any:
    """What a sequence of `count` has at an index or slice."""
    if isinstance(i, slice):
        return [one(k) for k in range(*i.indices(count))]
    if not -count <= i < count:
        raise IndexError(f"found index {i}, expected one of {count}")
    return one(i % count)


class Handle:
    """Something of the library's. Freed when it is closed or no longer used; a context manager; may be used by many threads."""

    __slots__ = ("_pointer", "__weakref__")
    _pointer: _abi.Pointer | None

    def _use(self) -> Any:
        pointer = self._pointer
        if pointer is None:
            raise ClosedError(f"this {type(self).__name__} is closed")
        return pointer

    @property
    def closed(self) -> bool:
        return self._pointer is None

    def close(self) -> None:
        """Frees it as soon as no call is using it. May be called again."""
        self._pointer = None

    def __enter__(self: Self) -> Self:
        self._use()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> Any:
        raise TypeError(f"a {type(self).__name__} belongs to its process and cannot be pickled")


def pointer_of(cls: type[Handle], value: Any) -> Any:
    """What C takes for an argument of ours; None is NULL."""
    if value is None:
        return None
    if not isinstance(value, cls):
        raise TypeError(f"expected a {cls.__name__}, found {type(value).__name__}")
    return value._use()
