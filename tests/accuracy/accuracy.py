#!/usr/bin/env python3
"""Compares the command's answers with what starts of vLLM logged, and with how well it did before.

  accuracy.py COMMAND            print the table; fail where it is worse than golden.json
  accuracy.py COMMAND --update   write golden.json anew

starts.csv has a line for each start: what was started (a model of the built-in catalogue, the GPU as it was logged, the options), what
was logged (GiB of one rank), whether the log shows all inputs, and where it was published. An empty field was not logged: for an
option the command takes the engine's default.
"""
import argparse
import collections
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GIB = 2**30
FIGURES = ["weights", "activation", "non-torch", "cache"]
SLACK = 0.002  # GiB: rounding of logged figures


def family(estimator):
    return {"decoder": "dense"}.get(estimator, estimator)


def ask(command, start, folder):
    device = {"name": start["gpu"] or "unknown GPU", "total_bytes": int(float(start["total_gib"]) * GIB)}
    if start["free_gib"]:
        device["free_bytes"] = int(float(start["free_gib"]) * GIB)
    ranks = int(start["tp"]) * int(start["pp"])
    devices = pathlib.Path(folder) / "devices.json"
    devices.write_text(json.dumps({"devices": [device] * ranks}))
    args = [command, "plan", start["model"], "--json", "--offline", "--devices", str(devices), "--engine-version", start["version"],
            "-tp", start["tp"], "-pp", start["pp"]]
    for column, flag in (("utilization", "--gpu-memory-utilization"), ("length", "--max-model-len"), ("sequences", "--max-num-seqs"),
                         ("batched_tokens", "--max-num-batched-tokens"), ("dtype", "--dtype"), ("cache_dtype", "--kv-cache-dtype")):
        if start[column]:
            args += [flag, start[column]]
    if start["prefix_caching"]:
        args.append("--enable-prefix-caching" if start["prefix_caching"] == "on" else "--no-enable-prefix-caching")
    if start["eager"]:
        args.append("--enforce-eager")
    done = subprocess.run(args, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(args)}\nexit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def bounds(rank, kinds):
    parts = [c for c in rank["components"] if c["kind"] in kinds]
    return sum(c["low_bytes"] for c in parts), sum(c["high_bytes"] for c in parts)


def compared(start, answer):
    """{figure: (error in GiB, whether the logged value lies within the bounds)}"""
    ranks = answer["ranks"]
    rank = max(ranks, key=lambda r: r["weights_bytes"])
    out = {}

    def figure(name, column, best, low, high):
        if start[column]:
            logged = float(start[column])
            out[name] = (best / GIB - logged, low / GIB - 0.01 <= logged <= high / GIB + 0.01)

    figure("weights", "weights_gib", rank["weights_bytes"], *bounds(rank, ["weights"]))
    figure("activation", "activation_gib", rank["activation_bytes"],
           sum(c["low_bytes"] for c in rank["components"] if c["name"] in ("sampler", "forward pass", "encoder")),
           sum(c["high_bytes"] for c in rank["components"] if c["name"] in ("sampler", "forward pass", "encoder")))
    named = [c for c in rank["components"] if c["name"] == "kernels and fragments"]
    figure("non-torch", "non_torch_gib", rank["non_torch_bytes"], sum(c["low_bytes"] for c in named), sum(c["high_bytes"] for c in named))
    least = min(ranks, key=lambda r: r["kv_cache_bytes"])
    inside = [c for c in least["components"] if not c["outside_budget"]]
    spread_up = sum(c["bytes"] - c["low_bytes"] for c in inside)
    spread_down = sum(c["high_bytes"] - c["bytes"] for c in inside)
    figure("cache", "cache_gib", least["kv_cache_bytes"], least["kv_cache_bytes"] - spread_down, least["kv_cache_bytes"] + spread_up)
    return out


def summary(found):
    """{slice: {figure: {n, mean, worst, within}}} over errors in GiB."""
    table = collections.defaultdict(lambda: collections.defaultdict(list))
    for slices, figures in found:
        for name, pair in figures.items():
            for one in slices:
                table[one][name].append(pair)
    out = {}
    for one, figures in sorted(table.items()):
        out[one] = {name: {"n": len(pairs), "mean": round(sum(abs(e) for e, _ in pairs) / len(pairs), 4),
                           "worst": round(max((e for e, _ in pairs), key=abs), 4),
                           "within": round(sum(inside for _, inside in pairs) / len(pairs), 3)} for name, pairs in figures.items()}
    return out


def show(table):
    print(f"{'starts':28s} {'figure':11s} {'n':>3s} {'mean GiB':>9s} {'worst':>8s} {'within bounds':>14s}")
    for one, figures in table.items():
        for name in FIGURES:
            if name in figures:
                f = figures[name]
                print(f"{one:28s} {name:11s} {f['n']:3d} {f['mean']:9.4f} {f['worst']:+8.3f} {100 * f['within']:13.0f}%")


def worse(table, golden):
    for one, figures in golden.items():
        for name, before in figures.items():
            now = table.get(one, {}).get(name)
            if now is None or now["n"] < before["n"]:
                yield f"{one}, {name}: {before['n']} starts before, {now['n'] if now else 0} now"
            elif now["mean"] > before["mean"] + SLACK:
                yield f"{one}, {name}: mean error {before['mean']} GiB before, {now['mean']} now"
            elif now["within"] < before["within"] - 0.001:
                yield f"{one}, {name}: {before['within']} within bounds before, {now['within']} now"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command")
    parser.add_argument("--update", action="store_true")
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory(prefix="vramauto-accuracy-") as folder, open(HERE / "starts.csv", newline="") as lines:
        for start in csv.DictReader(lines):
            answer = ask(given.command, start, folder)
            minor = ".".join(start["version"].split(".")[:2])
            slices = ["all", f"inputs {start['inputs']}", f"vLLM {minor}", family(answer["model"]["estimator"])]
            found.append((slices, compared(start, answer)))
    table = summary(found)
    show(table)
    golden = HERE / "golden.json"
    if given.update:
        golden.write_text(json.dumps(table, indent=1) + "\n")
        return
    complaints = list(worse(table, json.loads(golden.read_text())))
    print("\n".join(complaints) if complaints else f"{len(found)} starts, none of the figures worse than before")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
