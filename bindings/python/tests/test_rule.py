"""The functions that the rule of thumb came from: their names, and their results on the GPU of 23.5 GB that it was told with."""
import os
import pathlib
import unittest

from support import Folder, program
import vramauto
from vramauto import calculate_gpu_memory_utilization, estimate_model_size_gb, get_gpu_memory_gb

FAKE_NVML = os.environ.get("VRAMAUTO_FAKE_NVML")
VECTORS = [("3B", 4096, 1, 0.58), ("1B", 2048, 1, 0.50), ("7B", 4096, 1, 0.88), ("7B", 8192, 1, 0.95), ("no-number-in-it", 4096, 1, 0.64),
           ("Qwen/Qwen2.5-VL-3B-Instruct", 4096, 1, 0.58)]


class Rule(Folder):
    def test_sizes(self):
        for name, size in (("Qwen/Qwen2.5-VL-3B-Instruct", 6.0), ("no-number-in-it", 7.0), ("8x7B", 112.0), ("", 7.0)):
            self.assertEqual(estimate_model_size_gb(name), size)

    def test_size_of_files(self):
        folder = pathlib.Path(self.model())
        (folder / "model.safetensors").write_bytes(bytes(1 << 20))
        self.assertEqual(estimate_model_size_gb(folder), 2**-10)

    def test_always_an_answer(self):
        self.assertGreaterEqual(get_gpu_memory_gb(), 0.0)
        for length in (None, 0, 4096, 2**64 - 1):
            self.assertTrue(0 < calculate_gpu_memory_utilization("7B", length) <= 1)

    def test_the_report(self):
        text = vramauto.plan("Qwen/Qwen2.5-VL-3B-Instruct", "23.5GiB", method="rule").text()
        self.assertIn("Calculated GPU memory utilization: 0.58", text)

    def on_a_gpu(self, mib, lines):
        """What three lines of Python print on a machine with such a GPU."""
        if not FAKE_NVML:
            self.skipTest("skipped: VRAMAUTO_FAKE_NVML is not set to a driver that pretends")
        (self.folder / "libnvidia-ml.so.1").symlink_to(FAKE_NVML)
        scenario = self.folder / "scenario"
        scenario.write_text(f"card\n  name A GPU\n  uuid GPU-1\n  pci 0000:01:00\n  capability 8.9\n  total {mib + 480}\n  reserved 480\n")
        done = program("\n".join(lines), LD_LIBRARY_PATH=str(self.folder), VRAMAUTO_FAKE_SCENARIO=str(scenario), CUDA_VISIBLE_DEVICES=None)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_the_examples_in_three_lines(self):
        self.assertEqual(self.on_a_gpu(24064, [
            "from vramauto import get_gpu_memory_gb, estimate_model_size_gb, calculate_gpu_memory_utilization",
            'model = "Qwen/Qwen2.5-VL-3B-Instruct"',
            "print(get_gpu_memory_gb(), estimate_model_size_gb(model), calculate_gpu_memory_utilization(model, max_model_len=4096))",
        ]), ["23.5", "6.0", "0.58"])

    def test_every_vector(self):
        for model, length, tensor, utilization in VECTORS:
            with self.subTest(model=model, length=length):
                self.setUp()
                self.assertEqual(self.on_a_gpu(24064, [
                    "import vramauto", f"print(vramauto.calculate_gpu_memory_utilization({model!r}, {length}, {tensor}))"]),
                    [str(utilization)])

    def test_tensor_parallel(self):
        self.assertEqual(self.on_a_gpu(81920, ["import vramauto", 'print(vramauto.calculate_gpu_memory_utilization("70B", 4096, 4))']),
                         ["0.95"])


if __name__ == "__main__":
    unittest.main()
