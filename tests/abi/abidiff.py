#!/usr/bin/env python3
"""The library against the checked-in ABI of the baseline, as its debug information tells. Functions may be added, and structs may
have grown at their end: of which they have, the headers are asked.

  abidiff.py LIBRARY [--required]   exit 77: skipped, and why; --required makes that an error
  abidiff.py --rules CC             that the comparison takes what is allowed and refuses what is not
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "bindings"))
import header  # noqa: E402
import promise  # noqa: E402

SKIPPED = 77
BASELINE = HERE / "baseline" / "libvramauto.abi"


def grown(old, new):
    """Structs that are longer than they were and otherwise the same."""
    return [name for name, struct in old.structs.items()
            if name in new.structs and new.structs[name].size > struct.size
            and promise.broken_struct(name, struct, new.structs[name]) == []]


def compare(old, new, was, now):
    """(equal but for what is allowed, the report). Bits of abidiff's exit status: 1 and 2 errors, 4 changed, 8 incompatible.
    Allowed are growth, and whatever handles hide."""
    with tempfile.NamedTemporaryFile("w", suffix=".abignore") as allowed:
        allowed.write("".join(f"[suppress_type]\n  name = {name}\n" for name in grown(was, now) + now.opaque))
        allowed.flush()
        done = subprocess.run(["abidiff", "--no-added-syms", "--suppressions", allowed.name, old, new], capture_output=True, text=True)
    if done.returncode & 3:
        sys.exit(f"abidiff failed\n{done.stdout}{done.stderr}")
    return done.returncode == 0, done.stdout


def missing(library):
    """Why nothing can be compared, or ""."""
    if not shutil.which("abidiff"):
        return "abidiff is not installed (package abigail-tools)"
    sections = subprocess.run(["readelf", "-S", "-W", library], capture_output=True, text=True, check=True).stdout
    return "" if ".debug_info" in sections else f"{library} has no debug information (configure with VRAMAUTO_REQUIRE_ABIDIFF)"


def check(library, required):
    reason = missing(library)
    if reason:
        print(reason if required else f"skipped: {reason}")
        return 1 if required else SKIPPED
    same, report = compare(BASELINE, library, header.parse(promise.BASELINE), header.parse())
    print("the library keeps the baseline's ABI" if same else report)
    return 0 if same else 1


def stub(compiler, folder, name, changes):
    """A library whose header is today's with some text replaced, and whose functions do nothing."""
    include = folder / name / "vramauto"
    include.mkdir(parents=True)
    for path in header.HEADERS:
        text = (header.INCLUDE / path).read_text(encoding="utf-8")
        for pattern, replacement in changes:
            text = re.sub(pattern, replacement, text, count=1, flags=re.S)
        (folder / name / path).write_text(text)
    source = folder / name / "stub.c"
    source.write_text("".join(f"#include <{path}>\n" for path in header.HEADERS) + "\n".join(
        f"{f.returns.c} {f.name}({', '.join(f'{t.c} {n}' for n, t in f.parameters) or 'void'}) {{ "
        f"{'' if f.returns.c == 'void' else 'return 0; '}}}"
        for f in header.parse([folder / name / path for path in header.HEADERS]).functions.values()))
    library = folder / name / "libvramauto.so.0"
    subprocess.run([compiler, "-g", "-shared", "-fPIC", "-w", "-Wl,-soname,libvramauto.so.0", "-I", folder / name, source, "-o", library], check=True)
    return library


# What changes, whether that is allowed, and how. abidiff 2.2 passes over the types of callbacks: those are promise.py's.
CASES = (
    ("nothing", True, []),
    ("a member at a struct's end", True, [(r"\n} vramauto_plan_info;", "\n  uint64_t later;\n} vramauto_plan_info;")]),
    ("one more function", True, [(r"\nVRAMAUTO_API void vramauto_plan_free", "\nVRAMAUTO_API void vramauto_later(void);\\g<0>")]),
    ("a member in the middle", False,
     [(r"uint64_t max_model_len, max_model_len_limit", "uint64_t max_model_len, between, max_model_len_limit")]),
    ("a member's type", False, [(r"double max_concurrency", "uint64_t max_concurrency")]),
    ("a parameter's type", False, [(r"vramauto_option_get\(size_t i", "vramauto_option_get(uint32_t i")]),
    ("a function that goes", False, [(r"VRAMAUTO_API const char \*vramauto_build_info\(void\);", "")]),
)


def rules(compiler):
    if not shutil.which("abidiff"):
        print("skipped: abidiff is not installed (package abigail-tools)")
        return SKIPPED
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="vramauto-abi-") as root:
        folder = pathlib.Path(root)
        old = stub(compiler, folder, "old", [])
        for number, (what, allowed, changes) in enumerate(CASES):
            new = stub(compiler, folder, str(number), changes)
            model = header.parse([folder / str(number) / path for path in header.HEADERS])
            same, report = compare(old, new, header.parse(), model)
            if same != allowed:
                wrong += 1
                print(f"{what}: {'refused' if allowed else 'taken'}, expected the opposite\n{report}")
    print(f"{len(CASES)} changes judged, {wrong} wrongly")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", nargs="?")
    parser.add_argument("--required", action="store_true")
    parser.add_argument("--rules", metavar="CC")
    arguments = parser.parse_args()
    return rules(arguments.rules) if arguments.rules else check(arguments.library, arguments.required)


if __name__ == "__main__":
    sys.exit(main())
