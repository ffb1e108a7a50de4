#!/usr/bin/env python3
"""The client of the baseline leaves out none of its functions.

  calls.py NM CLIENT
"""
import subprocess
import sys

import promise
from promise import header


def main():
    nm, client = sys.argv[1:]
    lines = subprocess.run([nm, "-D", "--undefined-only", client], capture_output=True, text=True, check=True).stdout.splitlines()
    called = {line.split()[-1].split("@")[0] for line in lines}
    left_out = sorted(set(header.parse(promise.BASELINE).functions) - called)
    print("\n".join([f"{name} is not called" for name in left_out] + [f"{len(called)} symbols used, {len(left_out)} left out"]))
    return 1 if left_out or not called else 0


if __name__ == "__main__":
    sys.exit(main())
