"""
Whether a phone can be reached by RCS: asked where nobody else falls back, and kept.

Asking takes a provider seconds, so an answer holds for a day, for all workers. It only
saves a message that would not arrive: whoever gets no answer just sends.
"""

import asyncio
import hashlib
import hmac
import logging

import redis
import redis.asyncio
from django.conf import settings

from destinations.providers.base import Provider
from destinations.providers.http import ProviderSession
from leadrails.core.delivery import SendError

log = logging.getLogger(__name__)

HOLDS_FOR = 24 * 3600  # seconds
PATIENCE = 3.0  # seconds for the provider
REDIS_PATIENCE = 0.25
MOST_CONNECTIONS = 8  # to Redis; each question takes one for less than a millisecond
TURN_PATIENCE = 1.0  # seconds for one of them
_YES, _NO = b"1", b"0"


class Reach:
    """
    One per process and event loop; connections are made on first use and kept.

    A connection belongs to its loop, so that no two can share one.
    """

    def __init__(self) -> None:
        self._client: redis.asyncio.Redis | None = None

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def has_rcs(
        self, provider: Provider, to: str, http: ProviderSession
    ) -> bool | None:
        """None if nothing is known, or the provider looks by itself. Never raises."""
        if not (agent := provider.checks_rcs_of):
            return None
        key = _key(provider, agent, to)
        known = await self._recall(key)
        if known is not None:
            return known
        try:
            async with asyncio.timeout(PATIENCE):
                found = await provider.has_rcs(to, http)
        except (SendError, TimeoutError):
            return None
        if found is not None:
            await self._remember(key, found)
        return found

    async def _recall(self, key: str) -> bool | None:
        try:
            known = await self._redis().get(key)
        except (redis.RedisError, OSError, TimeoutError) as error:
            log.info("what is known of a phone could not be read", exc_info=error)
            return None
        return {_YES: True, _NO: False}.get(known) if isinstance(known, bytes) else None

    async def _remember(self, key: str, has: bool) -> None:
        try:
            await self._redis().set(key, _YES if has else _NO, ex=HOLDS_FOR)
        except (redis.RedisError, OSError, TimeoutError) as error:
            log.info("what is known of a phone could not be kept", exc_info=error)

    def _redis(self) -> redis.asyncio.Redis:
        if self._client is None:
            pool = redis.asyncio.BlockingConnectionPool.from_url(
                settings.REDIS_URL,
                max_connections=MOST_CONNECTIONS,
                timeout=TURN_PATIENCE,
                socket_timeout=REDIS_PATIENCE,
                socket_connect_timeout=REDIS_PATIENCE,
            )
            self._client = redis.asyncio.Redis.from_pool(pool)
        return self._client


def _key(provider: Provider, agent: str, to: str) -> str:
    """No number in clear: what reads Redis need not learn whom we write to."""
    secret = settings.LEADRAILS_KEYRING.derive("rcs reach")
    text = f"{provider.kind}|{agent}|{to}".encode()
    return f"leadrails:rcs:{hmac.new(secret, text, hashlib.sha256).hexdigest()}"
