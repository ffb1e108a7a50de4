#!/usr/bin/env python3
"""Plan every configuration of a folder, and count by family what became of it.

  every_config.py FOLDER --cli PATH [--engine-version V] [--gpu TEXT] [--show]

FOLDER holds files NAME.json, each a config.json. A configuration is exact: described by an estimator that knows its
architecture, and every weight amount has equal bounds; bounded: described, with bounds that differ or by a guess;
refused: exit 1 or 2 with a message, by the estimators (nobody knows it) or by the engine (its reason).
Exit status 0; 1 if the command crashed, took too long or answered nonsense; 77 if there is no such folder.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile


def plan(cli, config, engine, gpu):
    """(family, outcome, what was said)"""
    with tempfile.TemporaryDirectory(prefix="vramauto-") as folder:
        os.symlink(os.path.abspath(config), os.path.join(folder, "config.json"))
        command = [cli, "plan", folder, "--json", "--offline", "--gpu", gpu, "--engine-version", engine]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "", "crashed", "no answer in 60 s"
    said = " ".join(done.stderr.split())
    if done.returncode in (1, 2) and said:
        nobody = "no estimator knows" in said
        return "", "unknown" if nobody else "refused", said.replace(folder, "")
    if done.returncode not in (0, 3):
        return "", "crashed", f"exit {done.returncode}: {said}"
    try:
        answer = json.loads(done.stdout)
        weights = [c for rank in answer["ranks"] for c in rank["components"] if c["kind"] == "weights"]
        exact = bool(weights) and all(c["low_bytes"] == c["high_bytes"] for c in weights)
        return answer["model"]["estimator"], "exact" if exact and answer["method"] == "engine" else "bounded", ""
    except (ValueError, KeyError, TypeError) as error:
        return "", "crashed", f"bad answer: {error!r}"


def architecture(config):
    try:
        with open(config, encoding="utf-8") as file:
            names = json.load(file).get("architectures")
        return names[0] if names else "?"
    except (ValueError, AttributeError, OSError):
        return "?"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--cli", required=True)
    parser.add_argument("--engine-version", default="0.33.0")
    parser.add_argument("--gpu", default="8x H100 80GB")
    parser.add_argument("--show", action="store_true", help="name what was not answered, and why")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        print(f"skipped: there is no folder {options.folder}")
        return 77
    names = sorted(name for name in os.listdir(options.folder) if name.endswith(".json"))
    configs = [os.path.join(options.folder, name) for name in names]
    ask = lambda config: plan(os.path.abspath(options.cli), config, options.engine_version, options.gpu)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(ask, configs))
    outcomes = ("exact", "bounded", "refused", "unknown", "crashed")
    table = collections.defaultdict(collections.Counter)
    for (family, outcome, _) in answers:
        table[family or "(none)"][outcome] += 1
    print(f"{'family':12s} " + " ".join(f"{o:>8s}" for o in outcomes))
    for family in sorted(table):
        print(f"{family:12s} " + " ".join(f"{table[family][o]:8d}" for o in outcomes))
    total = sum(table.values(), collections.Counter())
    print(f"{'all':12s} " + " ".join(f"{total[o]:8d}" for o in outcomes))
    for config, (_, outcome, said) in zip(configs, answers):
        if outcome == "crashed" or (options.show and outcome in ("unknown", "refused")):
            print(f"{outcome} {os.path.basename(config)} ({architecture(config)}): {said[:200]}")
    return 1 if total["crashed"] else 0


if __name__ == "__main__":
    sys.exit(main())
