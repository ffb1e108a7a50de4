#!/usr/bin/env python3
"""What the library exports, the checked-in list and the public headers' declarations are the same, in every direction.

  symbols.py NM LIBRARY LIST HEADER...
"""
import re
import subprocess
import sys


def main():
    nm, library, listed, *headers = sys.argv[1:]
    lines = subprocess.run([nm, "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout.splitlines()
    exported = {line.split()[-1].split("@")[0] for line in lines if line.split()[-2] != "A"}
    known = set(open(listed).read().split())
    text = "".join(re.sub(r"^#.*\n", "", open(header).read(), flags=re.M) for header in headers)  # macros declare nothing here
    declared = set(re.findall(r"^VRAMAUTO_API[^;]*?\b(vramauto_\w+)\(", text, re.M))
    wrong = 0
    for what, names in (("exported, but not in the list", exported - known), ("in the list, but not exported", known - exported),
                        ("declared, but not in the list", declared - known), ("in the list, but not declared", known - declared)):
        for name in sorted(names):
            print(f"{name}: {what}")
            wrong += 1
    return 1 if wrong or not known else 0


sys.exit(main())
