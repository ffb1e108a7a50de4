#!/usr/bin/env python3
"""Builds a wheel in a clean environment and uses it in another one: the package and the command plan models with nothing but what
the wheel carries, and uninstalling leaves nothing.

  wheel.py [--sdist | --wheel FILE | --skip]     --sdist builds by way of a source distribution, --wheel takes one that was built
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "bindings" / "python"
SKIPPED = 77
FROM_THE_SYSTEM = {"libstdc++.so.6", "libgcc_s.so.1", "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"}
PROGRAM = """
import importlib.metadata, json, vramauto
plan = vramauto.plan("Qwen/Qwen3-8B", "RTX 4090", max_model_len=16384)
moe = vramauto.plan("deepseek-ai/DeepSeek-V3.1", "8x H200", tensor_parallel_size=8)
maps = {line.split()[-1] for line in open("/proc/self/maps") if "/lib" in line}
print(json.dumps({"versions": [importlib.metadata.version("vramauto"), vramauto.__version__, vramauto.version()],
                  "fits": plan.info.fits, "estimator": moe.estimate.info.estimator, "file": vramauto.__file__,
                  "refused": [p.message for p in vramauto.default_context().plugins if p.status],
                  "libraries": sorted(m for m in maps if "vramauto" in m or "simdjson" in m or "libfmt" in m)}))
"""
RULE = """
from vramauto import get_gpu_memory_gb, estimate_model_size_gb, calculate_gpu_memory_utilization
model = "Qwen/Qwen2.5-VL-3B-Instruct"
print(estimate_model_size_gb(model), 0 < calculate_gpu_memory_utilization(model, max_model_len=4096) <= 1, get_gpu_memory_gb() >= 0)
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def clean_environment():
    """Without what would lead to another library, package or compiler's flags."""
    dropped = re.compile(r"VRAMAUTO_|PYTHON|LD_LIBRARY_PATH|LD_PRELOAD")
    environment = {name: value for name, value in os.environ.items() if not dropped.match(name)}
    if shutil.which("ccache"):
        environment.update(CMAKE_C_COMPILER_LAUNCHER="ccache", CMAKE_CXX_COMPILER_LAUNCHER="ccache")
    return {**environment, "CUDA_VISIBLE_DEVICES": "", "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count())}


def run(*command, cwd="/"):
    done = subprocess.run([str(c) for c in command], cwd=cwd, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}")
    return done.stdout


def expect(condition, *found):
    if not condition:
        sys.exit(f"not as expected: {found}")


def environment_in(folder):
    """The interpreter of a new virtual environment."""
    done = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
    if done.returncode:
        skip(f"{sys.executable} cannot make a virtual environment: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    return folder / "bin" / "python"


def with_builder(root):
    """An environment with `build`; skips where no package index can be reached."""
    python = environment_in(root / "builder")
    done = subprocess.run([python, "-m", "pip", "install", "-q", "build", "scikit-build-core"], env=clean_environment(),
                          capture_output=True, text=True)
    if done.returncode:
        skip(f"pip cannot fetch what builds a wheel: {done.stderr.strip().splitlines()[-1]}")
    return python


def built(root, by_sdist):
    """The wheel, and a source distribution that has all it needs."""
    python = with_builder(root)
    run(python, "-m", "build", "--sdist", "-o", root, PACKAGE)
    (sdist,) = root.glob("vramauto-*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(root / "sources")
    (sources,) = (root / "sources").iterdir()
    run("cmake", "-S", sources / "library", "-B", root / "configured", "-DVRAMAUTO_WHEEL=ON", "-DVRAMAUTO_BUILD_TESTS=OFF")
    run(python, "-m", "pip", "wheel", "--no-deps", "-w", root / "wheel", sdist if by_sdist else PACKAGE)
    (wheel,) = (root / "wheel").glob("*.whl")
    return wheel


def check_names(wheel):
    expect(re.fullmatch(r"vramauto-[0-9.]+-py3-none-\w+\.whl", wheel.name), wheel.name)
    names = zipfile.ZipFile(wheel).namelist()
    plugins = {pathlib.Path(name).name for name in names if name.startswith("vramauto/lib/vramauto/plugins-v1/")}
    ours = {f"vramauto_{folder.name}.so" for folder in (ROOT / "plugins").iterdir() if folder.is_dir() and folder.name != "example_c"}
    expect(plugins == ours, plugins, ours)
    for name in ("vramauto/py.typed", "vramauto/bin/vramauto", "vramauto/lib/libvramauto.so.0"):
        expect(names.count(name) == 1, name, names)
    strange = [n for n in names if not re.match(r"vramauto/(\w+\.py|py\.typed|bin/|lib/)|vramauto-[0-9.]+\.dist-info/", n) and "/share/" not in n]
    expect(not strange, strange)


def check_files(package):
    """Each program and library finds all it needs beside it or in every system."""
    carried = {path.name for path in (package / "lib").iterdir()}
    for path in [package / "bin" / "vramauto", *package.rglob("*.so*")]:
        dynamic = run("readelf", "-dW", path)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        expect(needed <= FROM_THE_SYSTEM | carried | {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}, path, needed)
        if needed & carried:
            expect(re.search(r"\(RUNPATH\).*\[\$ORIGIN", dynamic), path, dynamic)
        expect("RELR" not in dynamic or "simdjson" in path.name, path, "packed relocations need glibc 2.36")


def check_use(python):
    import json
    told = json.loads(run(python, "-c", PROGRAM))
    package = pathlib.Path(told["file"]).parent
    expect(python.parents[1] in package.parents, package)
    expect(len(set(told["versions"])) == 1, told)
    expect((told["fits"], told["estimator"], told["refused"]) == (True, "mla", []), told)
    expect(told["libraries"] and all(pathlib.Path(name).is_relative_to(package) for name in told["libraries"]), told["libraries"])
    for command in ([python.parent / "vramauto"], [python, "-m", "vramauto"]):
        text = run(*command, "plan", "Qwen/Qwen3-8B", "--gpu", "RTX 4090")
        expect("vllm serve Qwen/Qwen3-8B" in text, text)
        expect("refused" not in run(*command, "plugins"), "plugins")
    expect(run(python, "-c", RULE).split() == ["6.0", "True", "True"])
    return package


def check_uninstalled(python, package, before):
    run(python, "-m", "pip", "uninstall", "-q", "-y", "vramauto")
    left = {path for path in python.parents[1].rglob("*") if "vramauto" in path.name} - before
    expect(not left and not package.exists(), left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sdist", action="store_true")
    parser.add_argument("--wheel", type=pathlib.Path)
    parser.add_argument("--skip", action="store_true")
    given = parser.parse_args()
    if given.skip:
        skip("a wheel takes as long as the library to build; configure with -DVRAMAUTO_TEST_WHEEL=ON")
    with tempfile.TemporaryDirectory(prefix="vramauto-wheel-") as temporary:
        root = pathlib.Path(temporary)
        wheel = given.wheel.resolve() if given.wheel else built(root, given.sdist)
        check_names(wheel)
        python = environment_in(root / "user")
        before = {path for path in python.parents[1].rglob("*") if "vramauto" in path.name}
        run(python, "-m", "pip", "install", "-q", "--no-index", wheel)
        package = check_use(python)
        check_files(package)
        check_uninstalled(python, package, before)
        print(f"{wheel.name}, {wheel.stat().st_size} bytes: built, installed, used and uninstalled")


if __name__ == "__main__":
    main()
