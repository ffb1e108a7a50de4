#!/usr/bin/env python3
"""Schema vramauto.plan/1: no key is ever renamed or dropped, and the numbers agree with one another."""
import unittest

from command import Folders, plan

KEYS = {
    "": "schema vramauto method engine model devices workload ranks kv_cache result vllm_args vllm_env warnings",
    "engine": "name version profile version_known installed",
    "model": "id path architecture estimator source parameters stored_bytes max_model_len",
    "devices.0": "index name total_bytes free_bytes source",
    "workload": "max_model_len max_num_seqs max_num_batched_tokens tensor_parallel_size pipeline_parallel_size data_parallel_size block_size dtype "
                "kv_cache_dtype enforce_eager enable_prefix_caching enable_chunked_prefill gpu_memory_utilization policy sequences",
    "ranks.0": "rank dp pp tp device budget_bytes parameter_bytes weights_bytes activation_bytes non_torch_bytes cuda_graph_bytes "
               "cuda_graph_in_budget outside_bytes kv_cache_bytes kv_cache_low_bytes kv_cache_high_bytes components",
    "ranks.0.components.0": "name kind bytes low_bytes high_bytes source",
    "kv_cache": "dtype bytes_per_token block_size num_blocks tokens max_concurrency required_bytes bytes_per_block groups holds_max_model_len first_start",
    "kv_cache.groups.0": "kind layers block_size bytes_per_block window",
    "result": "gpu_memory_utilization strategy fits max_model_len max_model_len_limit max_num_seqs kv_cache_memory_bytes utilization_min utilization_max "
              "margin headroom_bytes certainty uncertainty_bytes least_certain max_model_len_shortened reason alternatives",
    "result.alternatives.0": "change fits gpu_memory_utilization max_concurrency",
}


def at(answer, where):
    for step in where.split(".") if where else []:
        answer = answer[int(step) if step.isdigit() else step]
    return answer


class Schema(Folders):
    def test_keys(self):
        answer, _ = plan(self.model(), "--gpu", "H100 80GB")
        self.assertEqual(answer["schema"], "vramauto.plan/1")
        for where, keys in KEYS.items():
            with self.subTest(where=where):
                self.assertEqual(set(keys.split()) - set(at(answer, where)), set())

    def test_one_rank_for_each_gpu_in_use(self):
        answer, _ = plan(self.model(), "--gpu", "8x H100 80GB", "-tp", "2", "-pp", "2")
        self.assertEqual([(r["rank"], r["pp"], r["tp"]) for r in answer["ranks"]], [(0, 0, 0), (1, 0, 1), (2, 1, 0), (3, 1, 1)])

    def test_the_budget_is_what_is_in_it(self):
        answer, _ = plan(self.model(), "--gpu", "H100 80GB", "--engine-version", "0.19.1")
        rank = answer["ranks"][0]
        inside = rank["weights_bytes"] + rank["activation_bytes"] + rank["non_torch_bytes"] + rank["other_bytes"] + rank["kv_cache_bytes"]
        self.assertEqual(inside + (rank["cuda_graph_bytes"] if rank["cuda_graph_in_budget"] else 0), rank["budget_bytes"])

    def test_certainty_is_the_fullest_ranks(self):
        answer, _ = plan(self.model(), "--gpu", "H100 80GB", "--engine-version", "0.19.1")
        rank, result = answer["ranks"][0], answer["result"]
        self.assertEqual((result["certainty"], result["uncertainty_bytes"]), ("within", rank["kv_cache_bytes"] - rank["kv_cache_low_bytes"]))
        self.assertIn(result["least_certain"], [c["name"] for c in rank["components"] if c["low_bytes"] < c["high_bytes"]])
        self.assertGreater(rank["kv_cache_high_bytes"], rank["kv_cache_bytes"])
        given, _ = plan(self.model(), "--gpu", "H100 80GB", "--kv-cache-memory-bytes", "8GiB")
        self.assertEqual([given["result"][key] for key in ("certainty", "uncertainty_bytes", "least_certain")], ["exact", 0, None])

    def test_a_length_that_a_first_start_does_not_hold(self):
        codes = lambda answer: [warning["code"] for warning in answer["warnings"]]  # noqa: E731
        answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "RTX 4090")
        self.assertFalse(answer["kv_cache"]["first_start"]["holds_max_model_len"])
        said = next(warning["message"] for warning in answer["warnings"] if warning["code"] == "first_start_too_small")
        shorter = said.split("--max-model-len ")[1].split()[0]
        answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "RTX 4090", "--gpu-memory-utilization", str(answer["result"]["gpu_memory_utilization"]),
                         "--max-model-len", shorter)
        self.assertTrue(answer["kv_cache"]["first_start"]["holds_max_model_len"])
        self.assertNotIn("first_start_too_small", codes(answer))
        answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "RTX 4090", "--max-model-len", "16384")
        self.assertNotIn("first_start_too_small", codes(answer))

    def test_a_first_start_has_less_cache_from_0_20_on(self):
        answer, _ = plan(self.model(), "--gpu", "H100 80GB")
        first = answer["kv_cache"]["first_start"]
        self.assertLess(first["tokens"], answer["kv_cache"]["tokens"])
        self.assertGreaterEqual(first["kv_cache_bytes"], answer["ranks"][0]["kv_cache_low_bytes"])
        self.assertIn("first_start", [w["code"] for w in answer["warnings"]])
        for options in (("--enforce-eager",), ("--engine-version", "0.19.1"), ("--kv-cache-memory-bytes", "8GiB")):
            with self.subTest(options=options):
                answer, _ = plan(self.model(), "--gpu", "H100 80GB", *options)
                self.assertIsNone(answer["kv_cache"]["first_start"])
                self.assertNotIn("first_start", [w["code"] for w in answer["warnings"]])

    def test_given_cache_bytes_are_exactly_these_on_every_rank(self):
        answer, _ = plan(self.model(), "--gpu", "2x H100 80GB", "-tp", "2", "--kv-cache-memory-bytes", "8GiB")
        self.assertEqual([r["kv_cache_bytes"] for r in answer["ranks"]], [8 << 30] * 2)
        self.assertEqual(answer["kv_cache"]["num_blocks"], (8 << 30) // answer["kv_cache"]["bytes_per_block"])

    def test_a_cache_that_does_not_hold_one_sequence(self):
        answer, status = plan(self.model(), "--gpu", "H100 80GB", "--kv-cache-memory-bytes", "512MiB", "--max-model-len", "8192")
        self.assertEqual((answer["kv_cache"]["holds_max_model_len"], answer["result"]["fits"], status), (False, False, 3))
        self.assertLess(answer["result"]["max_model_len_limit"], 8192)

    def test_the_utilization_lies_between_its_ends(self):
        for policy in ("minimal", "balanced", "maximal"):
            result = plan(self.model(), "--gpu", "L4", "--policy", policy)[0]["result"]
            self.assertLessEqual(result["utilization_min"], result["gpu_memory_utilization"])
            self.assertLessEqual(result["gpu_memory_utilization"], result["utilization_max"])

    def test_the_line_states_what_was_set_and_chosen(self):
        answer, _ = plan(self.model(), "--gpu", "H100 80GB", "--max-num-seqs", "64", "--enforce-eager")
        words = " ".join(answer["vllm_args"])
        for word in ("serve", "--tensor-parallel-size 1", "--gpu-memory-utilization", "--max-model-len 8192", "--max-num-seqs 64", "--enforce-eager"):
            self.assertIn(word, words)


if __name__ == "__main__":
    unittest.main()
