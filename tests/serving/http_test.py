#!/usr/bin/env python3
"""How clients reach the service: HTTP as it is and as it should not be, other sites, tokens, slow and many clients.

  http_test.py VRAMAUTO_SERVE VRAMAUTO LOAD
"""
import json
import socket
import subprocess
import unittest

from service import JSON, PLAN, SERVE, Case, Shared, environment, statuses, until


class Http(Shared):
    def test_methods_and_paths(self):
        for method, path, status, code in (
                ("GET", "/api/v1/plan", 405, "method_not_allowed"), ("DELETE", "/api/v1/devices", 405, "method_not_allowed"),
                ("PUT", "/api/v1/inference/load", 405, "method_not_allowed"), ("POST", "/", 405, "method_not_allowed"),
                ("GET", "/api/v1", 404, "not_found"), ("GET", "/../etc/passwd", 404, "not_found"), ("GET", "/%2e%2e/etc/passwd", 404, "not_found"),
                ("GET", "/%2e%2e%2fetc%2fpasswd", 404, "not_found"), ("GET", "//healthz", 404, "not_found"), ("GET", "/healthz%00", 404, "not_found"),
                ("GET", "/" + "x" * 5000, 404, "not_found"), ("GET", "/%zz%", 404, "not_found")):
            with self.subTest(method=method, path=path[:40]):
                self.refused(self.service.ask(method, path), status, code)
        self.assertEqual(self.service.get("/api/v1/plan").headers["Allow"], "POST")

    def test_what_every_answer_says_to_browsers(self):
        for path in ("/", "/healthz", "/api/v1/devices", "/nothing"):
            headers = self.service.get(path).headers
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
            self.assertNotIn("Access-Control-Allow-Origin", headers)

    def test_the_page_is_kept_until_it_changes(self):
        page = self.service.get("/")
        self.assertEqual((page.status, page.headers.get_content_type()), (200, "text/html"))
        again = self.service.get("/", **{"If-None-Match": page.headers["ETag"]})
        self.assertEqual((again.status, again.body), (304, b""))

    def test_head_ranges_and_encodings(self):
        whole = self.service.get("/api/v1/options")
        head = self.service.ask("HEAD", "/api/v1/options")
        self.assertEqual((head.status, head.body, head.headers["Content-Length"]), (200, b"", str(len(whole.body))))
        self.assertEqual(self.service.get("/api/v1/options", Range="bytes=0-10").status, 200)
        many = "bytes=" + ",".join(["0-"] * 2000)
        self.assertEqual(self.service.get("/api/v1/options", Range=many).body, whole.body)
        self.assertEqual(self.service.get("/api/v1/options", **{"Accept-Encoding": "gzip, br"}).body, whole.body)

    def test_lengths(self):
        head = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        for length in (b"Content-Length: abc", b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 2\r\nContent-Length: 3",
                       b"Content-Length: 2\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip, chunked", b"Content-Length: 0x10"):
            answer = self.service.raw(head + length + b"\r\n\r\n{}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertEqual(statuses(answer), [400], (length, answer[:200]))
            self.assertIn(b"invalid_length", answer)
        self.assertEqual(statuses(self.service.raw(head + b"\r\n")), [400], "a POST without a body is one with an empty body")
        smuggled = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 41\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
        self.assertEqual(statuses(self.service.raw(smuggled)), [400])

    def test_malformed(self):
        for request in (b"\r\n\r\n", b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 1000 + b"\r\n",
                        b"GET  /  HTTP/1.1 \r\n\r\n", b"G" * 100, b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n"):
            self.assertNotIn(200, statuses(self.service.raw(request)), request[:30])
        self.assertEqual(self.service.get("/healthz").status, 200)

    def test_floods_of_headers(self):
        many = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 100000
        self.assertEqual(statuses(self.service.raw(many))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000_000))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /" + b"a" * 10_000_000))[:1], [431])
        self.assertEqual(statuses(self.service.raw(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")), [414])

    def test_pipelined_and_half_closed(self):
        body = json.dumps(PLAN).encode()
        post = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        self.assertEqual(statuses(self.service.raw((post + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n") * 20)), [200] * 40)
        self.assertEqual(statuses(self.service.raw(post[:-5])), [400], "half a body")

    def test_expect(self):
        body = json.dumps(PLAN).encode()
        head = "POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n"
        with self.service.connect() as connection:
            connection.sendall(head.format("application/json", len(body)).encode())
            self.assertEqual(connection.recv(1000), b"HTTP/1.1 100 Continue\r\n\r\n")
            connection.sendall(body)
            self.assertEqual(statuses(connection.recv(1000)), [200])
        for kind, length, status in (("application/json", 5 << 20, 413), ("text/plain", 5, 415)):
            self.assertEqual(statuses(self.service.raw(head.format(kind, length).encode())), [status])

    def test_other_sites(self):
        own = f"http://127.0.0.1:{self.service.port}"
        self.assertEqual(self.service.get("/healthz", Origin=own).status, 200)
        self.assertEqual(self.service.get("/healthz", Host=f"localhost:{self.service.port}").status, 200)
        self.assertEqual(self.service.get("/healthz", Host="[::1]:80").status, 200)
        for host in ("[::1].evil.example", "[::1]evil", "[::1", "127.0.0.1%00.evil.example", "localhost%00", "evil.example",
                     "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "0x7f.1"):
            self.refused(self.service.get("/healthz", Host=host), 403, "host_not_allowed", "Host")
        for origin in ("http://evil.example", "null", own + "0", "http://localhost"):
            self.refused(self.service.ask("POST", "/api/v1/inference/unload", "", {**JSON, "Origin": origin}), 403, "origin_not_allowed", "Origin")
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
            self.refused(self.service.ask("POST", "/api/v1/plan", json.dumps(PLAN), {"Content-Type": kind}), 415, "unsupported_type")
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\n\r\n")), [400])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n")), [400])
        self.assertEqual(statuses(self.service.raw(b"GET /healthz HTTP/1.0\r\n\r\n")), [200])

    def test_metrics(self):
        name = 'vramauto_http_requests_total{route="/api/v1/plan",status="%d"}'
        before = [self.service.metric(name % status) for status in (200, 400)]
        fits = self.service.metric('vramauto_plans_total{fits="yes"}')
        self.service.plan(**PLAN), self.service.plan(**PLAN), self.service.post("/api/v1/plan", "")
        self.assertEqual([self.service.metric(name % status) for status in (200, 400)], [before[0] + 2, before[1] + 1])
        self.assertEqual(self.service.metric('vramauto_plans_total{fits="yes"}'), fits + 2)
        self.assertGreaterEqual(self.service.metric("vramauto_models_cached"), 1)
        rows = [line for line in self.service.get("/metrics").body.decode().splitlines() if not line.startswith("#")]
        self.assertEqual(len({row.rpartition(" ")[0] for row in rows}), len(rows), "no line is there twice")
        count = self.service.metric('vramauto_http_request_seconds_count{route="/api/v1/plan"}')
        self.assertEqual(self.service.metric('vramauto_http_request_seconds_bucket{route="/api/v1/plan",le="+Inf"}'), count)


class Tokens(Case):
    TOKEN = "s3cret-s3cret-s3cret"

    def test_it_is_needed_for_all_but_the_page(self):
        service = self.start("--token", self.TOKEN)
        for path in ("/", "/healthz", "/openapi.json"):
            self.assertEqual(service.get(path).status, 200)
        for given in ({}, {"Authorization": "Bearer "}, {"Authorization": self.TOKEN}, {"Authorization": "Bearer " + self.TOKEN + "x"},
                      {"Authorization": "Bearer " + self.TOKEN[:-1]}, {"Authorization": "Basic " + self.TOKEN}, {"Authorization": "Bearer x" + self.TOKEN[1:]}):
            for method, path in (("GET", "/api/v1/devices"), ("GET", "/metrics"), ("GET", "/api/v1/inference/status"), ("POST", "/api/v1/plan")):
                answer = service.ask(method, path, "{}" if method == "POST" else None, {**JSON, **given})
                self.refused(answer, 401, "unauthorized", "Authorization")
                self.assertEqual(answer.headers["WWW-Authenticate"], "Bearer")
        self.assertEqual(service.get("/api/v1/devices", Authorization="Bearer " + self.TOKEN).status, 200)

    def test_how_it_is_given(self):
        loose = self.folder / "token"
        loose.write_text(self.TOKEN)
        loose.chmod(0o644)
        for words, status, says in ((["--host", "0.0.0.0"], 2, "token"), (["--token", "short"], 2, "16"), (["--token-file", str(loose)], 1, "600"),
                                    (["--token-file", "/nonexistent"], 1, "token"), (["--token", "a b" * 10], 2, "spaces"), (["--token", "0123456789abcd%41ef"], 2, "no %"),
                                    (["--request-timeout", "nan"], 2, "nan"), (["--load-timeout", "NaN"], 2, "NaN"), (["--grace", "-nan"], 2, "nan"),
                                    (["--host", "no.such.host.invalid"], 1, "--host"),
                                    (["--model-root", "/nonexistent"], 2, "--model-root"), (["--port", "70000"], 2, "--port"), (["--nonsense"], 2, "--help"),
                                    (["--engine-command", "'"], 2, "quote"), (["--engine-log", "/nonexistent/x"], 1, "--engine-log")):
            done = subprocess.run([SERVE, "--port", "0", *words], capture_output=True, text=True, env=environment(), timeout=60)
            self.assertEqual((done.returncode, done.stdout), (status, ""), (words, done.stderr))
            self.assertIn(says, done.stderr)

    def test_a_port_that_is_taken(self):
        service = self.start()
        done = subprocess.run([SERVE, "--port", str(service.port)], capture_output=True, text=True, env=environment(), timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"127.0.0.1:{service.port}: Address already in use, expected", done.stderr)


class Clients(Case):
    def test_slow_ones_are_cut_off(self):
        service = self.start("--request-timeout", "0.5", "--connections", "4")
        slow = b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000
        for start in (0, 30, len(slow) - 1000):  # in its first line, its headers, its body
            with service.connect() as connection:
                connection.sendall(slow[:start])
                for byte in slow[start:]:
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:
                        break
                    connection.settimeout(0.05)
                    try:
                        if (got := connection.recv(1000)) is not None:
                            break
                    except TimeoutError:
                        continue
                self.assertEqual(statuses(got), [408], start)

    def test_a_client_that_takes_no_answer_keeps_nobody_else_waiting(self):
        service = self.start("--connections", "2")
        with service.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setblocking(False)
            try:
                while True:
                    connection.send(b"GET /api/v1/options HTTP/1.1\r\nHost: localhost\r\n\r\n")
            except BlockingIOError:
                pass
            self.assertEqual(service.plan(**PLAN).status, 200)

    def test_idle_ones_make_room_busy_ones_do_not(self):
        service = self.start("--connections", "4", "--request-timeout", "30")
        idle = [self.held(service) for _ in range(12)]
        self.assertEqual(idle[0].recv(10), b"", "the first to come made room")
        busy = []

        def crowded():
            busy.append(service.connect())
            try:
                busy[-1].sendall(b"POST /api/v1/plan HTTP/1.1\r\n")
            except OSError:
                pass  # refused
            said = service.raw(b"")
            return statuses(said) == [503] and b"\r\nRetry-After: 1\r\n" in said  # by which the page knows that it is to ask again
        until(crowded, "a refusal")
        for connection in busy:
            connection.close()
        until(lambda: 200 in statuses(service.raw(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")), "room again")
        self.assertGreaterEqual(until(lambda: service.metric("vramauto_connections_refused_total"), "a count"), 1)

    def held(self, service):
        """A connection that was answered and stays open."""
        def opened():
            connection = service.connect()
            self.addCleanup(connection.close)
            try:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return connection if statuses(connection.recv(1000)) == [200] else None
            except OSError:
                return None
        return until(opened, "an answer")

    def test_nothing_leaks(self):
        service = self.start()
        service.plan(**PLAN)
        before = service.descriptors()
        for _ in range(200):
            with service.connect() as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: loc")
            service.plan(**PLAN)
        until(lambda: service.descriptors() <= before + 1, "as many descriptors as before")


if __name__ == "__main__":
    unittest.main()
