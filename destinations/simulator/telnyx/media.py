"""Media of an MMS: fetched before the message is accepted, and described."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import aiohttp

from destinations.simulator.accounts import Account
from destinations.simulator.courier import read_up_to
from destinations.simulator.outgoing import is_wanted
from destinations.simulator.telnyx.courier import TelnyxCourier
from destinations.simulator.telnyx.errors import TelnyxError

MAX_BYTES = 1024 * 1024  # of all together
TIMEOUT = aiohttp.ClientTimeout(total=3.0)
KINDS = ("image/", "audio/", "video/", "text/", "application/pdf")
Json = dict[str, Any]


async def fetch(
    courier: TelnyxCourier, urls: Iterable[str], account: Account
) -> list[Json]:
    """
    Return type, size and SHA-256 of each; nothing of what lies beyond this machine.

    Raises:
        TelnyxError: one cannot be had, is no media, or all are too large.
    """
    left = MAX_BYTES
    found: list[Json] = []
    for index, url in enumerate(urls):
        where = f"/media_urls/{index}"
        if not is_wanted(url, account):
            found.append({})
            continue
        try:
            async with courier.session.get(url, timeout=TIMEOUT) as response:
                status, kind = response.status, response.content_type
                data = await read_up_to(response, left)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            detail = f"The media cannot be fetched: {type(error).__name__}."
            raise TelnyxError(40317, detail, where=where) from error
        if status != 200:
            raise TelnyxError(40317, f"The media answers {status}.", where=where)
        if not kind.startswith(KINDS):
            raise TelnyxError(40317, f"{kind} is no media.", where=where)
        if len(data) > left:
            raise TelnyxError(40317, "The media are over 1 MB.", where=where)
        left -= len(data)
        digest = sha256(data).hexdigest()
        found.append({"content_type": kind, "size": len(data), "sha256": digest})
    return found
