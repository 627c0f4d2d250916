"""Delivers webhooks: 2 s, three attempts at each URL, each signed anew."""

import asyncio
import json
import time
from collections.abc import Callable

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from destinations.simulator import clock
from destinations.simulator.callback import Callback, Try
from destinations.simulator.telnyx.events import sign, with_meta

TIMEOUT = aiohttp.ClientTimeout(total=2.0)
ATTEMPTS = 3  # at each URL
FIRST_GAP = 0.2  # seconds before the second attempt; doubles. Judged, not documented.


class TelnyxCourier:
    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "telnyx-webhooks"},
        )

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def send(
        self,
        callback: Callback,
        key: Ed25519PrivateKey,
        note: Callable[[Try], None],
    ) -> None:
        """Stops at the first answer in the two hundreds; `note` hears of each try."""
        number = 0
        for url in (callback.url, *json.loads(callback.others)):
            for index in range(ATTEMPTS):
                number += 1
                if await self._try(callback, url, number, key, note):
                    return
                if index < ATTEMPTS - 1:
                    await asyncio.sleep(FIRST_GAP * 2**index)

    async def _try(
        self,
        callback: Callback,
        url: str,
        number: int,
        key: Ed25519PrivateKey,
        note: Callable[[Try], None],
    ) -> bool:
        body = with_meta(callback.body, number, url)
        headers = sign(key, int(time.time()), body)
        attempt = Try(number, clock.now_ms())
        try:
            async with self.session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                attempt.http_status = response.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            attempt.error = type(error).__name__
        note(attempt)
        return attempt.http_status is not None and 200 <= attempt.http_status < 300
