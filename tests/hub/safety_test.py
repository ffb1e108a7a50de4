"""Where a token may go, which addresses are followed, whom is trusted, and what is needed to connect at all."""
import os
import shutil
import socket
import ssl
import subprocess
import unittest

from case import CLI, HubCase
from server import Hub

SECRET = "hf_SecretSecretSecret"


class Tokens(HubCase):
    def sent(self):
        return {headers.get("Authorization") for _, headers in self.hub.requests}

    def test_the_variable(self):
        self.plan("org/small", HF_TOKEN=f"  {SECRET}\n")
        self.assertEqual(self.sent(), {f"Bearer {SECRET}"})

    def test_the_files(self):
        token = self.home / ".cache/huggingface/token"
        token.parent.mkdir(parents=True)
        token.write_text(SECRET + "\n")
        self.plan("org/small", "--refresh")
        self.assertEqual(self.sent(), {f"Bearer {SECRET}"})
        (self.home / "mine").write_text("hf_mine")
        self.hub.again()
        self.plan("org/small", "--refresh", HF_TOKEN_PATH="~/mine")
        self.assertEqual(self.sent(), {"Bearer hf_mine"})
        self.hub.again()
        self.plan("org/small", "--refresh", HF_HOME=str(self.home / "elsewhere"))
        self.assertEqual(self.sent(), {None})
        self.plan("org/small", "--refresh", HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
        self.assertEqual(self.sent(), {None})

    def test_one_that_would_end_a_header(self):
        for token in (f"{SECRET}\r\nX-Evil: 1", f"{SECRET} x", f"{SECRET}\x7f", f"{SECRET}é"):
            said = self.refusal("org/small", HF_TOKEN=token)
            self.assertIn("HF_TOKEN: has characters that no token has", said)
            self.assertNotIn("Secret", said)
        self.assertEqual(self.hub.requests, [])

    def test_it_is_never_shown_or_kept(self):
        for status in (401, 403, 429, 500):
            self.hub.misbehave = lambda h: h.refuse(status, Retry_After=9999) or True
            self.assertNotIn("Secret", self.refusal("org/small", HF_TOKEN=SECRET))
        self.hub.misbehave = None
        self.plan("org/small", HF_TOKEN=SECRET)
        for file in self.kept():
            self.assertNotIn(b"Secret", file.read_bytes())


class Redirects(HubCase):
    def setUp(self):
        super().setUp()
        self.other = Hub({"org/small": self.small})
        self.addCleanup(self.other.stop)

    def lead(self, to, what=".safetensors", status=302):
        self.hub.misbehave = lambda h: what in h.path and (h.say("", status, Location=to(h) if callable(to) else to) or True)

    def test_to_another_host_without_the_token(self):
        self.lead(lambda h: f"{self.other.url}{h.path}?X-Amz-Signature=signed")
        self.same_answer(self.plan("org/small", HF_TOKEN=SECRET), self.small)
        self.assertEqual(len(self.other.requests), 2)
        for _, headers in self.other.requests:
            self.assertNotIn("Authorization", headers)
            self.assertEqual(headers["Range"], "bytes=0-99999")
        self.assertTrue(all(headers["Authorization"] == f"Bearer {SECRET}" for _, headers in self.hub.requests))

    def test_within_the_host_with_it(self):
        for status in (301, 302, 303, 307, 308):
            self.hub.again()
            self.hub.misbehave = lambda h: h.path.startswith("/api/models/org/old/") and (
                h.say("", status, Location="/api/models/org/small/revision/main") or True)
            self.hub.models["org/old"] = self.small
            self.plan("org/old", "--refresh", HF_TOKEN=SECRET)
            self.assertEqual({headers["Authorization"] for _, headers in self.hub.requests}, {f"Bearer {SECRET}"})

    def test_the_secret_of_an_address_is_not_shown(self):
        self.lead(lambda h: f"{self.other.url}{h.path}?X-Amz-Signature=signed")
        self.other.misbehave = lambda h: h.refuse(403) or True
        said = self.refusal("org/small")
        self.assertIn(f"{self.other.url}/org/small/resolve/", said)
        self.assertNotIn("signed", said)

    def test_loops(self):
        self.lead(lambda h: h.path)
        self.assertIn("is the 6th redirect in a row, at most 5 are followed", self.refusal("org/small"))
        self.lead(lambda h: self.other.url + h.path, what="/api/")
        self.other.misbehave = lambda h: h.say("", 302, Location=self.hub.url + h.path) or True
        self.assertIn("redirect in a row", self.refusal("org/small"))

    def test_addresses_that_are_not_followed(self):
        port = self.other.server_port
        for to in ("file:///etc/passwd", "ftp://127.0.0.1/x", f"http://user:password@127.0.0.1:{port}/x", f"http://127.0.0.1:{port}\\@evil/",
                   "gopher://x", "http://", "javascript:1", f"dict://127.0.0.1:{port}/x"):
            self.lead(to, what="/api/")
            said = self.refusal("org/small", HF_TOKEN=SECRET)
            self.assertNotIn("password@", said)
        self.assertEqual(self.other.requests, [])

    def test_nowhere(self):
        self.hub.misbehave = lambda h: h.say("", 302) or True
        self.assertIn("leads to nowhere", self.refusal("org/small"))


class Endpoints(HubCase):
    def test_addresses_that_are_none(self):
        for endpoint in ("huggingface.co", "https", "http:", "ftp://huggingface.co", "https://user:password@host", "https://", "https://host?x=1", "http://ho st",
                         "http://host#x", "http://../..", "http://host\x01"):
            said = self.refusal("org/small", HF_ENDPOINT=endpoint)
            self.assertIn("HF_ENDPOINT: is no address of a hub", said)
            self.assertNotIn("password", said.replace("name or password", ""))

    def test_they_matter_only_when_they_are_needed(self):
        self.assertEqual(self.plan("Qwen/Qwen3-8B", HF_ENDPOINT="nonsense")["model"]["source"], "catalogue")

    def test_what_came_unencrypted_is_not_what_https_said(self):
        self.plan("org/small")
        self.assertEqual(self.plan("org/small", "--offline")["model"]["source"], "hub")
        self.refusal("org/small", "--offline", HF_ENDPOINT=self.hub.url.replace("http:", "https:"))

    def test_a_path_and_slashes_at_the_end(self):
        self.hub.misbehave = lambda h: h.path.startswith("/mirror/") and setattr(h, "path", h.path.removeprefix("/mirror"))
        self.same_answer(self.plan("org/small", HF_ENDPOINT=self.hub.url + "/mirror//"), self.small)

    def test_nobody_listens(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            said = self.refusal("org/small", HF_ENDPOINT=f"http://127.0.0.1:{free.getsockname()[1]}")
        self.assertIn("cannot be reached", said)

    def test_a_proxy(self):
        proxy = Hub({})
        self.addCleanup(proxy.stop)
        proxy.misbehave = lambda h: h.refuse(403) or True
        self.refusal("org/small", http_proxy=proxy.url, HF_ENDPOINT="http://hub.invalid")
        self.assertEqual([path for path, _ in proxy.requests], ["http://hub.invalid/api/models/org/small/revision/main?blobs=true"])

    def test_patience_must_be_a_number(self):
        for value in ("soon", "-1", "0", "1.5"):
            self.assertIn("HF_HUB_DOWNLOAD_TIMEOUT: is", self.refusal("org/small", HF_HUB_DOWNLOAD_TIMEOUT=value))

    def test_ids_that_lead_elsewhere(self):
        for model in ("org/../etc", "org/a/b", "org/small@../x", "org/small@a b", "org/sm?all", "org--small", "org/sm--all", "@main", "org/small@"):
            self.refusal(model)
        self.assertEqual(self.hub.requests, [])


@unittest.skipUnless(shutil.which("openssl"), "openssl is not here: no certificate can be made")
class Certificates(HubCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificate, key = f"{cls.fixtures.name}/certificate.pem", f"{cls.fixtures.name}/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=hub",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cls.certificate], check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(cls.certificate, key)
        cls.tls = Hub({"org/small": cls.small}, tls)
        cls.addClassCleanup(cls.tls.stop)

    def setUp(self):
        super().setUp()
        self.tls.again()

    def test_one_that_nobody_vouches_for(self):
        said = self.refusal("org/small", HF_ENDPOINT=self.tls.url, HF_TOKEN=SECRET)
        self.assertIn("has a certificate that is not trusted", said)
        self.assertIn("SSL_CERT_FILE", said)
        self.assertEqual(self.tls.requests, [])

    def test_an_authority_of_ones_own(self):
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            answer = self.plan("org/small", "--refresh", HF_ENDPOINT=self.tls.url, **{name: self.certificate})
            self.same_answer(answer, self.small)

    def test_another_name(self):
        url = self.tls.url.replace("127.0.0.1", "localhost")
        said = self.refusal("org/small", HF_ENDPOINT=url, SSL_CERT_FILE=self.certificate)
        self.assertIn("certificate", said)
        self.assertEqual(self.tls.requests, [])

    def test_an_authority_that_is_not_there(self):
        self.assertIn("certificate", self.refusal("org/small", HF_ENDPOINT=self.tls.url, SSL_CERT_FILE="/nowhere.pem"))

    def test_never_from_https_to_http(self):
        self.tls.misbehave = lambda h: h.say("", 302, Location=self.hub.url + h.path) or True
        said = self.refusal("org/small", HF_ENDPOINT=self.tls.url, SSL_CERT_FILE=self.certificate)
        self.assertIn("expected an address that is as safe", said)
        self.assertEqual(self.hub.requests, [])

    def test_plain_http_where_tls_is_expected(self):
        self.assertIn("is not read to its end", self.refusal("org/small", HF_ENDPOINT=self.hub.url.replace("http:", "https:")))


class Libcurl(HubCase):
    def without_libcurl(self):
        for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
            (self.home / name).write_text("no library")
        own = os.environ.get("LD_LIBRARY_PATH", "")
        return {"LD_LIBRARY_PATH": f"{self.home}:{own}" if own else str(self.home)}

    def test_without_it(self):
        said = self.refusal("org/small", **self.without_libcurl())
        self.assertIn("libcurl.so.4: is needed to ask the hub and cannot be loaded", said)
        self.assertIn("install it", said)

    def test_nobody_else_needs_it(self):
        for model in (str(self.small), "Qwen/Qwen3-8B", "org/some-7B"):
            self.plan(model, **self.without_libcurl())

    def test_it_is_no_dependency(self):
        if not shutil.which("readelf"):
            self.skipTest("readelf is not here")
        needed = subprocess.run(["readelf", "-d", CLI], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("curl", needed)


if __name__ == "__main__":
    unittest.main()
