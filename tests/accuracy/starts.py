"""Starts of vLLM that were logged, and what the command says about each.

Two sources: starts.csv beside this file, whose models are those of the built-in catalogue; or a file of JSON lines with a folder of
configurations, as people collect them. Amounts are GiB of one rank.
"""
import csv
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
GIB = 2**30
FIGURES = ["weights", "activation", "non-torch", "consumed", "graphs", "cache", "summed"]  # summed: the cache, distances simply added
NON_TORCH = ("kernels and fragments", "fused all-reduce")
ACTIVATIONS = ("sampler", "forward pass", "encoder")
ROUNDING = 0.01  # GiB: logs print two decimals, of each amount
OPTIONS = {"utilization": "--gpu-memory-utilization", "length": "--max-model-len", "sequences": "--max-num-seqs",
           "batched_tokens": "--max-num-batched-tokens", "dtype": "--dtype", "cache_dtype": "--kv-cache-dtype", "version": "--engine-version"}


def from_table(path=HERE / "starts.csv"):
    """The project's own starts. An empty field was not logged: for an option the command takes the engine's default."""
    with open(path, newline="") as lines:
        for n, row in enumerate(csv.DictReader(lines), 2):
            out = {key: row[key] or None for key in (*OPTIONS, "model", "gpu")}
            out |= {"id": f"{path.name}:{n} {row['model']}", "known": row["inputs"] == "known", "hidden": None, "cold": False}
            out |= {key: float(row[key]) if row[key] else None for key in ("total_gib", "free_gib")}
            out |= {key: int(row[key]) for key in ("tp", "pp")}
            out["extra"] = ["--enforce-eager"] if row["eager"] else []
            if row["prefix_caching"]:
                out["extra"].append("--enable-prefix-caching" if row["prefix_caching"] == "on" else "--no-enable-prefix-caching")
            columns = {"weights": "weights_gib", "activation": "activation_gib", "non-torch": "non_torch_gib", "cache": "cache_gib"}
            out["logged"] = {figure: float(row[column]) for figure, column in columns.items() if row[column]}
            yield out


def folder_of(case, models, root):
    """A folder as a user would have it, without weights; None where its configuration is not there."""
    name = case["config"]
    order = ("derived", "configs") if case.get("config_dir") == "derived" else ("configs", "derived")
    found = next((models / sub / name for sub in order if (models / sub / name).exists()), None)
    if not found:
        return None
    folder = root / f"{order[0]}-{found.stem}"
    if not folder.is_dir():
        folder.mkdir()
        shutil.copy(found, folder / "config.json")
        for sub, target in (("index", "model.safetensors.index.json"), ("hf_quant", "hf_quant_config.json")):
            if (models / sub / name).exists():
                shutil.copy(models / sub / name, folder / target)
    return folder


def hidden_size(folder):
    config = json.loads((folder / "config.json").read_text())
    return (config.get("text_config") or config).get("hidden_size")


def logged_of(case):
    """What of a line is a figure. Of a release that is not known, only weights; a graph pool that shrank says nothing of graphs."""
    out = {"weights": case["weights_gib"] if case.get("score_weights") else None,
           "activation": case["activation_peak_gib"] if case.get("score_activation") else None,
           "cache": case["available_kv_gib"] if case.get("score_kv_gib") else None}
    if case.get("vllm_version"):
        graphs = case.get("cudagraph_gib")
        out |= {"non-torch": case.get("non_torch_gib"), "consumed": case.get("consumed_gib"),
                "graphs": graphs if graphs and graphs > 0 else None}
    return {figure: value for figure, value in out.items() if value is not None}


def from_lines(path, models, root):
    """Lines of JSON, one a start. Those derived from another start (boundary_of) are no starts of their own."""
    for line in open(path):
        case = json.loads(line) if line.strip() else {}
        if not case or case.get("boundary_of"):
            continue
        folder = folder_of(case, models, root)
        if folder is None:
            sys.exit(f"{case['id']}: expected {case['config']} below {models}")
        out = {"id": case["id"], "model": str(folder), "gpu": case.get("gpu"), "known": not case.get("assumed_inputs"),
               "hidden": hidden_size(folder), "cold": case.get("compile_state") == "cold", "version": case.get("vllm_version"),
               "total_gib": case.get("gpu_total_used_gib") or case.get("gpu_total_gib"), "free_gib": case.get("free_gib_startup"),
               "tp": case.get("tp") or 1, "pp": case.get("pp") or 1, "logged": logged_of(case)}
        out |= {"utilization": case.get("gpu_memory_utilization"), "length": case.get("max_model_len"), "sequences": case.get("max_num_seqs"),
                "batched_tokens": case.get("max_num_batched_tokens"), "dtype": case.get("dtype"), "cache_dtype": case.get("kv_cache_dtype")}
        out["extra"] = list(case.get("args") or [])
        out["extra"] += ["--enforce-eager"] if case.get("enforce_eager") else []
        out["extra"] += ["--enable-expert-parallel"] if case.get("ep") else []
        if case.get("enable_prefix_caching") is not None:
            out["extra"].append("--enable-prefix-caching" if case["enable_prefix_caching"] else "--no-enable-prefix-caching")
        if str(case.get("spec_decode")).startswith("mtp:"):
            drafts = {"method": "mtp", "num_speculative_tokens": int(case["spec_decode"][4:])}
            out["extra"] += ["--speculative-config", json.dumps(drafts)]
        yield out


def ask(command, start, root):
    """The command's answer; None where it says that the engine would refuse, with the reason on stderr."""
    device = {"name": start["gpu"] or "unknown GPU"}
    for key, gib in (("total_bytes", start["total_gib"]), ("free_bytes", start["free_gib"])):
        if gib:
            device[key] = int(gib * GIB)
    devices = root / "devices.json"
    devices.write_text(json.dumps({"devices": [device] * (start["tp"] * start["pp"])}))
    args = [command, "plan", start["model"], "--json", "--offline", "--devices", str(devices), "-tp", str(start["tp"]), "-pp", str(start["pp"])]
    for key, flag in OPTIONS.items():
        if start[key]:
            args += [flag, str(start[key])]
    done = subprocess.run(args + start["extra"], capture_output=True, text=True)
    if done.returncode in (0, 3):
        return json.loads(done.stdout)
    print(f"no answer for {start['id']}: {done.stderr.strip()}", file=sys.stderr)
    return None


def answered(command, lines=None, models=None):
    """(start, answer) of every start that has one."""
    with tempfile.TemporaryDirectory(prefix="vramauto-accuracy-") as folder:
        root = pathlib.Path(folder)
        for start in from_lines(lines, pathlib.Path(models), root) if lines else from_table():
            answer = ask(command, start, root)
            if answer:
                yield start, answer


def compared(start, answer):
    """{figure: (best, low, high, logged)} in GiB. A log of several stages is the first one's."""
    ranks = answer["ranks"]
    rank = ranks[0] if start["pp"] > 1 else max(ranks, key=lambda r: r["weights_bytes"])
    least = min(ranks, key=lambda r: r["kv_cache_bytes"])

    def sums(keep):
        parts = [c for c in rank["components"] if keep(c)]
        return [sum(c[key] for c in parts) for key in ("bytes", "low_bytes", "high_bytes")]

    amounts = {"weights": sums(lambda c: c["kind"] == "weights"), "activation": sums(lambda c: c["name"] in ACTIVATIONS),
               "non-torch": sums(lambda c: c["name"] in NON_TORCH), "graphs": sums(lambda c: c["kind"] == "graphs"),
               "consumed": sums(lambda c: not c["outside_budget"] and c["kind"] not in ("activations", "graphs")),
               "cache": [least["kv_cache_bytes"], least["kv_cache_low_bytes"], least["kv_cache_high_bytes"]]}
    out = {figure: (*(amount / GIB for amount in amounts[figure]), logged) for figure, logged in start["logged"].items()}
    if "cache" in out:
        best, _, _, logged = out["cache"]
        inside = [c for c in least["components"] if not c["outside_budget"]]
        less, more = sum(c["high_bytes"] - c["bytes"] for c in inside), sum(c["bytes"] - c["low_bytes"] for c in inside)
        out["summed"] = (best, best - less / GIB, best + more / GIB, logged)
    return out


def add_source_options(parser):
    parser.add_argument("command")
    parser.add_argument("--starts", help="a file of JSON lines instead of starts.csv")
    parser.add_argument("--models", help="the folder with the configurations that it names")
