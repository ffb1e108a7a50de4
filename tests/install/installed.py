#!/usr/bin/env python3
"""Installs into an empty prefix, then builds and runs a user's program from there, by CMake and by pkg-config, and the command.

  installed.py BUILD_DIR
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


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
            # pkg-config writes the prefix it was configured with; here it is another one
            flags = run("pkg-config", f"--define-variable=prefix={prefix}", "--cflags", "--libs", "vramauto",
                        env={**os.environ, "PKG_CONFIG_PATH": str(pc)}).split()
            run("cc", HERE / "main.c", "-o", user / "by_pkg_config", *flags)
            library = only(prefix, "libvramauto.so.0").parent
            assert run(user / "by_pkg_config", env={**os.environ, "LD_LIBRARY_PATH": str(library)}) == "6.00\n", "by pkg-config"
        else:
            print("pkg-config is not installed: that half was skipped")

        command = only(prefix / "bin", "vramauto")
        assert run(command, "--version").startswith("vramauto "), "the installed command finds its library"
        moved = prefix.rename(pathlib.Path(root) / "moved")
        assert run(moved / "bin" / "vramauto", "--version").startswith("vramauto "), "also when the prefix is moved"
    print("installed, built against, run, moved")


if __name__ == "__main__":
    main()
