"""
Short links of the simulator, which lead on.

`ShortenUrls` makes them of the links in a text, ten letters and digits long, and the
converter of MMS of media, seven long. At the provider the first have the customer's
own domain and the second its own; here that is the address by which the simulator was
called.
"""

import re
import secrets
import string
from collections.abc import Iterable

from aiohttp import web

from destinations.simulator.app import PARTS
from destinations.simulator.store import Store

LENGTH, LENGTH_OF_MEDIA = 10, 7
PATTERN = f"[A-Za-z0-9]{{{LENGTH}}}|[A-Za-z0-9]{{{LENGTH_OF_MEDIA}}}"
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]")
_LETTERS = string.ascii_letters + string.digits
_KIND = "link"
_EVERYBODY = ""  # a short link names no account


def shorten(text: str, base: str, store: Store) -> str:
    """`base` is the simulator's own address; its links stay as they are."""

    def short(found: re.Match[str]) -> str:
        if found[0].startswith(base):
            return found[0]
        return _link(found[0], base, LENGTH, store)

    return LINK.sub(short, text)


def with_media(text: str, media: Iterable[str], base: str, store: Store) -> str:
    """The text with a link to each file behind it."""
    links = (_link(url, base, LENGTH_OF_MEDIA, store) for url in media)
    return " ".join(filter(None, [text, *links]))


def _link(url: str, base: str, length: int, store: Store) -> str:
    name = "".join(secrets.choice(_LETTERS) for _ in range(length))
    store.put(_EVERYBODY, _KIND, name, url)
    return f"{base}/{name}"


async def follow(request: web.Request) -> web.StreamResponse:
    store = request.app[PARTS].rules.store
    link = store.get(_EVERYBODY, _KIND, request.match_info["link"])
    raise web.HTTPFound(link) if link else web.HTTPNotFound()
