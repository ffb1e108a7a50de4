#!/usr/bin/env python3
"""Makes today's headers, and the ABI of a library built from them with debug information, the baseline.

  update.py LIBRARY

It may be used at a release, after the version was raised, and at no other time: the baseline is what programs out there were built
with. It never makes a failing test pass: a change that abi.promise or abi.diff refuses is undone, or comes with a new soname.
"""
import pathlib
import re
import shutil
import subprocess
import sys

import promise
from promise import header

FOLDER = pathlib.Path(__file__).resolve().parent / "baseline"
MOST_BYTES = 200_000  # of the description, as checked in


def describe(library):
    """The ABI as abidw writes it: exported functions and what they name, without places and without what is private."""
    return subprocess.run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--no-parameter-names", "--no-elf-needed",
                           "--exported-interfaces-only", "--drop-private-types", "--headers-dir", header.INCLUDE, library],
                          capture_output=True, text=True, check=True).stdout


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    old, new = header.parse(promise.BASELINE), header.parse()
    if new.version <= old.version:
        sys.exit(f"the headers are of version {new.version}, the baseline of {old.version}: a baseline is made at a release, of a newer version")
    lines = promise.broken(old, new)
    if lines:
        sys.exit("\n".join(lines + ["these promises are broken: nothing was changed"]))
    text = describe(sys.argv[1])
    if len(text) > MOST_BYTES or not re.search(r"name='vramauto_plan_info'", text):
        sys.exit(f"{sys.argv[1]}: found {len(text)} bytes of ABI, expected the public structs in at most {MOST_BYTES}")
    (FOLDER / "libvramauto.abi").write_text(text)
    for path in header.HEADERS:
        shutil.copy(header.INCLUDE / path, FOLDER / path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
