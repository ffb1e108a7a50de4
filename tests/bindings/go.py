#!/usr/bin/env python3
"""The Go binding as its users meet it: formatted, vetted, tested under the race detector against the installed library; its example;
and libraries that are missing, too old, or of another architecture.

  go.py                         in an empty folder, with VRAMAUTO_DIR and VRAMAUTO_GOLDEN set
"""
import os
import pathlib

from toolchain import ROOT, expect_words, foreign_library, installed, need, old_library, run

PACKAGE = ROOT / "bindings" / "go"


def environment(here):
    libraries, pc = installed()
    return {**os.environ, "PKG_CONFIG_PATH": str(pc), "LD_LIBRARY_PATH": str(libraries), "CGO_ENABLED": "1", "GOFLAGS": "",
            "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOCACHE": str(here / "cache"), "GOPATH": str(here / "path")}


def check_example(here, env):
    example = here / "plan"
    run("go", "build", "-o", example, "./examples/plan", cwd=PACKAGE, env=env)
    ask = [example, "Qwen/Qwen3-8B", "RTX 4090", "max-model-len=16384"]
    expect_words(run(*ask, env=env), "fits: true", "vllm serve Qwen/Qwen3-8B", "--max-model-len 16384")
    expect_words(run(*ask, "max-modellen=1", env=env, expect=1), "max-modellen: there is no option of this name")

    def told(folder, code, *words):
        expect_words(run(*ask, env={**env, "LD_LIBRARY_PATH": str(folder)}, expect=code), *words)
    told(old_library(here / "old"), 1, "libvramauto: is version 0.0.7, this package needs 0.")
    told(foreign_library(here / "foreign"), 127, "libvramauto.so.0")  # the dynamic loader's own words
    told(here, 127, "libvramauto.so.0")


def main():
    need("go", "gofmt", "pkg-config", "cc")
    here = pathlib.Path.cwd()
    env = environment(here)
    assert run("gofmt", "-l", PACKAGE) == "", "files that gofmt would change: " + run("gofmt", "-l", PACKAGE)
    run("go", "vet", "./...", cwd=PACKAGE, env=env)
    print(run("go", "test", "-race", "-count=1", "-v", ".", cwd=PACKAGE, env=env))
    check_example(here, env)
    print("formatted, vetted, tested, and refused libraries that are missing, too old, or of another architecture")


if __name__ == "__main__":
    main()
