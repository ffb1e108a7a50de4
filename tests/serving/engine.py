#!/usr/bin/env python3
"""A stand-in for `vllm serve`: strict about its arguments, says what vLLM 0.33 says, and ends as it does. Needs no GPU and no model.

  engine.py serve MODEL [options of vLLM]

Arguments: what vLLM's own parser does with them (names with _ for -, abbreviations, --no-…, --json.key value, -O3). Unknown ones end
it with status 2; so does an option that is there twice (vLLM lets the last one win; nobody who plans should need that).
It serves GET /health (200) and /v1/models on --host and --port (0: any) until SIGTERM or SIGINT, then exits 0.

What else it does is asked for in its environment:
  ENGINE_MODE    serve (default)
                 no_memory   dies at start: "No available memory for the cache blocks"; status 1
                 not_free    dies at start: "Free memory on device … is less than desired GPU memory utilization"; status 1
                 too_long    dies at start: "To serve at least one request with the model's max seq len …"; status 1
                 hang        loads for ever and says nothing more; SIGTERM ends it (-15)
                 flood       as serve, but first FLOOD_LINES lines, one of FLOOD_LONGEST bytes, and bytes that are no UTF-8
                 deaf        as serve, but SIGTERM and SIGINT are ignored
                 exit        ends at once with status ENGINE_STATUS
                 echo        copies its standard input to its standard output, then exits 0
  ENGINE_RECORD  a file that gets, as JSON, before anything is said: pid, argv (without the program), options (as parsed, given ones
                 only, names with -), environment, cwd, descriptors (open ones), ignored (signals, as inherited), child
  ENGINE_WAIT    a file: before "Available KV cache memory" it waits until that exists
  ENGINE_CHILD   1: has a child process, as vLLM has for its core, that ends with it unless it is killed

Said of memory: the constants below.
"""
import argparse
import http.server
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time

MODEL_GIB, CACHE_GIB, CACHE_TOKENS, GRAPHS_GIB = 15.27, 4.28, 31200, 0.34
FLOOD_LINES, FLOOD_LONGEST = 100_000, 1 << 20

# Options of vLLM 0.33 (engine/arg_utils.py, entrypoints/common/cli_args.py) by how their values are read.
SWITCHES = """enable-expert-parallel enforce-eager enable-prefix-caching enable-chunked-prefill language-model-only enable-lora
    disable-hybrid-kv-cache-manager skip-mm-profiling fully-sharded-loras enable-sleep-mode enable-eplb async-scheduling
    trust-remote-code enable-auto-tool-choice headless disable-custom-all-reduce"""
INTEGERS = """tensor-parallel-size pipeline-parallel-size data-parallel-size decode-context-parallel-size max-num-seqs block-size
    num-gpu-blocks-override max-loras max-lora-rank max-cudagraph-capture-size optimization-level seed port max-logprobs
    api-server-count nnodes node-rank"""
READABLE = "max-model-len max-num-batched-tokens kv-cache-memory-bytes"  # 32k, 8G
NUMBERS = "gpu-memory-utilization cpu-offload-gb mm-ipc-gpu-memory-gb"
TEXTS = """kv-cache-dtype mamba-cache-mode mamba-cache-dtype mamba-ssm-cache-dtype attention-backend dtype quantization
    mm-encoder-tp-mode lora-dtype all2all-backend performance-mode host tokenizer revision download-dir load-format chat-template
    hf-token tool-call-parser reasoning-parser distributed-executor-backend uvicorn-log-level runner convert generation-config"""
JSON = """compilation-config speculative-config limit-mm-per-prompt eplb-config hf-overrides kv-transfer-config
    override-generation-config model-loader-extra-config"""
LISTS = "api-key cudagraph-capture-sizes served-model-name lora-modules kv-cache-dtype-skip-layers"
REPEATED = "middleware"
SHORT = {"tensor-parallel-size": "-tp", "pipeline-parallel-size": "-pp", "data-parallel-size": "-dp", "enable-expert-parallel": "-ep",
         "decode-context-parallel-size": "-dcp", "quantization": "-q", "compilation-config": "-cc", "nnodes": "-n", "node-rank": "-r"}
DEFAULTS = {"gpu-memory-utilization": 0.92, "max-model-len": 40960, "host": "127.0.0.1", "port": 8000}


def readable(text):
    """32k is 32,000, 32K is 32,768; auto is -1."""
    if text in ("auto", "-1"):
        return -1
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kKmMgGtT])", text)
    if not found:
        return int(text)
    power = "kmgt".index(found[2].lower()) + 1
    return int(float(found[1]) * 1000**power) if found[2].islower() else int(found[1]) * 1024**power


def share(text):
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


class Once(argparse.Action):
    """Refuses the second."""

    def __call__(self, parser, namespace, values, option_string=None):
        seen = namespace.__dict__.setdefault("seen", set())
        if self.dest in seen:
            parser.error(f"argument {option_string}: is there twice")
        seen.add(self.dest)
        if isinstance(self.const, dict):  # a switch
            values = self.const[option_string]
        setattr(namespace, self.dest, values)


def make_parser():
    parser = argparse.ArgumentParser(prog="vllm serve")
    parser.add_argument("model_tag")

    def add(names, **more):
        for name in names.split():
            flags = ["--" + name] + ([SHORT[name]] if name in SHORT else [])
            parser.add_argument(*flags, dest=name, default=argparse.SUPPRESS, **{"action": Once, **more})

    for name in SWITCHES.split():
        on = ["--" + name] + ([SHORT[name]] if name in SHORT else [])
        off = ["--no-" + name] + (["--disable-" + name[7:]] if name.startswith("enable-") else [])
        parser.add_argument(*on, *off, dest=name, default=argparse.SUPPRESS, nargs=0, action=Once,
                            const={**dict.fromkeys(on, True), **dict.fromkeys(off, False)})
    add(INTEGERS, type=int)
    add(READABLE, type=readable)
    add(NUMBERS.replace("gpu-memory-utilization", ""), type=float)
    add("gpu-memory-utilization", type=share)
    add(TEXTS)
    add(JSON, type=json.loads)
    add(LISTS, nargs="+")
    add(REPEATED, action="append")
    return parser


def flexible(words):
    """Words as vLLM's FlexibleArgumentParser hands them to argparse."""
    out, dotted = [], {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word.startswith("-O") and word != "-O":
            out += ["--optimization-level", word[3:] if word[2] == "=" else word[2:]]
            continue
        if name.startswith("--"):
            head, dot, tail = name.partition(".")
            name = head.replace("_", "-") + dot + tail
        if name.startswith("-") and "." in name and not re.fullmatch(r"-[\d.]+", name):
            key, *keys = name.split(".")
            text = value if equals else next(rest)
            try:
                value = json.loads(text)
            except ValueError:
                value = text
            at = dotted.setdefault(key, {})
            for one in keys[:-1]:
                at = at.setdefault(one, {})
            at[keys[-1]] = value
        else:
            out.append(name + equals + value)
    for key, value in dotted.items():
        out += [key, json.dumps(value)]
    return out


def ignored_signals():
    return [one.name for one in signal.Signals if signal.getsignal(one) == signal.SIG_IGN and one is not signal.SIGPIPE
            and one.name != "SIGXFSZ"]  # Python ignores these two itself


def record(words, given, ignored, child):
    if path := os.environ.get("ENGINE_RECORD"):
        listing = [int(name) for name in os.listdir("/proc/self/fd")]
        descriptors = [one for one in listing if pathlib.Path(f"/proc/self/fd/{one}").exists()]  # not that of the listing itself
        found = {"pid": os.getpid(), "argv": words, "options": given, "environment": dict(os.environ), "cwd": os.getcwd(),
                 "descriptors": descriptors, "ignored": ignored, "child": child}
        part = path + ".part"
        with open(part, "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(found, file)
        os.replace(part, path)


def log(message, file, level="INFO", process="EngineCore"):
    """As vLLM's logger (logger.py): to standard output."""
    for line in message.splitlines():
        print(f"({process} pid={os.getpid()}) {level} {time.strftime('%m-%d %H:%M:%S')} [{file}] {line}", flush=True)


def die(message):
    """As a core that failed, and its parent after it."""
    log("EngineCore failed to start.\nTraceback (most recent call last):\n"
        f'  File "vllm/v1/engine/core.py", line 1575, in run_engine_core\nValueError: {message}', "core.py:1584", "ERROR")
    print("Traceback (most recent call last):\n  File \"vllm/v1/engine/utils.py\", line 1473, in wait_for_engine_startup\n"
          "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore': 1}",
          file=sys.stderr, flush=True)
    sys.exit(1)


def flood():
    for i in range(FLOOD_LINES):
        log(f"Loading safetensors checkpoint shards: {i}", "weight_utils.py:1", process="APIServer")
    sys.stdout.buffer.write(b"x" * FLOOD_LONGEST + b"\n\xff\xfe\x00 not text\n")
    sys.stdout.flush()


def load(mode, options):
    utilization, length = options["gpu-memory-utilization"], options["max-model-len"]
    log(f"Initializing a V1 LLM engine (v0.33.0) with config: model='{options['model_tag']}', max_seq_len={length}", "core.py:139")
    if mode == "not_free":
        die(f"Free memory on device cuda:0 (11.02/23.52 GiB) on startup is less than desired GPU memory utilization ({utilization}, "
            f"{23.52 * utilization:.2f} GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.")
    log(f"Starting to load model {options['model_tag']}...", "gpu_model_runner.py:4978")
    if mode == "hang":
        while True:
            signal.pause()
    if mode == "flood":
        flood()
    log("Loading weights took 2.41 seconds", "default_loader.py:506")
    log(f"Model loading took {MODEL_GIB:.2f} GiB memory and 3.107214 seconds", "gpu_model_runner.py:5088")
    while (gate := os.environ.get("ENGINE_WAIT")) and not os.path.exists(gate):
        time.sleep(0.01)
    if mode == "no_memory":
        log("Available KV cache memory: -1.5 GiB", "gpu_worker.py:772")
        die("No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine (this flag "
            "also controls CPU memory reservation on the CPU backend, despite its name). "
            "See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details.")
    log(f"Available KV cache memory: {CACHE_GIB:.2f} GiB", "gpu_worker.py:772")
    if mode == "too_long":
        die(f"To serve at least one request with the model's max seq len ({length}), (5.62 GiB KV cache is needed, which is larger than "
            f"the available KV cache memory ({CACHE_GIB:.2f} GiB). Based on the available memory, the estimated maximum model length is "
            f"{CACHE_TOKENS}. Try increasing `gpu_memory_utilization` (which also controls CPU memory on the CPU backend) or decreasing "
            "`max_model_len` when initializing the engine. See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for "
            "more details.")
    log(f"GPU KV cache size: {CACHE_TOKENS:,} tokens, Maximum concurrency for {length:,} tokens per request: "
        f"{CACHE_TOKENS / length:.2f}x", "kv_cache_utils.py:1147")
    log(f"Graph capturing finished in 5 secs, took {GRAPHS_GIB:.2f} GiB", "gpu_model_runner.py:6516")
    log("init engine (profile, create kv cache, warmup model) took 21.40 s (compilation: 9.12 s)", "core.py:405")


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"/health": b"", "/v1/models": b'{"object": "list", "data": []}'}.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, text, *values):
        print(f"INFO:     {self.client_address[0]}:{self.client_address[1]} - \"{self.requestline}\" {values[1]}", flush=True)


def serve(mode, options):
    server = http.server.ThreadingHTTPServer((options["host"], options["port"]), Handler)
    server.daemon_threads = True
    if mode != "deaf":
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: threading.Thread(target=server.shutdown).start())
    log(f"Starting vLLM server on http://{options['host']}:{server.server_port}", "entry.py:139", process="APIServer")
    print(f"INFO:     Started server process [{os.getpid()}]\nINFO:     Waiting for application startup.\n"
          "INFO:     Application startup complete.", file=sys.stderr, flush=True)
    server.serve_forever(poll_interval=0.02)
    log("[shutdown] API server: shutdown triggered", "launcher.py:256", process="APIServer")


def start_child():
    """Ends with us: when the pipe that only we hold is closed. Not if it is in no group that is ended and we are killed."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(read)
        return child
    os.close(write)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    os.read(read, 1)
    os._exit(0)


def main():
    if sys.argv[1:2] != ["serve"]:
        sys.exit(f"vllm: found {sys.argv[1:2]}, expected serve")
    mode, words = os.environ.get("ENGINE_MODE", "serve"), sys.argv[2:]
    parsed = vars(make_parser().parse_args(flexible(words)))
    parsed.pop("seen", None)
    inherited = ignored_signals()
    if mode == "deaf":
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, signal.SIG_IGN)
    record(words, parsed, inherited, start_child() if os.environ.get("ENGINE_CHILD") == "1" else None)
    if mode == "exit":
        sys.exit(int(os.environ["ENGINE_STATUS"]))
    if mode == "echo":
        sys.stdout.buffer.write(sys.stdin.buffer.read())
        return
    options = {**DEFAULTS, **parsed}
    load(mode, options)
    serve(mode, options)


if __name__ == "__main__":
    main()
