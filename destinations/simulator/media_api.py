"""`Messages/{Sid}/Media` and `Feedback`."""

import mimetypes
import sqlite3
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from destinations.simulator import clock
from destinations.simulator.app import PARTS, authenticate, form_of, json_answer
from destinations.simulator.documents import typed
from destinations.simulator.errors import ApiError
from destinations.simulator.message import Message
from destinations.simulator.messages import find_message
from destinations.simulator.paging import page_of

# What a browser may show from here; anything else is offered for saving.
SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/")
UNKNOWN_TYPE = "application/octet-stream"
Json = dict[str, Any]


async def show_media(request: web.Request) -> web.Response:
    authenticate(request, what="read")
    message = await find_message(request)
    page = page_of(request, ("DateCreated", "DateCreated<", "DateCreated>"))
    for name, value in page.filters:
        try:
            clock.parse(value)
        except ValueError as error:
            raise ApiError(20001, f"{name} is not a date") from error
    items, has_more = page.cut(_media(message))
    return json_answer(page.show("media_list", items, has_more=has_more))


async def fetch_media(request: web.Request) -> web.Response:
    authenticate(request, what="read")
    return json_answer(_named(request, await find_message(request)))


async def delete_media(request: web.Request) -> web.Response:
    authenticate(request, what="send")
    message = await find_message(request)
    sid = _named(request, message)["sid"]
    message.extra.setdefault("deleted_media", []).append(sid)
    request.app[PARTS].ledger.save(message)
    return web.Response(status=204)


async def open_media(request: web.Request) -> web.StreamResponse:
    """
    The bytes themselves, which whoever knows the URL may have, as at the provider.

    What was sent is elsewhere: the answer leads there.
    """
    message = await find_message(request)
    named = _named(request, message)
    if not message.is_inbound:
        index = [m["sid"] for m in _all_media(message)].index(named["sid"])
        raise web.HTTPFound(message.media[index])
    return await stored_media(request, named["sid"])


async def stored_media(request: web.Request, sid: str) -> web.Response:
    def query(ledger: sqlite3.Connection) -> Any:
        sql = "SELECT content_type, data FROM upload WHERE sid = ?"
        return ledger.execute(sql, [sid]).fetchone()

    row = await request.app[PARTS].ledger.read(query)
    if row is None:
        raise web.HTTPNotFound
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if not row["content_type"].startswith(SHOWN):
        headers["Content-Disposition"] = "attachment"
    return web.Response(
        body=row["data"], content_type=row["content_type"], headers=headers
    )


async def create_feedback(request: web.Request) -> web.Response:
    authenticate(request, what="send")
    message = await find_message(request)
    given = typed(await form_of(request), "CreateMessageFeedback")
    now = clock.now_ms()
    outcome = given.get("Outcome") or "unconfirmed"
    message.extra["feedback"] = outcome
    request.app[PARTS].ledger.save(message)
    fields = {
        "account_sid": message.account,
        "date_created": clock.rfc2822(now),
        "date_updated": clock.rfc2822(now),
        "message_sid": message.sid,
        "outcome": outcome,
        "uri": f"{message.uri}/Feedback.json",
    }
    return json_answer(fields, 201)


def _all_media(message: Message) -> list[Json]:
    return [
        {
            "account_sid": message.account,
            "content_type": link if message.is_inbound else guess_type(link),
            "date_created": clock.rfc2822(message.created),
            "date_updated": clock.rfc2822(message.created),
            "parent_sid": message.sid,
            "sid": message.media_sid(index),
            "uri": f"{message.media_uri(index)}.json",
        }
        for index, link in enumerate(message.media)
    ]


def _media(message: Message) -> list[Json]:
    deleted = message.extra.get("deleted_media", ())
    return [item for item in _all_media(message) if item["sid"] not in deleted]


def _named(request: web.Request, message: Message) -> Json:
    for item in _media(message):
        if item["sid"] == request.match_info["media"]:
            return item
    raise ApiError(20404, f"The requested resource {request.path} was not found")


def guess_type(url: str) -> str:
    """By the end of its path, since nothing is fetched."""
    return mimetypes.guess_type(urlsplit(url).path)[0] or UNKNOWN_TYPE
