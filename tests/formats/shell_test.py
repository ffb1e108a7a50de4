#!/usr/bin/env python3
"""args and env, read back by a real shell: word for word what vllm is told, and nothing that runs.

  shell_test.py VRAMAUTO
"""
import os
import re
import shlex
import subprocess
import unittest

from case import BROKEN_LINES, QWEN, FormatCase, HOSTILE, environment, formatted


def sh(script, folder):
    done = subprocess.run(["sh", "-c", script], capture_output=True, cwd=folder, timeout=60, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Shell(FormatCase):
    def read_line(self, line):
        """The words that a shell makes of a line, run where a side effect would leave a file."""
        self.assertEqual(line.count("\n"), 1, line)
        status, out, err = sh(f"printf '%s\\0' {line}", self.root.name)
        self.assertEqual((status, err), (0, ""), line)
        self.assertFalse(os.path.exists(self.path("broken")), line)
        return out.split("\0")[:-1]

    def read_file(self, text):
        """Environment and arguments as README says to use them."""
        with open(self.path("x.env"), "w", encoding="utf-8") as file:
            file.write(text)
        status, out, err = sh("set -a; . ./x.env; set +a; env -0; printf '\\1'; eval \"printf '%s\\\\0' $ENGINE_ARGS\"", self.root.name)
        self.assertEqual((status, err), (0, ""), text)
        self.assertFalse(os.path.exists(self.path("broken")), text)
        variables, words = out.split("\1")
        self.read_as_systemd(text, words.split("\0")[:-1])
        return dict(pair.split("=", 1) for pair in variables.split("\0") if "=" in pair), words.split("\0")[:-1]

    def read_as_systemd(self, text, words):
        """ExecStart splits $ENGINE_ARGS with a backslash that escapes anywhere, inside single quotes too (systemd, basic/extract-word.c)."""
        (line,) = [line for line in text.splitlines() if line.startswith("ENGINE_ARGS=")]
        value = line.removeprefix("ENGINE_ARGS=\"").removesuffix("\"")
        reader = shlex.shlex(re.sub(r'\\(["\\$`])', r"\1", value), posix=True, punctuation_chars=False)
        reader.whitespace_split, reader.commenters, reader.escapedquotes = True, "", "'\""
        self.assertEqual(list(reader), words)

    def test_a_line_is_the_words_of_the_plan(self):
        for more in ((), ("--enforce-eager", "--no-enable-prefix-caching"), ("--cudagraph-capture-sizes", "1,2,4"), ("-O3",),
                     ("--speculative-config", '{"method": "ngram", "num_speculative_tokens": 3}')):
            words, _ = self.words(*QWEN, *more)
            line = self.text("args", *QWEN, *more)
            self.assertEqual(self.read_line(line), words)
            self.assertEqual(shlex.split(line), words)

    def test_values_stay_inside_their_quotes(self):
        for value in HOSTILE:
            words, _ = self.words(*QWEN, "--chat-template=" + value)
            line = self.text("args", *QWEN, "--chat-template=" + value)
            if value.startswith("-"):  # else vllm's parser would take it for an option
                words[-2:] = ["--chat-template=" + value]
            self.assertEqual(self.read_line(line), words, value)
            _, read = self.read_file(self.text("env", *QWEN, "--chat-template=" + value))
            self.assertEqual(read, words, value)

    def test_folders_of_any_name(self):
        for name in ("it's", "two words", "$(touch broken)", "-rf", "a\\b", "ü", "`touch broken`", "a\"b"):
            folder = self.folder(name)
            self.assertEqual(self.read_line(self.text("args", folder, "--gpu", "H100"))[1], folder)

    def test_an_environment_is_set_as_given(self):
        for value in HOSTILE:
            variables, words = self.read_file(self.text("env", *QWEN, *environment(A=value)))
            self.assertEqual(variables["A"], value)
            self.assertEqual(words, self.words(*QWEN)[0])

    def test_plain_values_have_no_quotes_since_docker_keeps_them(self):
        text = self.text("env", "Qwen/Qwen3-8B", "--gpu", "RTX 4090, A100 80GB", "-tp", "auto", "--sequences", "8", *environment(VLLM_USE_V2_MODEL_RUNNER="0"))
        self.assertIn("\nVLLM_USE_V2_MODEL_RUNNER=0\n", text)
        self.assertIn("\nCUDA_VISIBLE_DEVICES=1\n", text)

    def test_line_breaks_are_refused(self):
        for value in BROKEN_LINES:
            for kind in ("args", "env", "docker"):
                for more in (["--chat-template", value], environment(A=value) if kind != "args" else ["--tokenizer", value]):
                    done = formatted(kind, *QWEN, *more)
                    self.assertEqual((done.returncode, done.stdout), (1, ""), (kind, more))
                    self.assertIn("line break or another control character", done.stderr)

    def test_what_a_line_cannot_say_is_told(self):
        done = formatted("args", "Qwen/Qwen3-8B", "--gpu", "RTX 4090, A100 80GB", "-tp", "auto", "--sequences", "8")
        self.assertIn("its environment needs CUDA_VISIBLE_DEVICES=1", done.stderr)


if __name__ == "__main__":
    unittest.main()
