#!/usr/bin/env python3
"""Models, machines and settings side by side."""
import csv
import io
import json
import resource
import subprocess
import unittest

import command
from command import Folders, plan, run


def rows(*args):
    done = run("compare", *args, "--json")
    if done.returncode not in (0, 3):
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)["rows"]


class Compare(Folders):
    def test_each_with_each(self):
        found = rows("Qwen/Qwen3-8B", "Qwen/Qwen3-14B", "--gpus", "RTX 4090, H100 80GB, 2x A100 40GB", "--kv-cache-dtype", "auto,fp8")
        self.assertEqual(len({(r["model"], r["gpus"], r["options"]["kv_cache_dtype"]) for r in found}), 12)
        self.assertEqual(len(found), 12)

    def test_what_fits_comes_first_and_of_that_what_wastes_least(self):
        found = rows("Qwen/Qwen3-8B", "Qwen/Qwen3-32B", "--gpus", "RTX 4090, L40S, H100 80GB, H200", "--max-model-len", "8k")
        order = ["yes", "thin", "not known", "no", "refused"]
        self.assertEqual([r["fits"] for r in found], sorted((r["fits"] for r in found), key=order.index))
        spare = [r["spare_gib"] for r in found if r["fits"] == "yes"]
        self.assertEqual(spare, sorted(spare))
        self.assertGreater(len(spare), 1)

    def test_a_row_is_what_plan_answers(self):
        row, = rows("Qwen/Qwen3-8B", "--gpus", "L40S", "-tp", "1")
        result = plan("Qwen/Qwen3-8B", "--gpu", "L40S")[0]["result"]
        for key in ("gpu_memory_utilization", "max_model_len"):
            self.assertEqual(row[key], result[key])
        self.assertEqual(row["needs"], result["utilization_min"])

    def test_a_machine_gives_as_few_gpus_as_will_do(self):
        found = rows("Qwen/Qwen3-32B", "--gpus", "2x A100 40GB, 2x H100 80GB", "--max-model-len", "8k")
        self.assertEqual({r["gpus"]: r["layout"] for r in found}, {"2x A100 40GB": "TP2", "2x H100 80GB": "TP1"})

    def test_what_is_refused_and_what_is_not_there_are_rows(self):
        found = rows("Qwen/Qwen3-8B", self.path("nowhere"), "--gpus", "4x L4", "-tp", "1,3")
        self.assertEqual([r["fits"] for r in found][-3:], ["refused"] * 3)
        self.assertTrue(all(r["reason"] for r in found if r["fits"] == "refused"))

    def test_why_something_is_refused_stands_below_the_table_once(self):
        lines = run("compare", "Qwen/Qwen3-8B", self.path("nowhere"), "--gpus", "L4, L40S").stdout.splitlines()
        self.assertEqual(len(lines), 1 + 4 + 1)
        self.assertTrue(lines[-1].startswith("refused: ") and self.path("nowhere") in lines[-1], lines[-1])

    def test_a_machine_from_a_file(self):
        with open(self.path("a,b.json"), "w") as f:
            json.dump({"devices": [{"name": "x", "total_bytes": 24 << 30}]}, f)
        self.assertEqual(rows("Qwen/Qwen3-8B", "--devices", self.path("a,b.json"))[0]["gpus"], self.path("a,b.json"))

    def test_no_column_is_there_twice(self):
        done = run("compare", "Qwen/Qwen3-8B", "--gpus", "L40S", "--csv", "--max-model-len", "4096,8192", "--gpu-memory-utilization", "0.8,0.9")
        head, *rows_found = csv.reader(io.StringIO(done.stdout))
        self.assertEqual(len(set(head)), len(head), head)
        self.assertEqual({dict(zip(head, row))["asked_max_model_len"] for row in rows_found}, {"4096", "8192"})

    def test_memory_that_runs_out_is_an_error(self):
        ample = lambda: resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        if subprocess.run([command.CLI, "--version"], capture_output=True, preexec_fn=ample).returncode:
            self.skipTest("skipped: this build needs terabytes of addresses, as a sanitizer's does")
        names = [self.model(f"m{i}") for i in range(40)]
        ended = set()
        for mib in range(16, 160, 6):
            limit = lambda: resource.setrlimit(resource.RLIMIT_AS, (mib << 20, mib << 20))
            done = subprocess.run([command.CLI, "compare", *names, "--gpus", "L4, L40S, 8x H100", "--kv-cache-dtype", "auto,fp8"], capture_output=True,
                                  text=True, preexec_fn=limit)
            if done.returncode == 127:  # not even loaded
                continue
            ended.add(done.returncode)
            self.assertIn(done.returncode, (0, 1, 3), f"{mib} MiB: {done.stderr}")
        self.assertIn(0, ended)

    def test_csv_reads_back(self):
        done = run("compare", "Qwen/Qwen3-8B", "--gpus", "RTX 4090 (a, b), L40S", "--csv")
        found = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual({r["gpus"] for r in found}, {"RTX 4090 (a, b)", "L40S"})

    def test_the_text_is_a_table(self):
        lines = run("compare", "Qwen/Qwen3-8B", "--gpus", "L40S, H100 80GB").stdout.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith("model"))

    def test_exit_status(self):
        self.assertEqual(run("compare", "Qwen/Qwen3-32B", "--gpus", "L4", "--max-model-len", "8k").returncode, 3)
        self.assertEqual(run("compare", self.path("nowhere"), "--gpus", "L4").returncode, 1)
        self.assertEqual(run("compare", "Qwen/Qwen3-8B", "--gpus", "L4,,L4").returncode, 2)
        self.assertEqual(run("compare", "Qwen/Qwen3-8B", "--gpus", "L4", "-tp", "1,x").returncode, 2)
        self.assertEqual(run("compare").returncode, 2)


if __name__ == "__main__":
    unittest.main()
