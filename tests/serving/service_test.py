#!/usr/bin/env python3
"""The service's answers, and what it refuses.

  service_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import json
import os
import shutil
import socket
import subprocess
import time
import unittest

from service import CLI, JSON, SERVE, Case, Service, environment, read_all, statuses, until

PLAN = {"model": "Qwen/Qwen3-8B", "gpus": "RTX 4090"}


def cli(*words):
    return json.loads(subprocess.run([CLI, *words, "--json"], capture_output=True, text=True, env=environment()).stdout)


class Shared(Case):
    """One service for all tests of a class."""
    options = []

    @classmethod
    def setUpClass(cls):
        cls.service = Service(*cls.options)

    @classmethod
    def tearDownClass(cls):
        if (status := cls.service.stop()) != 0:
            raise AssertionError(f"the service ended with {status}")


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


class Http(Shared):
    def test_methods_and_paths(self):
        for method, path, status, code in (
                ("GET", "/api/v1/plan", 405, "method_not_allowed"), ("DELETE", "/api/v1/devices", 405, "method_not_allowed"),
                ("PUT", "/api/v1/inference/load", 405, "method_not_allowed"), ("POST", "/", 405, "method_not_allowed"),
                ("GET", "/api/v1", 404, "not_found"), ("GET", "/../etc/passwd", 404, "not_found"), ("GET", "/%2e%2e/etc/passwd", 404, "not_found"),
                ("GET", "/%2e%2e%2fetc%2fpasswd", 404, "not_found"), ("GET", "//healthz", 404, "not_found"), ("GET", "/healthz%00", 404, "not_found"),
                ("GET", "/" + "x" * 5000, 404, "not_found"), ("GET", "/%zz%", 404, "not_found")):
            with self.subTest(method=method, path=path[:40]):
                self.refused(self.service.ask(method, path), status, code)
        self.assertEqual(self.service.get("/api/v1/plan").headers["Allow"], "POST")

    def test_what_every_answer_says_to_browsers(self):
        for path in ("/", "/healthz", "/api/v1/devices", "/nothing"):
            headers = self.service.get(path).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
            self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_the_page_is_kept_until_it_changes(self):
        page = self.service.get("/")
        self.assertEqual((page.status, page.headers.get_content_type()), (200, "text/html"))
        again = self.service.get("/", **{"If-None-Match": page.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_head_ranges_and_encodings(self):
        whole = self.service.get("/api/v1/options")
        head = self.service.ask("HEAD", "/api/v1/options")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(whole.body))))
        self.assertEqual(self.service.get("/api/v1/options", Range="bytes=0-10").status, 200)
        many = "bytes=" + ",".join(["0-"] * 2000)
        self.assertEqual(self.service.get("/api/v1/options", Range=many).body, whole.body)
        self.assertEqual(self.service.get("/api/v1/options", **{"Accept-Encoding": "gzip, br"}).body, whole.body)

    def test_lengths(self):
        head = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for length in (b"Content-Length: abc", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 2\r\nContent-Length: 3",
                       b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Content-Length: 0x10"):
            answer = self.service.raw(head + length + b"\r\n\r\n{}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(statuses(answer), [400], (length, answer[:200]))
            self.assertIn(b"invalid_length", answer)
        self.assertEqual(statuses(self.service.raw(head + b"\r\n")), [400], "a POST without a body is one with an empty body")
        smuggled = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 41\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(statuses(self.service.raw(smuggled)), [400])

    def test_malformed(self):
        for request in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 1000 + b"\r\n",
                        b"GET  /  HTTP/1.1 \r\n\r\n", b"G" * 100, b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n"):
            self.assertNotIn(200, statuses(self.service.raw(request)), request[:30])
        self.assertEqual(self.service.get("/healthz").status, 200)

    def test_floods_of_headers(self):
        many = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 100000
        self.assertEqual(statuses(self.service.raw(many))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000_000))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /" + b"a" * 10_000_000))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")), [414])

    def test_pipelined_and_half_closed(self):
        body = json.dumps(PLAN).encode()
        post = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        self.assertEqual(statuses(self.service.raw((post + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") * 20)), [200] * 40)
        self.assertEqual(statuses(self.service.raw(post[:-5])), [400], "half a body")

    def test_expect(self):
        body = json.dumps(PLAN).encode()
        head = "POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n"
        with self.service.connect() as connection:
            connection.sendall(head.format("application/json", len(body)).encode())
            self.assertEqual(connection.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            self.assertEqual(statuses(connection.recv(1000)), [200])
        for kind, length, status in (("application/json", 5 << 20, 413), ("text/plain", 5, 415)):
            self.assertEqual(statuses(self.service.raw(head.format(kind, length).encode())), [status])

    def test_other_sites(self):
        own = f"http://127.0.0.1:{self.service.port}"
        self.assertEqual(self.service.get("/healthz", Origin=own).status, 200)
        self.assertEqual(self.service.get("/healthz", Host=f"localhost:{self.service.port}").status, 200)
        self.assertEqual(self.service.get("/healthz", Host="[::1]:80").status, 200)
        for host in ("[::1].evil.example", "[::1]evil", "[::1", "127.0.0.1%00.evil.example", "localhost%00", "evil.example",
                     "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "0x7f.1"):
            self.refused(self.service.get("/healthz", Host=host), 403, "host_not_allowed", "Host")
        for origin in ("http://evil.example", "null", own + "0", "http://localhost"):
            self.refused(self.service.ask("POST", "/api/v1/inference/unload", "", {**JSON, "Origin": origin}), 403, "origin_not_allowed", "Origin")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            self.refused(self.service.ask("POST", "/api/v1/plan", json.dumps(PLAN), {"Content-Type": kind}), 415, "unsupported_type")
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\n\r\n")), [400])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")), [400])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.0\r\n\r\n")), [200])

    def test_metrics(self):
        name = 'vramauto_http_requests_total{route="/api/v1/plan",status="%d"}'
        before = [self.service.metric(name % status) for status in (200, 400)]
        fits = self.service.metric('vramauto_plans_total{fits="yes"}')
        self.service.plan(**PLAN), self.service.plan(**PLAN), self.service.post("/api/v1/plan", "")
        self.assertEqual([self.service.metric(name % status) for status in (200, 400)], [before[0] + 2, before[1] + 1])
        self.assertEqual(self.service.metric('vramauto_plans_total{fits="yes"}'), fits + 2)
        self.assertGreaterEqual(self.service.metric("vramauto_models_cached"), 1)
        rows = [line for line in self.service.get("/metrics").body.decode().splitlines() if not line.startswith("#")]
        self.assertEqual(len({row.rpartition(" ")[0] for row in rows}), len(rows), "no line is there twice")
        count = self.service.metric('vramauto_http_request_seconds_count{route="/api/v1/plan"}')
        self.assertEqual(self.service.metric('vramauto_http_request_seconds_bucket{route="/api/v1/plan",le="+Inf"}'), count)


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


class Tokens(Case):
    TOKEN = "s3cret-s3cret-s3cret"

    def test_it_is_needed_for_all_but_the_page(self):
        service = self.start("--token", self.TOKEN)
        for path in ("/", "/healthz", "/openapi.json"):
            self.assertEqual(service.get(path).status, 200)
        for given in ({}, {"Authorization": "Bearer "}, {"Authorization": self.TOKEN}, {"Authorization": "Bearer " + self.TOKEN + "x"},
                      {"Authorization": "Bearer " + self.TOKEN[:-1]}, {"Authorization": "Basic " + self.TOKEN}, {"Authorization": "Bearer x" + self.TOKEN[1:]}):
            for method, path in (("GET", "/api/v1/devices"), ("GET", "/metrics"), ("GET", "/api/v1/inference/status"), ("POST", "/api/v1/plan")):
                answer = service.ask(method, path, "{}" if method == "POST" else None, {**JSON, **given})
                self.refused(answer, 401, "unauthorized", "Authorization")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.assertEqual(service.get("/api/v1/devices", Authorization="Bearer " + self.TOKEN).status, 200)

    def test_how_it_is_given(self):
        loose = self.folder / "token"
        loose.write_text(self.TOKEN)
        loose.chmod(0o644)
        for words, status, says in ((["--host", "0.0.0.0"], 2, "token"), (["--token", "short"], 2, "16"), (["--token-file", str(loose)], 1, "600"),
                                    (["--token-file", "/nonexistent"], 1, "token"), (["--token", "a b" * 10], 2, "spaces"), (["--token", "0123456789abcd%41ef"], 2, "no %"),
                                    (["--request-timeout", "nan"], 2, "nan"), (["--load-timeout", "NaN"], 2, "NaN"), (["--grace", "-nan"], 2, "nan"),
                                    (["--host", "no.such.host.invalid"], 1, "--host"),
                                    (["--model-root", "/nonexistent"], 2, "--model-root"), (["--port", "70000"], 2, "--port"), (["--nonsense"], 2, "--help"),
                                    (["--engine-command", "'"], 2, "quote"), (["--gpu", ""], 0, ""), (["--engine-log", "/nonexistent/x"], 1, "--engine-log")):
            if status == 0:
                continue
            done = subprocess.run([SERVE, "--port", "0", *words], capture_output=True, text=True, env=environment(), timeout=60)
            self.assertEqual((done.returncode, done.stdout), (status, ""), (words, done.stderr))
            self.assertIn(says, done.stderr)

    def test_a_port_that_is_taken(self):
        service = self.start()
        done = subprocess.run([SERVE, "--port", str(service.port)], capture_output=True, text=True, env=environment(), timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"127.0.0.1:{service.port}: Address already in use, expected", done.stderr)


class Clients(Case):
    def test_slow_ones_are_cut_off(self):
        service = self.start("--request-timeout", "0.5", "--connections", "4")
        slow = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000
        for start in (0, 30, len(slow) - 1000):  # in its first line, its headers, its body
            with service.connect() as connection:
                connection.sendall(slow[:start])
                for byte in slow[start:]:
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:
                        break
                    connection.settimeout(0.05)
                    try:
                        if (got := connection.recv(1000)) is not None:
                            break
                    except TimeoutError:
                        continue
                self.assertEqual(statuses(got), [408], start)

    def test_a_client_that_takes_no_answer_keeps_nobody_else_waiting(self):
        service = self.start("--connections", "2")
        with service.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            try:
                while True:
                    connection.send(b"GET /api/v1/options HTTP/1.1\r\nHost: localhost\r\n\r\n")
            except BlockingIOError:
                pass
            self.assertEqual(service.plan(**PLAN).status, 200)

    def test_idle_ones_make_room_busy_ones_do_not(self):
        service = self.start("--connections", "4", "--request-timeout", "30")
        idle = [self.held(service) for _ in range(12)]
        self.assertEqual(idle[0].recv(10), b"", "the first to come made room")
        busy = []

        def crowded():
            busy.append(service.connect())
            try:
                busy[-1].sendall(b"POST /api/v1/plan HTTP/1.1\r\n")
            except OSError:
                pass  # refused
            said = service.raw(b"")
            return statuses(said) == [503] and b"\r\nRetry-After: 1\r\n" in said  # by which the page knows that it is to ask again
        until(crowded, "a refusal")
        for connection in busy:
            connection.close()
        until(lambda: 200 in statuses(service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")), "room again")
        self.assertGreaterEqual(until(lambda: service.metric("vramauto_connections_refused_total"), "a count"), 1)

    def held(self, service):
        """A connection that was answered and stays open."""
        def opened():
            connection = service.connect()
            self.addCleanup(connection.close)
            try:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return connection if statuses(connection.recv(1000)) == [200] else None
            except OSError:
                return None
        return until(opened, "an answer")

    def test_nothing_leaks(self):
        service = self.start()
        service.plan(**PLAN)
        before = service.descriptors()
        for _ in range(200):
            with service.connect() as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            service.plan(**PLAN)
        until(lambda: service.descriptors() <= before + 1, "as many descriptors as before")


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
