"""What the tests of compiled bindings share: the installed library, libraries that are wrong, and running tools."""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SONAME = "libvramauto.so.0"
SKIPPED = 77


def need(*tools):
    """Ends the test as skipped where a tool is missing."""
    for tool in tools:
        if not shutil.which(tool):
            print(f"skipped: {tool} is not installed")
            sys.exit(SKIPPED)


def installed():
    """(folder of the library, folder of vramauto.pc) of the prefix that the tests use."""
    (pc,) = pathlib.Path(os.environ["VRAMAUTO_DIR"]).rglob("vramauto.pc")
    return pc.parents[1], pc.parent


def run(*command, expect=0, **more):
    """The output of a command that must exit as expected."""
    command = [str(c) for c in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != expect:
        sys.exit(f"{' '.join(command)}\nexit {done.returncode}, expected {expect}\n{done.stdout}")
    return done.stdout


def exported():
    header = (ROOT / "include/vramauto/vramauto.h").read_text(encoding="utf-8")
    return sorted(set(re.findall(r"^VRAMAUTO_API [^(]*?(vramauto_\w+)\(", header, flags=re.M)))


def old_library(folder):
    """A library of version 0.0.7 that has every function."""
    folder.mkdir(exist_ok=True)
    source = folder / "old.c"
    source.write_text("unsigned vramauto_version(void) { return 7; }\n" +
                      "".join(f"double {name}(void) {{ return 0; }}\n" for name in exported() if name != "vramauto_version"))
    run("cc", "-shared", "-fPIC", "-w", "-fno-builtin", f"-Wl,-soname,{SONAME}",
        f"-Wl,--version-script,{ROOT / 'src/capi/vramauto.map'}", source, "-o", folder / SONAME)
    return folder


def foreign_library(folder):
    """The library as if it were for another architecture."""
    folder.mkdir(exist_ok=True)
    image = bytearray((installed()[0] / SONAME).read_bytes())
    struct.pack_into("<H", image, 18, 243)  # e_machine: RISC-V
    (folder / SONAME).write_bytes(image)
    return folder


def expect_words(text, *words):
    for word in words:
        if word not in text:
            sys.exit(f"expected {word!r} in\n{text}")
