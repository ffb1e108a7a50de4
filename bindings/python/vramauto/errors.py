"""What can go wrong, as exceptions: one class for each status of the library, all of them `Error`."""
from __future__ import annotations

from typing import Any

from . import _abi
from ._library import lib
from .values import Status, known, text


class Error(Exception):
    """A call failed. `where` names the file, estimator or option, `offset` the byte in that file, where there is one."""

    status: Status | int = Status.INTERNAL

    def __init__(self, message: str, where: str = "", status: Status | int | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.message, self.where, self.offset = message, where, offset
        if status is not None:
            self.status = status

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

    def __reduce__(self) -> Any:
        return type(self), (self.message, self.where, self.status, self.offset)

    @property
    def status_name(self) -> str:
        """The library's name of the status, such as "VRAMAUTO_E_FORMAT"."""
        return text(lib.vramauto_status_name(self.status))


class ArgumentError(Error, ValueError):
    status = Status.ARGUMENT


class OutOfMemoryError(Error, MemoryError):
    status = Status.MEMORY


class UnsupportedError(Error):
    status = Status.UNSUPPORTED


class NotFoundError(Error, LookupError):
    status = Status.NOT_FOUND


class SystemRefusedError(Error):
    status = Status.IO


class TimedOutError(Error, TimeoutError):
    status = Status.TIMEOUT


class CancelledError(Error):
    status = Status.CANCELLED


class InternalError(Error):
    status = Status.INTERNAL


class NoDriverError(Error):
    status = Status.NO_DRIVER


class DriverError(Error):
    status = Status.DRIVER


class FormatError(Error, ValueError):
    status = Status.FORMAT


class LimitError(Error):
    status = Status.LIMIT


class NoEstimatorError(Error):
    status = Status.NO_ESTIMATOR


class PluginError(Error):
    status = Status.PLUGIN


class ClosedError(ValueError):
    """A handle was used after its close()."""


_CLASSES = {int(cls.status): cls for cls in Error.__subclasses__()}


def error_of(filled: _abi.Error) -> Error:
    """The exception of a struct that a failed call has filled in."""
    cls = _CLASSES.get(filled.status, Error)
    return cls(text(filled.message), text(filled.where), Status.of(filled.status), known(filled.offset))
