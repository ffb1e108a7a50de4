#!/usr/bin/env python3
"""The three .deb: judged by lintian, installed where nothing of the build tree can be reached, used by the commands of the READMEs,
removed, and nothing is left of them.

  debs.py BUILD_DIR            needs root: in a copy-on-write view of this system, whose packages are otherwise as they are
  debs.py BUILD_DIR --system   on this system itself, for a container that may not mount: the build tree is moved away meanwhile

exit 77: skipped, and why.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
SKIPPED = 77
# What is copied to the place of the test: what the READMEs' commands name, and programs of a user.
NEEDED = ("README.md", "tests/capi", "tests/install", "plugins/example_c", "bindings/go", "bindings/rust", "bindings/python")
OURS = ("libvramauto0", "libvramauto-dev", "vramauto")


def run(*command, **more):
    return subprocess.run([str(part) for part in command], check=True, **more)


def pack(build):
    """Builds the packages; their paths in the order of OURS."""
    folder = build / "packages"
    shutil.rmtree(folder, ignore_errors=True)
    run("cpack", "-G", "DEB", "-B", folder, cwd=build, stdout=subprocess.DEVNULL)
    found = {path.name.split("_")[0]: path for path in folder.glob("*.deb")}
    if sorted(found) != sorted(OURS):
        sys.exit(f"expected packages {OURS}, found {sorted(found)}")
    return [found[name] for name in OURS]


def judge(packages):
    if not shutil.which("lintian"):
        print("lintian is not installed: packages were not judged")
        return
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0", *packages], capture_output=True, text=True)
    print(done.stdout, end="")
    if done.returncode:
        sys.exit(f"lintian has errors\n{done.stderr}")


def furnish(stage, packages):
    """A folder with the packages and what their user has of the sources."""
    for name in NEEDED:
        source = SOURCE / name
        if source.is_dir():
            shutil.copytree(source, stage / name, ignore=shutil.ignore_patterns("target", "build", "__pycache__", "*.so", "dist"))
        elif source.exists():
            shutil.copy(source, stage / name)
    (stage / "debs").mkdir()
    for package in packages:
        shutil.copy(package, stage / "debs")


def inside(stage, hidden):
    """The command that installs, uses and removes: used_debs.py in `stage`, which makes sure that `hidden` cannot be seen."""
    return [sys.executable, stage / "tests/install/used_debs.py", stage, *hidden]


def in_a_view(packages, hidden):
    """An overlay over / that is gone with this process's mounts; the folders of sources and build are covered in it."""
    script = r"""
      set -e
      room=$1; stage=$2; shift 2
      hidden=(); while [ "$1" != -- ]; do hidden+=("$1"); shift; done; shift
      mount -t tmpfs room "$room"
      mkdir "$room/upper" "$room/work" "$room/root"
      mount -t overlay view -o "lowerdir=/,upperdir=$room/upper,workdir=$room/work" "$room/root"
      for kernel in proc sys dev; do mount --rbind "/$kernel" "$room/root/$kernel"; done
      mount --bind "$stage" "$room/root/mnt"
      for place in "${hidden[@]}"; do mount -t tmpfs nothing "$room/root$place"; done
      exec chroot "$room/root" "$@"
    """
    with tempfile.TemporaryDirectory(prefix="vramauto-debs-") as root:
        room, stage = pathlib.Path(root) / "room", pathlib.Path(root) / "stage"
        room.mkdir()
        stage.mkdir()
        furnish(stage, packages)
        begin = ["unshare", "--mount", "--propagation", "private", "bash", "-c", script, "bash", room, stage]
        probe = subprocess.run([str(part) for part in [*begin, "--", "true"]], capture_output=True, text=True)
        if probe.returncode:
            print(f"skipped: this system cannot be seen through an overlay ({probe.stderr.strip()}); --system is without one")
            return SKIPPED
        return subprocess.run([str(part) for part in [*begin, *hidden, "--", *inside(pathlib.Path("/mnt"), hidden)]]).returncode


def on_the_system(packages, build):
    away = build.with_name(build.name + ".away")
    with tempfile.TemporaryDirectory(prefix="vramauto-debs-") as root:
        stage = pathlib.Path(root)
        furnish(stage, packages)
        build.rename(away)
        try:
            return subprocess.run([str(part) for part in inside(stage, [build])]).returncode
        finally:
            away.rename(build)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--system", action="store_true")
    arguments = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("dpkg"):
        print("skipped: packages are installed by root, where there is dpkg")
        return SKIPPED
    build = arguments.build.resolve()
    packages = pack(build)
    judge(packages)
    hidden = [SOURCE] if build.is_relative_to(SOURCE) else [SOURCE, build]
    return on_the_system(packages, build) if arguments.system else in_a_view(packages, hidden)


if __name__ == "__main__":
    sys.exit(main())
