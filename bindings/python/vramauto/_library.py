"""Finds, loads and checks libvramauto: $VRAMAUTO_LIBRARY, the one in this package, the system's."""
from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import NoReturn, Optional, Tuple

from . import _abi

SONAME = "libvramauto.so.0"
PACKAGED = Path(__file__).resolve().parent / "lib" / SONAME


def version_text(number: int) -> str:
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def _path() -> str:
    given = os.environ.get("VRAMAUTO_LIBRARY")
    if given:
        return os.path.abspath(given)  # beside a library of a relative path no plugins are searched for
    return str(PACKAGED) if PACKAGED.exists() else SONAME


def _refuse(path: str, why: str) -> NoReturn:
    raise ImportError(f"{path}: {why}", name="vramauto", path=path)


def _machine(path: str) -> Optional[Tuple[int, int, int]]:
    """Class, byte order and machine of an ELF file."""
    with open(path, "rb") as file:
        head = file.read(20)
    return (head[4], head[5], int.from_bytes(head[18:20], sys.byteorder)) if head[:4] == b"\x7fELF" and len(head) == 20 else None


def _open(path: str) -> ctypes.CDLL:
    if os.path.isabs(path):
        if not os.path.isfile(path):
            _refuse(path, f"there is no such file, expected {SONAME} (from VRAMAUTO_LIBRARY)")
        found, own = _machine(path), _machine("/proc/self/exe")
        if found != own:  # the loader says of these that there is no such file
            _refuse(path, f"is for another machine: ELF class, byte order and machine are {found}, expected {own}")
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        places = "" if os.path.isabs(path) else f"; looked for it in VRAMAUTO_LIBRARY, {PACKAGED} and the system's folders"
        _refuse(path, f"cannot be loaded: {error}{places}")


def load() -> ctypes.CDLL:
    """The library, of at least the version that this package was written for. ImportError names both."""
    path, needed = _path(), version_text(_abi.VERSION_NUMBER)
    library = _open(path)
    try:
        library.vramauto_version.restype = ctypes.c_uint32
        found = library.vramauto_version()
        if found < _abi.VERSION_NUMBER:
            _refuse(path, f"is vramauto {version_text(found)}, expected {needed} or newer")
        _abi.declare(library)
    except AttributeError as error:
        _refuse(path, f"is not vramauto {needed} or newer, which this package needs: {error}")
    return library


lib = load()
