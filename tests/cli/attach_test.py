"""Models beside the one that is served, and whole command lines of the engine."""
import json
import os
import unittest

from command import Folders, plan, run

H100 = ("--gpu", "H100 80GB")
EAGLE3 = {"architectures": ["LlamaForCausalLMEagle3"], "num_hidden_layers": 1, "draft_vocab_size": 32000}
THREE = '{"method": "eagle3", "num_speculative_tokens": 3}'


def component(answer, name, rank=0):
    found = [c for c in answer["ranks"][rank]["components"] if c["name"] == name]
    return found[0]["bytes"] if found else 0


class Attached(Folders):
    def adapter(self, name, rank):
        os.makedirs(self.path(name), exist_ok=True)
        with open(self.path(name, "adapter_config.json"), "w") as f:
            json.dump({"peft_type": "LORA", "r": rank, "base_model_name_or_path": self.path("model")}, f)
        return self.path(name)

    def test_a_draft_model_is_loaded_and_named_in_the_arguments(self):
        model, draft = self.model(), self.model("draft", **EAGLE3)
        alone, _ = plan(model, *H100)
        answer, status = plan(model, *H100, "--draft-model", draft, "--speculative-config", THREE)
        self.assertEqual(status, 0)
        self.assertGreater(component(answer, "draft model"), 500 << 20)
        self.assertEqual(answer["kv_cache"]["bytes_per_token"], alone["kv_cache"]["bytes_per_token"] // 32 * 33)
        self.assertLess(answer["kv_cache"]["tokens"], alone["kv_cache"]["tokens"])
        args = answer["vllm_args"]
        config = json.loads(args[args.index("--speculative-config") + 1])
        self.assertEqual(config, {"model": draft, "method": "eagle3", "num_speculative_tokens": 3})
        self.assertEqual(answer["workload"]["draft_model"], draft)
        self.assertEqual([w["code"] for w in answer["warnings"]], ["first_start"])

    def test_without_it_the_answer_says_what_is_missing(self):
        answer, _ = plan(self.model(), *H100, "--speculative-config", THREE)
        self.assertEqual([w["code"] for w in answer["warnings"]], ["draft_model", "first_start"])

    def test_a_draft_model_says_how_many_tokens(self):
        done = run("plan", self.model(), *H100, "--draft-model", self.model("draft"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("num_speculative_tokens is missing", done.stderr)

    def test_adapters_are_served_together_with_room_for_the_widest(self):
        model, narrow, wide = self.model(), self.adapter("narrow", 8), self.adapter("wide", 60)
        one, _ = plan(model, *H100, "--lora-model", narrow)
        both, _ = plan(model, *H100, "--lora-model", narrow, "--lora-model", wide)
        self.assertEqual(component(both, "LoRA adapters"), 4 * component(one, "LoRA adapters"))  # rank 64 for 16
        args = both["vllm_args"]
        at = args.index("--lora-modules")
        self.assertEqual(args[at + 1:at + 3], [f"adapter={narrow}", f"adapter2={wide}"])
        self.assertEqual(args[args.index("--max-lora-rank") + 1], "64")

    def test_what_is_no_adapter_is_refused(self):
        model = self.model()
        done = run("plan", model, *H100, "--lora-model", model)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no LoRA adapter", done.stderr)
        self.assertEqual(run("plan", model, *H100, "--draft-model", self.path("nowhere")).returncode, 1)


class WholeLines(Folders):
    def test_options_that_take_no_memory_change_nothing_and_are_passed_on(self):
        model = self.model()
        plain, _ = plan(model, *H100, "--max-model-len", "4096")
        pasted, _ = plan(model, *H100, "--max-model-len", "4096", "--host", "0.0.0.0", "--port", "8000", "--trust-remote-code",
                         "--served-model-name", "mine", "--no-disable-log-stats", "--swap-space", "8", "--seed", "1")
        self.assertEqual(pasted["ranks"], plain["ranks"])
        for words in (["--host", "0.0.0.0"], ["--port", "8000"], ["--served-model-name", "mine"], ["--swap-space", "8"]):
            at = pasted["vllm_args"].index(words[0])
            self.assertEqual(pasted["vllm_args"][at:at + 2], words)
        self.assertIn("--trust-remote-code", pasted["vllm_args"])

    def test_help_says_which_they_are(self):
        rows = json.loads(run("options", "--json").stdout)["options"]
        self.assertTrue(next(o for o in rows if o["name"] == "port")["help"].startswith("takes no GPU memory"))
        self.assertFalse(next(o for o in rows if o["name"] == "max-num-seqs")["help"].startswith("takes no GPU memory"))

    def test_lists_are_handed_on_as_words(self):
        answer, _ = plan(self.model(), *H100, "--cudagraph-capture-sizes", "1,2,4")
        args = answer["vllm_args"]
        at = args.index("--cudagraph-capture-sizes")
        self.assertEqual(args[at + 1:at + 4], ["1", "2", "4"])

    def test_a_number_may_stand_right_behind_a_short_name(self):
        answer, _ = plan(self.model(), *H100, "-O0", "-tp1")
        self.assertEqual(component(answer, "CUDA graphs"), 0)
        self.assertIn("-O0", answer["vllm_args"])

    def test_an_option_of_another_release_is_refused_with_its_first(self):
        done = run("plan", self.model(), *H100, "--engine-version", "0.8.5", "--enable-eplb")
        self.assertEqual(done.returncode, 1)
        self.assertIn("enable-eplb: it exists from vLLM 0.9 on", done.stderr)

    def test_ranks_of_every_replica_are_listed(self):
        answer, _ = plan(self.model(), "--gpu", "4x H100 80GB", "-dp", "2", "-tp", "2")
        self.assertEqual([(r["rank"], r["dp"], r["tp"], r["device"]) for r in answer["ranks"]],
                         [(0, 0, 0, 0), (1, 0, 1, 1), (2, 1, 0, 2), (3, 1, 1, 3)])


if __name__ == "__main__":
    unittest.main()
