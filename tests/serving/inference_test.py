#!/usr/bin/env python3
"""Loading, watching and unloading, against the engine's stand-in.

  inference_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import json
import os
import pathlib
import re
import resource
import signal
import socket
import sys
import threading
import unittest

from service import ENGINE, SANITIZED, Case, Service, alive, until

LOAD = "/api/v1/inference/load"
UNLOAD = "/api/v1/inference/unload"


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Engines(Case):
    def serving(self, mode="serve", *options, command=None, **more):
        """A service whose engine is the stand-in. `record`: what that was started with."""
        self.record = self.folder / "record"
        self.port = free_port()
        return self.start("--gpu", "RTX 4090", "--engine-command", command or f"'{sys.executable}' '{ENGINE}' serve", *options,
                          ENGINE_MODE=mode, ENGINE_RECORD=str(self.record), **more)

    def load(self, service, model="Qwen/Qwen3-8B", **fields):
        options = {"port": self.port, **fields.pop("options", {})}
        return service.post(LOAD, {"model_path": model, "max_model_len": 4096, "options": options, **fields})

    def recorded(self):
        until(self.record.exists, "a started engine")
        return json.loads(self.record.read_text())


class Loads(Engines):
    def test_from_idle_to_ready_and_back(self):
        service = self.serving()
        self.assertEqual(service.status()["state"], "idle")
        answer = self.load(service, gpu_memory_utilization=0.0, options={"enforce-eager": True, "max-num-seqs": 64})
        self.assertEqual(answer.status, 202, answer.body[:500])
        loading = answer.json
        self.assertEqual((loading["state"], loading["plan"]["schema"]), ("loading", "vramauto.plan/1"))
        ready = service.until_state("ready")
        self.assertEqual(ready["measured"], {"model_loading_gib": 15.27, "kv_cache_gib": 4.28, "kv_cache_tokens": 31200})
        self.assertEqual((ready["phase"], ready["pid"], ready["model_path"], ready["exit"]), ("serving", loading["pid"], "Qwen/Qwen3-8B", None))
        self.assertEqual(ready["gpu_memory_utilization"], loading["plan"]["result"]["gpu_memory_utilization"])
        self.assertTrue(any("Model loading took" in line for line in ready["log"]))
        found = self.recorded()
        self.assertEqual(found["pid"], loading["pid"])
        self.assertEqual(found["argv"], loading["command"][3:])
        self.assertEqual({name: found["options"][name] for name in ("enforce-eager", "max-num-seqs", "max-model-len", "gpu-memory-utilization", "port")},
                         {"enforce-eager": True, "max-num-seqs": 64, "max-model-len": 4096, "port": self.port,
                          "gpu-memory-utilization": ready["gpu_memory_utilization"]})
        self.assertEqual(found["descriptors"], [0, 1, 2], "nothing of the service's is inherited")
        self.assertEqual(found["ignored"], [])
        self.assertEqual(service.metric('vramauto_engine_state{state="ready"}'), 1)
        self.assertEqual(service.post(UNLOAD, {}).json, {"state": "stopping"})
        idle = service.until_state("idle")
        self.assertEqual((idle["exit"], idle["pid"]), ({"code": 0}, None))
        self.assertEqual(service.post(UNLOAD, "").json, {"state": "idle"})
        self.assertEqual(service.children(), [])
        self.assertEqual((service.metric("vramauto_engine_starts_total"), service.metric("vramauto_engine_failures_total")), (1, 0))

    def test_a_value_that_is_given_is_kept(self):
        service = self.serving()
        self.assertEqual(self.load(service, gpu_memory_utilization=0.85).status, 202)
        self.assertEqual(service.until_state("ready")["gpu_memory_utilization"], 0.85)
        self.assertEqual(self.recorded()["options"]["gpu-memory-utilization"], 0.85)

    def test_what_the_engine_inherits_is_planned_with(self):
        service = self.serving(VLLM_ALLOW_LONG_MAX_MODEL_LEN="1", VLLM_API_KEY="secret")
        answer = self.load(service, "Qwen/Qwen3-0.6B", max_model_len=50000)
        self.assertEqual(answer.status, 202, answer.body[:500])
        self.assertEqual(answer.json["plan"]["vllm_env"], {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1"})
        self.assertNotIn(b"secret", answer.body)
        found = self.recorded()
        self.assertEqual(found["options"]["max-model-len"], 50000)
        self.assertEqual({name: found["environment"].get(name) for name in ("VLLM_ALLOW_LONG_MAX_MODEL_LEN", "VLLM_API_KEY")},
                         {"VLLM_ALLOW_LONG_MAX_MODEL_LEN": "1", "VLLM_API_KEY": "secret"})

    def test_lists(self):
        service = self.serving()
        answer = self.load(service, options={"cudagraph-capture-sizes": "1,2,4", "served-model-name": "a b\nc,d"})
        self.assertEqual(answer.status, 202, answer.body[:500])
        options = self.recorded()["options"]
        self.assertEqual((options["cudagraph-capture-sizes"], options["served-model-name"]), (["1", "2", "4"], ["a b", "c,d"]))

    def test_what_does_not_fit(self):
        service = self.serving()
        answer = self.load(service, "Qwen/Qwen3-32B")
        self.refused(answer, 422, "does_not_fit", "model_path")
        self.assertIs(answer.json["plan"]["result"]["fits"], False)
        self.assertEqual(service.status()["state"], "idle")
        self.assertEqual(self.load(service, "Qwen/Qwen3-32B", force=True).status, 202)

    def test_bad_requests_start_nothing(self):
        service = self.serving()
        for fields, status, code, where in (
                ({}, 400, "missing_field", "model_path"), ({"model_path": 3}, 400, "wrong_type", "model_path"),
                ({"model_path": "x", "model": "y"}, 400, "unknown_field", "model"), ({"model_path": "x", "force": 1}, 400, "wrong_type", "force"),
                ({"model_path": "x", "gpu_memory_utilization": 1.5}, 400, "out_of_range", "gpu_memory_utilization"),
                ({"model_path": "x", "gpu_memory_utilization": -0.1}, 400, "out_of_range", "gpu_memory_utilization"),
                ({"model_path": "x", "max_model_len": "4k"}, 400, "wrong_type", "max_model_len"),
                ({"model_path": "x", "max_model_len": -1}, 400, "out_of_range", "max_model_len"),
                ({"model_path": "x", "max_model_len": 1 << 62}, 400, "invalid_argument", "max_model_len"),
                ({"model_path": "x", "gpu_memory_utilization": 1e-9}, 400, "invalid_argument", "gpu_memory_utilization"),
                ({"model_path": "x", "options": {"max-model-len": 1}}, 400, "conflicting_fields", "options.max-model-len"),
                ({"model_path": "x", "options": {"no-such": 1}}, 400, "invalid_argument", "options.no-such"),
                ({"model_path": "x", "options": {"enforce-eager": "; touch x"}}, 400, "wrong_type", "options.enforce-eager"),
                ({"model_path": "x", "options": {"env": "LD_PRELOAD=/tmp/x.so"}}, 403, "option_not_allowed", "options.env"),
                ({"model_path": "x", "environment": {"A": "b"}}, 400, "unknown_field", "environment"),
                ({"model_path": "no-such/model"}, 404, "not_found", "model_path"), ({"model_path": "../x"}, 403, "path_not_allowed", "model_path"),
                ({"model_path": "--help"}, 404, "not_found", "model_path"), ({"model_path": "$(touch x)"}, 404, "not_found", "model_path"),
                *(({"model_path": "x", "options": {name: words}}, 400, "invalid_argument", "options." + name) for name, words in (
                    ("served-model-name", "a\n--trust-remote-code"), ("served-model-name", "a\n\n--tokenizer\n/etc"), ("served-model-name", ""),
                    ("cudagraph-capture-sizes", ""), ("cudagraph-capture-sizes", "\n"))),
                *(({"model_path": "x", "options": {name: "x"}}, 403, "option_not_allowed", "options." + name) for name in
                  ("trust-remote-code", "middleware", "worker-cls", "tool-parser-plugin", "chat-template", "host", "download-dir", "logits-processors",
                   "hf-config-path", "additional-config", "ssl-keyfile", "config", "log-config-file"))):
            with self.subTest(fields=fields):
                self.refused(service.post(LOAD, fields), status, code, where)
        self.assertEqual((service.status()["state"], self.record.exists()), ("idle", False))

    @unittest.skipIf(SANITIZED, "a sanitizer needs the address space that is taken away here")
    def test_no_thread_to_watch_it(self):
        service = self.serving()
        status = pathlib.Path(f"/proc/{service.pid}/status").read_text()
        used = int(re.search(r"VmSize:\s+(\d+) kB", status)[1]) << 10
        before = resource.prlimit(service.pid, resource.RLIMIT_AS, (used + (1 << 20), resource.RLIM_INFINITY))
        answer = self.load(service)
        resource.prlimit(service.pid, resource.RLIMIT_AS, before)
        self.refused(answer, 503, "engine_not_started")
        self.assertEqual(service.status()["state"], "failed")
        self.assertEqual(service.post(UNLOAD, {}).json, {"state": "idle"})
        self.assertEqual(self.load(service).status, 202)

    def test_one_of_many_wins(self):
        service = self.serving("hang")
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.load(service))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answer.status for answer in answers), [202] + [409] * 7)
        for answer in answers:
            if answer.status == 409:
                self.refused(answer, 409, "engine_busy")
        self.assertEqual(len(service.children()), 1)
        self.assertEqual(service.post(UNLOAD, {}).json, {"state": "stopping"})
        idle = service.until_state("idle")
        self.assertEqual(idle["exit"], {"signal": signal.SIGTERM})
        self.assertEqual(self.load(service).status, 202, "another may be loaded after it")

    def test_a_folder_of_weights(self):
        service, model = self.serving(), self.model("a model; touch x")
        self.assertEqual(self.load(service, str(model), force=True).status, 202)
        service.until_state("ready")
        self.assertEqual(self.recorded()["argv"][0], str(model.resolve()))

    def test_ready_is_also_what_its_port_says(self):
        engine = self.folder / "engine"
        engine.write_text(f"#!{sys.executable}\nimport http.server, sys\n"
                          "class H(http.server.BaseHTTPRequestHandler):\n"
                          "    def do_GET(self): self.send_response(200 if self.path == '/health' else 404); self.end_headers()\n"
                          "    def log_message(self, *_): pass\n"
                          "http.server.HTTPServer(('127.0.0.1', int(next(w for w in sys.argv if w.startswith('--port=')) [7:])), H).serve_forever()\n")
        engine.chmod(0o755)
        service = self.serving(command=str(engine))
        self.assertEqual(self.load(service).status, 202)
        self.assertEqual(service.until_state("ready")["log"], [])


class Failures(Engines):
    def test_it_dies_at_start(self):
        for mode, says in (("no_memory", "ValueError: No available memory for the cache blocks"), ("not_free", "ValueError: Free memory on device cuda:0"),
                           ("too_long", "ValueError: To serve at least one request")):
            with self.subTest(mode=mode):
                self.record = self.folder / "none"
                service = self.serving(mode)
                self.assertEqual(self.load(service).status, 202)
                failed = service.until_state("failed")
                self.assertEqual((failed["exit"], failed["pid"]), ({"code": 1}, None))
                self.assertIn("status 1: " + says, failed["reason"])
                self.assertEqual(service.metric("vramauto_engine_failures_total"), 1)
                self.assertEqual(service.children(), [])
                self.assertEqual(self.load(service).status, 202, "another try is allowed")
                service.until_state("failed")
                self.assertEqual(service.post(UNLOAD, {}).json, {"state": "idle"})

    def test_it_is_missing(self):
        not_a_program = self.folder / "text"
        not_a_program.write_text("no program\n")
        broken = self.folder / "broken"
        broken.write_text("#!/no/such/interpreter\n")
        broken.chmod(0o755)
        for command, says in (("/no/such/engine serve", "No such file or directory"), ("no-such-engine-anywhere", "no program of this name"),
                              (str(not_a_program), "Permission denied"), (str(broken), "No such file or directory")):
            with self.subTest(command=command):
                service = self.serving(command=command)
                answer = self.load(service)
                self.refused(answer, 500, "engine_not_started", "--engine-command")
                self.assertIn(says, answer.error["message"])
                failed = service.status()
                self.assertEqual((failed["state"], failed["pid"], failed["exit"]), ("failed", None, None))
                self.assertIn(says, failed["reason"])
                self.assertEqual(service.children(), [])

    def test_it_hangs(self):
        service = self.serving("hang", "--load-timeout", "1")
        self.assertEqual(self.load(service).status, 202)
        failed = service.until_state("failed")
        self.assertIn("not ready after 1 seconds", failed["reason"])
        self.assertEqual(failed["exit"], {"signal": signal.SIGTERM})

    def test_it_floods_its_log(self):
        log = self.folder / "engine.log"
        service = self.serving("flood", "--engine-log", str(log))
        self.assertEqual(self.load(service).status, 202)
        ready = service.until_state("ready")
        self.assertEqual(ready["measured"]["kv_cache_tokens"], 31200)
        self.assertLessEqual(len(ready["log"]), 50)
        self.assertLessEqual(max(map(len, ready["log"])), 2100)
        self.assertGreater(log.stat().st_size, 1 << 20, "the file has all of it")
        resident = int(next(line for line in pathlib.Path(f"/proc/{service.pid}/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
        if SANITIZED:
            print("skipped: how much memory a flood takes, since a sanitizer keeps what was freed")
        else:
            self.assertLess(resident, 128 * 1024, "KiB")

    def test_it_ignores_being_asked(self):
        service = self.serving("deaf", "--grace", "0.3", ENGINE_CHILD="1")
        self.assertEqual(self.load(service).status, 202)
        service.until_state("ready")
        self.assertEqual(service.post(UNLOAD, {}).json, {"state": "stopping"})
        self.refused(self.load(service), 409, "engine_busy")
        self.assertEqual(service.until_state("idle")["exit"], {"signal": signal.SIGKILL})
        child = self.recorded()["child"]
        until(lambda: not alive(child), "its child gone, too")

    def test_it_ends_later(self):
        service = self.serving(ENGINE_CHILD="1")
        pid = self.load(service).json["pid"]
        service.until_state("ready")
        os.kill(pid, signal.SIGKILL)
        failed = service.until_state("failed")
        self.assertEqual(failed["exit"], {"signal": signal.SIGKILL})
        child = self.recorded()["child"]
        until(lambda: not alive(child), "what it left behind gone, too")

    def test_nothing_leaks(self):
        service = self.serving("exit", ENGINE_STATUS="3")
        self.load(service), service.until_state("failed")
        before = service.descriptors()
        for _ in range(10):
            self.assertEqual(self.load(service).status, 202)
            self.assertEqual(service.until_state("failed")["exit"], {"code": 3})
        self.assertEqual(service.children(), [])
        until(lambda: service.descriptors() <= before + 1, "as many descriptors as before")


class Ends(Engines):
    def ended(self, mode, *options, signals=(signal.SIGTERM,), state="loading", status=0):
        """The service was told to end while the engine was in that state; its engine's processes."""
        self.record = self.folder / "record"
        self.port = free_port()
        service = Service("--gpu", "RTX 4090", "--engine-command", f"'{sys.executable}' '{ENGINE}' serve", *options, ENGINE_MODE=mode,
                          ENGINE_RECORD=str(self.record), ENGINE_CHILD="1")
        self.assertEqual(self.load(service).status, 202)
        found = self.recorded()
        service.until_state(state)
        for one in signals:
            service.process.send_signal(one)
        self.assertEqual(service.process.wait(60), status)
        service.process.communicate()
        for pid in (found["pid"], found["child"]):
            until(lambda: not alive(pid), f"the end of {pid}")

    def test_told_to_while_it_loads(self):
        self.ended("hang")

    def test_told_to_while_it_serves(self):
        self.ended("serve", state="ready", signals=(signal.SIGINT,))

    def test_an_engine_that_does_not_listen(self):
        self.ended("deaf", "--grace", "0.3", state="ready")

    def test_told_twice(self):
        self.ended("deaf", "--grace", "600", state="ready", signals=(signal.SIGTERM, signal.SIGINT))

    def test_killed(self):
        self.ended("hang", signals=(signal.SIGKILL,), status=-signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
