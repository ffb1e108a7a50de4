#!/usr/bin/env python3
"""What the service answers, of which models, and which questions it refuses.

  service_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import json
import os
import shutil
import subprocess
import unittest

from service import CLI, JSON, PLAN, Case, Shared, environment, statuses, until


def cli(*words):
    return json.loads(subprocess.run([CLI, *words, "--json"], capture_output=True, text=True, env=environment()).stdout)


class Plans(Shared):
    def test_they_are_the_commands(self):
        for fields, words in (
                ({}, []),
                ({"options": {"max-model-len": "32k", "tensor-parallel-size": 2, "enforce-eager": True}, "gpus": "2x RTX 4090"},
                 ["--gpu", "2x RTX 4090", "--max-model-len", "32k", "-tp", "2", "--enforce-eager"]),
                ({"gpus": ["RTX 4090", "L40S"], "options": {"gpu-memory-utilization": 0.7}},
                 ["--gpu", "RTX 4090, L40S", "--gpu-memory-utilization", "0.7"]),
                ({"free": "15GiB", "options": {"max-model-len": 4096}}, ["--free", "15GiB", "--max-model-len", "4096"]),
                ({"options": {"cudagraph-capture-sizes": [1, 2, "4"], "served-model-name": ["a b", "c,d"]}},
                 ["--cudagraph-capture-sizes", "1", "2", "4", "--served-model-name", "a b", "c,d"]),
                ({"environment": {"VLLM_USE_V2_MODEL_RUNNER": "0"}}, ["--env", "VLLM_USE_V2_MODEL_RUNNER=0"]),
                ({"options": {"compilation-config": {"cudagraph_mode": "NONE"}}}, ["--compilation-config", '{"cudagraph_mode":"NONE"}'])):
            fields = {**PLAN, **fields}
            words = words if "--gpu" in words else ["--gpu", "RTX 4090", *words]
            answer = self.service.plan(**fields)
            self.assertEqual(answer.status, 200, answer.body[:300])
            self.assertEqual(answer.json, cli("plan", fields["model"], *words))

    def test_other_ways_to_name_gpus(self):
        self.assertEqual(self.service.plan(model="Qwen/Qwen3-8B", gpu_memory="24GiB").json, cli("plan", "Qwen/Qwen3-8B", "--gpu-memory", "24GiB"))
        devices = self.service.plan(**PLAN).json["devices"]
        answer = self.service.plan(model="Qwen/Qwen3-8B", devices={"devices": devices}).json
        self.assertEqual(answer["devices"][0]["total_bytes"], devices[0]["total_bytes"])
        self.assertIsNone(self.service.plan(model="Qwen/Qwen3-8B").json["result"]["fits"], "this machine has no GPU here")

    def test_formats(self):
        for name in ("args", "env", "yaml", "docker", "kubernetes", "ray"):
            done = subprocess.run([CLI, "plan", "Qwen/Qwen3-8B", "--gpu", "RTX 4090", "--format", name], capture_output=True, text=True, env=environment())
            self.assertEqual(self.service.plan(**PLAN, format=name).json["formatted"], done.stdout)
        self.refused(self.service.plan(**PLAN, format="xml"), 400, "invalid_argument", "format")
        self.assertIsNone(self.service.plan(model="Qwen/Qwen3-32B", gpus="RTX 4090", format="args").json["formatted"])

    def test_what_does_not_fit_is_an_answer(self):
        answer = self.service.plan(model="Qwen/Qwen3-32B", gpus="RTX 4090")
        self.assertEqual((answer.status, answer.json["result"]["fits"]), (200, False))

    def test_lists(self):
        self.assertEqual(self.service.get("/api/v1/options").json, cli("options"))
        self.assertEqual(self.service.get("/api/v1/devices").json, cli("detect"))
        models = self.service.get("/api/v1/models").json["models"]
        self.assertIn({"id": "Qwen/Qwen3-8B", "source": "catalogue"}, models)
        gpus = {gpu["name"]: gpu["total_bytes"] for gpu in self.service.get("/api/v1/gpus").json["gpus"]}
        self.assertEqual(gpus["NVIDIA GeForce RTX 4090"], self.service.plan(**PLAN).json["devices"][0]["total_bytes"])
        for name in list(gpus)[:20]:
            self.assertEqual(self.service.plan(model="Qwen/Qwen3-0.6B", gpus=name).json["devices"][0]["name"], name)


class Bodies(Shared):
    def test_what_is_no_request(self):
        deep = "[" * 60 + "]" * 60
        for body, status, code, where in (
                ("", 400, "invalid_json", ""), ("{", 400, "invalid_json", ""), ("nonsense", 400, "invalid_json", ""),
                (b'{"model": "\xff\xfe"}', 400, "invalid_json", ""), ('{"model": "x"} trailing', 400, "invalid_json", ""),
                (b"\x00" * 100, 400, "invalid_json", ""), ("[]", 400, "wrong_type", ""), ("3", 400, "wrong_type", ""),
                ('{"model": "x", "devices": ' + deep + "}", 400, "beyond_limit", ""), ("[" * 100000, 400, "beyond_limit", ""),
                ('{"model": 3}', 400, "wrong_type", "model"), ('{"model": "a\\u0000b"}', 400, "invalid_text", "model"),
                ('{"model": ""}', 400, "invalid_model", "model"), ("{}", 400, "missing_field", "model"),
                ('{"model": null}', 400, "missing_field", "model"),
                ('{"model": "x", "models": 1}', 400, "unknown_field", "models"), ('{"model": "x", "\\u0000": 1}', 400, "unknown_field", "?"),
                ('{"model": "x", "options": []}', 400, "wrong_type", "options"),
                ('{"model": "x", "options": {"max-model-len": []}}', 400, "wrong_type", "options.max-model-len"),
                ('{"model": "x", "options": {"max-model-len": [4096]}}', 400, "wrong_type", "options.max-model-len"),
                ('{"model": "x", "options": {"served-model-name": []}}', 400, "invalid_argument", "options.served-model-name"),
                ('{"model": "x", "options": {"served-model-name": [["a"]]}}', 400, "wrong_type", "options.served-model-name"),
                ('{"model": "x", "options": {"served-model-name": ["a\\nb"]}}', 400, "invalid_text", "options.served-model-name"),
                ('{"model": "x", "options": {"served-model-name": ["a", "--x"]}}', 400, "invalid_argument", "options.served-model-name"),
                ('{"model": "x", "environment": {"A=B": "c"}}', 400, "invalid_argument", "environment.A=B"),
                ('{"model": "x", "options": {"max-model-len": NaN}}', 400, "out_of_range", "options.max-model-len"),
                ('{"model": "x", "options": {"max-model-len": 1e400}}', 400, "out_of_range", "options.max-model-len"),
                ('{"model": "x", "options": {"max-model-len": -1.5}}', 400, "invalid_argument", "options.max-model-len"),
                ('{"model": "x", "options": {"no-such": 1}}', 400, "invalid_argument", "options.no-such"),
                ('{"model": "x", "options": {"a\\u0000b": 1}}', 400, "invalid_text", "options.a?b"),
                ('{"model": "x", "gpus": 3}', 400, "wrong_type", "gpus"), ('{"model": "x", "gpus": [3]}', 400, "wrong_type", "gpus"),
                ('{"model": "x", "gpus": "", "gpu_memory": "1GiB"}', 400, "conflicting_fields", "gpus"),
                ('{"model": "x", "gpus": "L4", "free": "much"}', 400, "invalid_argument", "free"),
                ('{"model": "x", "lora_models": "y"}', 400, "wrong_type", "lora_models"),
                ('{"model": "x", "lora_models": ' + json.dumps(["y"] * 65) + "}", 400, "beyond_limit", "lora_models"),
                ('{"model": "no-such/model", "gpus": "L4"}', 404, "not_found", "model")):
            with self.subTest(body=body[:60]):
                self.refused(self.service.post("/api/v1/plan", body), status, code, where)

    def test_devices_that_cannot_be(self):
        one = {"index": 0, "name": "x", "total_bytes": 1 << 34, "free_bytes": None}
        for devices in ({"devices": [{**one, "total_bytes": 0}]}, {"devices": [{**one, "total_bytes": -5}]}, {"devices": [one] * 5000}, {"devices": 3},
                        {"devices": [3]}, {"devices": [{**one, "index": -1}]}, {"devices": [{**one, "free_bytes": 1 << 62}]}, 3, "x"):
            answer = self.service.plan(model="Qwen/Qwen3-8B", devices=devices)
            self.assertIn(answer.status, (400, 422), (devices, answer.body[:200]))
            self.assertEqual(answer.error["where"], "devices")

    def test_too_large(self):
        self.refused(self.service.post("/api/v1/plan", '{"model": "' + "x" * (1 << 20) + '"}'), 413, "too_large")
        self.refused(self.service.post("/api/v1/plan", '{"model": "' + "x" * 5000 + '"}'), 400, "invalid_model")
        self.assertEqual(self.service.plan(**PLAN).status, 200)

    def test_chunked(self):
        head = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        body = json.dumps(PLAN).encode()
        good = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
        self.assertEqual(statuses(self.service.raw(head + good + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")), [200, 200])
        for chunks in (b"zz\r\n", b"-5\r\nhello\r\n", b"ffffffffffffffff\r\nx", b"5\r\nhel", b"5\r\nhelloworld\r\n0\r\n\r\n"):
            self.assertNotIn(200, statuses(self.service.raw(head + chunks)), chunks)
        endless = (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 80
        answer = self.service.raw(head + endless)
        self.assertEqual(statuses(answer)[:1], [413], answer[:300])

    def test_compressed_bodies_are_not_read(self):
        for encoding in ("gzip", "br", "deflate"):
            self.refused(self.service.ask("POST", "/api/v1/plan", b"x", {**JSON, "Content-Encoding": encoding}), 415, "unsupported_encoding")


class Models(Case):
    def ask(self, service, model):
        return service.plan(model=str(model), gpus="RTX 4090", options={"max-model-len": 4096})

    def test_any_path_on_this_machine(self):
        service, model = self.start(), self.model("here")
        self.assertEqual(self.ask(service, model).json["model"]["architecture"], "LlamaForCausalLM")
        os.mkfifo(self.folder / "pipe")
        broken = self.model("broken")
        (broken / "config.json").write_text("{")
        odd = self.folder / "odd"
        odd.mkdir()
        os.mkfifo(odd / "config.json")
        for path in (self.folder / "pipe", "/dev/zero", "/dev/null", "/proc/self/mem", broken, odd, self.folder, "/etc/passwd"):
            answer = self.ask(service, path)
            self.assertIn(answer.status, (400, 404, 422), (path, answer.body[:200]))
            self.assertEqual(answer.error["where"], "model")
        self.refused(self.ask(service, self.folder / "nothing"), 404, "not_found", "model")
        self.assertEqual(self.ask(service, model).status, 200)

    def test_what_changed_is_read_again(self):
        service, model = self.start(), self.model("here")
        first = self.ask(service, model).json["model"]["parameters"]
        self.model("here", num_hidden_layers=16)
        until(lambda: self.ask(service, model).json["model"]["parameters"] < first, "another answer for another file")

    def test_a_base_model_that_changed_is_read_again(self):
        service, base, adapter = self.start(), self.model("base"), self.folder / "adapter"
        adapter.mkdir()
        (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base), "peft_type": "LORA", "r": 8}))
        first = self.ask(service, adapter).json["model"]["parameters"]
        self.model("base", num_hidden_layers=16)
        until(lambda: self.ask(service, adapter).json["model"]["parameters"] < first, "another answer for another base model")

    def test_below_roots_only(self):
        self.model("outside")
        inside = self.model("root", "organisation", "name")
        root = self.folder / "root"
        (root / "link").symlink_to(self.folder / "outside")
        leak = root / "leak"
        leak.mkdir()
        (leak / "config.json").symlink_to(self.folder / "outside" / "config.json")
        blob = self.model("root", "blobs")
        cached = root / "cached"
        cached.mkdir()
        (cached / "config.json").symlink_to("../blobs/config.json")
        service = self.start("--model-root", str(root))
        for model in (inside, "organisation/name", blob, cached, "cached"):
            self.assertEqual(self.ask(service, model).status, 200, model)
        self.assertEqual(self.ask(service, "Qwen/Qwen3-8B").status, 200, "ids need no path")
        for model in (self.folder / "outside", root / ".." / "outside", "../outside", "organisation/../../outside", "link", root / "link", "leak",
                      "/etc", "/", f"{root}/../root2", f"{self.folder}/roo", str(root) + "x", "/nonexistent/x", ".."):
            self.refused(self.ask(service, model), 403, "path_not_allowed", "model")
        for model in ("%2e%2e/outside", "~/x", "a/b/c/d", "a b", "x" * 300, "-x;rm", "@x", "a@", "a//b", "$(id)", "a\nb"):
            self.assertIn(self.ask(service, model).status, (400, 404), model)
        listed = [one["id"] for one in service.get("/api/v1/models").json["models"] if one["source"] == "root"]
        self.assertEqual(sorted(listed), ["blobs", "cached", "leak", "organisation/name"])

    def test_base_models_of_adapters_below_roots_only(self):
        outside, inside = self.model("outside"), self.model("root", "base")

        def adapter(name, base):
            folder = self.folder / "root" / name
            folder.mkdir()
            (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base), "peft_type": "LORA", "r": 8}))
            return folder
        near, known = adapter("near", inside), adapter("known", "Qwen/Qwen3-8B")
        away = [adapter("away", outside), adapter("around", outside / ".." / "outside"), adapter("over", self.folder / "root" / "away")]
        service = self.start("--model-root", str(self.folder / "root"))
        for model in (near, known):
            self.assertEqual(self.ask(service, model).status, 200, model)
        for model in away:
            self.refused(self.ask(service, model), 403, "path_not_allowed", "model")
        self.refused(service.plan(model="base", gpus="RTX 4090", lora_models=["away"]), 403, "path_not_allowed", "lora_models")
        self.refused(service.post("/api/v1/inference/load", {"model_path": "away", "force": True}), 403, "path_not_allowed", "model_path")

    def test_none_for_others_without_a_root(self):
        token = self.folder / "token"
        token.write_text("0123456789abcdef0123\n")
        token.chmod(0o600)
        service = self.start("--host", "0.0.0.0", "--token-file", str(token))
        headers = {**JSON, "Authorization": "Bearer 0123456789abcdef0123"}
        ask = lambda model: service.ask("POST", "/api/v1/plan", json.dumps({**PLAN, "model": str(model)}), headers)
        self.refused(ask(self.model("here")), 403, "path_not_allowed", "model")
        self.assertEqual(ask("Qwen/Qwen3-8B").status, 200)


class Command(Case):
    def test_vramauto_serve_becomes_it(self):
        done = subprocess.run([CLI, "serve", "--help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--model-root", done.stdout)
        alone = self.folder / "vramauto"
        shutil.copy(CLI, alone)
        libraries = subprocess.run(["ldd", CLI], capture_output=True, text=True).stdout
        folder = [line.split()[2] for line in libraries.splitlines() if "libvramauto" in line]
        done = subprocess.run([alone, "serve"], capture_output=True, text=True, timeout=60, env={"LD_LIBRARY_PATH": os.path.dirname(folder[0])})
        self.assertEqual(done.returncode, 1)
        self.assertIn("the service is not installed", done.stderr)
        self.assertIn("libcpp-httplib-dev", done.stderr)


if __name__ == "__main__":
    unittest.main()
