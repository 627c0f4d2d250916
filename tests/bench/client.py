"""
A client that costs next to nothing: ready-made requests over kept connections.

Each connection has one request under way. Requests are bytes made before the clock
starts; of an answer its status and its end are read.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from operator import attrgetter
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answered:
    """Times are seconds since 1970, as the provider's are; `place` is the request's."""

    place: int
    sent_at: float
    answered_at: float
    status: int

    @property
    def ms(self) -> float:
        return (self.answered_at - self.sent_at) * 1000


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._buffer[: end + 2])
        if not found and self._buffer[9:12] != b"204":
            raise ValueError("an answer does not say how long it is")
        size = end + 4 + (int(found[1]) if found else 0)
        if len(self._buffer) < size:
            return
        status = int(self._buffer[9:12])
        self._buffer = self._buffer[size:]
        if self._answer and not self._answer.done():
            self._answer.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hung up"))

    async def ask(self, place: int, request: bytes) -> Answered:
        self._answer = asyncio.get_running_loop().create_future()
        sent_at = time.time()
        self.transport.write(request)
        status = await self._answer
        return Answered(place, sent_at, time.time(), status)


@asynccontextmanager
async def connected(url: str, count: int) -> Iterator[list[Connection]]:
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(Connection, parts.hostname, parts.port)
        for _ in range(count)
    ]
    try:
        yield [connection for _, connection in made]
    finally:
        for transport, _ in made:
            transport.close()


def post_all(url: str, requests: Sequence[bytes], *, at_once: int) -> list[Answered]:
    """As fast as the server answers, `at_once` at a time."""

    async def post() -> list[Answered]:
        waiting = iter(enumerate(requests))
        found: list[Answered] = []

        async def work(connection: Connection) -> None:
            for place, request in waiting:
                found.append(await connection.ask(place, request))

        async with connected(url, at_once) as connections:
            await asyncio.gather(*map(work, connections))
        return found

    return asyncio.run(post())


def post_paced(
    url: str,
    requests: Sequence[bytes | Callable[[], bytes]],
    *,
    per_second: float,
    connections: int = 50,
) -> list[Answered]:
    """
    One after the other at a steady pace, whether the server keeps up or not.

    A request that finds no free connection waits for one; its time counts from when
    it should have been sent. One that ages is made when it is sent.
    """

    async def post() -> list[Answered]:
        loop = asyncio.get_running_loop()
        waiting = iter(enumerate(requests))
        found: list[Answered] = []

        async def work(connection: Connection) -> None:
            for place, request in waiting:
                wanted = place / per_second
                await asyncio.sleep(began + wanted - loop.time())
                raw = request if isinstance(request, bytes) else request()
                answer = await connection.ask(place, raw)
                found.append(replace(answer, sent_at=began_at + wanted))

        async with connected(url, connections) as made:
            began, began_at = loop.time(), time.time()
            await asyncio.gather(*map(work, made))
        return sorted(found, key=attrgetter("place"))

    return asyncio.run(post())
