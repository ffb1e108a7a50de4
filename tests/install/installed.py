#!/usr/bin/env python3
"""Installs into an empty prefix, then builds and runs a user's program and the example plugin from there, by CMake and without it,
and the command.

  installed.py BUILD_DIR
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "plugins" / "example_c"
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "example_c", "hidden_size": 1024, "intermediate_size": 4096,
          "num_hidden_layers": 8, "num_attention_heads": 16, "num_key_value_heads": 8, "vocab_size": 32000,
          "max_position_embeddings": 4096, "tie_word_embeddings": False, "torch_dtype": "bfloat16"}


def run(*command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def only(prefix, pattern):
    found = sorted(prefix.rglob(pattern))
    if len(found) != 1:
        sys.exit(f"expected one {pattern} under {prefix}, found {[str(f) for f in found]}")
    return found[0]


def check_plugin(command, plugin, model):
    """The plugin changes the command's answer about the model, and is listed."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    ask = [command, "plan", model, "--gpu-memory", "24GiB", "--json"]
    without = json.loads(run(*ask, env=environment))
    environment["VRAMAUTO_PLUGIN_PATH"] = str(plugin.parent)
    given = json.loads(run(*ask, env=environment))
    assert without["model"]["estimator"] == "decoder", without["model"]
    assert given["model"]["estimator"] == "example_c", given["model"]
    assert without["ranks"] != given["ranks"], "its numbers are the answer"
    listed = json.loads(run(command, "plugins", "--json", env=environment))["plugins"]
    assert [p["status"] for p in listed if p["path"] == str(plugin.resolve())] == ["VRAMAUTO_OK"], listed


def check_example(root, prefix, command):
    """The example in a folder of its own, as a stranger builds it."""
    source, model = root / "example_c", root / "model"
    shutil.copytree(EXAMPLE, source)
    model.mkdir()
    (model / "config.json").write_text(json.dumps(CONFIG))

    by_cmake = source / "build"
    run("cmake", "-S", source, "-B", by_cmake, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", by_cmake)
    check_plugin(command, by_cmake / "vramauto_example_c.so", model)
    names = [line.split()[-1] for line in run("nm", "-D", "--defined-only", by_cmake / "vramauto_example_c.so").splitlines()]
    assert names == ["vramauto_plugin_v1"], names

    by_cc = source / "by_cc"
    by_cc.mkdir()
    run("cc", "-std=c99", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-I", prefix / "include", source / "example.c",
        "-o", by_cc / "vramauto_example_c.so")
    check_plugin(command, by_cc / "vramauto_example_c.so", model)

    beside = only(prefix, "libvramauto.so.0").parent / "vramauto" / "plugins-v1"
    beside.mkdir(parents=True, exist_ok=True)
    shutil.copy(by_cc / "vramauto_example_c.so", beside)
    assert "in use   org.vramauto.example_c" in run(command, "plugins"), "a plugin beside the library is found"


def in_use(command):
    """Estimators' plugins of ours that the command accepts, and reasons for the others."""
    listed = json.loads(run(command, "plugins", "--json"))["plugins"]
    return ({p["id"] for p in listed if p["status"] == "VRAMAUTO_OK" and p["path"]},
            [p["message"] for p in listed if p["status"] != "VRAMAUTO_OK"])


def check_shipped(root, build, prefix):
    """The plugins beside the library are used wherever they lie, unless anybody could have changed them."""
    shipped = {"org.vramauto." + f.stem.removeprefix("vramauto_") for f in (build / "lib/vramauto/plugins-v1").glob("vramauto_*.so")}
    if not shipped:
        print("our plugins are built into the library: where they are found was skipped")
        return
    assert in_use(build / "bin" / "vramauto") == (shipped, []), in_use(build / "bin" / "vramauto")
    assert in_use(prefix / "bin" / "vramauto") == (shipped, []), in_use(prefix / "bin" / "vramauto")

    group = root / "group"  # as a clone and build under umask 002 leave it
    shutil.copytree(prefix, group, symlinks=True)
    run("chmod", "-R", "g+w", group)
    assert in_use(group / "bin" / "vramauto") == (shipped, []), in_use(group / "bin" / "vramauto")

    if os.geteuid() == 0:
        other = root / "other"
        shutil.copytree(prefix, other, symlinks=True)
        run("chown", "-R", "65534:65534", other)
        assert in_use(other / "bin" / "vramauto") == (shipped, []), "the library's owner may own its plugins"
    else:
        print("not root: a folder of another owner was skipped")

    run("chmod", "-R", "o+w", group)
    found, reasons = in_use(group / "bin" / "vramauto")
    assert not found and reasons, "what the world may write is refused, with a reason"


def check_service(prefix):
    programs = sorted(prefix.rglob("vramauto-serve"))
    if not programs:
        print("the service was not built: skipped")
        return
    assert programs[0].parent == prefix / "libexec" / "vramauto", programs
    assert "--model-root" in run(prefix / "bin" / "vramauto", "serve", "--help"), "the command finds it"


def main():
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="vramauto-install-") as root:
        prefix = pathlib.Path(root) / "prefix"
        run("cmake", "--install", build, "--prefix", prefix)

        user = pathlib.Path(root) / "user"
        run("cmake", "-S", HERE, "-B", user, f"-DCMAKE_PREFIX_PATH={prefix}")
        run("cmake", "--build", user)
        assert run(user / "user") == "6.00\n", "the program built by CMake"

        if shutil.which("pkg-config"):
            pc = only(prefix, "vramauto.pc").parent
            flags = run("pkg-config", "--cflags", "--libs", "vramauto", env={**os.environ, "PKG_CONFIG_PATH": str(pc)}).split()
            run("cc", HERE / "main.c", "-o", user / "by_pkg_config", *flags)
            library = only(prefix, "libvramauto.so.0").parent
            assert run(user / "by_pkg_config", env={**os.environ, "LD_LIBRARY_PATH": str(library)}) == "6.00\n", "by pkg-config"
        else:
            print("pkg-config is not installed: that half was skipped")

        command = only(prefix / "bin", "vramauto")
        assert run(command, "--version").startswith("vramauto "), "the installed command finds its library"
        only(prefix, "man1/vramauto.1.gz"), only(prefix, "bash-completion/completions/vramauto")
        check_service(prefix)
        check_shipped(pathlib.Path(root), build, prefix)
        check_example(pathlib.Path(root), prefix, command)
        moved = prefix.rename(pathlib.Path(root) / "moved")
        assert run(moved / "bin" / "vramauto", "--version").startswith("vramauto "), "also when the prefix is moved"
        check_service(moved)
    print("installed, built against, run, moved")


if __name__ == "__main__":
    main()
