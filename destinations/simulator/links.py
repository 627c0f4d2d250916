"""
`ShortenUrls`: links of a text become short ones of the simulator, which lead on.

At the provider they have the customer's own domain; here that is the address by which
the simulator was called. Ten letters and digits, as there.
"""

import re
import secrets
import string

from aiohttp import web

from destinations.simulator.app import PARTS
from destinations.simulator.store import Store

LENGTH = 10
LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\"'.,;:!?)\]}]")
_LETTERS = string.ascii_letters + string.digits
_KIND = "link"
_EVERYBODY = ""  # a short link names no account


def shorten(text: str, base: str, store: Store) -> str:
    """`base` is the simulator's own address; its links stay as they are."""

    def short(found: re.Match[str]) -> str:
        if found[0].startswith(base):
            return found[0]
        name = "".join(secrets.choice(_LETTERS) for _ in range(LENGTH))
        store.put(_EVERYBODY, _KIND, name, found[0])
        return f"{base}/{name}"

    return LINK.sub(short, text)


async def follow(request: web.Request) -> web.StreamResponse:
    store = request.app[PARTS].rules.store
    link = store.get(_EVERYBODY, _KIND, request.match_info["link"])
    raise web.HTTPFound(link) if link else web.HTTPNotFound()
