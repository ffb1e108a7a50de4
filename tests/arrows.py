#!/usr/bin/env python3
"""Reads every #include under src/ and fails on one against the design's arrows.

  arrows.py SOURCE_DIR
"""
import pathlib
import re
import sys

MAY_INCLUDE = {  # folder: the folders before it in the data flow
    "support": [],
    "detect": ["support"],
    "model": ["support"],
    "estimator": ["support", "model"],
    "engine": ["support", "detect", "model", "estimator"],
    "plan": ["support", "detect", "model", "estimator", "engine"],
    "report": ["support", "detect", "model", "estimator", "engine", "plan"],
    "capi": ["support", "detect", "model", "estimator", "engine", "plan", "report"],
    "client": [],
    "cli": ["client"],
    "serve": ["support", "client"],
}
ONLY_IN = {  # a library's header: the only files that may include it
    "simdjson.h": ["support/json_parser.hpp", "client/document.cpp"],
    "fmt/": ["support/text.hpp", "support/format.cpp"],
    "nlohmann/": ["report/json.cpp", "client/document.hpp", "serve/json_writer.hpp"],
    "httplib.h": ["serve/connection.hpp", "serve/guard.hpp", "serve/http_server.hpp"],
    "dlfcn.h": ["detect/driver.cpp", "estimator/load.cpp", "model/curl.cpp"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def complaint(folder, path, quote, name):
    for header, files in ONLY_IN.items():
        if (name == header or (header.endswith("/") and name.startswith(header))) and path not in files:
            return f"{header} belongs in {' and '.join(files)} only"
    if quote == "<" or name.startswith("vramauto/"):
        return None
    target = name.split("/")[0] if "/" in name else folder
    if target != folder and target not in MAY_INCLUDE[folder]:
        return f"{folder} may include {', '.join(MAY_INCLUDE[folder]) or 'only itself and include/'}, not {target}"
    return None


def main():
    source = pathlib.Path(sys.argv[1])
    wrong, read = [], 0
    for file in sorted(source.rglob("*.[ch]pp")) + sorted(source.rglob("*.h")):
        path = file.relative_to(source).as_posix()
        folder = path.split("/")[0]
        if folder not in MAY_INCLUDE:
            wrong.append(f"{path}: folder {folder} is not in the design")
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if found := INCLUDE.match(line):
                read += 1
                if why := complaint(folder, path, *found.groups()):
                    wrong.append(f"{path}:{number}: includes {found[2]}: {why}")
    print("\n".join(wrong))
    print(f"{read} includes read, {len(wrong)} against the arrows")
    return 1 if wrong or not read else 0


if __name__ == "__main__":
    sys.exit(main())
