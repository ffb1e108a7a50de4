#!/usr/bin/env python3
"""The manual page and bash's completion: no option is missing in either, troff has nothing to complain of, and bash completes.

  manual_test.py VRAMAUTO SHARE_DIR
"""
import gzip
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import unittest

BINARY, SHARE = sys.argv[1], pathlib.Path(sys.argv[2])
MANUAL, COMPLETION = SHARE / "vramauto.1.gz", SHARE / "vramauto"


def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table():
    return json.loads(ask(BINARY, "options", "--json"))["options"]


def subcommands():
    return re.findall(r"^  (\w\S*)  ", ask(BINARY, "--help").split("Subcommands:")[1].split("\n\n")[0], flags=re.M)


def own_options(command):
    """Every --option that a command's help names in front of a description."""
    return re.findall(r"^  (?:-\w,)?(--[a-z][a-z0-9-]*)", ask(BINARY, command, "--help"), flags=re.M)


class Manual(unittest.TestCase):
    def setUp(self):
        self.source = gzip.decompress(MANUAL.read_bytes()).decode()
        self.text = self.source.replace("\\-", "-").replace("\\:", "")

    def test_every_option_and_command_is_there(self):
        for option in table():
            self.assertIn(f"\\fB--{option['name']}\\fR", self.text)
            self.assertIn(option["choices"], self.text)
            if option["short_name"]:
                self.assertIn(f"\\fB-{option['short_name']}\\fR", self.text)
        self.assertIn("plan", subcommands())
        for command in subcommands():
            self.assertIn(f"\\fBvramauto {command}\\fR", self.text)
            for name in own_options(command):
                self.assertIn(f"\\fB{name}\\fR", self.text)

    def test_it_is_of_this_version(self):
        self.assertIn(ask(BINARY, "--version").strip(), self.source.splitlines()[0])

    def test_troff_has_no_warnings(self):
        for formatter in (["groff", "-man", "-ww", "-Tutf8", "-"], ["man", "--warnings=w", "-l", "-"]):
            if not shutil.which(formatter[0]):
                print(f"skipped: {formatter[0]} is not installed")
                continue
            done = subprocess.run(formatter, input=self.source, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), formatter)
            self.assertIn("EXIT STATUS", re.sub(r".\x08|\x1b\[\d*m", "", done.stdout))


def complete(*words):
    """What bash would offer for the last word, by the function that it calls."""
    script = f"source '{COMPLETION}'; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _vramauto; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return [line for line in ask("bash", "--norc", "--noprofile", "-c", script, "bash", *words).splitlines() if line]


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(sorted(complete("vramauto", "")), sorted(subcommands()))
        self.assertEqual(complete("vramauto", "det"), ["detect"])
        self.assertIn("--version", complete("vramauto", "--"))

    def test_every_option(self):
        offered = set(complete("vramauto", "plan", "-"))
        for option in table():
            self.assertIn("--" + option["name"], offered)
            if option["type"] == "switch":
                self.assertIn("--no-" + option["name"], offered)
        for command in subcommands():
            self.assertLessEqual(set(own_options(command)), set(complete("vramauto", command, "-")))

    def test_choices_with_and_without_an_equals_sign(self):
        for option in table():
            if option["type"] == "choice":
                choices = option["choices"].split("|")
                self.assertEqual(complete("vramauto", "plan", "m", "--" + option["name"], ""), choices)
                self.assertEqual(complete("vramauto", "plan", "--" + option["name"], "=", choices[0])[0], choices[0])
        self.assertEqual(complete("vramauto", "plan", "--policy", "max"), ["maximal"])
        self.assertEqual(complete("vramauto", "plan", "m", "--format", ""), ["args", "env", "yaml", "docker", "kubernetes", "ray"])
        self.assertEqual(complete("vramauto", "plan", "--max-model-len", ""), [])

    def test_every_gpu_that_is_offered_is_one(self):
        names = complete("vramauto", "plan", "--gpu", "")
        self.assertGreater(len(names), 100)
        self.assertIn("RTX 4090", names)
        self.assertEqual(complete("vramauto", "plan", "--gpu", '"H100 NV'), ["H100 NVL"])
        for name in names:
            answer = json.loads(ask(BINARY, "plan", "1B", "--method", "rule", "--gpu", name, "--json"))
            self.assertIsNotNone(answer["devices"][0]["total_bytes"], name)

    def test_models_and_files(self):
        self.assertIn("Qwen/Qwen3-8B", complete("vramauto", "plan", "Qwen/"))
        self.assertIn(str(MANUAL), complete("vramauto", "plan", "--devices", str(MANUAL)[:-3]))
        self.assertIn("Qwen/Qwen3-8B", complete("vramauto", "serve-model", "--model-path", "Qwen/"))
        self.assertIn(str(MANUAL), complete("vramauto", "serve-model", "--model-path", "=", str(MANUAL)[:-3]))

    def test_keys_in_a_bash_that_someone_types_into(self):
        self.assertEqual(typed("vramauto plan --gpu Gaudi\\ 3\t"), ["vramauto", "plan", "--gpu", "Gaudi 3"])
        self.assertEqual(typed("vramauto plan --gpu \"H100 NV\t"), ["vramauto", "plan", "--gpu", "H100 NVL"])
        self.assertEqual(typed("vramauto plan --gpu=TITAN\\ X\t"), ["vramauto", "plan", "--gpu=TITAN Xp"])
        self.assertEqual(typed("vramauto plan Qwen/Qwen3-8\t --polic\tbal\t"), ["vramauto", "plan", "Qwen/Qwen3-8B", "--policy", "balanced"])


def typed(keys):
    """The words that a line has once its keys were pressed in an interactive bash."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**os.environ, "PS1": "ready>", "TERM": "dumb", "HISTFILE": ""})
    try:
        read_until(terminal, "ready>")
        os.write(terminal, f"source '{COMPLETION}'; bind 'set bell-style none'\r".encode())
        read_until(terminal, "ready>")
        # Home, and a command in front of the line that shows its words
        os.write(terminal, keys.encode() + b"\x01printf '<%s>' \rprintf '[%s]\\n' end\r")
        shown = read_until(terminal, "[end]")
        return re.findall(r"<([^<>%]*)>", shown[shown.rindex("<vramauto>"):])
    finally:
        os.write(terminal, b"\x03exit\r")
        os.close(terminal)
        os.waitpid(child, 0)


def read_until(terminal, what):
    shown = ""
    while what not in shown:
        if not select.select([terminal], [], [], 60)[0]:
            raise AssertionError(f"expected {what!r}, found {shown!r}")
        shown += os.read(terminal, 4096).decode(errors="replace")
    return shown


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
