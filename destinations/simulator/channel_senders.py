"""`/v2/Channels/Senders`: the account's RCS sender and its own URLs."""

from typing import Any

from aiohttp import web

from destinations.providers.simulated import sibling_sid
from destinations.simulator.accounts import Account
from destinations.simulator.app import PARTS, account_of_user, json_answer
from destinations.simulator.create import is_public_url
from destinations.simulator.documents import json_of
from destinations.simulator.errors import ApiError
from destinations.simulator.paging import page_of
from destinations.simulator.rules import SENDER_HOOKS
from destinations.simulator.telnyx.profiles import AGENT_NAME

_URLS = ("callback_url", "fallback_url", "status_callback_url")
_METHODS = ("callback_method", "fallback_method", "status_callback_method")
_PROFILE = (
    "name about address description logo_url banner_url privacy_url"
    " terms_of_service_url accent_color vertical websites emails phone_numbers"
)
_CARRIERS = ("Carrier One", "Carrier Two")
Json = dict[str, Any]


async def show_senders(request: web.Request) -> web.Response:
    """WhatsApp senders are not listed: every number of the account is one."""
    account = account_of_user(request)
    page = page_of(request, ("Channel",))
    channel = dict(page.filters).get("Channel", "rcs")
    found = [_shown(request, account)] if channel == "rcs" else []
    items, has_more = page.cut(found)
    origin = str(request.url.origin())
    return json_answer(
        page.show_with_meta("senders", items, has_more=has_more, origin=origin)
    )


async def fetch_sender(request: web.Request) -> web.Response:
    account = account_of_user(request)
    _check_sid(request, account)
    return json_answer(_shown(request, account))


async def update_sender(request: web.Request) -> web.Response:
    account = account_of_user(request)
    _check_sid(request, account)
    given = await json_of(request, "UpdateChannelsSender")
    for name in _URLS:
        if (url := given.get("webhook", {}).get(name)) and not is_public_url(url):
            raise ApiError(21609, f"Invalid parameter webhook.{name}")
    store = request.app[PARTS].rules.store
    kept = store.get(account.sid, *SENDER_HOOKS) or {}
    for name in ("webhook", "profile"):
        kept = kept | {name: kept.get(name, {}) | given.get(name, {})}
    store.put(account.sid, *SENDER_HOOKS, kept)
    return json_answer(_shown(request, account), 202)


def _check_sid(request: web.Request, account: Account) -> None:
    if request.match_info["sid"] != sibling_sid("XE", account.sid):
        raise ApiError(20404, f"The requested resource {request.path} was not found")


def _shown(request: web.Request, account: Account) -> Json:
    sid = sibling_sid("XE", account.sid)
    kept = request.app[PARTS].rules.store.get(account.sid, *SENDER_HOOKS) or {}
    profile = dict.fromkeys(_PROFILE.split()) | {"name": AGENT_NAME}
    webhook = dict.fromkeys(_URLS) | dict.fromkeys(_METHODS, "POST")
    carriers = [{"name": name, "status": "APPROVED"} for name in _CARRIERS]
    country = {
        "country": "US",
        "registration_sid": "",
        "status": "ONLINE",
        "carriers": carriers,
    }
    return {
        "sid": sid,
        "status": "ONLINE",
        "sender_id": account.rcs_sender,
        "configuration": None,
        "webhook": webhook | kept.get("webhook", {}),
        "profile": profile | kept.get("profile", {}),
        "properties": None,
        "offline_reasons": None,
        "compliance": {"registration_sid": "", "countries": [country]},
        "url": f"{request.url.origin()}/v2/Channels/Senders/{sid}",
    }
