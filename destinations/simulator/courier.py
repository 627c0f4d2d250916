"""Requests to a customer's web server: timeouts, repeats, redirects as documented."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from yarl import URL

from destinations.simulator import clock
from destinations.simulator.callback import Overrides, Try, sign, split

FIRST_GAP = 0.1  # seconds before the first retry; doubles. Judged, not documented.
MEDIA_TIMEOUT = aiohttp.ClientTimeout(total=10.0)
MAX_ANSWER = 64 * 1024  # bytes of TwiML


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    Attributes:
        key: signs the request; the account's auth token.
        url: as configured; its fragment overrides timeouts and repeats.
        form: the parameters, URL-encoded.
    """

    url: str
    form: str
    key: str
    token: str
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    text: str


class Courier:
    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "TwilioProxy/1.1", "X-Home-Region": "us1"},
        )

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def send(self, call: Call, note: Callable[[Try], None]) -> Answer | None:
        """
        Return the last answer, None if there was none; `note` hears of each try.

        A redirect 301 or 302 is followed with GET and so loses the form, as at the
        provider.
        """
        bare, overrides = split(call.url)
        deadline = time.monotonic() + overrides.tt / 1000
        for number in range(1, overrides.rc + 2):
            answer, failure = await self._try(
                call, bare, overrides, number, deadline, note
            )
            if failure is None or not overrides.allows(failure):
                return answer
            gap = FIRST_GAP * 2 ** (number - 1)
            if time.monotonic() + gap >= deadline:
                return answer
            if number <= overrides.rc:
                await asyncio.sleep(gap)
        return answer

    async def fetch(self, url: str, most: int) -> tuple[str, int]:
        """
        Return type and size of a file, in bytes; of one that is larger, `most` + 1.

        Raises:
            aiohttp.ClientError, TimeoutError, ValueError: it cannot be had.
        """
        assert self._session
        async with self._session.get(url, timeout=MEDIA_TIMEOUT) as response:
            response.raise_for_status()
            return response.content_type, len(await read_up_to(response, most))

    async def _try(
        self,
        call: Call,
        bare: str,
        overrides: Overrides,
        number: int,
        deadline: float,
        note: Callable[[Try], None],
    ) -> tuple[Answer | None, str | None]:
        """Return also what failed, in the words of the override `rp`."""
        assert self._session
        url, body = _request(call, bare)
        headers = {
            "I-Twilio-Idempotency-Token": call.token,
            "X-Twilio-Signature": sign(call.key, url, body),
        }
        if call.method != "GET":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        attempt = Try(number, clock.now_ms())
        timeout = aiohttp.ClientTimeout(
            total=max(deadline - time.monotonic(), 0.01),
            sock_connect=overrides.ct / 1000,
            sock_read=overrides.rt / 1000,
        )
        answer, failure = None, None
        try:
            async with self._session.request(
                call.method,
                URL(url, encoded=True),
                data=body.encode() if call.method != "GET" else None,
                headers=headers,
                timeout=timeout,
            ) as response:
                attempt.http_status = response.status
                answer = await _read(response)
            if answer.status >= 400:
                failure = "5xx" if answer.status >= 500 else "4xx"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            attempt.error = type(error).__name__
            failure = _failure(error)
        note(attempt)
        return answer, failure


async def read_up_to(response: aiohttp.ClientResponse, most: int) -> bytes:
    """At most one byte more than `most`, which tells that there is more."""
    data = b""
    while len(data) <= most and not response.content.at_eof():
        data += await response.content.read(most + 1 - len(data))
    return data


async def _read(response: aiohttp.ClientResponse) -> Answer:
    data = await response.content.read(MAX_ANSWER)
    while len(data) < MAX_ANSWER and not response.content.at_eof():
        data += await response.content.read(MAX_ANSWER - len(data))
    return Answer(response.status, response.content_type, data.decode(errors="replace"))


def _request(call: Call, bare: str) -> tuple[str, str]:
    """The URL and the body: a GET has all its parameters in the URL."""
    if call.method != "GET":
        return bare, call.form
    return f"{bare}{'&' if '?' in bare else '?'}{call.form}", ""


def _failure(error: Exception) -> str:
    """A kept connection that the other side had closed counts as not connected."""
    not_connected = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ServerDisconnectedError,
    )
    return "ct" if isinstance(error, not_connected) else "rt"
