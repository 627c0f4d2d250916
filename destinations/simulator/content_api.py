"""`/v1/Content`: content templates, written as JSON."""

from typing import Any

from aiohttp import web

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS, account_of_user, json_answer
from destinations.simulator.contents import KIND
from destinations.simulator.documents import json_of
from destinations.simulator.errors import ApiError
from destinations.simulator.paging import page_of

Json = dict[str, Any]


async def create_content(request: web.Request) -> web.Response:
    account = account_of_user(request)
    given = await _given(request, "CreateContent")
    now = clock.now_ms()
    sid = f"HX{MARK}{ids.hex_digits(24)}"
    content = {"friendly_name": None, "variables": {}, **given}
    _put(request, account, sid, {**content, "created": now, "updated": now})
    return json_answer(_shown(request, account, sid), 201)


async def show_contents(request: web.Request) -> web.Response:
    account = account_of_user(request)
    kept = request.app[PARTS].rules.store.all(account.sid, KIND)
    newest = sorted(kept, key=lambda sid: kept[sid]["created"], reverse=True)
    page = page_of(request, ())
    items, has_more = page.cut([_shown(request, account, sid) for sid in newest])
    origin = str(request.url.origin())
    return json_answer(
        page.show_with_meta("contents", items, has_more=has_more, origin=origin)
    )


async def fetch_content(request: web.Request) -> web.Response:
    account = account_of_user(request)
    return json_answer(_shown(request, account, request.match_info["sid"]))


async def update_content(request: web.Request) -> web.Response:
    account, sid = account_of_user(request), request.match_info["sid"]
    before = _kept(request, account, sid)
    given = await _given(request, "UpdateContent")
    _put(request, account, sid, {**before, **given, "updated": clock.now_ms()})
    return json_answer(_shown(request, account, sid))


async def delete_content(request: web.Request) -> web.Response:
    account, sid = account_of_user(request), request.match_info["sid"]
    _kept(request, account, sid)
    request.app[PARTS].rules.store.drop(account.sid, KIND, sid)
    return web.Response(status=204)


async def fetch_approval(request: web.Request) -> web.Response:
    """Templates are not shown to WhatsApp here, so none is approved or refused."""
    account, sid = account_of_user(request), request.match_info["sid"]
    content = _kept(request, account, sid)
    whatsapp = {
        "type": "whatsapp",
        "name": content["friendly_name"] or sid,
        "category": "UTILITY",
        "content_type": next(iter(content["types"])),
        "status": "unsubmitted",
        "rejection_reason": "",
        "allow_category_change": False,
    }
    url = f"{request.url.origin()}{request.path}"
    return json_answer(
        {"sid": sid, "account_sid": account.sid, "url": url, "whatsapp": whatsapp}
    )


def _kept(request: web.Request, account: Account, sid: str) -> Json:
    content: Json | None = request.app[PARTS].rules.store.get(account.sid, KIND, sid)
    if content is None:
        raise ApiError(20404, f"The requested resource {request.path} was not found")
    return content


def _put(request: web.Request, account: Account, sid: str, content: Json) -> None:
    request.app[PARTS].rules.store.put(account.sid, KIND, sid, content)


def _shown(request: web.Request, account: Account, sid: str) -> Json:
    content = _kept(request, account, sid)
    url = f"{request.url.origin()}/v1/Content/{sid}"
    return {
        "account_sid": account.sid,
        "date_created": clock.iso8601(content["created"]),
        "date_updated": clock.iso8601(content["updated"]),
        "friendly_name": content["friendly_name"],
        "language": content["language"],
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
        "sid": sid,
        "types": content["types"],
        "url": url,
        "variables": content["variables"],
    }


async def _given(request: web.Request, operation: str) -> Json:
    given = await json_of(request, operation)
    if not given["types"]:
        raise ApiError(20001, "types holds one content type at least")
    variables = given.get("variables", {}).values()
    if not all(isinstance(value, str) for value in variables):
        raise ApiError(20001, "variables are texts")
    card = given["types"].get("twilio/card")
    if card is not None and not _is_card(card):
        raise ApiError(20001, "twilio/card needs a title or a body, and one field more")
    return given


def _is_card(fields: Json) -> bool:
    given = {name for name, value in fields.items() if value}
    return bool(given & {"title", "body"}) and len(given) > 1
