"""A hub on this machine: it serves folders as Hugging Face's does, and misbehaves where a test says how."""
import http.server
import json
import pathlib
import re
import threading
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"
STEP = 1 << 16


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server
        with hub.lock:
            hub.requests.append((self.path, dict(self.headers)))
        try:
            if not (hub.misbehave and hub.misbehave(self)):
                self.behave()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client had enough

    def behave(self):
        url = urllib.parse.urlsplit(self.path)
        if found := re.fullmatch(r"/api/models/(.+)/revision/([^/]+)", url.path):
            self.listing(found[1], urllib.parse.unquote(found[2]))
        elif found := re.fullmatch(r"/(.+)/resolve/([^/]+)/([^/]+)", url.path):
            self.file(found[1], found[2], urllib.parse.unquote(found[3]))
        else:
            self.refuse(404, "EntryNotFound")

    def listing(self, name, revision):
        folder = self.server.models.get(name)
        if not folder:
            return self.refuse(401, "RepoNotFound", "Repository not found")
        if revision not in (*self.server.branches, COMMIT):
            return self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        files = [{"rfilename": f.name, "size": f.stat().st_size} for f in sorted(folder.iterdir())]
        files = [{**f, "lfs": {"size": f["size"], "pointerSize": 134}} if f["size"] > 1 << 20 else f for f in files]
        self.say(json.dumps({"id": name, "sha": self.server.commit, "siblings": files + self.server.more_siblings}))

    def file(self, name, commit, file):
        path = self.server.models.get(name, pathlib.Path("/nowhere")) / file
        if commit != self.server.commit or not path.is_file():
            return self.refuse(404, "EntryNotFound")
        size = path.stat().st_size
        found = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        begin, end = (int(found[1]), min(int(found[2]) + 1, size)) if found and self.server.ranges else (0, size)
        if begin >= size > 0:
            return self.refuse(416)
        self.send_response(206 if found and self.server.ranges else 200)
        if found and self.server.ranges:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        self.send_header("Content-Length", str(end - begin))
        self.end_headers()
        with open(path, "rb") as f:
            f.seek(begin)
            while begin < end:
                part = f.read(min(STEP, end - begin))
                self.wfile.write(part)
                begin += len(part)
                with self.server.lock:
                    self.server.sent += len(part)

    def say(self, text, status=200, **headers):
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(data), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, code=None, message=None, **headers):
        if code:
            headers["X_Error_Code"] = code
        if message:
            headers["X_Error_Message"] = message
        self.say("{}", status, **headers)


class Hub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, models, tls=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.models, self.tls = models, tls
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.again()
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def again(self):
        """As new."""
        self.requests, self.sent = [], 0
        self.misbehave, self.ranges, self.more_siblings = None, True, []
        self.branches, self.commit = ("main", "v1", "refs/pr/1"), COMMIT

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, *_):
        pass  # clients that refuse a certificate or hang up
