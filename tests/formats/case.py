"""What the tests of formats share: plans in every format, and texts that try to get out of their quotes."""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from command import Folders, run  # noqa: E402

HOSTILE = [  # on one line
    "plain", "two words", "it's", 'say "hi"', "$HOME", "$(touch broken)", "`touch broken`", "${X}", "a;touch broken", "a|b", "a&b", "a>b", "*",
    "?", "[a]", "{a,b}", "~", "~root", "#a", "a #b", "!x", "a\\b", "a\\", "\\", "'", '"', "''", "a: b", "a:", "- a", "yes", "No", "null", "~x", "1e5",
    "0x1f", "1_000", "1:30", "0o7", "010", "1.", ".5", "1.50", "+1", "2026-01-01", ".inf", "=", "<<", "%a", "@a", "&a", "*a", "|", ">", "?a", "{{ x }}",
    "$$", "$$(X)", "$(X)", "ü", "模型", "\U0001f600", "a\u00a0b", "a,b=c", "'\\''", "--flag=1", "é'\"$`\\ x", "a%b", "%h", "a=b", "=a", "trailing ",
    " leading", "true", "y", "on", "123", "0.9", "12345678901234567890",
]
BROKEN_LINES = ["a\nb", "a\r\nb: c", "a\tb", "\x1b[31m", "a\x7f", "x\n- y: z\n"]
INVISIBLE = ["a\u2028b", "a\u2029b", "a\u0085b", "\ufeffx", "a\u202eb", "a\u200bb", "\ue000"]
LONE = "\udcff"  # a byte that is no UTF-8, as Python's arguments spell it

QWEN = ("Qwen/Qwen3-8B", "--gpu", "H100", "--max-model-len", "16384")


def formatted(kind, *words, env=None):
    """The finished process, its text taken as bytes were: what is no UTF-8 stays itself."""
    return run("plan", *words, "--format", kind, env=env)


class FormatCase(Folders):
    def text(self, kind, *words):
        done = formatted(kind, *words)
        self.assertEqual(done.returncode, 0, (words, done.stderr))
        return done.stdout

    def words(self, *words):
        """What vllm is told, and its environment, by --json."""
        done = run("plan", *words, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        return answer["vllm_args"], answer["vllm_env"]

    def folder(self, name):
        """A model in a folder of this name, whatever it is."""
        return self.model(name)


def devices(*gpus):
    """--devices as JSON: of each GPU what differs from an empty 80 GiB card."""
    usual = {"name": "NVIDIA H100 80GB HBM3", "total_bytes": 80 << 30, "compute_capability": "9.0"}
    return json.dumps({"devices": [{"index": i, **usual, **gpu} for i, gpu in enumerate(gpus)]})


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def environment(**names):
    return [word for name, value in names.items() for word in ("--env", f"{name}={value}")]


__all__ = ["BROKEN_LINES", "FormatCase", "HOSTILE", "INVISIBLE", "LONE", "QWEN", "devices", "environment", "formatted", "os", "run", "skip"]
