"""
The page of virtual phones: what recipients see, and what they answer.

Its address holds a key that is derived from the simulator's secret, so that nobody
reads another account's messages; who has the address may write too.
"""

import hmac
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
from aiohttp import BodyPartReader, web

from destinations.providers.simulated import handsets_path
from destinations.simulator import clock, handset_view, picture
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS
from destinations.simulator.errors import ApiError
from destinations.simulator.media_api import SHOWN, UNKNOWN_TYPE, stored_media
from destinations.simulator.phone import Written

HERE = Path(__file__).parent
MAX_UPLOAD = 5 * 1024 * 1024
MAX_TEXT = 1600
ASSETS = {"handset.css": "text/css", "handset.js": "text/javascript"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " img-src 'self' http: https: data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PLACES = {
    "cafe": ("40.7336", "-74.0027", "Corner Café, New York"),
    "park": ("51.5073", "-0.1657", "Hyde Park, London"),
    "home": ("37.7694", "-122.4862", "Home, sweet home"),
}
Json = dict[str, Any]
_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "pages"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_pages.filters["pretty"] = handset_view.pretty
_pages.filters["clock"] = clock.iso8601
_pages.filters["file_kind"] = handset_view.file_kind
_pages.filters["took"] = handset_view.took


async def enter(request: web.Request) -> web.Response:
    """An account's SID and auth token open its page."""
    parts = request.app[PARTS]
    try:
        user = parts.accounts.user(request.headers.get("Authorization", ""))
    except ApiError:
        user = ""
    if user.startswith("AC"):
        return _to(handsets_path(parts.secret, user))
    answer = _page("enter.html")
    answer.set_status(401)
    answer.headers["WWW-Authenticate"] = 'Basic realm="Account SID and auth token"'
    return answer


async def show_asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name == "sunrise.png":
        return web.Response(body=picture.sunrise(), content_type="image/png")
    if name not in ASSETS:
        raise web.HTTPNotFound
    body = (HERE / "assets" / name).read_bytes()
    return web.Response(
        body=body, content_type=ASSETS[name], headers={"Cache-Control": "no-cache"}
    )


async def show_phones(request: web.Request) -> web.Response:
    """The newest phone, or a number that was typed."""
    account = _account(request)
    typed = request.query.get("number", "").translate(str.maketrans("", "", " -()."))
    if typed:
        if not typed[1:].isdigit() or not 8 <= len(typed) <= 16 or typed[0] != "+":
            return await _show(request, account, "", problem=True)
        return _to(f"{_base(request)}{typed}")
    return await _show(request, account, "")


async def show_phone(request: web.Request) -> web.Response:
    return await _show(request, _account(request), request.match_info["phone"])


async def show_media(request: web.Request) -> web.Response:
    _account(request)
    return await stored_media(request, request.match_info["media"])


async def _show(
    request: web.Request, account: Account, number: str, *, problem: bool = False
) -> web.Response:
    parts = request.app[PARTS]
    kept = parts.rules.store.all(account.sid, "phone")

    def query(ledger: sqlite3.Connection) -> tuple[list[Any], list[Any], str]:
        found = handset_view.phones(ledger, account.sid, dict(kept))
        chosen = number or next((p.number for p in found if p.unread), "")
        chosen = chosen or (found[0].number if found else "")
        shown = handset_view.bubbles(ledger, account.sid, chosen) if chosen else []
        return found, shown, chosen

    found, shown, chosen = await parts.ledger.read(query)
    others = handset_view.conversations([b for b in shown if b.is_seen])
    other = request.query.get("with", "") or next(iter(others), account.all_numbers[0])
    thread = [bubble for bubble in shown if bubble.other == other]
    is_chat = other.startswith("whatsapp:")
    address = f"whatsapp:{chosen}" if is_chat else chosen
    values = {
        "base": _base(request),
        "account": account,
        "phones": found,
        "number": chosen,
        "others": others,
        "other": other,
        "is_chat": is_chat,
        "is_rcs": other.startswith("rcs:"),
        "has_rcs": parts.rules.has_rcs(account.sid, chosen),
        "initials": other[:2] if other[:1].isalpha() and ":" not in other else "",
        "bubbles": [bubble for bubble in thread if bubble.is_seen],
        "record": shown[::-1],
        "is_offline": bool(kept.get(chosen, {}).get("is_offline")),
        "unread": next((p.unread for p in found if p.number == chosen), 0),
        "is_out": parts.rules.has_blocked(account, other, address),
        "places": PLACES,
        "problem": problem,
    }
    answer = _page("handsets.html", **values)
    tag = f'"{sha256(answer.body).hexdigest()[:20]}"'  # type: ignore[arg-type]
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag})
    answer.headers["ETag"] = tag
    return answer


async def reply(request: web.Request) -> web.Response:
    """Text, file, place or button; an empty form sends nothing."""
    account, number = _account(request), request.match_info["phone"]
    parts = request.app[PARTS]
    fields, uploads = await _read_form(request)
    if fields.get("picture") == "sample":
        uploads.append(("image/png", picture.sunrise()))
    body, extra = fields.get("body", "")[:MAX_TEXT].strip(), _extra(fields)
    other = fields.get("with", "")
    if not account.hears(other):
        return web.Response(status=400, text="That sender takes no replies.")
    if _is_offline(request, account, number):
        return web.Response(status=409, text="The phone is in airplane mode.")
    body = fields.get("button", body)
    if body or uploads or extra:
        channel, colon, _ = other.partition(":")
        written = Written(
            sender=f"{channel}{colon}{number}" if colon else number,
            to=other,
            body=body,
            uploads=tuple(uploads),
            fields=extra,
            base_url=str(request.url.origin()),
        )
        parts.inbound.receive(account, written)
    return _back(request, number, other)


def _extra(fields: dict[str, str]) -> dict[str, str]:
    if fields.get("place") in PLACES:
        latitude, longitude, label = PLACES[fields["place"]]
        return {"Latitude": latitude, "Longitude": longitude, "Label": label}
    if "button" in fields:
        return {
            "ButtonText": fields["button"],
            "ButtonPayload": fields.get("payload") or fields["button"],
            "ButtonType": "ACTION" if fields.get("kind") == "ACTION" else "REPLY",
        }
    return {}


async def _read_form(
    request: web.Request,
) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """Read by hand, since a picture is larger than any request of the API."""
    if not request.content_type.startswith("multipart/"):
        form = await request.post()
        return {name: str(value) for name, value in form.items()}, []
    fields: dict[str, str] = {}
    uploads: list[tuple[str, bytes]] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        data = bytearray()
        while chunk := await part.read_chunk():
            data += chunk
            if len(data) > MAX_UPLOAD:
                raise web.HTTPRequestEntityTooLarge(MAX_UPLOAD, len(data))
        if part.filename:
            kind = part.headers.get("Content-Type", UNKNOWN_TYPE)
            uploads.append((_kind(kind), bytes(data)))
        elif part.name and part.filename is None:
            fields[part.name] = data.decode(errors="replace")
    return fields, uploads


def _kind(given: str) -> str:
    kind = given.partition(";")[0].strip().lower()
    is_known = kind.startswith(SHOWN) or kind == "application/pdf"
    return kind if is_known else UNKNOWN_TYPE


async def switch_airplane(request: web.Request) -> web.Response:
    account, number = _account(request), request.match_info["phone"]
    is_offline = not _is_offline(request, account, number)
    _keep(request, account, number, is_offline=is_offline)
    if not is_offline:
        request.app[PARTS].lifecycle.wake_handset(account.sid, number)
    return _back(request, number, request.query.get("with", ""))


async def switch_rcs(request: web.Request) -> web.Response:
    """Off, it gets texts only, and says so when it is asked what it takes."""
    account, number = _account(request), request.match_info["phone"]
    rules = request.app[PARTS].rules
    _keep(request, account, number, has_rcs=not rules.has_rcs(account.sid, number))
    return _back(request, number, request.query.get("with", ""))


async def mark_read(request: web.Request) -> web.Response:
    """A chat's messages become `read`; a text message has no such report."""
    account, number = _account(request), request.match_info["phone"]
    parts = request.app[PARTS]
    shown = await parts.ledger.read(
        lambda ledger: handset_view.bubbles(ledger, account.sid, number)
    )
    for bubble in shown:
        message = bubble.message
        is_chat = message.to.startswith("whatsapp:") or message.is_rcs
        is_new = message.status == "delivered" and not message.plan
        if is_chat and is_new and not message.is_inbound:
            parts.lifecycle.mark_read(message)
    seen = max((bubble.message.seq for bubble in shown), default=0)
    _keep(request, account, number, seen=seen)
    return _back(request, number, request.query.get("with", ""))


def _is_offline(request: web.Request, account: Account, number: str) -> bool:
    kept = request.app[PARTS].rules.store.get(account.sid, "phone", number) or {}
    return bool(kept.get("is_offline"))


def _keep(request: web.Request, account: Account, number: str, **changes: Any) -> None:
    store = request.app[PARTS].rules.store
    before = store.get(account.sid, "phone", number) or {}
    store.put(account.sid, "phone", number, {**before, **changes})


def _account(request: web.Request) -> Account:
    """Raises HTTPNotFound: the key is not the account's."""
    parts, sid = request.app[PARTS], request.match_info["account"]
    if not hmac.compare_digest(handsets_path(parts.secret, sid), _base(request)):
        raise web.HTTPNotFound
    return parts.accounts.get(sid)


def _base(request: web.Request) -> str:
    names = request.match_info
    return f"/handsets/{names['account']}/{names['key']}/"


def _back(request: web.Request, number: str, other: str) -> web.Response:
    query = f"?with={quote(other, safe='')}" if other else ""
    return _to(f"{_base(request)}{number}{query}")


def _to(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path, **HEADERS})


def _page(name: str, **values: Any) -> web.Response:
    text = _pages.get_template(name).render(**values)
    headers = {**HEADERS, "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/html", headers=headers)
