#!/usr/bin/env python3
"""The configuration file, read as the releases of vLLM read it (load_config_file of its FlexibleArgumentParser): it gives the line that
the plan gives.

  yaml_test.py VRAMAUTO
"""
import json
import unittest

from case import BROKEN_LINES, FormatCase, HOSTILE, INVISIBLE, LONE, QWEN, environment, formatted, skip

try:
    import yaml
except ImportError:
    skip("PyYAML is not installed (python3-yaml)")

RELEASES = ["0.6.6", "0.8.5", "0.9.2", "0.10.2", "0.11.0", "0.12.0", "0.19.0", "0.33.0"]


def minor(release):
    return int(release.split(".")[1])


def read(text, release):
    """Words, as vLLM of this release makes them of a file: lists since 0.10, objects since 0.19 at the latest, off as --no- since 0.33."""
    words = []
    for key, value in yaml.safe_load(text).items():
        if isinstance(value, bool):
            words += ["--" + key] if value else ["--no-" + key] if minor(release) >= 33 else []
        elif isinstance(value, list) and minor(release) >= 10:
            words += ["--" + key, *map(str, value)] if value else []
        elif isinstance(value, dict) and minor(release) >= 19:
            words += ["--" + key, json.dumps(value)]
        else:
            words += ["--" + key, str(value)]
    return words


def level(release, number):
    """What -O is in a line without short names."""
    if minor(release) >= 12:
        return ["--optimization-level", number]
    if minor(release) < 9:
        return ["--compilation-config", number]
    return ["--compilation-config", f'{{"{"mode" if minor(release) == 11 else "level"}":{number}}}']


class Yaml(FormatCase):
    def agrees(self, *words, release="0.33.0"):
        words = (*words, "--engine-version", release)
        told, _ = self.words(*words)
        expected = ["--model", *told[1:]]
        expected = [w for word in expected for w in (level(release, word[2:]) if word.startswith("-O") else [word])]
        self.assertEqual(read(self.text("yaml", *words), release), expected, words)

    def test_every_release_reads_the_line_of_the_plan(self):
        for release in RELEASES:
            for more in ((), ("--enforce-eager",), ("--no-enable-prefix-caching",), ("--cpu-offload-gb", "1.5"), ("-O3",), ("-O0",),
                         ("--port", "9000", "--trust-remote-code", "--seed", "0"),
                         ("--speculative-config", '{"method": "ngram", "num_speculative_tokens": 3, "prompt_lookup_max": 4}'),
                         ("--lora-modules", "a=/x/a", "--enable-lora")):
                with self.subTest(release=release, more=more):
                    self.agrees(*QWEN, *more, release=release)

    def test_lists(self):
        self.agrees(*QWEN, "--cudagraph-capture-sizes", "1,2,4")
        self.agrees(*QWEN, "--cudagraph-capture-sizes", "8", "--kv-cache-memory-bytes", "8GiB")
        self.agrees(*QWEN, "--cudagraph-capture-sizes", "1,2,4", release="0.11.0")

    def test_values_stay_texts(self):
        for value in HOSTILE + BROKEN_LINES + INVISIBLE:
            if not value.startswith("-"):
                self.agrees(*QWEN, "--chat-template=" + value)
                self.agrees(*QWEN, "--tokenizer=" + value)

    def test_folders_of_any_name(self):
        for name in ("two words", "a\nb: c", "- x", "#x", "null", "模型", "1"):
            folder = self.folder(name)
            self.agrees(folder, "--gpu", "H100")

    def test_nothing_gets_out_of_a_comment(self):
        for value in BROKEN_LINES + INVISIBLE:
            text = self.text("yaml", *QWEN, *environment(A=value + "x: y"))
            self.assertEqual(read(text, "0.33.0"), read(self.text("yaml", *QWEN), "0.33.0"))

    def test_invisible_characters_are_shown(self):
        for value in INVISIBLE:
            text = self.text("yaml", *QWEN, "--chat-template", value)
            self.assertNotIn(value, text)

    def test_what_a_file_cannot_say_is_refused(self):
        for more, why in ((("--chat-template=-x",), "take for an option"), (("--config", "x.yaml"), "cannot name another"),
                          (("--chat-template", LONE), "UTF-8"),
                          (("--engine-version", "0.11.0", "-O3", "--compilation-config", "{}"), "expected one of them")):
            done = formatted("yaml", *QWEN, *more)
            self.assertEqual((done.returncode, done.stdout), (1, ""), more)
            self.assertIn(why, done.stderr)


if __name__ == "__main__":
    unittest.main()
