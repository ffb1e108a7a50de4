"""Python functions that the library calls. No exception of theirs enters it, and none of them runs while the interpreter ends: a
thread that it stops in there would take the process with it."""
from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from typing import Callable, Optional

from . import _abi
from .values import LogLevel, known, text

Log = Callable[[LogLevel, str, str], object]
Progress = Callable[[int, Optional[int]], object]

LONGEST_WAIT = 10.0  # seconds that the interpreter's end waits for calls; a transfer is cancelled at its next progress

_ending = False
_living: weakref.WeakSet[Calls] = weakref.WeakSet()


class Calls:
    """The calls that may run callbacks of one context, and what these raised: `with calls:` around each call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[int, BaseException | None] = {}
        _living.add(self)

    def __enter__(self) -> None:
        with self._changed:
            if _ending:
                raise RuntimeError("the interpreter is ending")
            self._inside[threading.get_ident()] = None

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        with self._changed:
            raised = self._inside.pop(threading.get_ident(), None)
            self._changed.notify_all()
        if raised:
            raise raised from error

    def keep(self, error: BaseException) -> bool:
        """Holds an exception until this thread's call is back from C."""
        inside = threading.get_ident() in self._inside
        if inside:
            self._inside[threading.get_ident()] = error
        return inside

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside, LONGEST_WAIT)

    def forked(self) -> None:
        """In the child only the thread that forked goes on."""
        own = threading.get_ident()
        self._changed = threading.Condition()
        self._inside = {thread: error for thread, error in self._inside.items() if thread == own}


def _end() -> None:
    global _ending
    _ending = True
    for calls in list(_living):
        calls.wait()


def _forked() -> None:
    for calls in list(_living):
        calls.forked()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class _Unraisable:
    """What sys.unraisablehook is given."""

    def __init__(self, error: BaseException, function: object):
        self.exc_type, self.exc_value, self.exc_traceback = type(error), error, error.__traceback__
        self.err_msg, self.object = "Exception ignored in a callback of vramauto", function


def log_function(log: Log, calls: Calls) -> _abi.LogFunction:
    """A log that raises is reported as Python reports what cannot be raised; the call goes on."""

    def run(_user, level, source, message):
        try:
            if not _ending:
                log(LogLevel.of(level), text(source), text(message))
        except BaseException as error:
            if isinstance(error, Exception) or not calls.keep(error):
                sys.unraisablehook(_Unraisable(error, log))

    return _abi.LogFunction(run)


def progress_function(progress: Progress, calls: Calls) -> _abi.ProgressFunction:
    """A progress that raises cancels the transfer, and the call raises the same."""

    def run(_user, done, total):
        try:
            return 1 if _ending or progress(done, known(total)) else 0
        except BaseException as error:
            if not calls.keep(error):
                sys.unraisablehook(_Unraisable(error, progress))
            return 1

    return _abi.ProgressFunction(run)
