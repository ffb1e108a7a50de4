"""What the tests share: the library under test, models of their own, programs in processes of their own."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
GOLDEN = os.environ.get("VRAMAUTO_GOLDEN")

if "VRAMAUTO_LIBRARY" not in os.environ and "VRAMAUTO_DIR" in os.environ:  # a prefix that the library is installed in
    os.environ["VRAMAUTO_LIBRARY"] = str(next(pathlib.Path(os.environ["VRAMAUTO_DIR"]).rglob("libvramauto.so.0")))
sys.path[:0] = [str(PACKAGE), str(ROOT / "tests" / "bindings")]

import vramauto  # noqa: E402

LIBRARY = pathlib.Path(os.environ.get("VRAMAUTO_LIBRARY") or vramauto._library.PACKAGED)

CONFIG = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
    "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 1000,
    "max_position_embeddings": 2048, "tie_word_embeddings": False, "torch_dtype": "bfloat16",
}


class Folder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="vramauto-python-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def model(self, name="model", **changes):
        """A folder with a config.json."""
        folder = os.path.join(os.fspath(self.folder), name) if isinstance(name, str) else os.path.join(os.fsencode(self.folder), name)
        os.makedirs(folder)
        with open(os.path.join(folder, "config.json" if isinstance(name, str) else b"config.json"), "w") as file:
            json.dump({**CONFIG, **changes}, file)
        return folder

    def safetensors(self, name="model"):
        """A folder with a config.json and two tensors, one with a name that is not ASCII."""
        folder = self.model(name)
        header = json.dumps({"lm_head.weight": {"dtype": "BF16", "shape": [4, 8], "data_offsets": [0, 64]},
                             "größe": {"dtype": "F32", "shape": [], "data_offsets": [64, 68]}}, ensure_ascii=False).encode()
        with open(os.path.join(folder, "model.safetensors"), "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header + bytes(68))
        return folder


def program(text, *arguments, **environment):
    """A Python program, or the file of one, in a process of its own."""
    start = [str(text)] if isinstance(text, pathlib.Path) else ["-c", text]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "VRAMAUTO_LIBRARY": str(LIBRARY), **environment}
    return subprocess.run([sys.executable, *start, *map(str, arguments)], capture_output=True, text=True, timeout=120, cwd="/",
                          env={name: value for name, value in environment.items() if value is not None})
