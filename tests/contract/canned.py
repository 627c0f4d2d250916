"""A server on loopback that answers as told, for what no simulator can be asked."""

import asyncio
import json
import socket
import struct
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CLOSE = "close without an answer"
RESET = "reset the connection"
HANG = "never answer"


def reply(status=200, body=b"{}", headers=(), length=None):
    """A raw HTTP answer; a body that is no bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Canned"]
    lines += [f"{name}: {value}" for name, value in dict(headers).items()]
    lines.append(f"Content-Length: {len(content) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@dataclass
class Request:
    line: str
    headers: dict
    body: bytes


@dataclass
class Canned:
    replies: list
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                answer = (
                    self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                )
                if answer == HANG:
                    await reader.read()
                    return
                if answer == RESET:
                    linger = struct.pack("ii", 1, 0)
                    sock = writer.get_extra_info("socket")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                if answer in (CLOSE, RESET):
                    return
                writer.write(answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _read(self, reader):
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return None
        line, *rest = head.strip().split("\r\n")
        headers = dict(part.split(": ", 1) for part in rest)
        length = int(headers.get("Content-Length", 0))
        return Request(line, headers, await reader.readexactly(length))


@asynccontextmanager
async def canned(*replies):
    this = Canned(list(replies))
    server = await asyncio.start_server(this.serve, "127.0.0.1", 0)
    this.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield this
    finally:
        server.close()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
