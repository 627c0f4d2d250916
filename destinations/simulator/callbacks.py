"""Delivers callbacks, each on its own clock: no order, and retries as overridden."""

import asyncio
import logging
import time

import aiohttp
from yarl import URL

from destinations.simulator import clock
from destinations.simulator.accounts import Accounts
from destinations.simulator.callback import Callback, Overrides, Try, sign, split
from destinations.simulator.ledger import Ledger

log = logging.getLogger(__name__)
FIRST_GAP = 0.1  # seconds before the first retry; doubles. Judged, not documented.


class CallbackSender:
    def __init__(self, ledger: Ledger, accounts: Accounts) -> None:
        self._ledger = ledger
        self._accounts = accounts
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    @property
    def pending(self) -> int:
        return len(self._tasks)

    def start(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=200),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "User-Agent": "TwilioProxy/1.1",
                "X-Home-Region": "us1",
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            },
        )
        for callback in self._ledger.undone_callbacks():
            self.schedule(callback)

    def schedule(self, callback: Callback) -> None:
        task = asyncio.create_task(self._deliver(callback))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """What is underway stays due and is sent again after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _deliver(self, callback: Callback) -> None:
        wait = callback.due - clock.now_ms()
        if wait > 0:
            await asyncio.sleep(wait / 1000)
        await self._ledger.before_telling()
        url, overrides = split(callback.url)
        deadline = time.monotonic() + overrides.tt / 1000
        headers = {
            "I-Twilio-Idempotency-Token": callback.token,
            "X-Twilio-Signature": self._signature(callback, url),
        }
        for number in range(1, overrides.rc + 2):
            failure = await self._try(
                callback, url, headers, overrides, number, deadline
            )
            if failure is None or not overrides.allows(failure):
                break
            gap = FIRST_GAP * 2 ** (number - 1)
            if time.monotonic() + gap >= deadline:
                break
            await asyncio.sleep(gap)
        callback.is_done = True
        self._ledger.save_callback(callback)

    def _signature(self, callback: Callback, url: str) -> str:
        token = self._accounts.token(callback.account)
        if callback.is_badly_signed:
            token = token[::-1]
        return sign(token, url, callback.body)

    async def _try(
        self,
        callback: Callback,
        url: str,
        headers: dict[str, str],
        overrides: Overrides,
        number: int,
        deadline: float,
    ) -> str | None:
        """Return what failed, in the words of the override `rp`; None if nothing."""
        assert self._session
        attempt = Try(number, clock.now_ms())
        timeout = aiohttp.ClientTimeout(
            total=max(deadline - time.monotonic(), 0.01),
            sock_connect=overrides.ct / 1000,
            sock_read=overrides.rt / 1000,
        )
        failure: str | None = None
        try:
            async with self._session.post(
                URL(url, encoded=True),
                data=callback.body.encode(),
                headers=headers,
                timeout=timeout,
            ) as answer:
                attempt.http_status = answer.status
            if answer.status >= 400:
                failure = "5xx" if answer.status >= 500 else "4xx"
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            attempt.error = type(error).__name__
            failure = _failure(error)
        self._ledger.add_try(callback, attempt)
        return failure


def _failure(error: Exception) -> str:
    """A kept connection that the other side had closed counts as not connected."""
    not_connected = (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ServerDisconnectedError,
    )
    return "ct" if isinstance(error, not_connected) else "rt"
