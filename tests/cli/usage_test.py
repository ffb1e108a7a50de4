#!/usr/bin/env python3
"""Commands, spellings, messages and exit statuses."""
import json
import unittest

from command import Folders, plan, run


class Usage(Folders):
    def refused(self, *args, status=2, says=()):
        done = run(*args)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("vramauto: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in says:
            self.assertIn(word, done.stderr)

    def test_no_command(self):
        self.refused(says=["--help"])

    def test_no_model(self):
        self.refused("plan", says=["MODEL"])

    def test_an_unknown_option_names_the_nearest(self):
        self.refused("plan", "7B", "--max-modellen", "4", says=["--max-modellen", "--max-model-len"])

    def test_what_an_option_names_and_nobody_reads_is_said(self):
        for name in ("config", "hf-config-path", "revision"):
            answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "L40S", f"--{name}", "some")
            self.assertIn(name, {warning["code"] for warning in answer["warnings"]})
            self.assertNotIn("takes no GPU memory", next(o["help"] for o in json.loads(run("options", "--json").stdout)["options"] if o["name"] == name))

    def test_files_that_are_loaded_through_the_gpu(self):
        for value, warned in (("fastsafetensors", True), ("instanttensor", True), ("safetensors", False), ("auto", False)):
            answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "L40S", "--load-format", value)
            self.assertEqual("load-format" in {warning["code"] for warning in answer["warnings"]}, warned, value)
            self.assertEqual(answer["vllm_args"][-2:], ["--load-format", value])

    def test_several_words_after_one_option(self):
        model, words = self.model(), ["a=/x", '{"name": "b", "path": "/y z"}']
        for args in ([model, "--lora-modules", *words], ["--lora-modules", *words, "--enforce-eager", model],
                     [model, "--lora-modules", "c=/z", "--lora_modules", *words], [model, "--lora-modules", *words, "--seed", "1"]):
            answer, _ = plan(*args, "--gpu", "L40S")
            given = answer["vllm_args"]
            at = given.index("--lora-modules")
            self.assertEqual(given[at + 1:at + 3], words, args)
        answer, _ = plan(model, "--gpu", "L40S", "--cudagraph-capture-sizes", "1", "2", "4", "--served-model-name", "a", "b")
        self.assertEqual(answer["vllm_args"][-7:], ["--cudagraph-capture-sizes", "1", "2", "4", "--served-model-name", "a", "b"])
        self.assertEqual(plan(model, "--gpu", "L40S", "--cudagraph-capture-sizes", "1,2,4")[0]["result"],
                         plan(model, "--gpu", "L40S", "--cudagraph-capture-sizes", "1", "2", "4")[0]["result"])

    def test_a_level_of_compilation_alone(self):
        def graphs(*options):
            answer, _ = plan("Qwen/Qwen3-8B", "--gpu", "L40S", "--engine-version", "0.8", *options)
            return answer["ranks"][0]["components"]
        self.assertEqual(graphs("--compilation-config", "3"), graphs("-O3"))
        self.assertEqual(graphs("--compilation-config", "0"), graphs("-O0"))
        self.assertNotEqual(graphs("--compilation-config", "0"), graphs())
        self.refused("plan", "Qwen/Qwen3-8B", "--gpu", "L40S", "--compilation-config", "3", status=1, says=["compilation-config", "JSON object", "0.8"])

    def test_graphs_that_the_engine_would_not_read(self):
        for value, word in (('{"cudagraph_mode": "fulll"}', "PIECEWISE"), ('{"cudagraph_mode": 3}', "PIECEWISE"), ('{"cudagraph_mode": [2, 1]}', "PIECEWISE"),
                            ('{"cudagraph_capture_sizes": [8, -1]}', "below 1"), ('{"cudagraph_capture_sizes": [8, "a"]}', "string")):
            self.refused("plan", "Qwen/Qwen3-8B", "--gpu", "L4", "--compilation-config", value, status=1, says=["cudagraph_", word])
        for value in ('{"cudagraph_mode": "Full_Decode_Only"}', '{"cudagraph_mode": 2}', '{"cudagraph_mode": null, "cudagraph_capture_sizes": []}'):
            self.assertEqual(run("plan", "Qwen/Qwen3-8B", "--gpu", "L4", "--compilation-config", value).returncode, 0)

    def test_a_block_that_no_kernel_reads(self):
        for size in ("3", "8", "24"):
            self.refused("plan", "Qwen/Qwen3-8B", "--gpu", "L4", "--block-size", size, status=1, says=["block-size", size, "16"])
        self.assertEqual(run("plan", "Qwen/Qwen3-8B", "--gpu", "L4", "--block-size", "48").returncode, 0)

    def test_an_unknown_option_like_no_other(self):
        self.refused("plan", "7B", "--zzzzzzzzzzzz", says=["vramauto options"])

    def test_one_word_too_many(self):
        self.refused("plan", "7B", "8B", says=["8B"])

    def test_values_out_of_range_name_option_found_and_expected(self):
        for option, value in (("--gpu-memory-utilization", "1.5"), ("--max-model-len", "0"), ("--tensor-parallel-size", "0"), ("--max-num-seqs", "-3"),
                              ("--max-num-seqs", "many"), ("--kv-cache-dtype", "fp7"), ("--policy", "greedy"), ("--gpu-memory-utilization", "nan")):
            with self.subTest(option=option, value=value):
                self.refused("plan", "7B", option, value, says=[option, "found", value, "expected"])

    def test_a_size_beyond_any_gpu_is_no_name_of_one(self):
        for size in ("16EiB", "2 PB", "3000TiB"):
            self.refused("plan", "7B", "--gpu-memory", size, says=[size, "beyond any GPU"])

    def test_a_gpu_for_which_the_engine_has_no_kernels(self):
        self.refused("plan", self.model(), "--gpu", "Tesla K80", status=1, says=["compute capability is 3.7", "6.0"])

    def test_two_ways_to_name_a_gpu(self):
        self.refused("plan", "7B", "--gpu", "L4", "--gpu-memory", "24GiB")

    def test_a_free_size_that_is_none(self):
        self.refused("plan", "7B", "--gpu", "L4", "--free", "RTX 4090", says=["--free"])

    def test_help_teaches_with_examples(self):
        done = run("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("vramauto plan Qwen/Qwen3-8B", done.stdout)
        self.assertIn("Exit status", done.stdout)
        self.assertIn("--max-model-len", run("plan", "--help").stdout)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^vramauto \d+\.\d+\.\d+\n$")

    def test_options_are_listed_for_people_and_programs(self):
        listed = json.loads(run("options", "--json").stdout)["options"]
        self.assertIn("tensor-parallel-size", [o["name"] for o in listed])
        text = run("options").stdout
        for option in listed:
            self.assertIn("--" + option["name"], text)

    def test_what_is_built_in_is_listed_for_people_and_programs(self):
        for command, key, member in (("models", "id", "Qwen/Qwen3-8B"), ("gpus", "name", "NVIDIA GeForce RTX 4090")):
            rows = json.loads(run(command, "--json").stdout)[command]
            self.assertEqual(run(command).stdout.splitlines(), [row[key] for row in rows])
            self.assertIn(member, [row[key] for row in rows])
            self.refused(command, "one", says=["one"])
        self.assertGreater(min(row["total_bytes"] for row in rows), 2**30)

    def test_no_gpu_is_an_ordinary_answer(self):
        done = run("detect", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, {"devices": []}))
        self.assertEqual(run("detect").stdout, "no GPU found\n")

    def test_spellings_of_the_engine(self):
        model = self.model()
        for words in (["-tp", "2"], ["-tp=2"], ["--tensor-parallel-size=2"], ["--tensor_parallel_size", "2"], ["-tp", "4", "-tp", "2"]):
            with self.subTest(words=words):
                answer, _ = plan(model, "--gpu", "4x H100 80GB", *words)
                self.assertEqual(answer["workload"]["tensor_parallel_size"], 2)

    def test_second_names_of_the_engine(self):
        for words, argument in ((["--device-memory-utilization", "0.9"], "--gpu-memory-utilization 0.9"),
                                (["-q", "fp8_per_tensor"], "--quantization fp8_per_tensor"), (["-cc", "{\"mode\": 3}"], "--compilation-config {\"mode\": 3}")):
            with self.subTest(words=words):
                self.assertIn(argument, " ".join(plan(self.model(), "--gpu", "H100 80GB", *words)[0]["vllm_args"]))

    def test_switches_and_their_opposites(self):
        model = self.model()
        for words, eager in (([], False), (["--enforce-eager"], True), (["--enforce-eager", "--no-enforce-eager"], False), (["--enforce-eager=false"], False)):
            with self.subTest(words=words):
                self.assertEqual(plan(model, "--gpu", "H100 80GB", *words)[0]["workload"]["enforce_eager"], eager)

    def test_lengths_as_the_engine_reads_them(self):
        model = self.model(max_position_embeddings=40000)
        for value, length in (("32k", 32000), ("32K", 32768), ("4096", 4096), ("auto", 40000), ("-1", 40000)):
            with self.subTest(value=value):
                self.assertEqual(plan(model, "--gpu", "H100 80GB", "--max-model-len", value)[0]["result"]["max_model_len"], length)

    def test_exit_status_3_when_it_does_not_fit(self):
        answer, status = plan(self.model(), "--gpu-memory", "12GiB")
        self.assertEqual((answer["result"]["fits"], status), (False, 3))
        self.assertIn("weights", answer["result"]["reason"])
        self.assertTrue(answer["result"]["alternatives"])

    def test_alternatives_fit_when_they_are_taken(self):
        model = self.model()
        for other in plan(model, "--gpu-memory", "12GiB")[0]["result"]["alternatives"]:
            (name, value), = other["change"].items()
            gpus = ["--gpu-memory", "12GiB"] if name != "tensor_parallel_size" else ["--gpu", ", ".join(["12GiB"] * value)]
            words = ["--" + name.replace("_", "-")] + ([] if value is True else [str(value)])
            with self.subTest(words=words):
                self.assertEqual(plan(model, *gpus, *words)[1], 0)

    def test_exit_status_0_when_the_gpu_is_not_known(self):
        answer, status = plan(self.model())
        self.assertEqual((answer["result"]["fits"], status), (None, 0))
        answer, status = plan(self.model(), "--gpu", "Some GPU of tomorrow")
        self.assertEqual((answer["result"]["fits"], status), (None, 0))

    def test_fewer_gpus_than_ranks(self):
        self.refused("plan", self.model(), "--gpu", "2x L4", "-tp", "4", status=1, says=["needs 4 GPUs, found 2"])

    def test_a_tensor_parallel_size_that_does_not_divide(self):
        self.refused("plan", self.model(), "--gpu", "3x L4", "-tp", "3", status=1, says=["32", "3"])

    def test_free_memory_lowers_the_limit(self):
        model = self.model()
        all_free, _ = plan(model, "--gpu", "H100 80GB")
        some_free, _ = plan(model, "--gpu", "H100 80GB", "--free", "40GiB")
        self.assertLess(some_free["result"]["utilization_max"], 0.52)
        self.assertGreater(all_free["result"]["utilization_max"], 0.9)

    def test_devices_from_a_file_and_from_standard_input(self):
        text = json.dumps({"devices": [{"name": "L4"}]})
        with open(self.path("gpus.json"), "w") as f:
            f.write(text)
        for name, stdin in ((self.path("gpus.json"), None), ("-", text)):
            done = run("plan", self.model(), "--devices", name, "--json", stdin=stdin)
            self.assertIn("L4", json.loads(done.stdout)["devices"][0]["name"])
        self.refused("plan", "7B", "--devices", self.path("none.json"), status=1)
        self.refused("plan", "7B", "--devices", self.root.name, status=1)

    def test_text_without_a_terminal_is_ascii(self):
        self.assertTrue(run("plan", self.model(), "--gpu", "L4").stdout.isascii())

    def test_text_shows_settings_reason_and_the_line_to_paste(self):
        model = self.model("it's a model")
        text = run("plan", model, "--gpu", "H100 80GB").stdout
        for word in ("--gpu-memory-utilization", "why", "--policy maximal gives", "vllm serve '" + model.replace("'", "'\\''") + "'"):
            self.assertIn(word, text)

    def test_a_given_utilization_is_kept_and_judged(self):
        answer, status = plan(self.model(), "--gpu", "H100 80GB", "--gpu-memory-utilization", "0.999")
        self.assertEqual((answer["result"]["gpu_memory_utilization"], answer["result"]["fits"], status), (0.999, False, 3))

    def test_a_length_that_does_not_fit_is_shortened_only_when_it_was_not_asked_for(self):
        model = self.model(max_position_embeddings=400000)
        answer, status = plan(model, "--gpu", "RTX 4090")
        self.assertTrue(answer["result"]["max_model_len_shortened"])
        self.assertEqual((answer["result"]["fits"], status), (True, 0))
        self.assertLess(answer["result"]["max_model_len"], 400000)
        self.assertIn(str(answer["result"]["max_model_len"]), answer["vllm_args"])
        self.assertIn("max_model_len_shortened", [w["code"] for w in answer["warnings"]])
        self.assertEqual(plan(model, "--gpu", "RTX 4090", "--max-model-len", "400000")[1], 3)


if __name__ == "__main__":
    unittest.main()
