#!/usr/bin/env python3
"""`vramauto serve-model`: the plan's settings reach the engine, which takes the command's place; what cannot fit is never started.

  serve_model_test.py VRAMAUTO FAKE_NVML
"""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "cli")]
NVML = os.path.abspath(sys.argv.pop(2)) if len(sys.argv) > 2 else ""

import engine  # noqa: E402
from command import CLI, Folders  # noqa: E402

ENGINE = shlex.join([sys.executable, str(HERE / "engine.py"), "serve"])
CARD = """card
  name NVIDIA GeForce RTX 4090
  uuid GPU-{0}1111111-2222-3333-4444-555555555555
  pci 0000:{0}8:00
  capability 8.9
  total 24564
  reserved 480
  used {1}
"""
TOO_LARGE = {"num_hidden_layers": 200}
STARTS = {"ENGINE_MODE": "exit", "ENGINE_STATUS": "0"}


class ServeModel(Folders):
    cards = (0,)  # MiB that others use of each

    def setUp(self):
        super().setUp()
        pathlib.Path(self.path("scenario")).write_text("".join(CARD.format(i + 1, used) for i, used in enumerate(self.cards)))
        self.record = pathlib.Path(self.path("record.json"))

    def environment(self, **more):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("VLLM_", "CUDA_", "ENGINE_"))}
        all_of_it = {**clean, "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1", "VRAMAUTO_NVML_LIBRARY": NVML, "PYTHONDONTWRITEBYTECODE": "1",
                     "VRAMAUTO_CUDA_LIBRARY": "/nonexistent", "VRAMAUTO_FAKE_SCENARIO": self.path("scenario"),
                     "ENGINE_RECORD": str(self.record), **STARTS, **more}
        return {name: value for name, value in all_of_it.items() if value is not None}

    def call(self, *words, stdin=b"", engine=ENGINE, **environment):
        """The finished process; what the engine saw before is forgotten."""
        self.record.unlink(missing_ok=True)
        command = ["--engine-command", engine] if engine is not None else []
        return subprocess.run([CLI, "serve-model", *command, *words], input=stdin, capture_output=True, timeout=60,
                              env=self.environment(**environment), cwd=self.root.name)

    def seen(self):
        return json.loads(self.record.read_text())

    def started(self, *words, **environment):
        """What the engine saw."""
        done = self.call(*words, **environment)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        return self.seen()

    def refused(self, status, message, *words, **more):
        done = self.call(*words, **more)
        text = done.stderr.decode()
        self.assertEqual(done.returncode, status, text)
        self.assertIn(message, text)
        self.assertFalse(self.record.exists(), "the engine was started")
        return text

    def plan(self, *words, **environment):
        done = subprocess.run([CLI, "plan", *words, "--json"], capture_output=True, timeout=60, env=self.environment(**environment),
                              cwd=self.root.name)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def planned(self, *words, **environment):
        """The plan's options, as the engine reads them."""
        parsed = vars(engine.make_parser().parse_args(self.plan(*words, **environment)["vllm_args"][1:]))
        parsed.pop("seen", None)
        return parsed


class Arguments(ServeModel):
    cards = (0, 0)

    def test_the_engine_gets_the_plan(self):
        model = self.model()
        for words in ([], ["--max-model-len", "4k"], ["-tp", "2"], ["--policy", "maximal", "--sequences", "4"], ["--enforce-eager"],
                      ["--kv-cache-dtype", "fp8", "--no-enable-prefix-caching"], ["--tensor-parallel-size", "auto"],
                      ["--max-num-seqs=auto", "--input-len", "500", "--output-len", "100", "--sequences", "8"]):
            self.assertEqual(self.started("--model-path", model, *words)["options"], self.planned(model, *words), words)

    def test_zero_is_automatic(self):
        model = self.model()
        chosen = self.started("--model-path", model)["options"]["gpu-memory-utilization"]
        self.assertEqual(chosen, self.plan(model)["result"]["gpu_memory_utilization"])
        for zero in ("0", "0.0"):
            options = self.started("--model-path", model, "--gpu-memory-utilization", zero)["options"]
            self.assertEqual(options["gpu-memory-utilization"], chosen)

    def test_given_is_kept(self):
        model = self.model()
        for words in (["--gpu-memory-utilization", "0.85"], ["--gpu_memory_utilization=0.85"], ["--", "--gpu-memory-utilization", "0.85"],
                      ["--device-memory-utilization", "0.85"]):
            self.assertEqual(self.started("--model-path", model, *words)["options"]["gpu-memory-utilization"], 0.85)

    def test_spellings(self):
        model = self.model()
        for number, (words, name, value) in enumerate((
                (["-tp", "2"], "tensor-parallel-size", 2), (["-tp=2"], "tensor-parallel-size", 2), (["-tp2"], "tensor-parallel-size", 2),
                (["--tensor_parallel_size=2"], "tensor-parallel-size", 2), (["--max_model_len", "4k"], "max-model-len", 4000),
                (["--max-model-len=4K"], "max-model-len", 4096), (["--max-model-len", "-1"], "max-model-len", 8192),
                (["-O1"], "optimization-level", 1), (["-O=1"], "optimization-level", 1), (["-O", "1"], "optimization-level", 1),
                (["-q", "fp8_per_tensor"], "quantization", "fp8_per_tensor"),
                (["--no-enable-chunked-prefill"], "enable-chunked-prefill", False),
                (["--disable-chunked-prefill"], "enable-chunked-prefill", False), (["--enforce_eager"], "enforce-eager", True),
                (["--compilation-config", '{"mode": 3}'], "compilation-config", {"mode": 3}),
                (["--compilation-config.mode", "3"], "compilation-config", {"mode": 3}),
                (["-cc.mode=3"], "compilation-config", {"mode": 3}),
                (["--compilation_config.pass_config.fuse_norm_quant", "true", "--compilation-config.cudagraph_mode", "NONE"],
                 "compilation-config", {"pass_config": {"fuse_norm_quant": True}, "cudagraph_mode": "NONE"}),
                (["--compilation-config.custom_ops+", "none,+rms_norm", "--compilation-config.custom_ops+=a\"b"], "compilation-config",
                 {"custom_ops": ["none", "+rms_norm", 'a"b']}),
                (["--compilation-config.max_cudagraph_capture_size", "1k"], "compilation-config", {"max_cudagraph_capture_size": 1000}),
                (["--compilation-config", '{"mode": 0}', "--compilation-config.mode", "3"], "compilation-config", {"mode": 3}),
                (["--cudagraph-capture-sizes", "1", "2", "4"], "cudagraph-capture-sizes", ["1", "2", "4"]))):
            before = ["--"] * (number % 2)  # both sides of it are read alike
            self.assertEqual(self.started("--model-path", model, *before, *words)["options"].get(name), value, words)

    def test_what_is_read_counts(self):
        model = self.model()
        for words in (["-cc.cudagraph_mode", "NONE"], ["-q", "fp8_per_tensor"], ["--cudagraph-capture-sizes", "1", "2"]):
            dry = self.call("--model-path", model, "--dry-run", *words)
            plain = self.call("--model-path", model, "--dry-run")
            tokens = [re.search(r"cache +([\d,]+) tokens", done.stderr.decode())[1] for done in (dry, plain)]
            self.assertNotEqual(*tokens, words)

    def test_unknown_words_pass(self):
        words = ["--runner", "generate", "--hf_overrides={\"a\": 1}", "--kv-transfer-config", '{"x y": "$(touch marker)"}']
        seen = self.started("--model-path", self.model(), *words[:2], "--seed", "3", *words[2:3], "--", *words[3:])
        self.assertEqual(seen["argv"][-5:], words)
        self.assertEqual(seen["options"]["seed"], 3)
        done = self.call("--model-path", self.model(), *words)
        self.assertIn("not counted: --runner, --hf_overrides, --kv-transfer-config\n", done.stderr.decode())

    def test_texts_stay_as_they_are(self):
        words = ["--served-model-name", "a b", "c,d", "--middleware", "x.y", "--middleware=z", "--lora-modules", "p=/q r", "s=t",
                 "--chat-template=--odd"]
        options = self.started("--model-path", self.model(), *words)["options"]
        self.assertEqual(options["served-model-name"], ["a b", "c,d"])
        self.assertEqual(options["middleware"], ["x.y", "z"])
        self.assertEqual(options["lora-modules"], ["p=/q r", "s=t"])
        self.assertEqual(options["chat-template"], "--odd")

    def test_long_texts_pass(self):
        template = "{% for message in messages %}'\"\n" * 500
        self.assertEqual(self.started("--model-path", self.model(), "--chat-template", template)["options"]["chat-template"], template)

    def test_secrets_are_in_no_report(self):
        words = ["--model-path", self.model(), "--api-key", "swordfish", "--hf-token=swordfish", "--env", "HF_TOKEN=swordfish", "--seed", "1"]
        done = self.call(*words, VLLM_API_KEY="swordfish")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("swordfish", done.stderr.decode())
        seen = self.seen()
        self.assertEqual([seen["environment"][name] for name in ("VLLM_API_KEY", "HF_TOKEN")], ["swordfish"] * 2)
        self.assertEqual(seen["argv"][-3:], ["--api-key", "swordfish", "--hf-token=swordfish"])
        self.assertEqual(self.call(*words, "--dry-run").stdout.decode().split()[-1], "--hf-token=swordfish")

    def test_odd_paths(self):
        for name in ("a b", "it's", 'say "x"', "line\nbreak", "-dash", "--force", "$(touch marker)", "`touch marker`;&|", "größe", "a=b",
                     "tab\there", "*"):
            folder = self.model(name)
            options = self.started("--model-path", folder)["options"]
            self.assertEqual(options["model_tag"], folder)
            near = self.started("--model-path", name)["options"]["model_tag"]
            self.assertEqual(os.path.samefile(os.path.join(self.root.name, near), folder), True, name)
        self.assertFalse(os.path.exists(self.path("marker")))

    def test_a_cached_model_keeps_its_name(self):
        """Clients ask for it by its id."""
        commit = "0123456789abcdef0123456789abcdef01234567"
        cache = pathlib.Path(self.path("hub"), "models--org--name")
        self.model(os.path.join("hub", "models--org--name", "snapshots", commit))
        (cache / "refs").mkdir()
        for name in ("main", "v1"):
            (cache / "refs" / name).write_text(commit)
        cached = {"HF_HUB_CACHE": self.path("hub")}
        self.assertEqual(self.started("--model-path", "org/name", **cached)["options"]["model_tag"], "org/name")
        options = self.started("--model-path", "org/name@v1", **cached)["options"]
        self.assertEqual((options["model_tag"], options["revision"]), ("org/name", "v1"))
        options = self.started("--model-path", "org/name@v1", "--revision", "main", **cached)["options"]
        self.assertEqual(options["revision"], "main")

    def test_adapters_join(self):
        adapter = self.path("adapter")
        os.mkdir(adapter)
        pathlib.Path(adapter, "adapter_config.json").write_text(json.dumps(
            {"r": 8, "peft_type": "LORA", "base_model_name_or_path": self.model(), "target_modules": ["q_proj"]}))
        options = self.started("--model-path", self.model(), "--lora-model", adapter, "--lora-modules", "mine=/m")["options"]
        self.assertEqual(options["lora-modules"], ["mine=/m", f"adapter={adapter}"])


class Refusals(ServeModel):
    def test_too_large(self):
        text = self.refused(3, "--force", "--model-path", self.model(**TOO_LARGE))
        self.assertIn("fits      no", text)
        self.assertIn("would fit", text)

    def test_given_is_judged(self):
        self.refused(3, "does not fit", "--model-path", self.model(), "--gpu-memory-utilization", "0.3")

    def test_force(self):
        done = self.call("--model-path", self.model(**TOO_LARGE), "--force", "--gpu-memory-utilization", "0.9")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("started all the same, as --force says", done.stderr.decode())
        self.assertEqual(self.seen()["options"]["gpu-memory-utilization"], 0.9)

    def test_errors(self):
        model = self.model()
        self.refused(1, "does not exist", "--model-path", self.path("nowhere"))
        self.refused(1, "needs 2 GPUs, found 1", "--model-path", model, "-tp", "2")
        self.refused(1, "needs 2 GPUs, found 1", "--model-path", model, "-tp", "2", "--force")

    def test_usage(self):
        model = self.model()
        self.refused(2, "--model-path is required")
        for message, *words in (
                ("is one word too many", "extra"), ("is one word too many", "-tp", "1", "2"), ("is one word too many", "--", "--", "x"),
                ("--max-model-len: found nothing after it", "--max-model-len"),
                ("--max-model-len: found --enforce-eager, expected a value", "--max-model-len", "--enforce-eager"),
                ("is an abbreviation, expected --max-model-len", "--max-model", "4096"), ("is given by --model-path", "--model", "x"),
                ("is given by --model-path", "--", "--model=x"), ('found "x"', "-tp", "x"),
                ("found 2, expected a share", "--gpu-memory-utilization", "2"),
                ("--compilation-config", "--compilation-config", "{"), ("--compilation-config", "--compilation-config.a", "{"),
                ("separated by dots", "--compilation-config." + "a." * 20, "1"), ("separated by dots", "--compilation-config..", "1"),
                ("--dry-run", "--gpu", "RTX 4090"), ("--dry-run", "--gpu-memory", "24GiB"), ("--dry-run", "--free", "20GiB"),
                ("--dry-run", "--devices", "-")):
            self.refused(2, message, "--model-path", model, *words)
        self.refused(2, "quote", "--model-path", model, engine="vllm 'serve")
        self.refused(2, "backslash", "--model-path", model, engine="vllm \\")
        for empty in ("", " \t\n", "''"):
            self.refused(2, "engine command", "--model-path", model, engine=empty)
        self.refused(2, "engine command", "--engine-command=", "--model-path", model, engine=None)

    def test_engine_is_missing(self):
        model, text = self.model(), pathlib.Path(self.path("text"))
        self.refused(1, "vllm: there is no program of this name in PATH, which is /nowhere:/else", "--model-path", model, engine=None,
                     PATH="/nowhere:/else")
        self.refused(1, "the default PATH", "--model-path", model, engine="no-such-engine serve", PATH=None)
        self.refused(1, "No such file", "--model-path", model, engine="./no-such-engine serve")
        self.refused(1, "Is a directory", "--model-path", model, engine=f"{self.root.name} serve")
        text.write_text(f"touch {self.path('marker')}\n")
        self.refused(1, "Permission denied", "--model-path", model, engine="./text serve")
        text.chmod(0o755)  # what execvp would give to a shell
        self.refused(1, "Exec format error", "--model-path", model, engine="./text serve")
        self.assertFalse(os.path.exists(self.path("marker")))


class Process(ServeModel):
    def open(self, *words, **environment):
        process = subprocess.Popen([CLI, "serve-model", "--engine-command", ENGINE, "--model-path", self.model(), *words], text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=self.environment(ENGINE_MODE="serve", **environment))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def address(self, process):
        for line in process.stdout:
            if found := re.search(r"Starting vLLM server on (\S+)", line):
                return found[1]
        self.fail("the engine does not serve")

    def test_serves_until_it_is_told_to_end(self):
        for one in (signal.SIGTERM, signal.SIGINT):
            process = self.open("--port", "0", "--host", "127.0.0.1")
            with urllib.request.urlopen(self.address(process) + "/health", timeout=30) as answer:
                self.assertEqual(answer.status, 200)
            self.assertEqual(self.seen()["pid"], process.pid)
            process.send_signal(one)
            self.assertIn("shutdown triggered", process.stdout.read())
            self.assertEqual(process.wait(timeout=30), 0)

    def test_killed(self):
        process = self.open("--port", "0")
        self.address(process)
        process.kill()
        self.assertEqual(process.wait(timeout=30), -signal.SIGKILL)

    def test_status_is_the_engines(self):
        for status in (0, 1, 3, 77):
            self.assertEqual(self.call("--model-path", self.model(), ENGINE_STATUS=str(status)).returncode, status)

    def test_engine_dies(self):
        for mode, message in (("no_memory", b"No available memory for the cache blocks"), ("not_free", b"less than desired GPU memory")):
            done = self.call("--model-path", self.model(), ENGINE_MODE=mode)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stdout)

    def test_streams_are_the_engines(self):
        data = bytes(range(256)) * 1000
        done = self.call("--model-path", self.model(), stdin=data, ENGINE_MODE="echo")
        self.assertEqual(done.stdout, data)
        self.assertIn(b"fits      yes", done.stderr)

    def test_inherits_what_we_had_and_nothing_of_ours(self):
        read, write = os.pipe()
        os.set_inheritable(write, True)
        try:
            done = subprocess.run([CLI, "serve-model", "--engine-command", ENGINE, "--model-path", self.model()], pass_fds=[write],
                                  stdin=subprocess.DEVNULL, capture_output=True, env=self.environment(), cwd=self.root.name, timeout=60)
        finally:
            os.close(read)
            os.close(write)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = self.seen()
        self.assertEqual(sorted(seen["descriptors"]), [0, 1, 2, write])
        self.assertEqual(os.path.realpath(seen["cwd"]), os.path.realpath(self.root.name))
        self.assertEqual(seen["ignored"], [])

    def test_the_command_is_words_not_a_shells(self):
        done = self.call("--model-path", self.model(), engine=f"{ENGINE} --seed=$(touch\\ marker)'; touch marker' | cat")
        self.assertEqual(done.returncode, 2)  # of the engine: it refuses them
        self.assertIn(b"$(touch marker); touch marker", done.stderr)
        self.assertFalse(os.path.exists(self.path("marker")))


class Environment(ServeModel):
    cards = (12000, 0)

    def test_settings_reach_the_engine(self):
        environment = self.started("--model-path", self.model(), "-tp", "auto", "--env", "VLLM_X=a b", "--env", "MORE=1", VLLM_X="old",
                                   OTHER="kept")["environment"]
        self.assertEqual([environment[name] for name in ("VLLM_X", "MORE", "OTHER")], ["a b", "1", "kept"])
        self.assertEqual(environment["CUDA_VISIBLE_DEVICES"], "1")  # the card that nobody uses

    def test_our_own_counts(self):
        long = ["--model-path", self.model(), "--max-model-len", "16384", "-tp", "auto"]
        self.refused(1, "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1", *long)
        self.assertEqual(self.started(*long, VLLM_ALLOW_LONG_MAX_MODEL_LEN="1")["options"]["max-model-len"], 16384)
        self.refused(1, "VLLM_ALLOW_LONG_MAX_MODEL_LEN=1", *long, "--env", "VLLM_ALLOW_LONG_MAX_MODEL_LEN=0",
                     VLLM_ALLOW_LONG_MAX_MODEL_LEN="1")


class Warnings(ServeModel):
    def test_gpus_are_not_known(self):
        done = self.call("--model-path", self.model(), CUDA_VISIBLE_DEVICES="")
        self.assertEqual(done.returncode, 0)
        self.assertIn("not known; the engine is started", done.stderr.decode())
        self.assertNotIn("--gpu,", done.stderr.decode())
        self.assertNotIn("gpu-memory-utilization", self.seen()["options"])

    def test_thin(self):
        model = self.model(max_position_embeddings=1 << 17)
        most = ["--max-model-len", str(self.plan(model, "--policy", "maximal")["result"]["max_model_len_limit"])]
        self.assertEqual(self.plan(model, *most)["result"]["margin"], "thin")
        done = self.call("--model-path", model, *most)
        self.assertEqual(done.returncode, 0)
        self.assertIn("thin margin; the engine is started", done.stderr.decode())


class DryRun(ServeModel):
    def test_prints_what_would_be_run(self):
        words = ["--model-path", self.model("it's a model"), "--served-model-name", "a 'b' \"c\"\n$d", "--foo", "=x"]
        done = self.call(*words, "--dry-run", "--env", "VLLM_X=a b", engine="vllm serve")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(self.record.exists())
        line = subprocess.run(["sh", "-c", f'vllm() {{ printf "%s\\0" "$VLLM_X" "$@"; }}\n{done.stdout.decode()}'], capture_output=True,
                              check=True, text=True).stdout.split("\0")[:-1]
        self.assertEqual(line[:3], ["a b", "serve", self.path("it's a model")])
        self.assertEqual(line[-4:], ["--served-model-name", "a 'b' \"c\"\n$d", "--foo", "=x"])

    def test_for_another_machine(self):
        done = self.call("--model-path", self.model(), "--dry-run", "--gpu", "2x H100 80GB", "-tp", "2", engine="no-such-engine serve")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith(b"no-such-engine serve /"))
        self.assertEqual(self.call("--model-path", self.model(**TOO_LARGE), "--dry-run").returncode, 3)
        self.assertEqual(self.call("--model-path", self.model(**TOO_LARGE), "--dry-run", "--force").returncode, 0)


class Help(ServeModel):
    def test_help_teaches(self):
        text = self.call("--help", engine=None).stdout.decode()
        for word in ("--model-path", "--engine-command", "--force", "--dry-run", "--gpu-memory-utilization", "Examples:", "exit\nstatus 3"):
            self.assertIn(word, text)


if __name__ == "__main__":
    unittest.main()
