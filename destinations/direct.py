"""
A message to one of our own people, past the queue.

It is no lead's, and what it says must not stand on the Jobs page. Whoever calls has
asked the policy before; one attempt is made, and its outcome is the caller's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import FoundMessage, Message
from destinations.providers.http import ProviderSession
from leadrails.core.delivery import OutcomeUnknown, Receipt

TIMEOUT = 10.0  # seconds; a person is waiting
T = TypeVar("T")


def send_directly(
    destination: Destination,
    *,
    to: str,
    body: str,
    validity_seconds: int,
    timeout: float = TIMEOUT,
) -> Receipt:
    """
    Send once.

    Raises:
        SendError: with the fates that `leadrails.core.delivery` tells apart.
        CannotDecrypt: the credentials cannot be read.
    """
    provider = provider_for(destination)
    message = Message(to=to, body=body, validity_seconds=validity_seconds)
    return call_directly(lambda http: provider.send(message, http), timeout)


def sent_to(
    destination: Destination, to: str, *, since: datetime, timeout: float = TIMEOUT
) -> list[FoundMessage]:
    """
    What the provider's account has sent to a number, newest first.

    Raises:
        SendError, CannotDecrypt: as above.
    """
    provider = provider_for(destination)
    return call_directly(lambda http: provider.find(to, since, http), timeout)


def call_directly(call: Callable[[ProviderSession], Awaitable[T]], seconds: float) -> T:
    """
    Make a call that a person waits for.

    Raises:
        SendError: as the call does; `OutcomeUnknown` after `seconds`.
    """
    try:
        return asyncio.run(_within(call, seconds))
    except TimeoutError:
        failure = OutcomeUnknown("no answer from the provider in time")
    raise failure


async def _within(call: Callable[[ProviderSession], Awaitable[T]], seconds: float) -> T:
    """On a loop of its own: a page's thread has none, and a drain's is busy."""
    async with asyncio.timeout(seconds):
        async with ProviderSession(limit=2, total_timeout=seconds * 0.9) as http:
            return await call(http)
