"""
A provider that answers every message with 201, at no cost worth measuring.

    python -m tests.bench.provider [DELAY_SECONDS]

Prints its address. Of a request it reads where it ends and whom it is to, and keeps
that with the time of its arrival. `GET /calls` tells and forgets what was kept;
`GET /delay/0.05` makes it answer each message after 50 ms from now on.
"""

import asyncio
import itertools
import json
import re
import sys
import time

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TO = re.compile(rb"\bTo=%2B(\d+)")
_CREATED = b"201 Created"
_OK = b"200 OK"
_HEAD = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
_numbers = itertools.count()


class State:
    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.calls: list[tuple[float, str]] = []


class Answering(asyncio.Protocol):
    def __init__(self, state: State) -> None:
        self.state = state
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = _LENGTH.search(self.buffer[: end + 2])
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < size:
                return
            request, self.buffer = self.buffer[:size], self.buffer[size:]
            if request.startswith(b"POST"):
                self.take(request[end + 4 :])
            else:
                self.obey(request.split(b" ", 2)[1].decode())

    def take(self, body: bytes) -> None:
        to = _TO.search(body)
        self.state.calls.append((time.time(), f"+{to[1].decode()}" if to else ""))
        if self.state.delay:
            asyncio.get_running_loop().call_later(self.state.delay, self.answer)
        else:
            self.answer()

    def obey(self, path: str) -> None:
        body = b"{}"
        if path == "/calls":
            body, self.state.calls = json.dumps(self.state.calls).encode(), []
        elif path == "/count":
            body = str(len(self.state.calls)).encode()
        elif path.startswith("/delay/"):
            self.state.delay = float(path.rpartition("/")[2])
        self.transport.write(_HEAD % (_OK, len(body), body))

    def answer(self) -> None:
        body = b'{"sid":"SM5111a7ed%024x","status":"queued","num_segments":"1"}'
        body %= next(_numbers)
        if not self.transport.is_closing():
            self.transport.write(_HEAD % (_CREATED, len(body), body))


async def main(delay: float) -> None:
    state = State(delay)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Answering(state), "127.0.0.1", 0, backlog=4096
    )
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
