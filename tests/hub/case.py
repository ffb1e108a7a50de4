"""What the tests of the hub share: fixtures, a hub of a test's own, and running programs against it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from server import Hub

CLI, CONTEXT = (os.path.abspath(p) for p in (sys.argv.pop(1), sys.argv.pop(1)))
MAKE = pathlib.Path(__file__).resolve().parent.parent / "make_models.py"
SMALL = ("--hidden", "512", "--layers", "4", "--heads", "8", "--kv", "2", "--vocab", "32000", "--intermediate", "1024")


def made(folder, *options):
    """A model's folder with true headers, and data that takes no room."""
    subprocess.run([sys.executable, MAKE, folder, *options], check=True, capture_output=True)
    return pathlib.Path(folder)


class HubCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fixtures = tempfile.TemporaryDirectory(prefix="vramauto-hub-")
        cls.addClassCleanup(cls.fixtures.cleanup)
        cls.small = made(f"{cls.fixtures.name}/small", *SMALL, "--shards", "2")
        cls.hub = Hub({"org/small": cls.small})
        cls.addClassCleanup(cls.hub.stop)

    def setUp(self):
        self.hub.again()
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="vramauto-home-")))

    def environment(self, **more):
        """No GPU, home or setting of this machine; of a name in `more` that is None, nothing."""
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("HF_", "HUGGING", "TRANSFORMERS", "XDG_", "SSL_CERT", "REQUESTS_", "CURL_")) and "proxy" not in k.lower()}
        mine = {"CUDA_VISIBLE_DEVICES": "", "LC_ALL": "C.UTF-8", "HOME": str(self.home), "HF_ENDPOINT": self.hub.url,
                "HF_HUB_DOWNLOAD_TIMEOUT": "5"}
        return {k: v for k, v in {**kept, **mine, **more}.items() if v is not None}

    def command(self, model, *options):
        return [CLI, "plan", model, "--gpu-memory", "24GiB", "--json", *options]

    def run_plan(self, model, *options, **environment):
        return subprocess.run(self.command(model, *options), capture_output=True, text=True, timeout=60, env=self.environment(**environment))

    def plan(self, model, *options, **environment):
        done = self.run_plan(model, *options, **environment)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        return json.loads(done.stdout)

    def refusal(self, model, *options, **environment):
        """What the command says of what it cannot do."""
        done = self.run_plan(model, *options, **environment)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    def program(self, mode, model, **environment):
        """What context.c says, by name."""
        done = subprocess.run([CONTEXT, mode, model], capture_output=True, text=True, timeout=60, env=self.environment(**environment))
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())

    def same_answer(self, answer, folder):
        """All but where the model is from is as from the folder itself."""
        local = self.plan(str(folder), "--offline")
        mask = lambda plan: {k: v for k, v in plan.items() if k not in ("model", "vllm_args", "vllm_command", "warnings")}
        self.assertEqual(mask(answer), mask(local))
        for key in ("architecture", "parameters", "estimator"):
            self.assertEqual(answer["model"].get(key), local["model"].get(key))

    def asked(self):
        """Paths that were asked for, without the query."""
        return [path.split("?")[0] for path, _ in self.hub.requests]

    def kept(self):
        """Files of our cache."""
        return sorted(p for p in (self.home / ".cache" / "vramauto").rglob("*") if p.is_file())
