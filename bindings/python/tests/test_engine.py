"""An engine that starts with a plan's settings: the constructor's gpu_memory_utilization=0.0, keywords, a child process."""
import json
import os
import signal
import subprocess
import sys
import unittest
from unittest import mock

from support import ROOT, Folder
import vramauto

STAND_IN = ROOT / "tests" / "serving" / "engine.py"
COMMAND = [sys.executable, str(STAND_IN), "serve"]
GPU = "RTX 4090"
QWEN = "Qwen/Qwen3-8B"


class Constructor(Folder):
    def test_zero_is_automatic(self):
        chosen = vramauto.plan(QWEN, GPU, max_model_len=4096).info.gpu_memory_utilization
        for engine in (vramauto.Engine(QWEN, gpu_memory_utilization=0.0, max_model_len=4096, devices=GPU),
                       vramauto.Engine(QWEN, 0.0, 4096, devices=GPU), vramauto.Engine(QWEN, max_model_len=4096, devices=GPU)):
            self.assertEqual(engine.gpu_memory_utilization, chosen)
            self.assertIs(engine.fits, True)

    def test_given_is_kept_and_judged(self):
        self.assertEqual(vramauto.Engine(QWEN, gpu_memory_utilization=0.85, max_model_len=4096, devices=GPU).gpu_memory_utilization, 0.85)
        low = vramauto.Engine(QWEN, gpu_memory_utilization=0.3, devices=GPU)
        self.assertIs(low.fits, False)
        with self.assertRaisesRegex(vramauto.ArgumentError, "gpu-memory-utilization"):
            vramauto.Engine(QWEN, gpu_memory_utilization=1.5, devices=GPU)

    def test_devices_are_those_of_this_machine(self):
        found = vramauto.Engine(self.model(), context=vramauto.Context())
        try:
            here = vramauto.detect()
        except vramauto.NoDriverError:
            here = []
        self.assertEqual(found.fits is None, not len(here))

    def test_environment_counts(self):
        with mock.patch.dict(os.environ, {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1", "VLLM_API_KEY": "swordfish"}):
            engine = vramauto.Engine(self.model(), max_model_len=4096, devices=GPU, env="VLLM_X=a b")
        self.assertEqual(engine.plan.info.max_model_len, 4096)
        self.assertEqual(engine.environment["VLLM_X"], "a b")
        self.assertNotIn("swordfish", engine.plan.text() + engine.plan.json_text())
        with self.assertRaises(vramauto.Error):
            vramauto.Engine(self.model("other"), max_model_len=4096, devices=GPU)


class Conversion(Folder):
    def test_keywords(self):
        engine = vramauto.Engine(QWEN, max_model_len="4k", devices=GPU, usage="llm", enforce_eager=True, enable_prefix_caching=False,
                                 compilation_config={"mode": 3}, kv_cache_memory_bytes="2GiB", cudagraph_capture_sizes="1,2,4",
                                 optimization_level=2, kv_cache_dtype="fp8", cpu_offload_gb=0.5, seed=7)
        self.assertEqual(engine.keywords, {
            "model": QWEN, "tensor_parallel_size": 1, "gpu_memory_utilization": engine.gpu_memory_utilization, "max_model_len": 4000,
            "enforce_eager": True, "enable_prefix_caching": False, "compilation_config": {"mode": 3}, "kv_cache_memory_bytes": 2 << 30,
            "cudagraph_capture_sizes": [1, 2, 4], "optimization_level": 2, "kv_cache_dtype": "fp8", "cpu_offload_gb": 0.5, "seed": 7})

    def test_limits_by_release(self):
        for release, word in (("0.33.0", '{"image": 2, "video": 0}'), ("0.7.3", "image=2,video=0")):
            engine = vramauto.Engine(QWEN, devices=GPU, engine_version=release, limit_mm_per_prompt={"image": 2, "video": 0})
            self.assertEqual(engine.command()[-1], word)
            self.assertEqual(engine.keywords["limit_mm_per_prompt"], {"image": 2, "video": 0})

    def test_lists(self):
        for sizes in ([1, 2], "1,2", (1, 2)):
            engine = vramauto.Engine(QWEN, devices=GPU, cudagraph_capture_sizes=sizes, served_model_name=["a b", "c"])
            command = engine.command()
            self.assertEqual(engine.plan.json(), vramauto.plan(QWEN, GPU, cudagraph_capture_sizes="1,2", served_model_name=["a b", "c"]).json())
            self.assertEqual(engine.keywords["served_model_name"], ["a b", "c"])
            self.assertEqual(list(engine.keywords["cudagraph_capture_sizes"]), [1, 2])
            at = command.index("--cudagraph-capture-sizes")
            self.assertEqual(command[at + 1:at + 3], ["1", "2"])
            self.assertEqual(command[command.index("--served-model-name") + 1:][:2], ["a b", "c"])
        self.assertEqual(vramauto.Engine(QWEN, devices=GPU, cudagraph_capture_sizes="8").keywords["cudagraph_capture_sizes"], [8])

    def test_adapters_are_not_keywords(self):
        folder = self.folder / "adapter"
        folder.mkdir()
        (folder / "adapter_config.json").write_text(json.dumps({"r": 8, "peft_type": "LORA", "base_model_name_or_path": self.model(),
                                                                "target_modules": ["q_proj"]}))
        engine = vramauto.Engine(self.folder / "model", devices=GPU, lora=vramauto.default_context().open(folder))
        self.assertIs(engine.keywords["enable_lora"], True)
        self.assertNotIn("lora_modules", engine.keywords)
        self.assertIn(f"adapter={folder}", engine.command())

    def test_command(self):
        engine = vramauto.Engine(QWEN, devices=GPU)
        self.assertEqual(engine.command(), ["vllm", *engine.plan.arguments])
        self.assertEqual(engine.command("'/opt/my vllm' serve $HOME")[:4], ["/opt/my vllm", "serve", "$HOME", QWEN])
        self.assertEqual(engine.command(["a b"], ["--port", "8001"])[-2:], ["--port", "8001"])
        self.assertEqual(engine.command(["a b"])[:2], ["a b", QWEN])


class Start(Folder):
    def start(self, engine, **more):
        self.record = self.folder / "record.json"
        env = {**os.environ, "ENGINE_RECORD": str(self.record), "ENGINE_MODE": "serve"}
        process = engine.start(COMMAND, ["--port", "0"], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **more)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_child_with_the_plans_settings(self):
        engine = vramauto.Engine(self.model("it's a model"), max_model_len=1024, devices=f"2x {GPU}", env=["VLLM_X=a b"])
        process = self.start(engine)
        self.assertTrue(any("Starting vLLM server on" in line for line in process.stdout))
        seen = json.loads(self.record.read_text())
        self.assertEqual(seen["pid"], process.pid)
        self.assertEqual(seen["argv"], [*engine.plan.arguments[1:], "--port", "0"])
        self.assertEqual(seen["options"]["gpu-memory-utilization"], engine.gpu_memory_utilization)
        self.assertEqual(seen["environment"]["VLLM_X"], "a b")
        process.send_signal(signal.SIGTERM)
        self.assertIn("shutdown triggered", process.stdout.read())
        self.assertEqual(process.wait(timeout=30), 0)

    def test_what_does_not_fit_is_not_started(self):
        engine = vramauto.Engine("Qwen/Qwen3-32B", devices=GPU)
        with self.assertRaisesRegex(vramauto.DoesNotFitError, "needs") as caught:
            self.start(engine)
        self.assertIs(caught.exception.plan, engine.plan)
        self.assertFalse(self.record.exists())
        process = self.start(engine, force=True)
        self.assertTrue(any("Starting vLLM server on" in line for line in process.stdout))

    def test_engine_is_missing(self):
        with self.assertRaises(FileNotFoundError):
            vramauto.Engine(QWEN, devices=GPU).start("no-such-engine serve")


if __name__ == "__main__":
    unittest.main()
