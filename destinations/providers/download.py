"""
Download the files that people sent. Anybody may write an address into a message.

Only https is asked, and no address that is not public, wherever names and redirects
lead; what lies below the provider's own base address, which the operator sets, is
excepted. The account's key goes where the provider says it belongs and nowhere else.
What is too large, or of a kind that could run in a page, is not taken.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from destinations.providers.answers import Auth
from leadrails.version import VERSION

MAX_BYTES = 16 * 1024 * 1024  # the largest file that a channel takes
MAX_REDIRECTS = 3
TIMEOUT = 20.0  # seconds
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
GONE = frozenset({404, 410})
KINDS = ("image/", "audio/", "video/")
OTHER_KINDS = frozenset(
    {
        "application/pdf",
        "application/vcard",
        "text/calendar",
        "text/plain",
        "text/vcard",
        "text/x-vcard",
    }
)
RUNS = frozenset({"image/svg+xml"})
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotKept(Exception):
    """The file stays a link; the text says why."""


class NotNow(Exception):
    """It may be there later."""


@dataclass(frozen=True, slots=True)
class File:
    content_type: str
    data: bytes = field(repr=False)


class Downloads:
    """
    Downloads for one provider.

    Args:
        base_url: the provider's, which may be plain http and anywhere.
        auth: see `Provider.media_auth`.
    """

    def __init__(
        self,
        base_url: str,
        auth: Callable[[str], Auth | None],
        *,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._base = base_url.rstrip("/") + "/"
        self._auth = auth
        self._max_bytes = max_bytes

    async def __aenter__(self) -> Self:
        self._public = careful_session(PublicOnly())
        self._own = careful_session(None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._public.close()
        await self._own.close()

    async def fetch(self, url: str, *, content_type: str = "") -> File:
        """
        Return a file.

        Args:
            content_type: what its sender calls it, should the server not say.

        Raises:
            NotKept: it is not to be had, or not to be kept.
            NotNow: the server is not well.
        """
        for _ in range(MAX_REDIRECTS + 1):
            found = await self._get(url, content_type)
            if isinstance(found, File):
                return found
            url = found
        raise NotKept("The address leads on and on.")

    async def _get(self, url: str, content_type: str) -> File | str:
        """A file, or the address that the server sends us on to."""
        session = self._session_for(url)
        auth = self._auth(url)
        headers = {"Authorization": auth.header} if auth else {}
        try:
            async with session.get(
                url, headers=headers, allow_redirects=False
            ) as response:
                if response.status in REDIRECTS:
                    return _next(url, response.headers.get("Location", ""))
                _judge(response.status)
                kind = response.headers.get("Content-Type") or content_type
                return File(_kept(kind), await self._read(response))
        except NotPublic:
            raise NotKept("The address is not a public one.") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            _fail(error)

    def _session_for(self, url: str) -> aiohttp.ClientSession:
        if url.startswith(self._base):
            return self._own
        try:
            place = URL(url)
        except ValueError:
            raise NotKept("The address cannot be read.") from None
        if place.scheme != "https" or not place.host:
            raise NotKept("The address is not a https one.")
        if is_literal(place.host) and not is_public(place.host):
            raise NotKept("The address is not a public one.")
        return self._public

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        too_large = NotKept(f"It is larger than {self._max_bytes // 1024**2} MB.")
        if (response.content_length or 0) > self._max_bytes:
            raise too_large
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > self._max_bytes:
                raise too_large
        return bytes(content)


class NotPublic(OSError):
    """A name leads to an address that is not public."""


class PublicOnly(AbstractResolver):
    """Gives the addresses that are connected to, so none can change in between."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(place["host"]) for place in found):
            raise NotPublic("the name leads to an address that is not public")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's, tunnels not counted."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found.sixtofour is not None or found.teredo is not None or found in NAT64:
            return False
    return found.is_global and not found.is_multicast


def is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def careful_session(
    resolver: AbstractResolver | None, *, seconds: float = TIMEOUT
) -> aiohttp.ClientSession:
    """A session without cookies, proxies of the environment and unpacking."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, limit=10),
        timeout=aiohttp.ClientTimeout(total=seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers={
            "Accept-Encoding": "identity",
            "User-Agent": f"LeadRails/{VERSION}",
        },
    )


def _next(url: str, location: str) -> str:
    try:
        return str(URL(url).join(URL(location)))
    except ValueError:
        raise NotKept("The address leads nowhere.") from None


def _judge(status: int) -> None:
    if status in LATER:
        raise NotNow(f"the server answered {status}")
    if status in GONE:
        raise NotKept("It is gone.")
    if status != 200:
        raise NotKept(f"The server does not give it ({status}).")


def _kept(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    is_good = kind.startswith(KINDS) or kind in OTHER_KINDS
    if not is_good or kind in RUNS or len(kind) > 100:
        raise NotKept("Files of this kind are not kept.")
    return kind


def _fail(error: Exception) -> NoReturn:
    if isinstance(getattr(error, "os_error", None), NotPublic):
        raise NotKept("The address is not a public one.") from None
    if isinstance(error, ValueError):
        raise NotKept("The address cannot be read.") from None
    raise NotNow(type(error).__name__) from None
