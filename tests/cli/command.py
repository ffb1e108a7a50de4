"""What the tests of the command share: running it, and folders with models in them."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

CLI = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "vramauto"

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
    "max_position_embeddings": 8192, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}


def run(*args, stdin=None, env=None):
    """The finished process; no GPU of this machine is seen."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "LC_ALL": "C.UTF-8", "HF_HUB_OFFLINE": "1", **(env or {})}
    return subprocess.run([CLI, *args], input=stdin, capture_output=True, text=True, timeout=60, env=environment)


def plan(*args):
    """The JSON answer and the exit status."""
    done = run("plan", *args, "--json")
    if done.returncode not in (0, 3):
        raise AssertionError(f"exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), done.returncode


class Folders(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.TemporaryDirectory(prefix="vramauto-cli-")
        self.addCleanup(self.root.cleanup)

    def path(self, *names):
        return os.path.join(self.root.name, *names)

    def model(self, name="model", **changes):
        """A folder with a config.json; a change to None removes the key."""
        os.makedirs(self.path(name), exist_ok=True)
        config = {key: value for key, value in {**LLAMA, **changes}.items() if value is not None}
        with open(self.path(name, "config.json"), "w") as f:
            json.dump(config, f)
        return self.path(name)

    def folder_with(self, name, **files):
        os.makedirs(self.path(name), exist_ok=True)
        for file, content in files.items():
            with open(self.path(name, file.replace("__", ".")), "wb") as f:
                f.write(content)
        return self.path(name)
