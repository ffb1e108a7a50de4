#!/usr/bin/env python3
"""Bad input: each is one clear message and exit status 1, never a crash, a hang or a silent answer."""
import json
import os
import struct
import unittest

from command import Folders, run


def safetensors(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


TENSOR = {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}


class Input(Folders):
    def refused(self, path, *says):
        done = run("plan", path, "--gpu", "L4", "--json")
        self.assertEqual(done.returncode, 1, done.stdout[:200] + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertTrue(done.stderr.startswith("vramauto: "), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        for word in says:
            self.assertIn(word, done.stderr)

    def refused_config(self, *says, **changes):
        self.refused(self.model(**changes), *says)

    def refused_shard(self, content, *says):
        self.refused(self.folder_with("shard", model__safetensors=content), "model.safetensors", *says)

    def test_missing_directory(self):
        self.refused(self.path("none"), "none")

    def test_empty_directory(self):
        os.mkdir(self.path("empty"))
        self.refused(self.path("empty"), "empty")

    def test_a_fifo(self):
        os.mkdir(self.path("fifo"))
        os.mkfifo(self.path("fifo", "config.json"))
        self.refused(self.path("fifo"))
        self.refused(self.path("fifo", "config.json"))

    def test_a_directory_where_a_file_should_be(self):
        os.makedirs(self.path("dir", "config.json"))
        self.refused(self.path("dir"))

    def test_configs_that_are_no_object(self):
        for content in (b"[]", b"3", b"", b"{", b"\xff\xfe{}", b"[" * 100000):
            with self.subTest(content=content[:10]):
                self.refused(self.folder_with("bad", config__json=content), "config.json")

    def test_keys_with_impossible_values(self):
        for key in ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size"):
            for value in (-1, 0, 10**30, "many", [], 2.5):
                with self.subTest(key=key, value=value):
                    self.refused_config(**{key: value})

    def test_no_architecture(self):
        self.refused_config("--method rule", architectures=["NoSuchForCausalLM"], model_type="no_such")

    def test_truncated_header(self):
        self.refused_shard(b"\x01\x02")

    def test_header_longer_than_the_file(self):
        self.refused_shard(safetensors({"a": TENSOR}, b"12345678", length=1 << 33), str(1 << 33), "byte 0")

    def test_offsets_outside_the_file(self):
        self.refused_shard(safetensors({"a": {**TENSOR, "data_offsets": [0, 80]}}, b"12345678"))

    def test_offsets_that_overlap(self):
        self.refused_shard(safetensors({"a": TENSOR, "b": TENSOR}, b"12345678"))

    def test_negative_offsets(self):
        self.refused_shard(safetensors({"a": {**TENSOR, "data_offsets": [-8, 0]}}, b"12345678"))

    def test_a_name_twice(self):
        one = json.dumps({"a": TENSOR})[1:-1]
        self.refused_shard(safetensors(("{" + one + "," + one + "}").encode(), b"12345678"))

    def test_a_deep_header(self):
        self.refused_shard(safetensors(b'{"a":' * 10000 + b"1" + b"}" * 10000))

    def test_a_header_that_is_no_utf8(self):
        self.refused_shard(safetensors(b'{"\xff\xfe": 1}'))

    def test_devices_that_are_none(self):
        for text in ("[]", "{", '{"devices": []}', '{"devices": [{"total_bytes": -1}]}', '{"devices": [{"total_bytes": "x"}]}', '{"devices": [3]}'):
            with self.subTest(text=text):
                done = run("plan", "7B", "--devices", "-", stdin=text)
                self.assertEqual(done.returncode, 1, done.stderr)


if __name__ == "__main__":
    unittest.main()
