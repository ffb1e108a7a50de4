"""What the tests of the service share: running it, and asking it, well-behaved or not."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

SERVE, CLI, LOAD = (os.path.abspath(sys.argv.pop(1)) for _ in range(3))
SANITIZED = any(name in pathlib.Path(SERVE).read_bytes() for name in (b"__asan_init", b"__tsan_init"))  # keeps freed memory for a while
ENGINE = pathlib.Path(__file__).resolve().parent / "engine.py"
PATIENCE = 60  # seconds until something that must happen did not
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
         "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
         "max_position_embeddings": 8192, "tie_word_embeddings": False, "torch_dtype": "bfloat16"}
JSON = {"Content-Type": "application/json"}
PLAN = {"model": "Qwen/Qwen3-8B", "gpus": "RTX 4090"}


def environment(**more):
    return {**os.environ, "CUDA_VISIBLE_DEVICES": "", "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1", **more}


def until(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"expected {what} within {PATIENCE} seconds")


def alive(pid):
    """Neither gone nor a zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]


class Service:
    """Running, on a port of its own."""

    def __init__(self, *options, **more):
        self.process = subprocess.Popen([SERVE, "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**more))
        line = self.process.stdout.readline()
        found = re.search(r"http://\S*:(\d+)$", line.strip())
        if not found:
            raise AssertionError(f"found {line!r} and {self.process.stderr.read()!r}, expected the address it listens on")
        self.port, self.pid = int(found[1]), self.process.pid

    def ask(self, method, path, body=None, headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if body is not None and headers is None:
            headers = JSON
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def post(self, path, body):
        return self.ask("POST", path, body if isinstance(body, (str, bytes)) else json.dumps(body), JSON)

    def plan(self, **fields):
        return self.post("/api/v1/plan", fields)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def raw(self, request):
        """All that comes for these bytes until the service closes, the sending side half-closed."""
        with self.connect() as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was closed already; what was said before that can still be read
            return read_all(connection)

    def status(self):
        return self.get("/api/v1/inference/status").json

    def until_state(self, *states):
        return until(lambda: (now := self.status())["state"] in states and now, f"one of {states}")

    def metric(self, line):
        text = self.get("/metrics").body.decode()
        found = [row.rpartition(" ")[2] for row in text.splitlines() if row.rpartition(" ")[0] == line]
        return float(found[0]) if found else 0

    def children(self):
        return [pid for task in pathlib.Path(f"/proc/{self.pid}/task").glob("*/children") for pid in task.read_text().split()]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stop(self):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, errors = self.process.communicate(timeout=PATIENCE)
        if "Sanitizer" in errors or "runtime error" in errors:
            raise AssertionError(errors)
        return self.process.returncode


def read_all(connection):
    out = b""
    try:
        while piece := connection.recv(65536):
            out += piece
    except ConnectionResetError:
        pass
    return out


def statuses(answers):
    return [int(line.split()[1]) for line in re.findall(rb"HTTP/1\.1 \d+[^\r]*", answers)]


class Case(unittest.TestCase):
    """With a folder of its own; `start` gives a service that is ended with the test, and must end well."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vramauto-serve-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *options, **more):
        service = Service(*options, **more)
        self.addCleanup(lambda: self.assertEqual(service.stop(), 0))
        return service

    def model(self, *names, **changes):
        folder = self.folder.joinpath(*names)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text(json.dumps({**LLAMA, **changes}))
        return folder

    def refused(self, answer, status, code, where=None):
        self.assertEqual((answer.status, answer.error["code"]), (status, code), answer.body[:500])
        if where is not None:
            self.assertEqual(answer.error["where"], where)
        self.assertTrue(answer.error["message"])


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
