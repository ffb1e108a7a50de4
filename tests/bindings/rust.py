#!/usr/bin/env python3
"""The Rust binding as its users meet it: formatted, without warnings, tested linked and loaded at run time against the installed
library; its example; and libraries that are missing, too old, of another architecture, or none.

  rust.py                       in an empty folder, with VRAMAUTO_DIR and VRAMAUTO_GOLDEN set
"""
import os
import pathlib
import subprocess

from toolchain import ROOT, SONAME, expect_words, foreign_library, installed, need, old_library, run

WORKSPACE = ROOT / "bindings" / "rust"
ASK = ["Qwen/Qwen3-8B", "RTX 4090", "max-model-len=16384"]


def cargo(env, command, *arguments, expect=0):
    return run("cargo", command, "--offline", "--locked", *arguments, cwd=WORKSPACE, env=env, expect=expect)


def has(subcommand):
    return subprocess.run(["cargo", subcommand, "--version"], capture_output=True).returncode == 0


def environments(here):
    """(finds the library by pkg-config, by VRAMAUTO_DIR)"""
    libraries, pc = installed()
    by_dir = {**os.environ, "LD_LIBRARY_PATH": str(libraries), "CARGO_TARGET_DIR": str(here / "target"), "RUSTFLAGS": "-D warnings"}
    by_pkg_config = {**by_dir, "PKG_CONFIG_PATH": str(pc)}
    del by_pkg_config["VRAMAUTO_DIR"]
    return by_pkg_config, by_dir


def lint(env):
    if has("fmt"):
        run("cargo", "fmt", "--check", cwd=WORKSPACE, env=env)
    if has("clippy"):
        for features in ((), ("--features", "vramauto/dlopen")):
            cargo(env, "clippy", "--all-targets", *features, "--", "-D", "warnings")


def example(env, here, *features):
    cargo(env, "build", "--example", "plan", *features)
    binary = here / ("plan_loads" if features else "plan_links")
    (here / "target/debug/examples/plan").replace(binary)
    expect_words(run(binary, *ASK, env=env), "fits: true", "vllm serve Qwen/Qwen3-8B", "--max-model-len 16384")
    expect_words(run(binary, *ASK, "max-modellen=1", env=env, expect=1), "max-modellen: there is no option of this name")
    return binary


def check_wrong_libraries(env, here, links, loads):
    def told(binary, folder, code, *words):
        expect_words(run(binary, *ASK, env={**env, "LD_LIBRARY_PATH": str(folder)}, expect=code), *words)
    text = here / "text"
    text.mkdir(exist_ok=True)
    (text / SONAME).write_text("no library\n")
    told(links, old_library(here / "old"), 1, "libvramauto: is version 0.0.7, this crate needs 0.")
    told(loads, here / "old", 1, "libvramauto: is version 0.0.7, this crate needs 0.")
    for folder in (here, text, foreign_library(here / "foreign")):
        told(links, folder, 127, SONAME)  # the dynamic loader's own words
        told(loads, folder, 1, "vramauto: libvramauto: ", SONAME)
    cargo_says = cargo({**env, "VRAMAUTO_DIR": str(text)}, "build", expect=101)
    expect_words(cargo_says, "libvramauto was not found", str(text), "VRAMAUTO_DIR")


def main():
    need("cargo", "pkg-config", "cc")
    here = pathlib.Path.cwd()
    by_pkg_config, by_dir = environments(here)
    lint(by_pkg_config)
    print(cargo(by_pkg_config, "test"))
    print(cargo(by_pkg_config, "test", "--features", "vramauto/dlopen"))
    loads = example(by_pkg_config, here, "--features", "vramauto/dlopen")
    links = example(by_dir, here)
    check_wrong_libraries(by_dir, here, links, loads)
    print("tested linked and loaded, and refused libraries that are missing, too old, of another architecture, or none")


if __name__ == "__main__":
    main()
