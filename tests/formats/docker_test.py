#!/usr/bin/env python3
"""docker run, as Docker's own command reads it: what it asks a daemon of ours to create.

  docker_test.py VRAMAUTO
"""
import http.server
import json
import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
import unittest

from case import QWEN, FormatCase, HOSTILE, devices, environment, formatted, skip

COMPILED = "vllm-cache:/root/.cache/vllm"


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers the first calls of `docker run` and keeps what should be created."""
    daemon_threads = True
    created = None

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self, status, body):
            self.send_response(status)
            self.send_header("Api-Version", "1.43")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self):
            self.answer(200, b"OK")

        def do_GET(self):
            self.answer(200, b"OK")

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if "/containers/create" in self.path:
                self.server.created = json.loads(body)
            self.answer(500, b'{"message": "seen"}')

        def log_message(self, *_):
            pass

    def get_request(self):
        request, _ = super().get_request()
        return request, ("local", 0)


class Docker(FormatCase):
    @classmethod
    def setUpClass(cls):
        cls.folder_of_socket = tempfile.TemporaryDirectory(prefix="vramauto-docker-")
        cls.addClassCleanup(cls.folder_of_socket.cleanup)
        cls.socket = os.path.join(cls.folder_of_socket.name, "s")
        cls.daemon = Daemon(cls.socket, Daemon.Handler)
        threading.Thread(target=cls.daemon.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.daemon.server_close)
        cls.addClassCleanup(cls.daemon.shutdown)

    def create(self, *words, more=None):
        """What Docker would create of the line for a plan, pasted into a shell."""
        line = self.text("docker", *words)
        self.assertEqual(line.count("\n"), 1)
        self.daemon.created = None
        env = {"PATH": os.environ["PATH"], "HOME": self.root.name, "DOCKER_HOST": "unix://" + self.socket, "DOCKER_CONFIG": self.root.name, **(more or {})}
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=self.root.name, env=env, timeout=60)
        self.assertIsNotNone(self.daemon.created, (line, done.stderr))
        self.assertIn("seen", done.stderr)
        self.assertFalse(os.path.exists(self.path("broken")), line)
        return self.daemon.created

    def gpus(self, created):
        (request,) = created["HostConfig"]["DeviceRequests"]
        self.assertEqual(request["Capabilities"], [["gpu"]])
        return request["DeviceIDs"], request["Count"]

    def test_a_model_of_the_hub(self):
        created = self.create(*QWEN, "--engine-version", "0.19.0", more={"HF_TOKEN": "secret"})
        self.assertEqual(created["Image"], "vllm/vllm-openai:v0.19.0")
        self.assertEqual(created["Entrypoint"], ["vllm"])
        self.assertEqual(created["Cmd"], self.words(*QWEN, "--engine-version", "0.19.0")[0])
        self.assertEqual(self.gpus(created), (["0"], 0))
        self.assertEqual(created["HostConfig"]["IpcMode"], "host")
        self.assertCountEqual(created["HostConfig"]["Binds"], [COMPILED, f"{self.root.name}/.cache/huggingface:/root/.cache/huggingface"])
        self.assertEqual(created["HostConfig"]["PortBindings"], {"8000/tcp": [{"HostIp": "", "HostPort": "8000"}]})
        self.assertIn("HF_TOKEN=secret", created["Env"])

    def test_a_token_that_is_given_is_the_token(self):
        created = self.create(*QWEN, "--env", "HF_TOKEN=mine", more={"HF_TOKEN": "secret"})
        self.assertEqual([e for e in created["Env"] if "HF_TOKEN" in e], ["HF_TOKEN=mine"])

    def test_a_tokenizer_of_the_hub_needs_its_cache(self):
        folder = self.folder("model")
        self.assertEqual(len(self.create(folder, "--gpu", "H100", "--tokenizer", "org/tokenizer")["HostConfig"]["Binds"]), 2)

    def test_the_cache_is_where_huggingface_hub_has_it(self):
        created = self.create(*QWEN, more={"HF_HOME": "/data/hf home"})
        self.assertCountEqual(created["HostConfig"]["Binds"], [COMPILED, "/data/hf home:/root/.cache/huggingface"])

    def test_folders_are_mounted_where_they_are_whatever_their_name(self):
        for name in ("model", "a,b", 'a"b', "it's", "a:b", "$(touch broken)", "two words", "a,\"b"):
            folder = self.folder(name)
            created = self.create(folder, "--gpu", "H100")
            self.assertEqual(created["Cmd"][:2], ["serve", folder])
            self.assertEqual(created["HostConfig"]["Mounts"], [{"Type": "bind", "Source": folder, "Target": folder, "ReadOnly": True}])
            self.assertCountEqual(created["HostConfig"]["Binds"], [COMPILED])

    def test_relative_folders_become_absolute(self):
        self.folder("model")
        self.folder_with("adapter", adapter_config__json=b'{"r": 8, "peft_type": "LORA", "target_modules": ["q_proj"], "base_model_name_or_path": "x"}')
        before = os.getcwd()
        os.chdir(self.root.name)
        try:
            created = self.create("model", "--gpu", "H100", "--lora-model", "adapter", "--chat-template", "./x.jinja")
        finally:
            os.chdir(before)
        root = os.path.realpath(self.root.name)
        self.assertEqual(created["Cmd"][1], f"{root}/model")
        self.assertIn(f"adapter={root}/adapter", created["Cmd"])
        self.assertEqual([m["Source"] for m in created["HostConfig"]["Mounts"]], [f"{root}/model", f"{root}/x.jinja", f"{root}/adapter"])

    def test_a_model_of_the_cache_goes_by_its_id_and_commit(self):
        commit = "0123456789012345678901234567890123456789"
        folder = self.folder(f"hf/hub/models--org--small/snapshots/{commit}")
        self.folder_with("hf/hub/models--org--small/refs", main=commit.encode())
        done = formatted("docker", "org/small", "--gpu", "H100", env={"HF_HOME": self.path("hf"), "HF_HUB_CACHE": ""})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(" serve org/small --tensor-parallel-size", done.stdout)
        self.assertIn(f" --revision {commit}", done.stdout)
        self.assertNotIn(folder, done.stdout)

    def test_gpus_are_those_of_the_plan(self):
        file = self.path("gpus.json")
        for gpus, words, ids, visible in (
            ([{}, {}, {}, {}], ("-tp", "2"), ["0", "1"], None),
            ([{"total_bytes": 24 << 30}, {}], ("-tp", "auto", "--sequences", "8"), ["1"], None),
            ([{"uuid": "GPU-0a"}, {"uuid": "GPU-0b"}], ("-tp", "2"), ["GPU-0a", "GPU-0b"], None),
        ):
            with open(file, "w", encoding="utf-8") as out:
                out.write(devices(*gpus))
            created = self.create("Qwen/Qwen3-8B", "--devices", file, "--max-model-len", "32768", *words)
            self.assertEqual(self.gpus(created)[0], ids)
            self.assertEqual([e for e in created["Env"] or [] if e.startswith("CUDA")], [visible] if visible else [])

    def test_the_order_of_gpus_is_that_of_the_container(self):
        file = self.path("gpus.json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(devices(*({"total_bytes": size << 30} for size in (80, 24, 40, 24, 40))))
        words = ("Qwen/Qwen3-32B", "--devices", file, "-tp", "2", "-pp", "auto", "--max-model-len", "32768", "--sequences", "6")
        _, env = self.words(*words)
        created = self.create(*words)
        ids = self.gpus(created)[0]
        asked = env["CUDA_VISIBLE_DEVICES"].split(",")
        self.assertNotEqual(asked, sorted(asked))
        (order,) = [e for e in created["Env"] if e.startswith("CUDA_VISIBLE_DEVICES=")]
        self.assertEqual([ids[int(i)] for i in order.split("=")[1].split(",")], asked)
        self.assertIn("VLLM_PP_LAYER_PARTITION=" + env["VLLM_PP_LAYER_PARTITION"], created["Env"])

    def test_what_was_compiled_is_kept(self):
        self.assertIn(COMPILED, self.create(*QWEN)["HostConfig"]["Binds"])
        self.assertNotIn(COMPILED, self.create(*QWEN, *environment(VLLM_CACHE_ROOT="/x"))["HostConfig"]["Binds"])

    def test_ports_and_addresses(self):
        created = self.create(*QWEN, "--port", "9000", "--host", "127.0.0.1")
        self.assertEqual(created["HostConfig"]["PortBindings"], {"9000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "9000"}]})
        self.assertNotIn("--host", created["Cmd"])
        self.assertIn("--port", created["Cmd"])
        for host, address in (("localhost", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("::1", "::1")):
            bindings = self.create(*QWEN, "--host", host)["HostConfig"]["PortBindings"]
            self.assertEqual(bindings, {"8000/tcp": [{"HostIp": address, "HostPort": "8000"}]})

    def test_values_stay_inside_their_quotes(self):
        for value in HOSTILE:
            created = self.create(*QWEN, "--served-model-name=" + value, *environment(A=value))
            self.assertIn("A=" + value, created["Env"])
            self.assertIn(value if not value.startswith("-") else "--served-model-name=" + value, created["Cmd"])


if __name__ == "__main__":
    if not shutil.which("docker"):
        skip("docker is not installed (package docker.io or docker-cli); no daemon is needed")
    unittest.main()
