#!/usr/bin/env python3
"""A file for Ray Serve, against Ray's own schema of such files and of what Ray Serve LLM takes.

  ray_test.py VRAMAUTO
"""
import unittest

from case import BROKEN_LINES, FormatCase, HOSTILE, QWEN, devices, environment, formatted, skip

try:
    import yaml
except ImportError:
    skip("PyYAML is not installed (python3-yaml)")
try:
    from ray.serve.schema import ServeDeploySchema
except ImportError:
    ServeDeploySchema = None
try:
    from ray.serve.llm import LLMConfig
except ImportError:
    LLMConfig = None


class Ray(FormatCase):
    def read(self, *words):
        document = yaml.safe_load(self.text("ray", *words))
        if ServeDeploySchema:
            ServeDeploySchema.model_validate(document)
        (application,) = document["applications"]
        config = application["args"].get("llm_config") or application["args"]["llm_configs"][0]
        if LLMConfig:
            LLMConfig.model_validate(config)
        return document, config

    def test_arguments_have_their_types(self):
        _, config = self.read("Qwen/Qwen3-8B", "--gpu", "2x H100", "-tp", "2", "--max-model-len", "16k", "--gpu-memory-utilization", "0.9", "--enforce-eager",
                              "--no-enable-prefix-caching", "--kv-cache-dtype", "fp8", "--kv-cache-memory-bytes", "8GiB", "--seed", "7", "--revision", "123",
                              "--cudagraph-capture-sizes", "1,2,4", "--compilation-config", '{"cudagraph_mode": "NONE"}', "--cpu-offload-gb", "1.5",
                              "--override-generation-config", '{"temperature": 0.5}')
        self.assertEqual(config["engine_kwargs"], {
            "tensor_parallel_size": 2, "gpu_memory_utilization": 0.9, "max_model_len": 16000, "enforce_eager": True, "enable_prefix_caching": False,
            "kv_cache_dtype": "fp8", "kv_cache_memory_bytes": 8 << 30, "seed": 7, "revision": "123", "cudagraph_capture_sizes": [1, 2, 4],
            "compilation_config": {"cudagraph_mode": "NONE"}, "cpu_offload_gb": 1.5, "override_generation_config": {"temperature": 0.5}})
        self.assertEqual(config["model_loading_config"], {"model_id": "Qwen/Qwen3-8B", "model_source": "Qwen/Qwen3-8B"})
        self.assertEqual(config["accelerator_type"], "H100")

    def test_the_optimization_level_by_release(self):
        for release, found in (("0.33.0", {"optimization_level": 3}), ("0.11.0", {"compilation_config": {"mode": 3}}),
                               ("0.9.2", {"compilation_config": {"level": 3}}), ("0.8.5", {"compilation_config": 3})):
            _, config = self.read(*QWEN, "-O3", "--engine-version", release)
            self.assertEqual({k: v for k, v in config["engine_kwargs"].items() if k.endswith(("level", "config"))}, found, release)

    def test_limits_by_release(self):
        for release in ("0.33.0", "0.7.3"):
            _, config = self.read("Qwen/Qwen2.5-VL-7B-Instruct", "--gpu", "L40S", "--limit-mm-per-prompt", '{"image": 2, "video": 0}', "--engine-version", release)
            self.assertEqual(config["engine_kwargs"]["limit_mm_per_prompt"], {"image": 2, "video": 0}, release)

    def test_gpus_that_ray_has_names_for(self):
        for gpu, name in (("A100 80GB", "A100"), ("L4", "L4"), ("L40S", "L40S"), ("H200", "H200"), ("RTX 4090", None), ("B200", "B200"), ("A10", None)):
            _, config = self.read("Qwen/Qwen3-0.6B", "--gpu", gpu, "--max-model-len", "4096")
            self.assertEqual(config.get("accelerator_type"), name, gpu)

    def test_copies_are_one_group(self):
        document, config = self.read("Qwen/Qwen3-8B", "--gpu", "4x H100", "-dp", "4")
        self.assertEqual(document["applications"][0]["import_path"], "ray.serve.llm:build_dp_openai_app")
        self.assertEqual((config["engine_kwargs"]["data_parallel_size"], config["deployment_config"]["num_replicas"]), (4, 1))

    def test_several_nodes(self):
        _, config = self.read("Qwen/Qwen3-32B", "--gpu", "2 nodes of 8x H100", "-tp", "8", "-pp", "2")
        self.assertEqual((config["engine_kwargs"]["tensor_parallel_size"], config["engine_kwargs"]["pipeline_parallel_size"]), (8, 2))

    def test_the_address_and_the_name_are_ray_s(self):
        document, config = self.read(*QWEN, "--host", "127.0.0.1", "--port", "9000", "--served-model-name", "x")
        self.assertEqual(document["http_options"], {"host": "127.0.0.1", "port": 9000})
        self.assertEqual(config["model_loading_config"]["model_id"], "x")
        self.assertFalse({"host", "port", "served_model_name"} & set(config["engine_kwargs"]))

    def test_the_environment_but_for_what_ray_sets(self):
        _, config = self.read("Qwen/Qwen3-8B", "--gpu", "RTX 4090, A100 80GB", "-tp", "auto", "--sequences", "8", *environment(VLLM_USE_V2_MODEL_RUNNER="0"))
        self.assertEqual(config["runtime_env"], {"env_vars": {"VLLM_USE_V2_MODEL_RUNNER": "0"}})
        self.assertEqual(config["accelerator_type"], "A100")

    def test_values_stay_texts(self):
        for value in HOSTILE + BROKEN_LINES:
            _, config = self.read(*QWEN, "--reasoning-parser=x" + value, *(environment(A=value) if "$" not in value else []))
            self.assertEqual(config["engine_kwargs"]["reasoning_parser"], "x" + value)
            if "$" not in value:
                self.assertEqual(config["runtime_env"]["env_vars"]["A"], value)

    def test_what_ray_cannot_do_is_refused(self):
        file = self.path("gpus.json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(devices({"name": "A", "total_bytes": 24 << 30}, {"name": "B", "total_bytes": 80 << 30}))
        for words, why in ((QWEN + ("--api-key", "secret"), "Ray Serve stands in for"), (QWEN + ("--ssl-keyfile", "/x"), "Ray Serve stands in for"),
                           (QWEN + ("--lora-modules", "a=/x"), "cloud bucket"), (QWEN + ("--distributed-executor-backend", "mp"), "expected ray"),
                           (QWEN + tuple(environment(A="$HOME")), "would take for a variable"),
                           (("Qwen/Qwen3-8B", "--devices", file, "-tp", "1", "-pp", "auto", "--max-model-len", "32768"), "has no names for"),
                           (("Qwen/Qwen3-14B", "--devices", file, "-pp", "2", "--max-model-len", "8192"), "expected equal GPUs")):
            done = formatted("ray", *words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), (words, done.stderr))
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    if not ServeDeploySchema:
        print("Ray is not installed (PyPI: ray[serve]): its schema of files is not asked, the rest is tested")
    elif not LLMConfig:
        print("Ray Serve LLM is not installed (PyPI: ray[llm]): its schema is not asked, that of files is")
    unittest.main()
