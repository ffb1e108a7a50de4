#!/usr/bin/env python3
"""Unequal machines: what is chosen for them is legal, nothing smaller holds it, and the rank that decides is named."""
import itertools
import json
import unittest

from command import Folders, run

GIB = 1 << 30


def gpu(name, gib, capability, **more):
    return {"name": name, "total_bytes": int(gib * GIB), "compute_capability": capability, **more}


RTX_4090 = gpu("NVIDIA GeForce RTX 4090", 23.52, "8.9")
RTX_4080 = gpu("NVIDIA GeForce RTX 4080", 15.58, "8.9")
A100_40 = gpu("NVIDIA A100-SXM4-40GB", 39.38, "8.0")
A100_80 = gpu("NVIDIA A100-SXM4-80GB", 79.15, "8.0")
H100 = gpu("NVIDIA H100 80GB HBM3", 79.11, "9.0")

MACHINES = {
    "unequal cards": [RTX_4090, RTX_4080],
    "display card": [{**RTX_4090, "free_bytes": int(23.52 * 0.7 * GIB)}],
    "two kinds": [A100_40, A100_40, A100_80, A100_80],
    "MIG slices": [gpu("NVIDIA H100 80GB HBM3 MIG 1g.10gb", 9.75, "9.0", mig=True, uuid=f"MIG-{i}") for i in range(7)],
    "unified memory": [gpu("NVIDIA GB10", 119.64, "12.1", unified_memory=True, free_bytes=int(112 * GIB))],
    "eight alike": [H100] * 8,
    "one in use": [{**H100, "free_bytes": int(79.11 * 0.6 * GIB)}] + [H100] * 3,
    "two nodes": [{**H100, "node": i // 8, "index": i % 8} for i in range(16)],
}

# Attention heads, KV heads, layers: what divides them is the engine's own rule.
MODELS = {
    "Qwen/Qwen3-0.6B": (16, 8, 28),
    "Qwen/Qwen3-4B": (32, 8, 36),
    "Qwen/Qwen3-8B": (32, 8, 36),
    "Qwen/Qwen2.5-7B": (28, 4, 28),
    "Qwen/Qwen3-14B-FP8": (40, 8, 40),
    "google/gemma-2-27b": (32, 16, 46),
    "Qwen/Qwen3-30B-A3B": (32, 4, 48),
    "openai/gpt-oss-20b": (64, 8, 24),
    "deepseek-ai/DeepSeek-R1-Distill-Llama-70B": (64, 8, 80),
    "mistralai/Mixtral-8x22B-v0.1": (48, 8, 56),
    "Qwen/Qwen3-235B-A22B": (64, 4, 94),
    "deepseek-ai/DeepSeek-V3.1": (128, None, 61),
}
ASKED = ["--max-model-len", "4096", "--sequences", "4"]


def kinds(devices):
    return tuple(sorted((d["total_bytes"], d.get("free_bytes", d["total_bytes"])) for d in devices))


def subsets(devices):
    """Every set of GPUs that differs from the others, by how many of each kind it has: of each node, and as many of each of all nodes."""
    seen = {}
    nodes = [[d for d in devices if d.get("node", 0) == name] for name in sorted({d.get("node", 0) for d in devices})]
    for own in nodes:
        for size in range(1, len(own) + 1):
            for chosen in itertools.combinations(own, size):
                seen.setdefault(kinds(chosen), [{k: v for k, v in d.items() if k not in ("node", "index")} for d in chosen])
    for size in range(1, min(map(len, nodes)) + 1 if len(nodes) > 1 else 1):
        different = [list({kinds(chosen): chosen for chosen in itertools.combinations(own, size)}.values()) for own in nodes]
        for chosen in itertools.product(*different):
            seen.setdefault(("across", *map(kinds, chosen)), list(itertools.chain(*chosen)))
    return list(seen.values())


class Fleet(Folders):
    def file(self, name, devices):
        with open(self.path(name), "w") as f:
            json.dump({"devices": devices}, f)
        return self.path(name)

    def chosen(self, model, devices, *options):
        done = run("plan", model, "--devices", self.file("machine.json", devices), "-tp", "auto", "-pp", "auto", "--json", *ASKED, *options)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def smallest_by_trying(self, devices, limit):
        """By model: ranks of the smallest layout that fits of all layouts below `limit` on all sets of GPUs, asked for one by one.
        Those whose tensor-parallel ranks would lie on two nodes do not count."""
        sizes = ",".join(map(str, range(1, limit)))
        files = {self.file(f"set{i}.json", one): one for i, one in enumerate(subsets(devices)) if len(one) < limit}
        done = run("compare", *MODELS, *itertools.chain(*(("--devices", f) for f in files)), "--json", "-tp", sizes, "-pp", sizes, *ASKED)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        out = {}
        for row in json.loads(done.stdout)["rows"]:
            tensor = int(row["options"].get("tensor_parallel_size", 1))
            ranks = tensor * int(row["options"].get("pipeline_parallel_size", 1))
            used = files[row["gpus"]]
            across = len({device.get("node", 0) for device in used})
            if across > 1 and (ranks != len(used) or len(used) // across % tensor):
                continue
            if row["fits"] in ("yes", "thin") and row["max_concurrency"] >= 4:
                out[row["model"]] = min(ranks, out.get(row["model"], ranks))
        return out

    def check_legal(self, model, devices, answer):
        heads, kv_heads, layers = MODELS[model]
        work, ranks = answer["workload"], answer["ranks"]
        tensor, stages = work["tensor_parallel_size"], work["pipeline_parallel_size"]
        used = [rank["device"] for rank in ranks]
        self.assertEqual((len(ranks), len(set(used))), (tensor * stages, tensor * stages))
        self.assertLess(max(used), len(devices))
        self.assertEqual(heads % tensor, 0)
        if kv_heads:
            self.assertTrue(kv_heads % tensor == 0 or tensor % kv_heads == 0)
        self.assertLessEqual(stages, layers)
        if any(devices[at].get("mig") for at in used):
            self.assertEqual(len(ranks), 1)
        for first in range(0, len(used), tensor):
            self.assertEqual(len({devices[at].get("node", 0) for at in used[first:first + tensor]}), 1, "tensor parallel inside a node")
        partition = answer["vllm_env"].get("VLLM_PP_LAYER_PARTITION")
        if partition:
            self.assertEqual((len(partition.split(",")), sum(map(int, partition.split(",")))), (stages, layers))

    def check_fits(self, devices, answer):
        for rank in answer["ranks"]:
            device = devices[rank["device"]]
            self.assertLessEqual(rank["budget_bytes"], device.get("free_bytes", device["total_bytes"]))
        self.assertGreaterEqual(answer["kv_cache"]["max_concurrency"], 4)

    def check_arguments(self, answer, devices):
        words, work = answer["vllm_args"], answer["workload"]
        self.assertEqual(words[words.index("--tensor-parallel-size") + 1], str(work["tensor_parallel_size"]))
        self.assertNotIn("auto", words)
        used = [rank["device"] for rank in answer["ranks"]]
        if used != list(range(len(used))) and not any("node" in d for d in devices):
            names = [devices[at]["uuid"] if devices[at].get("mig") else str(at) for at in used]
            self.assertEqual(answer["vllm_env"]["CUDA_VISIBLE_DEVICES"], ",".join(names))

    def check_binding_rank(self, answer):
        ranks, at = answer["ranks"], answer["placement"]["binding_rank"]
        self.assertLess(at, len(ranks))
        if len(ranks) > 1:
            self.assertIn(f"rank {at} ", answer["result"]["reason"])

    def test_every_model_on_every_machine(self):
        for name, devices in MACHINES.items():
            answers = {model: self.chosen(model, devices) for model in MODELS}
            met = {model: answer["result"]["fits"] and answer["kv_cache"]["max_concurrency"] >= 4 for model, answer in answers.items()}
            most = max([len(answer["ranks"]) for model, answer in answers.items() if met[model]] + [1])
            beyond = not all(met.values())
            tried = self.smallest_by_trying(devices, len(devices) + 1 if beyond and "node" not in devices[0] else max(most, 2))
            for model, answer in answers.items():
                with self.subTest(machine=name, model=model):
                    self.check_legal(model, devices, answer)
                    self.check_arguments(answer, devices)
                    self.check_binding_rank(answer)
                    if met[model]:
                        self.check_fits(devices, answer)
                        self.assertGreaterEqual(tried.get(model, len(answer["ranks"])), len(answer["ranks"]), "a smaller layout fits")
                    else:
                        self.assertNotIn(model, tried, "a layout fits that was not found")

    def test_layers_follow_the_memory_of_their_stage(self):
        answer = self.chosen("Qwen/Qwen3-14B", [RTX_4090, RTX_4080], "--gpu-memory-utilization", "0")
        self.assertTrue(answer["result"]["fits"])
        layers = list(map(int, answer["vllm_env"]["VLLM_PP_LAYER_PARTITION"].split(",")))
        self.assertEqual((len(layers), sum(layers)), (2, 40))
        self.assertGreater(layers[0], layers[1])

    def test_the_wasted_card_is_shown_and_what_a_different_grouping_gives(self):
        done = run("plan", "Qwen/Qwen3-32B", "--devices", self.file("m.json", MACHINES["two kinds"]), "-tp", "4", "--json", *ASKED)
        answer = json.loads(done.stdout)
        idle = [rank["idle_bytes"] for rank in answer["placement"]["ranks"]]
        self.assertGreater(idle[2], idle[0] + 20 * GIB)
        other = answer["result"]["alternatives"][0]
        self.assertEqual(other["change"]["pipeline_parallel_size"], 2)
        self.assertGreater(other["tokens"], answer["kv_cache"]["tokens"])

    def test_copies_where_the_sequences_need_them(self):
        answer = self.chosen("Qwen/Qwen3-8B", MACHINES["eight alike"], "-dp", "auto", "--sequences", "400")
        self.assertGreater(answer["workload"]["data_parallel_size"], 1)
        self.assertGreaterEqual(answer["kv_cache"]["max_concurrency"] * answer["workload"]["data_parallel_size"], 400)

    def test_experts_whose_width_does_not_divide_are_dealt_whole(self):
        model = self.model("experts", architectures=["Qwen3MoeForCausalLM"], model_type="qwen3_moe", num_key_value_heads=4, head_dim=128,
                           moe_intermediate_size=1538, num_experts=64, num_experts_per_tok=8, decoder_sparse_step=1, num_hidden_layers=48)
        self.assertEqual(run("plan", model, "--gpu", "8x A100 40GB", "-tp", "4", *ASKED).returncode, 1)
        done = run("plan", model, "--gpu", "8x A100 40GB", "-tp", "auto", "--json", *ASKED)
        answer = json.loads(done.stdout)
        self.assertTrue(answer["result"]["fits"])
        self.assertIn("--enable-expert-parallel", answer["vllm_args"])

    def test_pipelines_before_tensor_parallel_without_nvlink(self):
        cards = [{**RTX_4090, "nvlink": False}] * 4
        work = self.chosen("Qwen/Qwen3-14B", cards)["workload"]
        self.assertEqual((work["tensor_parallel_size"], work["pipeline_parallel_size"]), (1, 2))
        work = self.chosen("Qwen/Qwen3-14B", [RTX_4090] * 4)["workload"]
        self.assertEqual((work["tensor_parallel_size"], work["pipeline_parallel_size"]), (2, 1))

    def test_slices_are_not_joined(self):
        done = run("plan", "Qwen/Qwen3-8B", "--devices", self.file("m.json", MACHINES["MIG slices"]), "-tp", "2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("MIG", done.stderr)

    def test_without_auto_the_first_gpu_is_used(self):
        done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", MACHINES["two kinds"]), "--json", *ASKED)
        answer = json.loads(done.stdout)
        self.assertEqual(([rank["device"] for rank in answer["ranks"]], answer["vllm_env"]), ([0], {}))
        self.assertEqual([one["device"] for one in answer["placement"]["unused"]], [1, 2, 3])

    def test_a_search_cut_short_tells_what_fits_best(self):
        cards = [gpu(f"Card {i}", 16 + i, "8.9") for i in range(64)]
        answer = self.chosen("Qwen/Qwen3-8B", cards, "-dp", "auto", "--sequences", str(1 << 32))
        self.assertTrue(answer["result"]["fits"])
        self.assertLessEqual({"layout", "sequences"}, {warning["code"] for warning in answer["warnings"]})
        self.assertIn("no layout tried meets", answer["placement"]["unused"][0]["reason"])

    def test_nodes_alike_do_not_use_up_the_search(self):
        cards = [gpu(f"Card {i % 4}", 24 + 8 * (i % 4), "8.9", node=i // 8, index=i % 8) for i in range(256)]
        answer = self.chosen("deepseek-ai/DeepSeek-V3.1", cards)
        self.assertTrue(answer["result"]["fits"])
        self.assertNotIn("layout", {warning["code"] for warning in answer["warnings"]})

    def test_where_nothing_fits_no_layout_is_called_enough(self):
        answer = self.chosen("Qwen/Qwen3-32B", [gpu("Card", 8, "8.9")] * 3)
        self.assertFalse(answer["result"]["fits"])
        for unused in answer["placement"]["unused"]:
            self.assertIn("no layout tried meets", unused["reason"])

    def test_a_name_from_a_file_does_not_command_the_terminal(self):
        card = gpu("red \x1b[31m\nfits yes", 24, "8.9")
        text = run("plan", "Qwen/Qwen3-8B", "--devices", self.file("m.json", [card])).stdout
        self.assertIn("red ?[31m?fits yes", text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(self.chosen("Qwen/Qwen3-8B", [card])["devices"][0]["name"], card["name"])

    def test_device_files_that_cannot_be_true(self):
        for change in ({"total_bytes": 0}, {"total_bytes": -1}, {"total_bytes": 1 << 62}, {"node": -1}, {"node": 1 << 40}, {"node": "a"},
                       {"nvlink": 1}, {"free_bytes": -5}):
            with self.subTest(change=change):
                done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", [{**H100, **change}]), "-tp", "auto")
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn("/devices/0/" + next(iter(change)), done.stderr)

    def test_numbers_that_are_none_and_memory_that_is_not_there(self):
        for text, says in (('"total_bytes": NaN', "integer"), ('"total_bytes": -Infinity', "integer"), ('"total_bytes": 1e400', ""), ('"total_bytes": "24GiB"', "integer"),
                           ('"total_bytes": 25769803776.5', "integer"), ('"total_bytes": 99999999999999999999999', ""), ('"total_bytes": 9223372036854775807', "expected 1 to"),
                           ('"total_bytes": 1000, "free_bytes": 1001', "at most total_bytes"), ('"total_bytes": 1000, "compute_capability": "nan"', "version"),
                           ('"total_bytes": 1000, "compute_capability": -8', "version"), ('"total_bytes": 1000, "index": -1', "expected 0 to"),
                           ('"total_bytes": 1000, "index": 4294967296', "expected 0 to"), ('"total_bytes": 1000, "multiprocessors": 65536', "expected 0 to"),
                           ('"total_bytes": 1000, "uuid": "MIG-1\\u001b[31m"', "/devices/0/uuid"), ('"total_bytes": 1000, "uuid": "GPU-1,GPU-2"', "/devices/0/uuid")):
            with open(self.path("m.json"), "w") as f:
                f.write('{"devices": [{' + text + "}]}")
            with self.subTest(text):
                done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.path("m.json"), "-tp", "auto")
                self.assertEqual((done.returncode, done.stdout, done.stderr.count("\n")), (1, "", 1), done.stderr)
                self.assertIn(says, done.stderr)
                self.assertNotIn("\x1b", done.stderr)

    def test_an_index_far_off_is_only_a_name(self):
        answer = self.chosen("Qwen/Qwen3-0.6B", [{**H100, "index": 4294967295}])
        self.assertTrue(answer["result"]["fits"])

    def test_as_many_gpus_as_there_may_be(self):
        for count in (256, 1024):
            answer = self.chosen("Qwen/Qwen3-8B", [RTX_4090] * count)
            self.assertTrue(answer["result"]["fits"])
            self.assertEqual(len(answer["ranks"]), 1)
        done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", [{"name": "L4"}] * 40000), "-tp", "auto")
        self.assertEqual(done.returncode, 1)
        self.assertIn("at most 1024", done.stderr)
        done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", [RTX_4090] * 100000), "-tp", "auto")
        self.assertEqual(done.returncode, 1)
        self.assertIn("1 MiB", done.stderr)
        self.assertIn("at most 1024", run("plan", "Qwen/Qwen3-0.6B", "--gpu", "100000x L4").stderr)

    def test_a_search_on_many_machines_ends_and_says_so(self):
        cards = [gpu(f"Card {i}", 16 + i / 64, "8.9", node=i, index=0) for i in range(1023)]
        done = run("plan", "Qwen/Qwen3-8B", "--devices", self.file("m.json", cards), "-tp", "auto", "-pp", "auto", "-dp", "auto", "--json",
                   "--sequences", str(1 << 32))
        self.assertEqual(done.returncode, 0, done.stderr)
        warned = {w["code"]: w["message"] for w in json.loads(done.stdout)["warnings"]}
        self.assertIn("not every layout", warned["layout"])

    def test_device_files_with_none_and_with_hundreds(self):
        done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", []), "-tp", "auto")
        self.assertEqual(done.returncode, 1)
        answer = self.chosen("deepseek-ai/DeepSeek-V3.1", [RTX_4090] * 400)
        self.check_legal("deepseek-ai/DeepSeek-V3.1", [RTX_4090] * 400, answer)
        done = run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", [RTX_4090] * 1025), "-tp", "auto")
        self.assertEqual(done.returncode, 1)
        self.assertIn("at most 1024", done.stderr)

    def test_what_the_engine_refuses_is_refused_at_once(self):
        devices = [{"name": f"x{i}", "total_bytes": (20 << 30) + (i << 20), "free_bytes": (19 << 30) + i * 69632} for i in range(1024)]
        model = self.model("refused", num_attention_heads=7, num_key_value_heads=7, hidden_size=448, num_hidden_layers=1)
        done = run("plan", model, "--devices", self.file("m.json", devices), "-tp", "2", "-pp", "auto", "-dp", "auto")
        self.assertEqual(done.returncode, 1)
        self.assertIn("attention heads (7)", done.stderr)

    def test_the_same_index_on_two_nodes(self):
        twice = [{**H100, "index": 0}, {**H100, "index": 0}]
        self.assertEqual(run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", twice)).returncode, 1)
        twice[1]["node"] = 1
        self.assertEqual(run("plan", "Qwen/Qwen3-0.6B", "--devices", self.file("m.json", twice)).returncode, 0)


    def test_nodes_in_words(self):
        done = run("plan", "deepseek-ai/DeepSeek-V3.1", "--gpu", "2 nodes of 8x H100 80GB", "-tp", "8", "-pp", "2", "--json", *ASKED)
        ranks = json.loads(done.stdout)["placement"]["ranks"]
        self.assertEqual([rank["node"] for rank in ranks], [0] * 8 + [1] * 8)
        for wrong in ("0 nodes of H100", "2000 nodes of 8x H100", "2 nodes of", "nodes of H100 24"):
            self.assertIn(run("plan", "Qwen/Qwen3-8B", "--gpu", wrong, "-tp", "2").returncode, (1, 2), wrong)


class Draft(Folders):
    def test_what_would_help_counts_the_draft_model_too(self):
        draft = self.model("draft", num_hidden_layers=8)
        options = ["--draft-model", draft, "--speculative-config", '{"num_speculative_tokens": 3}']
        done = run("plan", self.model(), "--gpu-memory", "18GiB", "--json", *options)
        others = json.loads(done.stdout)["result"]["alternatives"]
        self.assertTrue(others)
        for other in others:
            (name, value), = other["change"].items()
            memory = ["--gpu", f"{value}x 18GiB"] if name == "tensor_parallel_size" else ["--gpu-memory", "18GiB"]
            words = ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
            again = run("plan", self.model(), *memory, "--json", *options, *words)
            self.assertEqual(again.returncode, 0, other)
            self.assertEqual(json.loads(again.stdout)["kv_cache"]["tokens"], other["tokens"])


class Batch(Folders):
    def asked(self, *options):
        done = run("plan", "Qwen/Qwen3-8B", "--gpu", "H100 80GB", "--max-model-len", "16384", "--json", *options)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    TRAFFIC = ["--sequences", "32", "--input-len", "2000", "--output-len", "500", "--max-num-seqs", "auto", "--max-num-batched-tokens", "auto"]

    def test_the_batch_follows_the_traffic(self):
        answer = self.asked(*self.TRAFFIC)
        batch = answer["result"]["batch"]
        self.assertEqual(batch["max_num_seqs"], 32)
        self.assertGreaterEqual(batch["max_num_batched_tokens"], 2000)
        self.assertGreaterEqual(answer["result"]["typical_concurrency"], 32)
        self.assertGreater(batch["max_num_batched_tokens_bytes"], 0)
        self.assertIn("--max-num-seqs 32", " ".join(answer["vllm_args"]))

    def test_longer_prompts_need_more_tokens_a_step(self):
        few = self.asked(*self.TRAFFIC)["result"]["batch"]["max_num_batched_tokens"]
        many = self.asked(*self.TRAFFIC, "--output-len", "10")["result"]["batch"]
        self.assertGreater(many["max_num_batched_tokens"], few)

    def test_without_auto_the_batch_is_the_engine_s(self):
        answer = self.asked("--sequences", "32")
        self.assertIsNone(answer["result"]["batch"])
        self.assertNotIn("--max-num-seqs", answer["vllm_args"])

    def test_usual_lengths_beyond_the_longest(self):
        done = run("plan", "Qwen/Qwen3-8B", "--gpu", "H100 80GB", "--max-model-len", "1000", "--input-len", "2000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("input-len", done.stderr)


if __name__ == "__main__":
    unittest.main()
