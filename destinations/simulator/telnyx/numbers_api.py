"""Numbers, short codes and names at Telnyx: what they are, and whose they are."""

import re
from typing import Any

from aiohttp import web

from destinations.simulator import ids
from destinations.simulator.accounts import (
    TELNYX_LONE_NUMBERS,
    TELNYX_NUMBERS,
    TELNYX_SHORT_CODE,
    Account,
)
from destinations.simulator.clock import iso8601_ms
from destinations.simulator.numbers import has_mms, kind
from destinations.simulator.regions import region
from destinations.simulator.services import CREATED
from destinations.simulator.telnyx.documents import body_of
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import (
    account_of,
    data_answer,
    paged,
    parts_of,
)
from destinations.simulator.telnyx.profiles import (
    NAMES,
    organization_id,
    resource_id,
)
from destinations.simulator.telnyx.profiles_api import named_profile, profiles_of

ALL_NUMBERS = (*TELNYX_NUMBERS, *TELNYX_LONE_NUMBERS)
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
Json = dict[str, Any]


async def show_numbers(request: web.Request) -> web.Response:
    account, query = account_of(request), request.query
    contains = query.get("filter[phone_number][contains]", "")
    equal = query.get("filter[phone_number]") or query.get("filter[phone_number][eq]")
    profile = query.get("filter[messaging_profile_id]")
    of_kind = query.get("filter[type]")
    found = [
        shown
        for number in ALL_NUMBERS
        if contains in number and equal in {None, number}
        for shown in [number_fields(request, account, number)]
        if profile in {None, shown["messaging_profile_id"]}
        and of_kind in {None, shown["type"]}
    ]
    if query.get("sort[phone_number]"):
        is_down = query["sort[phone_number]"] == "desc"
        found.sort(key=lambda shown: str(shown["phone_number"]), reverse=is_down)
    return paged(request, found)


async def show_profile_numbers(request: web.Request) -> web.Response:
    account, profile = account_of(request), named_profile(request)
    senders = profiles_of(request).senders(account, profile["id"])
    numbers = [sender for sender in senders if sender.startswith("+")]
    return paged(request, [number_fields(request, account, n) for n in numbers])


async def fetch_number(request: web.Request) -> web.Response:
    account = account_of(request)
    return data_answer(number_fields(request, account, _named_number(request)))


async def update_number(request: web.Request) -> web.Response:
    account, number = account_of(request), _named_number(request)
    given = await body_of(request, "UpdatePhoneNumberMessagingSettings")
    _change(request, account, number, given)
    return data_answer(number_fields(request, account, number))


def _named_number(request: web.Request) -> str:
    """By its id, or by the number itself, which is taken too."""
    account, wanted = account_of(request), request.match_info["id"]
    for number in ALL_NUMBERS:
        if wanted in {number, resource_id(account, number)}:
            return number
    raise TelnyxError(10005)


def _change(request: web.Request, account: Account, sender: str, given: Json) -> None:
    profiles = profiles_of(request)
    if "messaging_profile_id" in given:
        profile = given["messaging_profile_id"] or None
        if profile and profiles.get(account, profile) is None:
            raise TelnyxError(10005, where="/messaging_profile_id")
        profiles.assign(account, sender, profile)
    changes: Json = {
        name: given[name] for name in ("messaging_product", "tags") if name in given
    }
    profiles.set_of(account, sender, changes)


def number_fields(request: web.Request, account: Account, number: str) -> Json:
    profiles = profiles_of(request)
    kept = profiles.settings_of(account, number)
    two_way = {
        "domestic_two_way": True,
        "international_inbound": True,
        "international_outbound": True,
    }
    health = {
        "message_count": 0,
        "inbound_outbound_ratio": 0.0,
        "success_ratio": 1.0,
        "spam_ratio": 0.0,
    }
    return {
        "record_type": "messaging_settings",
        "id": resource_id(account, number),
        "phone_number": number,
        "messaging_profile_id": profiles.home_of(account, number),
        "messaging_product": kept.get("messaging_product", "A2P"),
        "traffic_type": "A2P",
        "type": "tollfree" if kind(number) == "toll_free" else "longcode",
        "country_code": region(number),
        "organization_id": organization_id(account),
        "eligible_messaging_products": ["A2P"],
        "features": {"sms": two_way, "mms": two_way if has_mms(number) else None},
        "health": health,
        "tags": kept.get("tags", []),
        "created_at": iso8601_ms(CREATED),
        "updated_at": iso8601_ms(kept.get("updated", CREATED)),
    }


async def show_short_codes(request: web.Request) -> web.Response:
    shown = short_code_fields(request)
    profile = request.query.get("filter[messaging_profile_id]")
    fits = profile in {None, shown["messaging_profile_id"]}
    return paged(request, [shown] if fits else [])


async def show_profile_short_codes(request: web.Request) -> web.Response:
    shown, profile = short_code_fields(request), named_profile(request)
    is_there = shown["messaging_profile_id"] == profile["id"]
    return paged(request, [shown] if is_there else [])


async def fetch_short_code(request: web.Request) -> web.Response:
    return data_answer(_named_short_code(request))


async def update_short_code(request: web.Request) -> web.Response:
    _named_short_code(request)
    given = await body_of(request, "UpdateShortCode")
    _change(request, account_of(request), TELNYX_SHORT_CODE, given)
    return data_answer(short_code_fields(request))


def _named_short_code(request: web.Request) -> Json:
    shown = short_code_fields(request)
    if request.match_info["id"] != shown["id"]:
        raise TelnyxError(10005)
    return shown


def short_code_fields(request: web.Request) -> Json:
    account, profiles = account_of(request), profiles_of(request)
    kept = profiles.settings_of(account, TELNYX_SHORT_CODE)
    return {
        "record_type": "short_code",
        "id": resource_id(account, TELNYX_SHORT_CODE),
        "short_code": TELNYX_SHORT_CODE,
        "country_code": "US",
        "messaging_profile_id": profiles.home_of(account, TELNYX_SHORT_CODE),
        "tags": kept.get("tags", []),
        "created_at": iso8601_ms(CREATED),
        "updated_at": iso8601_ms(kept.get("updated", CREATED)),
    }


async def show_names(request: web.Request) -> web.Response:
    profile = request.query.get("filter[messaging_profile_id]")
    return _paged_names(request, profile)


async def show_profile_names(request: web.Request) -> web.Response:
    return _paged_names(request, named_profile(request)["id"])


def _paged_names(request: web.Request, profile: str | None) -> web.Response:
    kept = parts_of(request).rules.store.all(account_of(request).sid, NAMES).values()
    found = [n for n in kept if profile in {None, n["messaging_profile_id"]}]
    return paged(request, found)


async def create_name(request: web.Request) -> web.Response:
    account = account_of(request)
    given = await body_of(request, "CreateAlphanumericSenderId")
    if not _NAME.fullmatch(given["alphanumeric_sender_id"]):
        raise TelnyxError(10015, where="/alphanumeric_sender_id")
    if profiles_of(request).get(account, given["messaging_profile_id"]) is None:
        raise TelnyxError(10005, where="/messaging_profile_id")
    fields = {
        "record_type": "alphanumeric_sender_id",
        "id": ids.token(),
        "organization_id": organization_id(account),
        "us_long_code_fallback": "",
        **given,
    }
    parts_of(request).rules.store.put(account.sid, NAMES, fields["id"], fields)
    return data_answer(fields, 201)


async def fetch_name(request: web.Request) -> web.Response:
    return data_answer(_named_name(request))


async def delete_name(request: web.Request) -> web.Response:
    shown = _named_name(request)
    store = parts_of(request).rules.store
    store.drop(account_of(request).sid, NAMES, shown["id"])
    return data_answer(shown)


def _named_name(request: web.Request) -> Json:
    store = parts_of(request).rules.store
    found: Json | None = store.get(
        account_of(request).sid, NAMES, request.match_info["id"]
    )
    if found is None:
        raise TelnyxError(10005)
    return found
