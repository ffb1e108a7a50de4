#!/usr/bin/env python3
"""The rule of thumb through the command: its vectors and the origin's report."""
import unittest

from command import plan, run

VECTORS = [  # model, GPU, length, tensor parallel size, utilization
    ("3B", "23.5GiB", 4096, 1, 0.58), ("1B", "23.5GiB", 2048, 1, 0.50), ("7B", "23.5GiB", 4096, 1, 0.88),
    ("7B", "23.5GiB", 8192, 1, 0.95), ("Qwen/Qwen2.5-VL-3B-Instruct", "23.5GiB", 4096, 1, 0.58),
    ("no-number-in-it", "23.5GiB", 4096, 1, 0.64), ("70B", "80GiB", 4096, 4, 0.95),
]


class Rule(unittest.TestCase):
    def test_every_vector(self):
        for model, gpu, length, tensor, expected in VECTORS:
            with self.subTest(model=model, length=length):
                answer, status = plan(model, "--method", "rule", "--gpu-memory", gpu, "--max-model-len", str(length), "-tp", str(tensor))
                self.assertEqual(answer["result"]["gpu_memory_utilization"], expected)
                self.assertEqual((answer["method"], status), ("rule", 0))
                self.assertIsNone(answer["result"]["fits"])

    def test_sizes_of_the_vectors(self):
        answer, _ = plan("70B", "--method", "rule", "--gpu-memory", "80GiB", "-tp", "4")
        self.assertEqual(round(answer["rule"]["size_gib"], 1), 140.0)
        self.assertEqual(round(answer["rule"]["kv_gib"], 1), 32.8)
        self.assertEqual(round(answer["rule"]["need_gib"], 1), 81.3)

    def test_the_report_without_a_terminal_is_the_origins_without_its_symbols(self):
        text = run("plan", "Qwen/Qwen2.5-VL-3B-Instruct", "--method", "rule", "--gpu-memory", "23.5GiB").stdout
        self.assertEqual(text.splitlines()[:7], [
            "Auto mode enabled for GPU memory utilization", "Detected GPU memory: 23.5 GB", "Estimated model size: 6.0 GB",
            "Estimated KV cache: 1.4 GB (for max_model_len=4096)", "Model requires ~38% of GPU memory",
            "  Using conservative utilization: 0.58 (leaves room for batching)", "Calculated GPU memory utilization: 0.58"])

    def test_a_name_with_a_size_needs_no_option_and_warns(self):
        answer, _ = plan("somebody/something-3B", "--gpu-memory", "23.5GiB")
        self.assertEqual(answer["method"], "rule")
        self.assertIn("method_rule", [w["code"] for w in answer["warnings"]])

    def test_a_name_without_one_is_refused_and_the_rule_offered(self):
        done = run("plan", "somebody/something", "--gpu-memory", "23.5GiB")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--method rule", done.stderr)

    def test_a_given_utilization_is_kept(self):
        answer, _ = plan("7B", "--method", "rule", "--gpu-memory", "23.5GiB", "--gpu-memory-utilization", "0.85")
        self.assertEqual(answer["result"]["gpu_memory_utilization"], 0.85)
        self.assertEqual(answer["result"]["strategy"], "given")

    def test_zero_means_automatic(self):
        answer, _ = plan("7B", "--method", "rule", "--gpu-memory", "23.5GiB", "--gpu-memory-utilization", "0")
        self.assertEqual(answer["result"]["gpu_memory_utilization"], 0.88)


if __name__ == "__main__":
    unittest.main()
