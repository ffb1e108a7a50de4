#!/usr/bin/env python3
"""What a plan costs from each language with the model open, and over C: microseconds, the best of rounds in which the languages take
turns. Languages whose tools are missing are left out, and said to be.

  cost.py LIBRARY_FOLDER WORK_FOLDER [--plans 500] [--rounds 50]         a release is worth measuring

Rounds are short, so that on a busy machine some are not interrupted.
"""
import argparse
import os
import pathlib
import re
import shutil
import sys

from toolchain import ROOT, SONAME, run

PYTHON = ROOT / "bindings/python"


def pkg_config_file(library, work):
    """vramauto.pc of a library that is not installed."""
    (work / "vramauto.pc").write_text(f"Name: vramauto\nDescription: of a build\nVersion: 0\nLibs: -L{library} -lvramauto\n"
                                      f"Cflags: -I{ROOT / 'include'}\n")


def c(work, env, plans):
    run("cc", "-O2", "-std=gnu99", f"-I{ROOT / 'include'}", ROOT / "tests/bindings/cost.c", "-o", work / "cost_c",
        f"-L{env['LD_LIBRARY_PATH']}", "-lvramauto")
    return lambda: float(run(work / "cost_c", plans, env=env))


def rust(work, env, plans):
    run("cargo", "build", "--offline", "--locked", "--release", "--example", "cost", cwd=ROOT / "bindings/rust", env=env)
    return lambda: float(run(work / "target/release/examples/cost", plans, env=env))


def go(work, env, plans):
    run("go", "test", "-c", "-o", work / "cost_go", ".", cwd=ROOT / "bindings/go", env=env)
    command = [work / "cost_go", "-test.run", "^$", "-test.bench", "^BenchmarkPlan$", "-test.benchtime", f"{plans}x"]
    return lambda: float(re.search(r"([\d.]+) ns/op", run(*command, env=env))[1]) / 1000


def python(work, env, plans):
    env = {**env, "PYTHONPATH": str(PYTHON), "PYTHONDONTWRITEBYTECODE": "1"}
    best = float(re.search(r"([\d.]+) us  plan and info", run(sys.executable, PYTHON / "benchmark.py", env=env))[1])
    return lambda: best  # it has rounds of its own


def languages():
    """(name, how its program is made), those that can be; C is first."""
    out = [("C", c)]
    for name, tool, make in (("Rust", "cargo", rust), ("Go", "go", go)):
        if shutil.which(tool):
            out.append((name, make))
        else:
            print(f"{name} is left out: {tool} is not installed")
    if (PYTHON / "benchmark.py").exists():
        out.append(("Python", python))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--plans", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=50)
    arguments = parser.parse_args()
    library, work = arguments.library.resolve(), arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    pkg_config_file(library, work)
    env = {**os.environ, "LD_LIBRARY_PATH": str(library), "VRAMAUTO_LIBRARY": str(library / SONAME), "VRAMAUTO_DIR": str(library),
           "PKG_CONFIG_PATH": str(work), "CARGO_TARGET_DIR": str(work / "target"), "GOCACHE": str(work / "cache"), "GOPROXY": "off"}
    programs = [(name, make(work, env, arguments.plans)) for name, make in languages()]
    rounds = [[ask() for _, ask in programs] for _ in range(arguments.rounds)]
    best = [min(times) for times in zip(*rounds)]
    for (name, _), cost in zip(programs, best):
        print(f"{name:8} {cost:8.2f} us a plan {cost - best[0]:+8.2f} us over C  {cost / best[0]:6.2f} times C")


if __name__ == "__main__":
    main()
