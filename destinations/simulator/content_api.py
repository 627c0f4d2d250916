"""`/v1/Content`: content templates, written as JSON."""

import json
from typing import Any

from aiohttp import web

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS, account_of_user, json_answer
from destinations.simulator.contents import KIND
from destinations.simulator.errors import ApiError
from destinations.simulator.paging import page_of

FIELDS = {"friendly_name", "language", "variables", "types"}
TYPES = {
    "twilio/text": {"body"},
    "twilio/media": {"media"},
    "twilio/location": {"latitude", "longitude"},
    "twilio/list-picker": {"body", "items"},
    "twilio/call-to-action": {"body", "actions"},
    "twilio/quick-reply": {"body", "actions"},
    "twilio/card": set(),
    "twilio/catalog": set(),
    "twilio/carousel": {"cards"},
    "twilio/flows": set(),
    "twilio/schedule": set(),
    "whatsapp/card": {"body"},
    "whatsapp/authentication": set(),
    "whatsapp/flows": set(),
}
Json = dict[str, Any]


async def create_content(request: web.Request) -> web.Response:
    account = account_of_user(request)
    given = await _given(request)
    if "language" not in given or "types" not in given:
        raise ApiError(20001, "language and types are required")
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
    given = await _given(request)
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


async def _given(request: web.Request) -> Json:
    try:
        given = json.loads(await request.read())
    except ValueError as error:
        raise ApiError(20001, "The body is not JSON") from error
    if not isinstance(given, dict):
        raise ApiError(20001, "The body is not a JSON object")
    if unknown := given.keys() - FIELDS:
        raise ApiError(20001, f"Unknown parameter {min(unknown)}")
    if isinstance(given.get("types"), dict):  # the library sends null for all others
        given["types"] = {k: v for k, v in given["types"].items() if v is not None}
    if "types" in given:
        _check_types(given["types"])
    variables = given.get("variables") or {}
    if not isinstance(variables, dict):
        raise ApiError(20001, "Invalid parameter variables")
    return given


def _check_types(types: Any) -> None:
    if not isinstance(types, dict) or not types:
        raise ApiError(20001, "Invalid parameter types")
    for name, fields in types.items():
        if name not in TYPES or not isinstance(fields, dict):
            raise ApiError(20001, f"Invalid content type {name}")
        if missing := TYPES[name] - fields.keys():
            raise ApiError(20001, f"{name} needs {min(missing)}")
        if name == "twilio/card" and not _is_card(fields):
            raise ApiError(20001, f"{name} needs a title or a body, and one field more")


def _is_card(fields: Json) -> bool:
    given = {name for name, value in fields.items() if value}
    return bool(given & {"title", "body"}) and len(given) > 1
