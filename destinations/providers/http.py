"""
Calls to providers over one pool of connections, and what their failures mean.

What a failure *means* is decided here, once, for all vendors:

* no connection was made: `NotSent`, safe to send again;
* 429: `RateLimited`, a kind of not sent;
* the request may have been written and nothing usable came back: `OutcomeUnknown`,
  never sent again blindly. A pooled connection that the server closed just before
  our request looks the same from here, so it counts as unknown too;
* anything else is an `Answer` for the provider to read.

aiohttp sends a request again by itself over a fresh connection only for idempotent
methods (RFC 9112, 9.3.1), so never a POST.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from destinations.providers.answers import (
    MAX_ANSWER,
    Answer,
    Auth,
    error_code,
)
from leadrails.core.delivery import NotSent, OutcomeUnknown, RateLimited, SendError
from leadrails.version import VERSION

LONGEST_WAIT = 86_400.0  # seconds; a Retry-After beyond a day is a mistake

NOT_CONNECTED = (
    aiohttp.ClientConnectorError,  # refused, unreachable, DNS, TLS, certificate
    aiohttp.ConnectionTimeoutError,  # also while waiting for a place in the pool
    aiohttp.InvalidURL,
)
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class ProviderSession:
    """
    One per process and event loop; the connections are made on first use.

    Args:
        limit: connections at a time, over all hosts.
        connect_timeout: seconds for a place in the pool, name, TCP and TLS.
        total_timeout: seconds for the whole call.
        keepalive: seconds an idle connection is kept. Short of what servers keep
            theirs, so that it is we who close.
    """

    def __init__(
        self,
        *,
        limit: int = 1000,
        connect_timeout: float = 5.0,
        total_timeout: float = 30.0,
        keepalive: float = 15.0,
    ) -> None:
        self._limit = limit
        self._timeout = aiohttp.ClientTimeout(
            total=total_timeout, connect=connect_timeout
        )
        self._keepalive = keepalive
        self._session: aiohttp.ClientSession | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        self._is_closed = True
        if self._session is not None:
            await self._session.close()

    async def post_form(
        self, url: str, pairs: Iterable[tuple[str, str]], *, auth: Auth
    ) -> Answer:
        body = _encode_form(pairs)
        return await self._call("POST", url, auth=auth, body=body, content_type=FORM)

    async def post_json(
        self, url: str, payload: Mapping[str, Any], *, auth: Auth
    ) -> Answer:
        body = msgspec.json.encode(payload)
        return await self._call("POST", url, auth=auth, body=body, content_type=JSON)

    async def patch_json(
        self, url: str, payload: Mapping[str, Any], *, auth: Auth
    ) -> Answer:
        body = msgspec.json.encode(payload)
        return await self._call("PATCH", url, auth=auth, body=body, content_type=JSON)

    async def delete(self, url: str, *, auth: Auth) -> Answer:
        return await self._call("DELETE", url, auth=auth)

    async def get_json(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        auth: Auth,
        max_bytes: int = MAX_ANSWER,
    ) -> Answer:
        if params:
            url += f"?{urlencode(params)}"
        return await self._call("GET", url, auth=auth, max_bytes=max_bytes)

    async def _call(
        self,
        method: str,
        url: str,
        *,
        auth: Auth,
        body: bytes | None = None,
        content_type: str | None = None,
        max_bytes: int = MAX_ANSWER,
    ) -> Answer:
        if self._is_closed:
            raise NotSent("LeadRails is shutting down")
        headers = {"Authorization": auth.header}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            async with self._open().request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                content = await _read(response, max_bytes)
                return _judge(response.status, response.headers, content)
        except NOT_CONNECTED as error:
            failure: SendError = NotSent(_why_not_sent(error))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            failure = OutcomeUnknown(_why_unknown(error))
        # Raised here and not above: the original quotes URLs and headers, and as
        # this one's context it would be printed with it.
        raise failure

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._limit,
                    limit_per_host=0,
                    keepalive_timeout=self._keepalive,
                ),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                headers={
                    "Accept": JSON,
                    "Accept-Encoding": "identity",
                    "User-Agent": f"LeadRails/{VERSION}",
                },
            )
        return self._session


def _encode_form(pairs: Iterable[tuple[str, str]]) -> bytes:
    # As urllib does it, in a seventh of the time; of characters that need no escape
    # it leaves a few more as they are.
    return URL.build(query=list(pairs)).raw_query_string.encode()


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or max_bytes + 1) <= max_bytes:
        return await response.read()
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > max_bytes:
            response.close()
            raise OutcomeUnknown(f"the provider's answer exceeds {max_bytes:,} bytes")
    return bytes(content)


def _judge(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    body = {} if status == HTTPStatus.NO_CONTENT else _parse(content)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited(
            retry_after=retry_after(headers.get("Retry-After"), datetime.now(UTC)),
            code=error_code(body or {}) or str(status),
        )
    is_usable = 200 <= status < 300 or 400 <= status < 500
    if not is_usable or status == HTTPStatus.REQUEST_TIMEOUT:
        # It may have been accepted before it broke, a 503 included.
        raise OutcomeUnknown(f"the provider answered with HTTP status {status}")
    if body is None:
        raise OutcomeUnknown(f"the provider's answer ({status}) is not JSON")
    return Answer(status, body)


def _parse(content: bytes) -> dict[str, Any] | None:
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return body if isinstance(body, dict) else None


def retry_after(header: str | None, now: datetime) -> float | None:
    """
    Seconds to wait, from either form of `Retry-After`.

    Source: RFC 9110, 10.2.3.
    """
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            at = parsedate_to_datetime(header)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _why_not_sent(error: Exception) -> str:
    match error:
        case aiohttp.ConnectionTimeoutError():
            return "no connection to the provider in time"
        case aiohttp.ClientConnectorDNSError():
            return "the provider's host name was not found"
        case aiohttp.ClientSSLError():
            return "no secure connection to the provider: TLS or its certificate failed"
        case aiohttp.InvalidURL():
            return "the provider's address is not a valid URL"
    return "no connection to the provider: it was refused or is unreachable"


def _why_unknown(error: Exception) -> str:
    if isinstance(error, asyncio.TimeoutError):
        return "request written, no answer from the provider in time"
    return "request written, but the connection broke before a usable answer"
