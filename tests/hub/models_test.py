"""Models read from a hub: what is asked for, what is kept, and in which order sources are looked at."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from case import CLI, SMALL, HubCase, made
from server import COMMIT


class Models(HubCase):
    def test_a_model_is_as_its_folder_says(self):
        answer = self.plan("org/small")
        self.assertEqual(answer["model"]["source"], "hub")
        self.assertEqual(answer["model"]["id"], "org/small")
        self.same_answer(answer, self.small)

    def test_of_weights_only_headers_are_asked_for(self):
        self.plan("org/small")
        weights = [(path, headers) for path, headers in self.hub.requests if path.endswith(".safetensors")]
        self.assertEqual(len(weights), 2)
        for _, headers in weights:
            self.assertEqual(headers["Range"], "bytes=0-99999")
        self.assertEqual(sorted(self.asked()), sorted(
            ["/api/models/org/small/revision/main"] +
            [f"/org/small/resolve/{COMMIT}/{f}" for f in ("config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")]))

    def test_headers_longer_than_the_first_request(self):
        folder = made(f"{self.fixtures.name}/long", "--big", "--tensors", "4000", "--shards", "3")
        self.hub.models["org/long"] = folder
        said = self.program("network", "org/long")
        self.assertEqual((said["status"], said["tensors"]), ("VRAMAUTO_OK", "4000"))
        ranges = [headers["Range"] for path, headers in self.hub.requests if path.endswith("00001-of-00003.safetensors")]
        self.assertEqual(len(ranges), 2)
        self.assertTrue(ranges[1].startswith("bytes=100000-"), ranges)
        self.assertLess(self.hub.sent, 1 << 20)

    def test_many_files_over_few_connections(self):
        folder = made(f"{self.fixtures.name}/many", "--big", "--tensors", "4000", "--shards", "64")
        self.hub.models["org/many"] = folder
        self.assertEqual(self.program("network", "org/many")["tensors"], "4000")
        self.assertEqual(len(self.hub.requests), 1 + 1 + 64)

    def test_an_index_where_names_do_not_say_it(self):
        folder = pathlib.Path(shutil.copytree(self.small, f"{self.fixtures.name}/indexed", dirs_exist_ok=True))
        index = json.loads((folder / "model.safetensors.index.json").read_text())
        for old, new in (("model-00001-of-00002.safetensors", "a.safetensors"), ("model-00002-of-00002.safetensors", "b.safetensors")):
            (folder / old).rename(folder / new)
            index["weight_map"] = {k: new if v == old else v for k, v in index["weight_map"].items()}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        self.hub.models["org/indexed"] = folder
        self.same_answer(self.plan("org/indexed"), folder)

    def test_gguf(self):
        folder = made(f"{self.fixtures.name}/gguf", "--gguf", "llama", *SMALL[:-4], "--vocab", "150000", "--intermediate", "1024", "--shards", "2")
        self.hub.models["org/gguf"] = folder
        self.same_answer(self.plan("org/gguf"), folder)
        self.assertGreater(sum(path.endswith(".gguf") for path, _ in self.hub.requests), 2)  # a vocabulary is longer than the first request
        self.assertEqual(self.plan("org/gguf", "--offline")["model"]["source"], "hub")

    def test_an_adapter_brings_its_base(self):
        folder = pathlib.Path(self.fixtures.name) / "adapter"
        folder.mkdir(exist_ok=True)
        (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "org/small", "r": 8, "peft_type": "LORA"}))
        self.hub.models["org/adapter"] = folder
        answer = self.plan("org/adapter")
        self.assertEqual(answer["model"]["id"], "org/small")
        self.assertIn("adapter=org/adapter", " ".join(answer["vllm_args"]))

    def test_an_adapter_names_no_file_of_this_machine(self):
        folder = pathlib.Path(self.fixtures.name) / "prying"
        folder.mkdir(exist_ok=True)
        self.hub.models["org/prying"] = folder
        for base in (str(self.small), str(self.small / "config.json"), "~", "."):
            (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base, "r": 8, "peft_type": "LORA"}))
            self.assertIn("(the base model of org/prying)", self.refusal("org/prying", "--refresh"))

    def test_names_in_any_order_and_twice(self):
        def reversed_twice(handler):
            if "/api/" not in handler.path:
                return False
            files = [{"rfilename": f.name, "size": f.stat().st_size} for f in sorted(self.small.iterdir(), reverse=True)]
            handler.say(json.dumps({"sha": COMMIT, "siblings": files + files}))
            return True
        self.hub.misbehave = reversed_twice
        self.same_answer(self.plan("org/small"), self.small)
        self.same_answer(self.plan("org/small", "--offline"), self.small)

    def test_sizes_may_be_missing_in_the_list(self):
        def without_sizes(handler):
            if "/api/" not in handler.path:
                return False
            files = [{"rfilename": f.name} for f in self.small.iterdir()]
            handler.say(json.dumps({"sha": COMMIT, "siblings": files}))
            return True
        self.hub.misbehave = without_sizes
        self.same_answer(self.plan("org/small"), self.small)

    def test_a_server_without_ranges_is_hung_up_on(self):
        self.hub.ranges = False
        self.same_answer(self.plan("org/small"), self.small)
        folder = made(f"{self.fixtures.name}/long", "--big", "--tensors", "4000", "--shards", "3")
        self.hub.models["org/long"] = folder
        self.assertEqual(self.program("network", "org/long")["tensors"], "4000")


class Order(HubCase):
    def test_what_was_read_is_kept(self):
        first = self.plan("org/small")
        self.hub.again()
        self.assertEqual(self.plan("org/small"), first)
        self.assertEqual(self.plan("org/small", "--offline"), first)
        self.assertEqual(self.plan("org/small", HF_HUB_OFFLINE="1"), first)
        first["vllm_args"] += ["--revision", COMMIT]  # or the engine would take another
        self.assertEqual(self.plan("org/small@" + COMMIT), first)
        self.assertEqual(self.hub.requests, [])
        self.assertEqual([oct(p.stat().st_mode & 0o777) for p in self.kept()], ["0o600"] * 2)

    def test_refresh_asks_again_and_reads_only_what_is_new(self):
        self.plan("org/small")
        self.hub.again()
        self.plan("org/small", "--refresh")
        self.assertEqual(self.asked(), ["/api/models/org/small/revision/main"])
        self.hub.again()
        self.hub.commit = "f" * 40
        self.plan("org/small", "--refresh")
        self.assertEqual(len(self.asked()), 4)

    def test_revisions(self):
        self.plan("org/small@v1")
        self.plan("org/small@refs/pr/1")
        self.assertEqual([p for p in self.asked() if "/api/" in p],
                         ["/api/models/org/small/revision/v1", "/api/models/org/small/revision/refs%2Fpr%2F1"])
        self.assertEqual(len(self.asked()), 2 + 3)  # the commit is the same
        said = self.refusal("org/small@v2")
        self.assertIn("is no revision of the model (404: Invalid rev id: v2)", said)
        self.hub.again()
        self.plan("org/small@v1", "--offline")
        self.assertEqual(self.hub.requests, [])

    def test_offline_asks_nothing(self):
        for options, environment in ((["--offline"], {}), ([], {"HF_HUB_OFFLINE": "1"}), ([], {"TRANSFORMERS_OFFLINE": "yes"})):
            said = self.refusal("org/small", *options, **environment)
            self.assertIn("the hub was not asked", said)
        self.assertEqual(self.hub.requests, [])

    def test_the_catalogue_comes_before_the_hub(self):
        answer = self.plan("Qwen/Qwen3-8B")
        self.assertEqual((answer["model"]["source"], self.hub.requests), ("catalogue", []))
        self.hub.models["Qwen/Qwen3-8B"] = self.small
        self.assertEqual(self.plan("Qwen/Qwen3-8B@main")["model"]["source"], "hub")
        self.assertEqual(self.plan("Qwen/Qwen3-8B", "--refresh")["model"]["source"], "hub")

    def test_the_cache_of_hugging_face_comes_before_the_hub(self):
        snapshot = self.home / ".cache/huggingface/hub/models--org--small/snapshots/abc"
        shutil.copytree(self.small, snapshot)
        (self.home / ".cache/huggingface/hub/models--org--small/refs").mkdir()
        (self.home / ".cache/huggingface/hub/models--org--small/refs/main").write_text("abc")
        self.assertEqual(self.plan("org/small")["model"]["source"], "cache")
        self.assertEqual(self.hub.requests, [])
        self.assertEqual(self.plan("org/small", "--refresh")["model"]["source"], "hub")

    def test_the_name_is_the_last_resort(self):
        answer = self.plan("org/gone-7B")
        self.assertEqual(answer["model"]["source"], "name")
        self.assertIn("is not on the hub, or private (401: Repository not found)", json.dumps(answer["warnings"]))
        said = self.refusal("org/gone-7B", "--refresh")
        self.assertIn("is not on the hub", said)

    def test_the_rule_needs_a_name_only(self):
        self.plan("org/small-7B", "--method", "rule")
        self.plan("7B")
        self.assertEqual(self.hub.requests, [])

    def test_refresh_and_offline_exclude_each_other(self):
        self.assertEqual(self.run_plan("org/small", "--offline", "--refresh").returncode, 2)
        self.assertIn("HF_HUB_OFFLINE is set", self.refusal("org/small", "--refresh", HF_HUB_OFFLINE="1"))

    def test_another_hub_has_another_cache(self):
        self.plan("org/small")
        self.assertIn("the hub was not asked", self.refusal("org/small", "--offline", HF_ENDPOINT=self.hub.url + "/mirror"))


class Cache(HubCase):
    def entry(self):
        return next(p for p in self.kept() if p.name.endswith(COMMIT))

    def test_a_damaged_entry_is_read_again(self):
        self.plan("org/small")
        good = self.entry().read_bytes()
        middle = len(good) // 2
        for bad in (good[:-1], good[:20], b"", good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1:], good + b"x", b"x" * 5000):
            self.entry().write_bytes(bad)
            self.refusal("org/small", "--offline")
            self.hub.again()
            self.plan("org/small")
            self.assertEqual(len(self.hub.requests), 4)
            self.assertEqual(self.entry().read_bytes(), good)

    def test_lengths_of_an_entry_are_not_trusted(self):
        """A checksum is no signature: entries whose lengths lie are refused all the same."""
        self.plan("org/small")
        good = self.entry().read_bytes()

        def checksum(data):
            total = len(data)
            for i in range(0, len(data), 8):
                total = (total ^ int.from_bytes(data[i:i + 8], "little")) * 0x9E3779B97F4A7C15 % 2**64
                total ^= total >> 32
            return total.to_bytes(8, "little")

        self.assertEqual(good[16:24], checksum(good[24:]))
        for length in (2**64 - 1, 2**63, len(good)):
            body = length.to_bytes(8, "little") + good[32:]
            self.entry().write_bytes(good[:16] + checksum(body) + body)
            self.assertIn("the hub was not asked", self.refusal("org/small", "--offline"))

    def test_a_branch_that_names_no_commit(self):
        self.plan("org/small")
        branch = next(p for p in self.kept() if p.name.endswith("@main"))
        for text in ("", "../../../etc/passwd", "0" * 41, "0" * 100):
            branch.write_text(text)
            self.refusal("org/small", "--offline")

    def test_what_is_oldest_goes_when_there_is_too_much(self):
        self.plan("org/small")
        room = self.entry().stat().st_size * 3 // 2
        self.hub.models["org/other"] = self.small
        os.utime(self.entry(), (1, 1))
        self.plan("org/other", VRAMAUTO_HUB_CACHE_MAX=str(room))
        self.assertLess(sum(p.stat().st_size for p in self.kept()), room)
        self.plan("org/other", "--offline")
        self.refusal("org/small", "--offline")
        self.plan("org/small", VRAMAUTO_HUB_CACHE_MAX="0")  # what was just read stays
        self.assertEqual([p.name for p in self.kept()], ["models--org--small@" + COMMIT])
        for wrong in ("much", "-1", "1TiB", "99999999999GiB", "1 MB"):
            self.assertIn("VRAMAUTO_HUB_CACHE_MAX", self.refusal("org/third", VRAMAUTO_HUB_CACHE_MAX=wrong))

    def test_a_cache_that_cannot_be_written_is_a_warning(self):
        (self.home / "file").write_text("")
        answer = self.plan("org/small", XDG_CACHE_HOME=str(self.home / "file"))
        self.assertIn("hub_cache", [w["code"] for w in answer["warnings"]])
        self.same_answer(answer, self.small)

    def test_many_at_once(self):
        running = [subprocess.Popen(self.command("org/small"), stdout=subprocess.PIPE, env=self.environment(), text=True) for _ in range(6)]
        answers = {p.communicate(timeout=60)[0] for p in running}
        self.assertEqual([p.returncode for p in running], [0] * 6)
        self.assertEqual(len(answers), 1)
        self.assertEqual(len(self.kept()), 2)

    def test_errors_are_not_kept(self):
        self.refusal("org/later")
        self.hub.models["org/later"] = self.small
        self.same_answer(self.plan("org/later"), self.small)

    def test_an_interrupt_leaves_nothing_behind(self):
        self.hub.misbehave = lambda handler: ".safetensors" in handler.path and self.hub.stopping.wait(20)
        running = subprocess.Popen(self.command("org/small"), env=self.environment(), stdout=subprocess.DEVNULL)
        while not any(".safetensors" in path for path in self.asked()):
            self.assertIsNone(running.poll())
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(20), -signal.SIGINT)
        self.assertEqual(self.kept(), [])


class Library(HubCase):
    def test_without_the_flag_nothing_is_asked(self):
        self.assertEqual(self.program("none", "org/small")["source"], "4")
        self.assertEqual(self.hub.requests, [])

    def test_with_it_the_model_is_read(self):
        said = self.program("network", "org/small")
        self.assertEqual((said["status"], said["source"], said["id"], said["path"]), ("VRAMAUTO_OK", "6", "org/small", ""))
        self.assertEqual(int(said["tensors"]), 39)
        self.assertEqual((said["fell"], said["above"]), ("0", "0"))
        self.assertEqual(said["done"], said["total"])
        self.assertGreater(int(said["calls"]), 3)

    def test_refresh(self):
        self.program("network", "org/small")
        self.program("refresh", "org/small")
        self.assertEqual(len([p for p in self.asked() if "/api/" in p]), 2)
        self.assertEqual(self.program("refresh_alone", "org/small")["status"], "VRAMAUTO_E_ARGUMENT")

    def test_threads_share_a_context(self):
        said = self.program("threads", "org/small")
        self.assertEqual(list(said.values()), ["39"] * 6)

    def test_progress_can_cancel(self):
        self.hub.misbehave = lambda handler: ".safetensors" in handler.path and self.hub.stopping.wait(20)
        for calls in (1, 3):
            self.assertEqual(self.program(f"cancel{calls}", "org/small")["status"], "VRAMAUTO_E_CANCELLED")
        self.assertEqual(self.kept(), [])

    def test_cancelling_while_waiting_for_another_try(self):
        self.hub.misbehave = lambda handler: handler.refuse(429, Retry_After=30) or True
        self.assertEqual(self.program("cancel10", "org/small")["status"], "VRAMAUTO_E_CANCELLED")


class Others(HubCase):
    def compared(self, *options):
        command = [CLI, "compare", "org/small", str(self.small), "--gpus", "L4", "--json", *options]
        return json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, env=self.environment()).stdout)["rows"]

    def test_compare_reads_from_the_hub_too(self):
        there, here = self.compared()
        self.assertEqual({**there, "model": ""}, {**here, "model": ""})
        self.assertEqual(len(self.hub.requests), 4)

    def test_compare_offline(self):
        self.assertEqual({row["fits"] for row in self.compared("--offline")}, {"yes", "refused"})
        self.assertEqual(self.hub.requests, [])

    def test_an_adapter_beside_a_model(self):
        folder = pathlib.Path(self.fixtures.name) / "adapter"
        folder.mkdir(exist_ok=True)
        (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "org/small", "r": 8, "peft_type": "LORA",
                                                                "target_modules": ["q_proj"]}))
        self.hub.models["org/adapter"] = folder
        answer = self.plan(str(self.small), "--lora-model", "org/adapter")
        self.assertIn("--enable-lora", answer["vllm_args"])


class Terminal(HubCase):
    def stderr_of(self, terminal):
        waited = lambda handler: ".safetensors" in handler.path and self.hub.stopping.wait(0.5) or False
        self.hub.misbehave = waited
        leader, follower = os.openpty() if terminal else os.pipe()
        with subprocess.Popen(self.command("org/small"), stdout=subprocess.DEVNULL, stderr=follower, env=self.environment()) as running:
            os.close(follower)
            out = b""
            try:
                while part := os.read(leader, 4096):
                    out += part
            except OSError:
                pass  # a terminal's end
            os.close(leader)
        self.assertEqual(running.returncode, 0)
        return out

    def test_a_line_of_progress_that_goes_away(self):
        out = self.stderr_of(True)
        self.assertIn(b"reading from the hub", out)
        self.assertTrue(out.endswith(b"\r\x1b[K"), out)

    def test_none_elsewhere(self):
        out = self.stderr_of(False)
        self.assertEqual(out, b"")


if __name__ == "__main__":
    unittest.main()
