"""What the calls of the header give in Python."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from support import PACKAGE, Folder
import vramauto
from vramauto.workloads import option_text


class Answers(Folder):
    def setUp(self):
        super().setUp()
        self.context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)

    def test_library(self):
        for name in vramauto.__all__:
            self.assertTrue(hasattr(vramauto, name), name)
        self.assertRegex(vramauto.version(), r"^\d+\.\d+\.\d+$")
        self.assertIn("compiler", vramauto.build_info())

    def test_devices_are_a_sequence_and_survive_json(self):
        gpus = self.context.parse("2x RTX 4090")
        self.assertEqual([gpu.index for gpu in gpus], [0, 1])
        self.assertEqual(gpus[-1], gpus[1])
        self.assertIn("4090", gpus[0].name)
        self.assertIsInstance(gpus[0].flags, vramauto.DeviceFlag)
        again = self.context.parse(gpus.json_text())
        self.assertEqual([(g.name, g.total_bytes) for g in again], [(g.name, g.total_bytes) for g in gpus])
        self.assertEqual(json.loads(gpus.json_text()), gpus.json())
        self.assertEqual(gpus[:1], [gpus[0]])
        with self.assertRaises(IndexError):
            gpus[2]

    def test_detection_is_an_answer_with_and_without_gpus(self):
        try:
            found = self.context.detect()
        except vramauto.NoDriverError:
            return
        self.assertEqual(len(list(found)), len(found))

    def test_a_size_that_is_not_known_is_none(self):
        self.assertIsNone(self.context.parse("RTX 9999")[0].total_bytes)
        plan = self.context.plan(self.model(), "RTX 9999")
        self.assertIsNone(plan.info.fits)
        self.assertIsNone(plan.info.gpu_memory_utilization)

    def test_model_of_files(self):
        model = self.context.open(self.safetensors())
        info = model.info
        self.assertEqual((info.source, info.tensor_count, info.parameters), (vramauto.ModelSource.FILES, 2, 33))
        self.assertEqual(info.architecture, "LlamaForCausalLM")
        tensors = {tensor.name: tensor for tensor in model.tensors}
        self.assertEqual(tensors["lm_head.weight"].shape, (4, 8))
        self.assertEqual(tensors["lm_head.weight"].dtype, vramauto.Dtype.BF16)
        self.assertEqual((tensors["größe"].shape, tensors["größe"].bytes), ((), 4))
        self.assertEqual(model.tensors[0:2], list(model.tensors))
        with self.assertRaises(IndexError):
            model.tensors[-3]

    def test_model_without_tensors(self):
        model = self.context.open(pathlib.Path(self.model()))
        self.assertIsNone(model.info.tensor_count)
        self.assertEqual(len(model.tensors), 0)

    def test_plan_and_its_estimate(self):
        plan = self.context.plan(self.model(), "24GiB", max_model_len=1024)
        info = plan.info
        self.assertIs(info.fits, True)
        self.assertEqual(info.max_model_len, 1024)
        answer = plan.json()
        self.assertEqual(answer["schema"], "vramauto.plan/1")
        self.assertEqual(answer["result"]["gpu_memory_utilization"], info.gpu_memory_utilization)
        self.assertEqual(answer["vllm_args"], list(plan.arguments))
        self.assertEqual([w["code"] for w in answer["warnings"]], [w.code for w in plan.warnings])
        self.assertIn("fits", plan.text())
        self.check_estimate(plan.estimate, answer)

    def check_estimate(self, estimate, answer):
        info = estimate.info
        self.assertEqual((info.engine, info.ranks), ("vllm", 1))
        self.assertEqual(len(estimate.components), info.components)
        self.assertEqual(len(estimate.cache_groups), info.cache_groups)
        self.assertEqual(len(estimate.notes), info.notes)
        self.assertEqual([(c.name, c.bytes) for c in estimate.components],
                         [(c["name"], c["bytes"]) for c in answer["ranks"][0]["components"]])
        self.assertIsInstance(estimate.components[0].kind, vramauto.Kind)
        self.assertIsNone(estimate.cache_groups[0].window_tokens)

    def test_estimate_without_gpus(self):
        estimate = self.context.estimate(self.model(), max_model_len=1024)
        self.assertGreater(estimate.info.parameters, 0)
        self.assertEqual(estimate.json(), json.loads(estimate.json_text()))

    def test_warnings(self):
        plan = self.context.plan(self.model(), "24GiB", engine_version="9.9")
        self.assertTrue(all(w.code and w.message for w in plan.warnings))
        self.assertTrue(plan.warnings)

    def test_the_estimate_of_a_plan_keeps_it(self):
        with self.context.plan(self.model(), "24GiB") as plan:
            estimate, components = plan.estimate, plan.estimate.components
        self.assertEqual(estimate.components, components)

    def test_the_rule_has_no_estimate(self):
        self.assertIsNone(self.context.plan("7B", "24GiB", method="rule").estimate)

    def test_plugins(self):
        plugins = self.context.plugins
        self.assertEqual(plugins[0].status, vramauto.Status.OK)
        refused = {p.path: p for p in vramauto.Context(plugins=["/does/not/exist", pathlib.Path("relative")]).plugins}
        for path in ("/does/not/exist", "relative"):
            self.assertNotEqual(refused[path].status, vramauto.Status.OK)
            self.assertTrue(refused[path].message)

    def test_flags(self):
        built_in = vramauto.Context(flags=vramauto.ContextFlag.NO_PLUGINS).plugins
        self.assertEqual([plugin.path for plugin in built_in], [""] * len(built_in))

    def test_the_example(self):
        done = subprocess.run([sys.executable, str(PACKAGE / "examples" / "plan.py"), "Qwen/Qwen3-8B", "RTX 4090", "max-model-len=16k"],
                              capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(PACKAGE)})
        self.assertEqual(done.returncode, 0)
        self.assertTrue(all(line.startswith("warning: the first start") for line in done.stderr.splitlines()), done.stderr)
        self.assertIn("vllm serve Qwen/Qwen3-8B", done.stdout)


class Catalogue(unittest.TestCase):
    def test_what_is_built_in_is_listed_and_can_be_used(self):
        models, gpus = vramauto.catalogue_models(), vramauto.catalogue_gpus()
        self.assertIn("Qwen/Qwen3-8B", models)
        self.assertGreater(min(len(models), len(gpus)), 100)
        context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)
        for name in gpus:
            self.assertEqual([device.name for device in context.parse(name)], [name])


class Options(Folder):
    def setUp(self):
        super().setUp()
        self.context = vramauto.Context(flags=vramauto.ContextFlag.NO_ENV)

    def workload_of(self, **options):
        return self.context.plan("Qwen/Qwen3-8B", "H100 80GB", **options).json()["workload"]

    def test_the_table_is_the_librarys(self):
        table = {option.name: option for option in vramauto.options()}
        self.assertEqual(table["max-model-len"].type, vramauto.OptionType.INTEGER)
        self.assertEqual(table["tensor-parallel-size"].short_name, "tp")
        self.assertTrue(all(option.help for option in table.values()))

    def test_a_list_is_the_words_of_an_option_that_takes_several(self):
        plan = self.context.plan("Qwen/Qwen3-8B", "H100 80GB", cudagraph_capture_sizes=[1, 2, 4], lora_modules=["a=/x", '{"name": "b c"}'])
        self.assertEqual(list(plan.arguments[-7:]), ["--cudagraph-capture-sizes", "1", "2", "4", "--lora-modules", "a=/x", '{"name": "b c"}'])

    def test_every_option_is_a_keyword(self):
        for option in vramauto.options():
            self.context.workload(**{option.name.replace("-", "_"): None})

    def test_values_become_text(self):
        for value, text in ((None, None), (True, b"true"), (False, b"false"), (8192, b"8192"), (0.9, b"0.9"), ("32k", b"32k"),
                            (b"32k", b"32k"), ({"image": 2}, b'{"image": 2}'), (pathlib.Path("/x"), b"/x")):
            self.assertEqual(option_text("o", value), text)
        with self.assertRaisesRegex(TypeError, "o: expected .* found object"):
            option_text("o", object())

    def test_values_arrive(self):
        self.assertEqual(self.workload_of(max_model_len="16K")["max_model_len"], 16384)
        self.assertEqual(self.workload_of(max_num_seqs=7)["max_num_seqs"], 7)
        self.assertIs(self.workload_of(enforce_eager=True)["enforce_eager"], True)

    def test_a_list_sets_its_option_once_for_each_value(self):
        with self.assertRaises(vramauto.ArgumentError):
            self.context.workload(env=["VLLM_USE_V2_MODEL_RUNNER=0", "not an assignment"])
        self.context.workload(env=["VLLM_USE_V2_MODEL_RUNNER=0", "VLLM_LOGGING_LEVEL=DEBUG"])

    def test_models_are_attached_in_roles(self):
        target, draft = self.context.open("Qwen/Qwen3-8B"), self.context.open("Qwen/Qwen3-0.6B")
        alone = self.context.plan(target, "H100 80GB")
        plan = self.context.plan(target, "H100 80GB", speculative=draft, speculative_config={"num_speculative_tokens": 3})
        self.assertGreater(plan.estimate.info.peak_bytes, alone.estimate.info.peak_bytes)
        with self.assertRaisesRegex(vramauto.ArgumentError, "reranker"):
            self.context.workload(reranker=draft)
        with self.assertRaisesRegex(vramauto.ArgumentError, "adapter"):
            self.context.workload(lora=[draft])
        draft.close()
        with self.assertRaises(vramauto.ClosedError):
            self.context.workload(speculative=draft)

    def test_the_environment_that_a_plan_needs(self):
        plan = self.context.plan(self.model(), "24GiB", env=["VLLM_USE_V2_MODEL_RUNNER=0"])
        self.assertEqual(plan.environment, {"VLLM_USE_V2_MODEL_RUNNER": "0"})
        self.assertEqual(self.context.plan(self.model("other"), "24GiB").environment, {})

    def test_replace_leaves_the_first_as_it_was(self):
        first = self.context.workload(max_model_len=1024, max_num_seqs=8)
        second = first.replace(max_model_len=2048)
        self.assertEqual((first.options["max-model-len"], second.options["max-model-len"]), (1024, 2048))
        self.assertEqual(self.context.plan(self.model(), "24GiB", second).json()["workload"]["max_num_seqs"], 8)

    def test_options_of_a_call_are_added_to_the_workloads(self):
        work = self.context.workload(max_num_seqs=8)
        answer = self.context.plan(self.model(), "24GiB", work, max_model_len=512).json()["workload"]
        self.assertEqual((answer["max_num_seqs"], answer["max_model_len"]), (8, 512))

    def test_the_default_context(self):
        self.assertIs(vramauto.default_context(), vramauto.default_context())
        self.assertTrue(vramauto.plan(self.model("a"), "24GiB").info.fits)
        self.assertEqual(vramauto.estimate(self.model("b")).info.ranks, 1)


if __name__ == "__main__":
    unittest.main()
