"""Python functions that the library calls. No exception of theirs enters it. When the interpreter ends it stops daemon threads where
they next ask for its lock; in a callback that would be inside the library, whose frames must not be unwound: so the end waits until no
thread is in such a call, and lets none begin."""
from __future__ import annotations

import atexit
import os
import threading
import weakref
from typing import Any, Callable, Optional

from . import _abi
from .values import LogLevel, known, text

Log = Callable[[LogLevel, str, str], object]
Progress = Callable[[int, Optional[int]], object]

LONGEST_WAIT = 10.0  # seconds that the interpreter's end waits for calls; a transfer is cancelled at its next progress

_ending = False
_living: weakref.WeakSet[Calls] = weakref.WeakSet()


def _doomed() -> bool:
    """This thread will be stopped: the interpreter is ending, and does not wait for it."""
    return _ending and threading.current_thread().daemon


class Calls:
    """The calls that may run callbacks of one context, and what these raised: `with calls:` around each call."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[int, BaseException | None] = {}
        _living.add(self)

    def __enter__(self) -> None:
        with self._changed:
            doomed = _doomed()
            if not doomed:
                self._inside[threading.get_ident()] = None
        if doomed:
            threading.Event().wait()  # for the end

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        with self._changed:
            raised = self._inside.pop(threading.get_ident(), None)
            self._changed.notify_all()
        if raised:
            raise raised from error

    def keep(self, error: BaseException) -> None:
        """Holds an exception until this thread's call is back from C."""
        if threading.get_ident() not in self._inside:
            raise error
        self._inside[threading.get_ident()] = error

    def wait(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._inside, LONGEST_WAIT)

    def forked(self) -> None:
        """In the child only the thread that forked goes on."""
        own = threading.get_ident()
        self._changed = threading.Condition()
        self._inside = {thread: error for thread, error in self._inside.items() if thread == own}


def _end() -> None:
    global _ending  # no lock: whoever saw it unset is inside before we look
    _ending = True
    for calls in list(_living):
        calls.wait()


def _forked() -> None:
    for calls in list(_living):
        calls.forked()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


def log_function(log: Log, calls: Calls) -> Any:
    """What a log raises is reported by sys.unraisablehook, as ctypes does, and the call goes on; an interrupt waits for its end."""

    def run(_user: int, level: int, source: bytes, message: bytes) -> None:
        try:
            log(LogLevel.of(level), text(source), text(message))
        except Exception:
            raise
        except BaseException as error:
            calls.keep(error)

    return _abi.LogFunction(run)


def progress_function(progress: Progress, calls: Calls) -> Any:
    """A progress that raises cancels the transfer, and the call raises the same."""

    def run(_user: int, done: int, total: int) -> int:
        try:
            return 1 if _doomed() or progress(done, known(total)) else 0
        except BaseException as error:
            calls.keep(error)
            return 1

    return _abi.ProgressFunction(run)
