"""A web server that records the callbacks it gets and answers as told."""

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest


@dataclass(frozen=True)
class Received:
    at: float
    method: str
    path: str
    headers: dict
    form: dict

    @property
    def status(self):
        return self.form["MessageStatus"]


class Receiver(ThreadingHTTPServer):
    """`answers` holds the statuses of the next answers; then they are 204."""

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def about(self, sid):
        return [r for r in self.received if r.form.get("MessageSid") == sid]

    def wait(self, sid, count, timeout=10.0):
        deadline = time.monotonic() + timeout
        while len(self.about(sid)) < count:
            assert time.monotonic() < deadline, f"only {self.about(sid)}"
            time.sleep(0.02)
        return self.about(sid)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {
            name: values[0]
            for name, values in parse_qs(body, keep_blank_values=True).items()
        }
        self.server.received.append(
            Received(time.time(), self.command, self.path, dict(self.headers), form)
        )
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()
