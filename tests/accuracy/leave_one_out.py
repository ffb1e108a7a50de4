#!/usr/bin/env python3
"""Fits the engine's constants again without one model's starts at a time, and predicts that model with what the others say.

  leave_one_out.py COMMAND [--starts FILE --models FOLDER] [--rows]

The constants are those of src/engine/vllm/fits.hpp: whatever no rule of the engine gives. Each enters a component linearly, alone or
times a size that the start tells (tokens x hidden size for the forward pass, the line itself for graphs), so the command's own
components are all that is needed: nothing is built anew. A component's source names the constant; starts of one source, and of one
class of ranks, are its cases. A model is known by architecture and size: one model in several formats is one.

Held to the criterion: the mean error of the cache without a model's starts is within a fifth of what it is with them, or 0.02 GiB.
Which GPU a start ran on is no property of a model: what the context and the peers take is not fitted here.
"""
import argparse
import collections
import statistics
import sys

import starts as source
from starts import GIB

MORE, LEAST = 0.2, 0.02  # a fifth; GiB


class Case:
    """One constant as one start shows it: the component is off by `error` GiB, the constant enters `size` times."""

    def __init__(self, constant, row, error, size=1.0):
        self.constant, self.row, self.error, self.size = constant, row, error, size


def model_of(answer):
    count = answer["model"]["parameters"] or 0
    return answer["model"]["architecture"], float(f"{count:.1e}")


def component(rank, *names):
    return next((c for c in rank["components"] if c["name"] in names), None)


def ranks_of(start):
    return "1 rank" if start["tp"] == 1 else "2 ranks" if start["tp"] < 4 else "4 ranks"


def implied_non_torch(figures, answer, start):
    """The error of non-torch memory: as logged, else what closes the budget of a start that logged its cache."""
    if "non-torch" in figures:
        best, _, _, logged = figures["non-torch"]
        return best - logged
    graphs = answer["ranks"][0]["cuda_graph_in_budget"]
    if "cache" not in figures or graphs or start["pp"] > 1 or start["cold"] or not start["version"]:
        return None
    return -sum(figures[name][0] - figures[name][3] for name in ("cache", "weights", "activation") if name in figures)


def cases_of(row):
    start, answer, figures = row["start"], row["answer"], row["figures"]
    rank = answer["ranks"][0]
    kernels = component(rank, "kernels and fragments")
    error = implied_non_torch(figures, answer, start)
    if kernels and error is not None:
        yield Case(f"non-torch, {kernels['source']}, {ranks_of(start)}, {kernels['bytes'] / GIB:.2f}", row, error)
    forward = component(rank, "forward pass")
    if forward and "activation" in figures and start["hidden"]:
        size = answer["workload"]["max_num_batched_tokens"] * start["hidden"] * (4 if answer["workload"]["dtype"] == "float32" else 2) / GIB
        best, _, _, logged = figures["activation"]
        yield Case(f"forward, {forward['source']}", row, best - logged, size)
    graphs = component(rank, "CUDA graphs")
    if graphs and "graphs" in figures:
        best, _, _, logged = figures["graphs"]
        yield Case(f"graphs, {graphs['source']}", row, best - logged, best)
    if start["cold"] and "cache" in figures:
        best, _, _, logged = figures["cache"]
        first = component(rank, "first compilation")
        if first:
            yield Case(f"first start, {first['source']}, {ranks_of(start)}", row, first["high_bytes"] / GIB - (best - logged))


def correction(cases):
    """By how much the constant is off: the middle of what its cases say, so that no single start decides."""
    return statistics.median(c.error / c.size for c in cases) if cases else 0.0


def gathered(given):
    rows = []
    for start, answer in source.answered(given.command, given.starts, given.models):
        rows.append({"start": start, "answer": answer, "figures": source.compared(start, answer), "model": model_of(answer), "moved": 0.0, "refitted": 0.0})
    return rows


def refit(rows):
    """{constant: [(case, error with all starts, error without the model's, whether others have cases)]}"""
    constants = collections.defaultdict(list)
    for row in rows:
        for case in cases_of(row):
            constants[case.constant].append(case)
    out = {}
    for name, cases in sorted(constants.items()):
        told, everything = [], correction(cases)
        for case in cases:
            others = [c for c in cases if c.row["model"] != case.row["model"]]
            without = correction(others)
            told.append((case, case.error - everything * case.size, case.error - without * case.size if others else None))
            if others and name.startswith(("non-torch", "forward")):
                case.row["moved"] += without * case.size
                case.row["refitted"] += everything * case.size
        out[name] = told
    return out


def mean(values):
    return statistics.fmean(map(abs, values)) if values else 0.0


def show(constants, each):
    print(f"{'constant':74s} {'cases':>5s} {'models':>6s} {'as shipped':>10s} {'refitted':>9s} {'without':>8s} {'worst':>7s}")
    for name, told in constants.items():
        models = {case.row["model"] for case, _, _ in told}
        without = [error for _, _, error in told if error is not None]
        alone = f"{mean(without):8.3f} {max(without, key=abs):+7.3f}" if without else "   no other model"
        print(f"{name[:74]:74s} {len(told):5d} {len(models):6d} {mean([c.error for c, _, _ in told]):10.3f} {mean([e for _, e, _ in told]):9.3f} {alone}")
        for case, _, error in told if each else []:
            print(f"    {case.row['start']['id'][:66]:66s} {case.error:+.3f} {'' if error is None else '%+.3f' % error}")


def verdict(rows, what, keep):
    """The cache's mean error: as shipped, with the constants of all starts, with those of other models' starts."""
    kept = [row for row in rows if "cache" in row["figures"] and keep(row["start"])]
    if not kept:
        return True
    errors = [row["figures"]["cache"][0] - row["figures"]["cache"][3] for row in kept]
    shipped, refitted = mean(errors), mean([e + row["refitted"] for e, row in zip(errors, kept)])
    without = mean([e + row["moved"] for e, row in zip(errors, kept)])
    most = max(shipped * (1 + MORE), shipped + LEAST)
    print(f"cache, {what}: {len(kept)} starts, mean error {shipped:.3f} GiB as shipped, {refitted:.3f} refitted, {without:.3f} without the "
          f"model's own starts (at most {most:.3f})")
    return without <= most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source.add_source_options(parser)
    parser.add_argument("--rows", action="store_true", help="every case of every constant")
    given = parser.parse_args()
    rows = gathered(given)
    show(refit(rows), given.rows)
    held = [verdict(rows, "inputs known", lambda start: start["known"]), verdict(rows, "inputs assumed", lambda start: not start["known"])]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
