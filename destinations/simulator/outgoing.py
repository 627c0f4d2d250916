"""
Media of messages to people: fetched once a message is accepted, as Twilio does.

What cannot be had fails the message when it would be sent. Twilio documents sizes and
types; which code an MMS then has is judged from the codes of its channels.
"""

import asyncio
import ipaddress
from urllib.parse import urlsplit

import aiohttp

from destinations.simulator.accounts import Account, Accounts
from destinations.simulator.courier import Courier
from destinations.simulator.message import Message

FITTED = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif"})
MOST = 5 * 1024 * 1024  # bytes of all together
MOST_UNFITTED = 500 * 1024  # bytes of a file that is not made smaller for the phone
KINDS = ("image/", "audio/", "video/")
_OTHERS = (
    "application/pdf application/vcard application/vnd.apple.pkpass application/msword"
    " application/vnd.ms-excel application/vnd.ms-powerpoint text/vcard text/x-vcard"
    " text/csv text/rtf text/richtext text/calendar text/directory"
)
OTHER_KINDS = frozenset(_OTHERS.split())
OFFICE = "application/vnd.openxmlformats-officedocument."

NOT_FETCHED = 63019
TOO_LARGE, TOO_LARGE_FOR_CHANNEL = 30019, 63034


class OutgoingMedia:
    def __init__(self, courier: Courier, accounts: Accounts) -> None:
        self._courier = courier
        self._accounts = accounts
        self._tasks: dict[str, asyncio.Task[int | None]] = {}

    def begin(self, message: Message) -> None:
        """Fetch what a message brings, unless that lies beyond this machine."""
        if message.is_inbound or message.is_telnyx:
            return
        account = self._accounts.get(message.account)
        urls = [url for url in message.media if is_wanted(url, account)]
        if urls:
            self._tasks[message.sid] = asyncio.create_task(self._check(message, urls))

    def is_underway(self, message: Message) -> bool:
        task = self._tasks.get(message.sid)
        return task is not None and not task.done()

    def take_code(self, message: Message) -> int | None:
        """The code that the message fails with, if any; then forget it."""
        task = self._tasks.pop(message.sid, None)
        return task.result() if task and not task.cancelled() else None

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _check(self, message: Message, urls: list[str]) -> int | None:
        is_channel = ":" in message.to
        left = MOST
        for url in urls:
            try:
                kind, size = await self._courier.fetch(url, left)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                return NOT_FETCHED
            is_fitted = kind in FITTED
            if not is_fitted and not _is_taken(kind):
                return NOT_FETCHED
            left -= size
            if left < 0 or (not is_fitted and size > MOST_UNFITTED):
                return TOO_LARGE_FOR_CHANNEL if is_channel else TOO_LARGE
        return None


def is_wanted(url: str, account: Account) -> bool:
    """Whether it is fetched: what lies on this machine, unless all is asked for."""
    if account.fetches_all_media:
        return True
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_taken(kind: str) -> bool:
    return kind.startswith((*KINDS, OFFICE)) or kind in OTHER_KINDS
