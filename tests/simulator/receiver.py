"""A web server that records the callbacks it gets and answers as told."""

import json
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

HANG_UP = 0  # in place of a status: the connection ends without an answer


@dataclass(frozen=True)
class Received:
    at: float
    method: str
    path: str
    headers: dict
    form: dict
    body: bytes = b""

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def status(self):
        return self.form["MessageStatus"]


class Receiver(ThreadingHTTPServer):
    """
    `answers` holds the statuses of the next answers; then they are 204.

    `bodies` holds, by path, the content type and text of every answer there; a URL
    as the text redirects to it. `statuses` and `waits` hold, by path, the status of
    every answer and the seconds before it.
    """

    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.bodies: dict[str, tuple[str, str]] = {}
        self.statuses: dict[str, int] = {}
        self.waits: dict[str, float] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def handle_error(self, request, client_address):
        """A client that waited long enough is gone; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def events(self, count, timeout=30.0):
        """The first JSON bodies, once there are so many."""
        deadline = time.monotonic() + timeout
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"only {self.received}"
            time.sleep(0.02)
        return [received.json for received in self.received]

    def about(self, sid):
        return [r for r in self.received if r.form.get("MessageSid") == sid]

    def wait(self, sid, count, timeout=30.0):
        deadline = time.monotonic() + timeout
        while len(self.about(sid)) < count:
            assert time.monotonic() < deadline, f"only {self.about(sid)}"
            time.sleep(0.02)
        return self.about(sid)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_PUT = do_POST

    def do_GET(self):
        self._answer(self.path.partition("?")[2].encode())

    def _answer(self, data):
        form = {
            name: values[0]
            for name, values in parse_qs(data.decode(), keep_blank_values=True).items()
        }
        self.server.received.append(
            Received(
                time.time(), self.command, self.path, dict(self.headers), form, data
            )
        )
        if self.server.answers[:1] == [HANG_UP]:
            self.server.answers.pop(0)
            self.close_connection = True
            return
        kind, text = self.server.bodies.get(self.path.partition("?")[0], ("", ""))
        usual = (302 if kind == "redirect" else 200) if kind else 204
        of_path = self.server.statuses.get(self.path, usual)
        time.sleep(self.server.waits.get(self.path, 0))
        self.send_response(
            self.server.answers.pop(0) if self.server.answers else of_path
        )
        if kind == "redirect":
            self.send_header("Location", text)
            text = ""
        elif kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args):
        pass


@pytest.fixture
def receiver():
    server = Receiver()
    yield server
    server.shutdown()
    server.server_close()
