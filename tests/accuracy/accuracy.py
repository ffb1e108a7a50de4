#!/usr/bin/env python3
"""Compares the command's answers with what starts of vLLM logged, and with how well it did before.

  accuracy.py COMMAND            print the table; fail where it is worse than golden.json
  accuracy.py COMMAND --update   write golden.json anew
  accuracy.py COMMAND --starts FILE --models FOLDER [--rows]   the table of other starts; compared with nothing

For each release, family and amount: the mean and the worst error, the share of logged values within the bounds that were given, and
the median width of those bounds.
"""
import argparse
import collections
import json
import statistics
import sys

import starts as source
from starts import FIGURES, HERE, ROUNDING

SLACK = 0.002  # GiB: rounding of logged figures


def family(estimator):
    return {"decoder": "dense"}.get(estimator, estimator)


def slices_of(start, answer):
    minor = ".".join((start["version"] or "not known").split(".")[:2])
    inputs = "known" if start["known"] else "assumed"
    return ["all", f"inputs {inputs}", f"vLLM {minor}", family(answer["model"]["estimator"])]


def inside(figure):
    _, low, high, logged = figure
    return low - ROUNDING <= logged <= high + ROUNDING


def described(figures):
    errors = [best - logged for best, _, _, logged in figures]
    return {"n": len(figures), "mean": round(sum(map(abs, errors)) / len(errors), 4), "worst": round(max(errors, key=abs), 4),
            "within": round(sum(map(inside, figures)) / len(figures), 3),
            "width": round(statistics.median(high - low for _, low, high, _ in figures), 4)}


def summary(found):
    """{slice: {figure: {n, mean, worst, within, width}}}"""
    table = collections.defaultdict(lambda: collections.defaultdict(list))
    for slices, figures in found:
        for name, figure in figures.items():
            for one in slices:
                table[one][name].append(figure)
    return {one: {name: described(figures) for name, figures in named.items()} for one, named in sorted(table.items())}


def show(table, found):
    print(f"{'starts':28s} {'figure':11s} {'n':>3s} {'mean GiB':>9s} {'worst':>8s} {'within bounds':>14s} {'width GiB':>10s}")
    for one, figures in table.items():
        for name in FIGURES:
            if name in figures:
                f = figures[name]
                print(f"{one:28s} {name:11s} {f['n']:3d} {f['mean']:9.4f} {f['worst']:+8.3f} {100 * f['within']:13.0f}% {f['width']:10.3f}")
    every = [figure for _, figures in found for name, figure in figures.items() if name != "summed"]
    print(f"{sum(map(inside, every))} of {len(every)} logged values lie within the bounds ({100 * sum(map(inside, every)) / len(every):.1f} %)")


def show_rows(rows):
    for start, figures in sorted(rows, key=lambda row: -abs(row[1]["cache"][0] - row[1]["cache"][3]) if "cache" in row[1] else 0):
        told = "  ".join(f"{name} {best - logged:+.3f}{'' if inside((best, low, high, logged)) else ' OUTSIDE [%.2f, %.2f] %.2f' % (low, high, logged)}"
                         for name, (best, low, high, logged) in figures.items() if name != "summed")
        print(f"{start['id'][:60]:60s} {told}")


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
            elif now["width"] > before["width"] + SLACK:
                yield f"{one}, {name}: bounds {before['width']} GiB wide before, {now['width']} now"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source.add_source_options(parser)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--rows", action="store_true", help="every start, the worst cache first")
    given = parser.parse_args()
    rows = [(start, answer, source.compared(start, answer)) for start, answer in source.answered(given.command, given.starts, given.models)]
    found = [(slices_of(start, answer), figures) for start, answer, figures in rows]
    table = summary(found)
    show(table, found)
    if given.rows:
        show_rows([(start, figures) for start, _, figures in rows])
    golden = HERE / "golden.json"
    if given.starts:
        return
    if given.update:
        golden.write_text(json.dumps(table, indent=1) + "\n")
        return
    complaints = list(worse(table, json.loads(golden.read_text())))
    print("\n".join(complaints) if complaints else f"{len(found)} starts, none of the figures worse than before")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
