#!/usr/bin/env python3
"""One version: stated in the public header, and the same wherever it appears.

  versions.py SOURCE_DIR BUILD_DIR [VRAMAUTO]
"""
import gzip
import pathlib
import re
import subprocess
import sys

SOURCE, BUILD, *BINARY = sys.argv[1:]
SOURCE, BUILD = pathlib.Path(SOURCE), pathlib.Path(BUILD)

# Where it appears: file, and what stands around it. The first match counts: of a changelog that is the newest.
PLACES = (
    (SOURCE / "include/vramauto/vramauto.h", r"VRAMAUTO_VERSION_NUMBER \d+ /\* .*: ([\d.]+) \*/"),
    (SOURCE / "include/vramauto/CHANGELOG.md", r"^## ([\d.]+)$"),
    (SOURCE / "src/cmake/debian/changelog", r"^vramauto \(([\d.]+)-\d+\)"),
    (BUILD / "vramauto.pc", r"^Version: ([\d.]+)$"),
    (BUILD / "vramautoConfigVersion.cmake", r'^set\(PACKAGE_VERSION "([\d.]+)"\)'),
    (BUILD / "CPackConfig.cmake", r'^set\(CPACK_PACKAGE_VERSION "?([\d.]+)"?\)'),
    (BUILD / "debian/shlibs", r"^libvramauto 0 libvramauto0 \(>= ([\d.]+)\)$"),
    (BUILD / "share/vramauto.1.gz", r'^\.TH .*"vramauto ([\d.]+)"'),
    (BUILD / "share/vramauto", r"vramauto ([\d.]+),"),
)
# In bindings: those that state a version of their own at all.
STATED = r'^\s*(?:version|__version__|VERSION|Version)\s*:?=\s*"([\d.]+)"'
BINDINGS = ("*.toml", "*.py", "*.go", "*.rs", "Cargo.lock")


def header_version():
    text = (SOURCE / "include/vramauto/vramauto.h").read_text(encoding="utf-8")
    number = int(re.search(r"VRAMAUTO_VERSION_NUMBER (\d+)", text)[1])
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def read(path):
    return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode("utf-8")


def stated():
    """(where, version) of every place that is here."""
    for path, pattern in PLACES:
        if not path.exists():
            print(f"{path.name} is not here: skipped")
            continue
        found = re.search(pattern, read(path), flags=re.M)
        yield path, found[1] if found else "none"
    for pattern in BINDINGS:
        for path in sorted((SOURCE / "bindings").rglob(pattern)):
            if "target" not in path.parts:
                for version in re.findall(STATED, read(path), flags=re.M):
                    yield path, version
    for path in sorted((SOURCE / "bindings").glob("*/README.md")):
        for version in re.findall(r"vramauto@v([\d.]+\d)", read(path)):
            yield path, version
    if BINARY:
        yield BINARY[0], subprocess.run([BINARY[0], "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def main():
    expected = header_version()
    places = list(stated())
    wrong = [f"{path}: version {version}, the header says {expected}" for path, version in places if version != expected]
    print("\n".join(wrong + [f"{len(places)} places state {expected}, {len(wrong)} differ"]))
    return 1 if wrong or len(places) < 5 else 0


if __name__ == "__main__":
    sys.exit(main())
