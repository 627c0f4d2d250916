"""The sender pool of a Messaging Service: numbers, short codes, names, channels."""

import re
from typing import Any

from aiohttp import web

from destinations.providers.simulated import MARK
from destinations.simulator import clock, ids
from destinations.simulator.accounts import (
    SHORT_CODE,
    Account,
    channel_sid,
    sender_sid,
)
from destinations.simulator.app import PARTS, account_of_user, form_of, json_answer
from destinations.simulator.documents import Form, check_names, first
from destinations.simulator.errors import ApiError
from destinations.simulator.numbers import has_mms
from destinations.simulator.paging import page_of
from destinations.simulator.regions import region
from destinations.simulator.services import Service
from destinations.simulator.services_api import named_service

MAX_POOL = 400
_NAME = re.compile(r"(?=.*[A-Za-z\s\-+_&])[A-Za-z0-9 \-+_&]{1,11}")
_COUNTRY = re.compile(r"[A-Z]{2}")
Json = dict[str, Any]
# The path's word -> the key of a list.
KINDS = {
    "PhoneNumbers": "phone_numbers",
    "ShortCodes": "short_codes",
    "AlphaSenders": "alpha_senders",
    "DestinationAlphaSenders": "alpha_senders",
    "ChannelSenders": "senders",
}


async def show_pool(request: web.Request) -> web.Response:
    account, service, kind = _where(request)
    page = page_of(request, ("IsoCountryCode",))
    country = dict(page.filters).get("IsoCountryCode", "")
    found = [
        item
        for item in _items(request, account, service, kind)
        if not country or item.get("iso_country_code") == country
    ]
    items, has_more = page.cut(found)
    origin = str(request.url.origin())
    return json_answer(
        page.show_with_meta(KINDS[kind], items, has_more=has_more, origin=origin)
    )


async def fetch_from_pool(request: web.Request) -> web.Response:
    account, service, kind = _where(request)
    items = _items(request, account, service, kind)
    return json_answer(_named(request, items))


async def add_to_pool(request: web.Request) -> web.Response:
    account, service, kind = _where(request)
    form = await form_of(request)
    sid = _ADD[kind](request, account, service, form)
    service.updated = clock.now_ms()
    request.app[PARTS].rules.services.save(service)
    items = _items(request, account, service, kind)
    return json_answer(next(item for item in items if item["sid"] == sid), 201)


async def delete_from_pool(request: web.Request) -> web.Response:
    account, service, kind = _where(request)
    item = _named(request, _items(request, account, service, kind))
    rules = request.app[PARTS].rules
    if kind == "PhoneNumbers":
        service.numbers.remove(item["phone_number"])
        rules.chooser.forget(service, item["phone_number"])
    elif kind == "ShortCodes":
        service.short_codes.remove(item["short_code"])
    elif kind == "ChannelSenders":
        del service.channels[item["sid"]]
    else:
        del service.names[item["sid"]]
    service.updated = clock.now_ms()
    rules.services.save(service)
    return web.Response(status=204)


def _where(request: web.Request) -> tuple[Account, Service, str]:
    account = account_of_user(request)
    return account, named_service(request, account), request.match_info["kind"]


def _named(request: web.Request, items: list[Json]) -> Json:
    sid = request.match_info["sid"]
    for item in items:
        if item["sid"] == sid:
            return item
    raise ApiError(20404, f"The requested resource {request.path} was not found")


def _add_number(
    request: web.Request, account: Account, service: Service, form: Form
) -> str:
    check_names(form, "CreatePhoneNumber")
    sid = first(form, "PhoneNumberSid")
    owned = {sender_sid(account.sid, n): n for n in account.all_numbers}
    _check_free(request, account, service, owned.get(sid))
    service.numbers.append(owned[sid])
    return sid


def _add_short_code(
    request: web.Request, account: Account, service: Service, form: Form
) -> str:
    check_names(form, "CreateShortCode")
    sid = first(form, "ShortCodeSid")
    is_ours = sid == sender_sid(account.sid, SHORT_CODE)
    _check_free(request, account, service, SHORT_CODE if is_ours else None)
    service.short_codes.append(SHORT_CODE)
    return sid


def _check_free(
    request: web.Request, account: Account, service: Service, sender: str | None
) -> None:
    if sender is None:
        raise ApiError(20404)
    home = request.app[PARTS].rules.services.home_of(account, sender)
    if home is not None:
        raise ApiError(21710 if home.sid == service.sid else 21712)
    if len(service.numbers) + len(service.short_codes) >= MAX_POOL:
        raise ApiError(21714)


def _add_name(_: web.Request, __: Account, service: Service, form: Form) -> str:
    check_names(form, "CreateAlphaSender")
    return _put_name(service, first(form, "AlphaSender"), "")


def _add_country_name(_: web.Request, __: Account, service: Service, form: Form) -> str:
    check_names(form, "CreateDestinationAlphaSender")
    country = first(form, "IsoCountryCode").upper()
    if country and not _COUNTRY.fullmatch(country):
        raise ApiError(20001, "Invalid parameter IsoCountryCode")
    return _put_name(service, first(form, "AlphaSender"), country)


def _put_name(service: Service, name: str, country: str) -> str:
    if not _NAME.fullmatch(name):
        raise ApiError(21657)
    if any(of == country for _, of in service.names.values()):
        raise ApiError(
            20409, "There is an alphanumeric sender for this country already"
        )
    sid = f"AI{MARK}{ids.hex_digits(24)}"
    service.names[sid] = [name, country]
    return sid


def _add_channel(
    request: web.Request, account: Account, service: Service, form: Form
) -> str:
    """Every number of the account is a WhatsApp sender, and it has one for RCS."""
    check_names(form, "CreateChannelSender")
    sid = first(form, "Sid")
    senders = [f"whatsapp:{number}" for number in account.all_numbers]
    senders.append(account.rcs_sender)
    owned = {channel_sid(account.sid, sender): sender for sender in senders}
    if sid not in owned:
        raise ApiError(20404)
    sender = owned[sid]
    home = request.app[PARTS].rules.services.home_of(account, sender)
    if home is not None:
        raise ApiError(21710 if home.sid == service.sid else 21712)
    service.channels[sid] = sender
    return sid


_ADD: dict[str, Any] = {
    "PhoneNumbers": _add_number,
    "ShortCodes": _add_short_code,
    "AlphaSenders": _add_name,
    "DestinationAlphaSenders": _add_country_name,
    "ChannelSenders": _add_channel,
}


def _items(
    request: web.Request, account: Account, service: Service, kind: str
) -> list[Json]:
    shown: list[tuple[str, Json]] = []
    if kind == "PhoneNumbers":
        for number in service.numbers:
            can = ["SMS", "MMS", "Voice"] if has_mms(number) else ["SMS", "Voice"]
            fields = {"phone_number": number, "country_code": region(number)}
            sid = sender_sid(account.sid, number)
            shown.append((sid, {**fields, "capabilities": can}))
    elif kind == "ShortCodes":
        for code in service.short_codes:
            fields = {"short_code": code, "country_code": "US"}
            sid = sender_sid(account.sid, code)
            shown.append((sid, {**fields, "capabilities": ["SMS", "MMS"]}))
    elif kind == "ChannelSenders":
        for sid, sender in service.channels.items():
            is_rcs = sender.startswith("rcs:")
            fields = {
                "sender": sender,
                "sender_type": "RCS" if is_rcs else "WhatsApp",
                "country_code": "",
            }
            shown.append((sid, fields))
    else:
        shown = list(_names(service, kind))
    return [_item(request, service, kind, *pair) for pair in shown]


def _names(service: Service, kind: str) -> list[tuple[str, Json]]:
    can = {"capabilities": ["SMS"]}
    if kind == "AlphaSenders":
        pairs = [(sid, name) for sid, (name, of) in service.names.items() if not of]
        return [(sid, {"alpha_sender": name, **can}) for sid, name in pairs]
    return [
        (sid, {"alpha_sender": name, "iso_country_code": of or None, **can})
        for sid, (name, of) in service.names.items()
    ]


def _item(
    request: web.Request, service: Service, kind: str, sid: str, fields: Json
) -> Json:
    key = "messaging_service_sid" if kind == "ChannelSenders" else "service_sid"
    return {
        **fields,
        "sid": sid,
        "account_sid": service.account,
        key: service.sid,
        "date_created": clock.iso8601(service.created),
        "date_updated": clock.iso8601(service.updated),
        "url": f"{request.url.origin()}/v1/Services/{service.sid}/{kind}/{sid}",
    }
