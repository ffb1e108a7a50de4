#!/usr/bin/env python3
"""The tarball, unpacked anywhere and moved again, runs with an empty environment and nothing of the build tree, and builds programs.

  tarball.py BUILD_DIR
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **{"env": {"PATH": "/usr/bin:/bin"}, **more})
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def only(folder, pattern):
    found = sorted(folder.rglob(pattern))
    if len(found) != 1:
        sys.exit(f"expected one {pattern} under {folder}, found {[str(path) for path in found]}")
    return found[0]


def check_names(tar):
    """One folder at the top, nothing above it, no owner that matters."""
    tops = {pathlib.PurePosixPath(member.name).parts[0] for member in tar.getmembers()}
    assert len(tops) == 1 and tops.pop().startswith("vramauto-"), tops
    assert not any(member.name.startswith("/") or ".." in member.name for member in tar.getmembers())


def check_runs(top, build):
    command = top / "bin/vramauto"
    assert run(command, "--version").startswith("vramauto ")
    linked = [line.split() for line in run("ldd", command).splitlines()]
    for name, _, path, *_ in (line for line in linked if len(line) > 2):
        assert "vramauto" not in name or pathlib.Path(path).is_relative_to(top), f"{name} comes from {path}"
        assert not pathlib.Path(path).is_relative_to(build), f"{name} comes from {path}"
    carried = sorted(only(top, "libvramauto.so.0").parent.glob("libsimdjson.so.*"))
    for name, _, path, *_ in (line for line in linked if line[0].startswith("libsimdjson")):
        assert not carried or pathlib.Path(path).is_relative_to(top), f"{name} is carried, but comes from {path}"
    check_service(top, command)
    listed = json.loads(run(command, "plugins", "--json"))["plugins"]
    shipped = sorted(top.rglob("plugins-v1/*.so"))
    assert {p["status"] for p in listed} == {"VRAMAUTO_OK"}, listed
    assert sum(bool(p["path"]) for p in listed) == len(shipped), (listed, shipped)
    assert json.loads(run(command, "plan", "Qwen/Qwen3-8B", "--gpu", "RTX 4090", "--json"))["schema"] == "vramauto.plan/1"


def check_service(top, command):
    """Where it was built: it is found, and so is all that it needs, which comes from here as far as it is carried."""
    programs = sorted(top.rglob("vramauto-serve"))
    if not programs:
        print("the service was not built: skipped")
        return
    assert "--model-root" in run(command, "serve", "--help")
    carried = {path.name for path in top.rglob("*.so.*")}
    for name, _, path, *_ in (line.split() for line in run("ldd", programs[0]).splitlines() if "=>" in line):
        assert path.startswith("/"), f"{name} is not found"
        assert name not in carried or pathlib.Path(path).is_relative_to(top), f"{name} is carried, but comes from {path}"


def check_builds(top, room):
    """A program with pkg-config, which finds the tree where it lies."""
    if not shutil.which("pkg-config"):
        print("pkg-config is not installed: no program was built")
        return
    flags = run("pkg-config", "--cflags", "--libs", "vramauto", env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_PATH": str(only(top, "vramauto.pc").parent)})
    library = only(top, "libvramauto.so.0").parent
    run("cc", HERE / "main.c", "-o", room / "user", *flags.split(), f"-Wl,-rpath,{library}")
    assert run(room / "user") == "6.00\n"


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="vramauto-tarball-") as root:
        room = pathlib.Path(root)
        run("cpack", "-G", "TGZ", "-B", room / "packages", cwd=build)
        with tarfile.open(next((room / "packages").glob("vramauto-*.tar.gz"))) as tar:
            check_names(tar)
            tar.extractall(room / "here")
        (top,) = (room / "here").iterdir()
        check_runs(top, build)
        moved = top.rename(room / "moved")
        check_runs(moved, build)
        check_builds(moved, room)
        for path in ("share/man/man1/vramauto.1.gz", "share/bash-completion/completions/vramauto"):
            assert (moved / path).is_file(), path
    print("unpacked, moved, run, built against")
    return 0


if __name__ == "__main__":
    sys.exit(main())
