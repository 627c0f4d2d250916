"""
Posts to addresses that tenants write.

Only https is asked, only public addresses, wherever names lead, and redirects are not
followed. What the operator names in LEADRAILS_WEBHOOK_HOSTS is excepted: a chat in the
house has a private address.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp
from aiohttp.abc import AbstractResolver
from django.conf import settings
from django.utils.translation import gettext as _
from yarl import URL

from destinations.providers.download import (
    NotPublic,
    PublicOnly,
    careful_session,
    is_literal,
    is_public,
)
from destinations.providers.http import NOT_CONNECTED, retry_after
from leadrails.alerts.answers import Answer, not_sent, refused, sent, unknown

TIMEOUT = 10.0  # seconds for the whole call
LONGEST_URL = 2000
_READ = 2048  # bytes of an answer; its beginning stands in the log
_SHOWN = 200  # characters


def problem_with(url: str) -> str:
    """What keeps an address from being called, as a sentence; empty if nothing does."""
    try:
        place = URL(url)
        port = place.port
    except ValueError:
        return _("This is not a web address.")
    if not place.host or port is None or len(url) > LONGEST_URL:
        return _("This is not a web address.")
    if place.user or place.password:
        return _("Leave out the name and password before the @.")
    if _is_excepted(place):
        return ""
    if place.scheme != "https":
        return _("The address must begin with https://")
    is_local = place.host == "localhost" or place.host.endswith(".localhost")
    if is_local or (is_literal(place.host) and not is_public(place.host)):
        return _("The address leads into a private network.")
    return ""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post once; whoever gets it knows what a status means."""
    if problem := problem_with(url):
        return refused(problem)
    return asyncio.run(_post(url, body, headers))


async def _post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    resolver: AbstractResolver | None = None
    if not _is_excepted(URL(url)):
        resolver = PublicOnly()
    try:
        async with (
            careful_session(resolver, seconds=TIMEOUT) as session,
            session.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response,
        ):
            text = await _beginning(response)
            return _judge(response.status, response.headers, text)
    except NOT_CONNECTED as error:
        if isinstance(getattr(error, "os_error", None), NotPublic):
            return refused(_("The name leads into a private network."))
        return not_sent(_("No connection: %(why)s") % {"why": _why(error)})
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return unknown(_("No usable answer: %(why)s") % {"why": _why(error)})


async def _beginning(response: aiohttp.ClientResponse) -> str:
    content = await response.content.read(_READ)
    text = content.decode(errors="replace")
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words[:_SHOWN]


def _judge(status: int, headers: Mapping[str, str], text: str) -> Answer:
    words = f"{status} {text}".strip()
    if 200 <= status < 300:
        return sent(words)
    if status == 410:
        return refused(words)
    return not_sent(words, retry_after(headers.get("Retry-After"), datetime.now(UTC)))


def _is_excepted(place: URL) -> bool:
    hosts = settings.LEADRAILS_WEBHOOK_HOSTS
    is_web = place.scheme in ("http", "https")
    return is_web and (place.host in hosts or f"{place.host}:{place.port}" in hosts)


def _why(error: Exception) -> str:
    """Without the address, which may hold a secret."""
    if isinstance(error, TimeoutError):
        return _("it took too long")
    cause = getattr(error, "os_error", None)
    return getattr(cause, "strerror", None) or type(error).__name__
