#!/usr/bin/env python3
"""What no format says: a plan that does not fit, options that exclude each other, names that are none.

  refusals_test.py VRAMAUTO
"""
import unittest

from case import QWEN, FormatCase, environment, formatted, run

FORMATS = ("args", "env", "yaml", "docker", "kubernetes", "ray")


class Refusals(FormatCase):
    def test_what_does_not_fit_is_not_written(self):
        for kind in FORMATS:
            done = formatted(kind, "Qwen/Qwen3-32B", "--gpu", "RTX 4090")
            self.assertEqual((done.returncode, done.stdout), (3, ""), kind)
            self.assertIn("does not fit: NVIDIA GeForce RTX 4090 needs", done.stderr)
            self.assertIn("what would: --tensor-parallel-size 4", done.stderr)

    def test_what_is_not_known_says_so(self):
        for kind in FORMATS:
            done = formatted(kind, "Qwen/Qwen3-8B")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("whether it fits is not known", done.stderr)
            self.assertEqual("whether it fits is not known" in done.stdout, kind not in ("args", "docker"))

    def test_warnings_go_to_standard_error(self):
        done = formatted("yaml", *QWEN)
        self.assertIn("note: the first start", done.stderr)

    def test_the_rule_of_thumb_has_formats_too(self):
        for kind in FORMATS:
            done = formatted(kind, "Qwen/Qwen3-8B", "--method", "rule", "--gpu", "H100")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("vllm/vllm-openai:latest", formatted("docker", "Qwen/Qwen3-8B", "--method", "rule", "--gpu", "H100").stdout)

    def test_usage(self):
        self.assertEqual(run("plan", *QWEN, "--format", "yaml", "--json").returncode, 2)
        done = run("plan", *QWEN, "--format", "toml")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('found "toml", expected one of args|env|yaml|docker|kubernetes|ray', done.stderr)
        self.assertIn("--format args|env|yaml|docker|kubernetes|ray", run("plan", "--help").stdout)

    def test_several_nodes_are_no_container(self):
        for kind in FORMATS:
            done = formatted(kind, "Qwen/Qwen3-32B", "--gpu", "2 nodes of 8x H100", "-tp", "8", "-pp", "2")
            self.assertEqual(done.returncode, 1 if kind in ("docker", "kubernetes") else 0, (kind, done.stderr))
            self.assertIn("more than one node" if done.returncode else "the ranks are on 2 nodes", done.stderr)

    def test_what_is_no_port_and_no_address(self):
        for port in ("0", "65536", "x", "80 80"):
            for kind in ("docker", "kubernetes", "ray"):
                done = formatted(kind, *QWEN, "--port", port)
                self.assertEqual((done.returncode, done.stdout), (1, ""), (kind, port))
                self.assertIn(f'--port: found "{port}", expected 1 to 65535', done.stderr)
        for host in ("gpu-server", "1.2.3.4 x", "::1]", "eth0"):
            done = formatted("docker", *QWEN, "--host", host)
            self.assertEqual((done.returncode, done.stdout), (1, ""), host)
            self.assertIn(f'--host: found "{host}", expected an address', done.stderr)

    def test_names_of_variables(self):
        for name in ("A B", "A;touch x", "1A", "ä", "A\nB", "A-B", "A.B"):
            for kind in FORMATS:
                done = formatted(kind, *QWEN, *environment(**{name: "x"}))
                self.assertEqual((done.returncode, done.stdout), (1, ""), (kind, name))
                self.assertIn("expected letters, digits and _", done.stderr)
        self.assertEqual(formatted("env", *QWEN, *environment(ENGINE_ARGS="x")).returncode, 1)


if __name__ == "__main__":
    unittest.main()
