#!/usr/bin/env python3
"""Installs the packages of STAGE/debs, uses them by the commands of the READMEs in STAGE, removes them. Run by debs.py.

  used_debs.py STAGE [HIDDEN...]   what is hidden must be empty or not there
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

STAGE = pathlib.Path(sys.argv[1])
HIDDEN = [pathlib.Path(path) for path in sys.argv[2:]]
PLACES = ("/usr", "/etc", "/opt", "/var/lib/dpkg/info")  # where packages put files
ORDER = ("libvramauto0", "libvramauto-dev", "vramauto")
# What is kept beside the files: lists that dpkg and ldconfig rewrite.
KEPT_BY_TOOLS = re.compile(r"^/etc/ld\.so\.cache~?$|/__pycache__(/|$)")
ENVIRONMENT = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "GOCACHE": str(STAGE / "cache/go"), "GOFLAGS": "-mod=mod", "GOPROXY": "off",
               "CARGO_NET_OFFLINE": "true", "CARGO_TARGET_DIR": str(STAGE / "cache/cargo")}


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **{"env": ENVIRONMENT, **more})
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def files():
    found = set()
    for place in PLACES:
        for folder, folders, names in os.walk(place):
            found.update(os.path.join(folder, name) for name in [*folders, *names])
    return {path for path in found if not KEPT_BY_TOOLS.search(path)}


def commands(readme):
    """The blocks of a README that are for a shell, without those that build the library: here the packages stand for it."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (STAGE / readme).read_text(encoding="utf-8"), flags=re.M | re.S)
    return [block for block in blocks if "cmake -B" not in block and "pip install" not in block]


def follow(readme, tool):
    """Runs a README's commands, each block from the top of the sources as a reader would."""
    if not (STAGE / readme).exists():
        return print(f"{readme} is not there: skipped")
    if not shutil.which(tool):
        return print(f"{tool} is not installed: {readme} was skipped")
    blocks = commands(readme)
    if not blocks:
        sys.exit(f"{readme}: expected a block of shell commands, found none")
    for block in blocks:
        run("bash", "-euo", "pipefail", "-c", block, cwd=STAGE)
    print(f"{readme}: {len(blocks)} blocks of commands run")


def use_command():
    assert run("vramauto", "--version").startswith("vramauto "), "the command runs"
    linked = re.search(r"libvramauto\.so\.0 => (\S+)", run("ldd", shutil.which("vramauto")))[1]
    assert linked.startswith(("/usr/lib/", "/lib/")), f"the library comes from {linked}"
    listed = json.loads(run("vramauto", "plugins", "--json"))["plugins"]
    assert {p["status"] for p in listed} == {"VRAMAUTO_OK"} and any((p["path"] or "").startswith("/usr/lib/") for p in listed), listed
    plan = json.loads(run("vramauto", "plan", "openai/gpt-oss-20b", "--gpu", "H100 80GB", "--json"))
    assert plan["model"]["estimator"] == "moe", "a plugin describes its family"
    for path in ("/usr/share/man/man1/vramauto.1.gz", "/usr/share/bash-completion/completions/vramauto"):
        if not os.path.exists(path) and pathlib.Path("/etc/dpkg/dpkg.cfg.d").is_dir():
            print(f"{path} is not there: dpkg may be told to leave documentation out")


def use_cmake():
    """find_package(), its target, and its function for plugins."""
    for folder in ("tests/install", "plugins/example_c"):
        build = STAGE / "cache" / folder.replace("/", "-")
        run("cmake", "-S", STAGE / folder, "-B", build)
        run("cmake", "--build", build)
    assert run(STAGE / "cache/tests-install/user") == "6.00\n"
    listed = run("vramauto", "plugins", env={**ENVIRONMENT, "VRAMAUTO_PLUGIN_PATH": str(STAGE / "cache/plugins-example_c")})
    assert "in use   org.vramauto.example_c" in listed, listed


def use_python():
    example = STAGE / "bindings/python/examples/plan.py"
    if not example.exists():
        return print("bindings/python is not there: skipped")
    text = run(sys.executable, example, "Qwen/Qwen3-8B", "RTX 4090", env={**ENVIRONMENT, "PYTHONPATH": str(STAGE / "bindings/python")})
    assert "vllm serve Qwen/Qwen3-8B" in text, text
    print("bindings/python/examples/plan.py: run with the packaged library")


def main():
    for path in HIDDEN:
        assert not path.exists() or not any(path.iterdir()), f"{path} can be seen"
    before = files()
    run("dpkg", "-i", *(next((STAGE / "debs").glob(f"{name}_*.deb")) for name in ORDER))
    try:
        installed = files() - before
        assert any(path.endswith("/libvramauto.so.0") for path in installed), "the library is among the installed files"
        use_command()
        use_cmake()
        follow("tests/capi/README.md", "cc")
        follow("bindings/go/README.md", "go")
        follow("bindings/rust/README.md", "cargo")
        use_python()
    finally:
        run("dpkg", "-r", *reversed(ORDER))
    left, lost = sorted(files() - before), sorted(before - files())
    assert not left and not lost, f"left behind: {left}; gone: {lost}"
    assert not re.search("vramauto", run("dpkg-query", "-W", "-f", "${Package}\n")), "dpkg remembers a package"
    print(f"installed {len(installed)} files and folders, used, removed: nothing is left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
