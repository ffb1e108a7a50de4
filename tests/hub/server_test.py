"""A hub that misbehaves: each way it can is an error that says so, or passes when the hub recovers."""
import json
import pathlib
import unittest

from case import HubCase
from server import COMMIT


def failing(times, answer, what=""):
    """The first `times` requests with `what` in their path get another answer."""
    left = [times]

    def misbehave(handler):
        if what not in handler.path or left[0] == 0:
            return False
        left[0] -= 1
        answer(handler)
        return True
    return misbehave


def raw(handler, head, body=b""):
    handler.wfile.write(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
    handler.close_connection = True


class Refusals(HubCase):
    def refused(self, *answer, what="/api/", **headers):
        self.hub.misbehave = failing(-1, lambda h: h.refuse(*answer, **headers), what)
        return self.refusal("org/small")

    def test_gated(self):
        said = self.refused(403, "GatedRepo", "Access to model org/small is restricted.", what="/resolve/")
        self.assertIn("is gated (403: Access to model org/small is restricted.): accept its terms on its page and set HF_TOKEN", said)
        self.assertIn(f"{self.hub.url}/org/small/resolve/{COMMIT}/", said)

    def test_not_there(self):
        self.hub.misbehave = None
        for model in ("org/other", "org/other@main"):
            self.assertIn("is not on the hub, or private (401: Repository not found): check the name, or set HF_TOKEN", self.refusal(model))
        self.assertIn("is not there (404)", self.refused(404))
        self.assertIn("is not there (404)", self.refused(404, "EntryNotFound", what="config.json"))

    def test_what_an_interim_answer_says_does_not_count(self):
        early = b"HTTP/1.1 103 Early Hints\r\nX-Error-Code: GatedRepo\r\nX-Error-Message: old\r\nContent-Range: bytes 5-9/12\r\n\r\n"
        self.hub.misbehave = failing(-1, lambda h: h.wfile.write(early) and h.refuse(404))
        self.assertIn("is not there (404)", self.refusal("org/small"))

    def test_forbidden(self):
        self.assertIn("may not be read (403)", self.refused(403))

    def test_a_token_that_is_refused(self):
        self.hub.misbehave = lambda h: h.refuse(401) or True
        self.assertIn("refuses the token (401)", self.refusal("org/small", HF_TOKEN="hf_secret"))

    def test_words_of_a_server_are_shown_with_care(self):
        self.hub.misbehave = failing(-1, lambda h: raw(h, "HTTP/1.1 403 No\nX-Error-Message: \x1b[31mred " + "x" * 5000 + "\nContent-Length: 0\n"))
        said = self.refusal("org/small")
        self.assertNotIn("\x1b", said)
        self.assertLess(len(said), 600)

    def test_other_statuses(self):
        for status in (204, 400, 418, 501):
            self.assertIn(f"answers with status {status}, expected 200 or 206", self.refused(status))

    def test_a_page_instead_of_a_list(self):
        for body in ("<html>", "[]", "{}", '{"sha": "abc", "siblings": []}', '{"sha": "%s"}' % COMMIT):
            self.hub.misbehave = failing(-1, lambda h: h.say(body))
            said = self.refusal("org/small")
            self.assertIn("/api/models/org/small/revision/main", said)


class Retries(HubCase):
    def test_too_many_requests(self):
        self.hub.misbehave = failing(1, lambda h: h.refuse(429, Retry_After=1), "/api/")
        self.same_answer(self.plan("org/small"), self.small)
        self.assertEqual(len(self.hub.requests), 5)

    def test_too_long_a_wait_is_an_error_at_once(self):
        self.hub.misbehave = failing(-1, lambda h: h.refuse(429, Retry_After=3600))
        said = self.refusal("org/small")
        self.assertIn("has too many requests (429) and asks to come back in 3600 s; with HF_TOKEN set more are allowed", said)
        self.assertEqual(len(self.hub.requests), 1)

    def test_a_wait_that_is_no_number(self):
        self.hub.misbehave = failing(1, lambda h: h.refuse(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"), "config.json")
        self.plan("org/small")

    def test_an_error_that_passes(self):
        for status in (500, 502, 503, 504):
            self.hub.again()
            self.hub.misbehave = failing(1, lambda h: h.refuse(status), "00001-of-00002")
            self.plan("org/small", "--refresh", XDG_CACHE_HOME=str(self.home / str(status)))
            self.assertEqual(len(self.hub.requests), 5)

    def test_an_error_that_stays(self):
        self.hub.misbehave = failing(-1, lambda h: h.refuse(503), "config.json")
        self.assertIn("answers with status 503", self.refusal("org/small"))
        self.assertEqual(sum("config.json" in path for path in self.asked()), 3)

    def test_a_connection_that_breaks_once(self):
        self.hub.misbehave = failing(1, lambda h: raw(h, "HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-9/100\nContent-Length: 10\n", b"abc"), ".safetensors")
        self.plan("org/small")


class Bodies(HubCase):
    def says(self, what, answer):
        self.hub.misbehave = failing(-1, answer, what)
        return self.refusal("org/small")

    def test_truncated(self):
        size = (self.small / "config.json").stat().st_size
        said = self.says("config.json", lambda h: raw(h, f"HTTP/1.1 200 OK\nContent-Length: {size}\n", b"{"))
        self.assertIn("is not read to its end", said)
        said = self.says("config.json", lambda h: raw(h, "HTTP/1.1 200 OK\nConnection: close\n", b"{"))
        self.assertIn(f"has 1 bytes, expected the {size} of the hub's list", said)

    def test_a_part_that_is_short(self):
        size = (self.small / "model-00001-of-00002.safetensors").stat().st_size
        said = self.says("00001-of", lambda h: raw(h, f"HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-9/{size}\nContent-Length: 10\n", b"0123456789"))
        self.assertIn("ends at byte 10, expected 100000", said)

    def test_wrong_lengths(self):
        said = self.says("00001-of", lambda h: raw(h, "HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-9/10\nContent-Length: 10\n", b"0123456789"))
        self.assertIn("has 10 bytes, expected the", said)
        said = self.says("00001-of", lambda h: raw(h, "HTTP/1.1 206 Partial Content\nContent-Range: bytes 5-14/99\nContent-Length: 10\n", b"0123456789"))
        self.assertIn("sends bytes from 5, expected them from 0", said)
        for range_ in ("bytes", "bytes ", "bytes x-y/z", "bytes 0-9", "bytes 0-9/99999999999999999999999", "bytes */*", "", "items 0-9/10"):
            self.says("00001-of", lambda h: raw(h, f"HTTP/1.1 206 Partial Content\nContent-Range: {range_}\nContent-Length: 10\n", b"0123456789"))

    def test_no_length_at_all(self):
        def answer(handler):
            if "/api/" in handler.path:
                handler.say(json.dumps({"sha": COMMIT, "siblings": [{"rfilename": f.name} for f in self.small.iterdir()]}))
            else:
                raw(handler, "HTTP/1.1 206 Partial Content\nContent-Range: bytes 0-9/*\nContent-Length: 10\n", b"0123456789")
            return "/api/" in handler.path or ".safetensors" in handler.path
        self.hub.misbehave = lambda h: ("config" not in h.path) and (answer(h) or True)
        self.assertIn("does not say how long the file is", self.refusal("org/small"))

    def endless(self, handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not self.hub.stopping.is_set():
            handler.wfile.write(b" " * (1 << 20))

    def test_endless(self):
        self.assertIn("bytes that are read at most", self.says("config.json", self.endless))
        self.assertIn(f"has more than the {64 << 20} bytes that are read at most", self.says("/api/", self.endless))

    def test_many_long_headers_of_weights(self):
        folder = pathlib.Path(self.fixtures.name) / "heavy"
        folder.mkdir()
        (folder / "config.json").write_bytes((self.small / "config.json").read_bytes())
        for i in range(1, 13):
            with open(folder / f"model-{i:05}-of-00012.safetensors", "wb") as file:
                file.write((99_000_000).to_bytes(8, "little"))
                file.truncate(100_000_000)
        self.hub.models["org/heavy"] = folder
        self.assertIn(f"has more than {1 << 30} bytes of texts and headers for one model", self.refusal("org/heavy"))
        self.assertEqual(self.kept(), [])

    def test_endless_headers(self):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.hub.stopping.is_set():
                handler.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        self.assertIn("is not read to its end", self.says("/api/", answer))

    def test_endless_words_of_an_error(self):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n")
            while not self.hub.stopping.is_set():
                handler.wfile.write(b" " * (1 << 20))
        self.assertIn("is not there (404)", self.says("/api/", answer))

    def test_slow(self):
        def answer(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not self.hub.stopping.wait(0.1):
                handler.wfile.write(b" ")
        self.hub.misbehave = failing(-1, answer, "/api/")
        self.assertIn("has come to a halt", self.refusal("org/small", HF_HUB_DOWNLOAD_TIMEOUT="1"))

    def test_silent(self):
        self.hub.misbehave = failing(-1, lambda h: self.hub.stopping.wait(20), "/api/")
        said = self.refusal("org/small", HF_HUB_DOWNLOAD_TIMEOUT="1")
        self.assertIn("has come to a halt", said)
        self.assertIn("HF_HUB_DOWNLOAD_TIMEOUT is 1 s", said)

    def test_no_http(self):
        for answer in (b"", b"\x00" * 100, b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/9.9 abc\r\n\r\n"):
            self.says("/api/", lambda h: raw(h, "", b"") if not answer else (h.wfile.write(answer), setattr(h, "close_connection", True)))

    def test_weights_that_are_none(self):
        for head in (b"\xff" * 8, (200).to_bytes(8, "little"), (2**63).to_bytes(8, "little"), b"\0" * 8):
            folder = pathlib.Path(self.home) / head.hex()
            folder.mkdir()
            (folder / "config.json").write_bytes((self.small / "config.json").read_bytes())
            (folder / "model.safetensors").write_bytes(head + b"x" * 300)
            self.hub.models["org/bad"] = folder
            said = self.refusal("org/bad")
            self.assertIn("model.safetensors (byte", said)
        (folder / "model.safetensors").unlink()
        for content in (b"GGUF", b"GGUX" + bytes(100), b"GGUF\3\0\0\0" + b"\xff" * 100, b"GGUF\3\0\0\0" + bytes(16)):
            (folder / "m.gguf").write_bytes(content)
            self.refusal("org/bad")
        (folder / "m.gguf").unlink()
        (folder / "model.safetensors").write_bytes(b"")
        self.assertIn("has 0 bytes", self.refusal("org/bad"))
        self.assertEqual(self.kept(), [])


class Lists(HubCase):
    def test_names_that_lead_elsewhere_are_not_asked_for(self):
        bad = ["../../etc/passwd", "/etc/passwd", "sub/model.safetensors", "..", ".", "", "a\u0000b.safetensors", "a\nb.safetensors", 7, None]
        self.hub.more_siblings = [{"rfilename": name, "size": 10} for name in bad] + [{}, [], 5]
        self.same_answer(self.plan("org/small"), self.small)
        self.assertEqual(len(self.hub.requests), 4)

    def test_odd_names_are_written_as_addresses(self):
        folder = self.home / "odd"
        folder.mkdir()
        (folder / "config.json").write_bytes((self.small / "config.json").read_bytes())
        weights = (self.small / "model-00001-of-00002.safetensors")
        with open(weights, "rb") as f:
            head = f.read(8)
            head += f.read(int.from_bytes(head, "little"))
        with open(folder / "a b?#%é.safetensors", "wb") as f:
            f.write(head)
            f.truncate(weights.stat().st_size)
        self.hub.models["org/odd"] = folder
        self.assertEqual(self.program("network", "org/odd")["status"], "VRAMAUTO_OK")
        self.assertIn(f"/org/odd/resolve/{COMMIT}/a%20b%3F%23%25%C3%A9.safetensors", self.asked())

    def test_an_index_that_leads_elsewhere(self):
        folder = self.home / "index"
        folder.mkdir()
        (folder / "config.json").write_bytes((self.small / "config.json").read_bytes())
        for name in ("a.safetensors", "b.safetensors"):
            (folder / name).write_bytes(b"x")
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../../x.safetensors"}}))
        self.hub.models["org/index"] = folder
        self.assertIn("expected a file beside the index", self.refusal("org/index"))

    def test_a_text_that_is_too_large(self):
        def answer(handler):
            handler.say(json.dumps({"sha": COMMIT, "siblings": [{"rfilename": "config.json", "size": 1 << 40}]}))
        self.hub.misbehave = failing(-1, answer, "/api/")
        self.assertIn(f"has {1 << 40} bytes, at most {64 << 20} are read", self.refusal("org/small"))

    def test_nothing_in_it(self):
        self.hub.misbehave = failing(-1, lambda h: h.say(json.dumps({"sha": COMMIT, "siblings": []})), "/api/")
        self.assertIn("has neither config.json", self.refusal("org/small@main"))


if __name__ == "__main__":
    unittest.main()
