"""`/v2/messaging_profiles`, and the answers to STOP, START and HELP of each."""

from typing import Any

from aiohttp import web

from destinations.simulator import clock, ids
from destinations.simulator.accounts import Account
from destinations.simulator.app import json_answer
from destinations.simulator.clock import iso8601_ms
from destinations.simulator.create import is_public_url
from destinations.simulator.telnyx.documents import body_of, operation, schema
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import (
    account_of,
    data_answer,
    paged,
    parts_of,
)
from destinations.simulator.telnyx.optout import ANSWERED
from destinations.simulator.telnyx.profiles import Profiles, organization_id

MAX_KEYWORDS = 20
MIN_ANSWER = 20  # characters
_URLS = ("webhook_url", "webhook_failover_url", "health_webhook_url")
Json = dict[str, Any]


async def show_profiles(request: web.Request) -> web.Response:
    kept = profiles_of(request).of(account_of(request)).values()
    contains = request.query.get("filter[name][contains]", "")
    equal = request.query.get("filter[name][eq]") or request.query.get("filter[name]")
    found = [
        profile_fields(account_of(request), profile)
        for profile in kept
        if contains in profile["name"] and equal in {None, profile["name"]}
    ]
    return paged(request, found)


async def create_profile(request: web.Request) -> web.Response:
    account = account_of(request)
    settings = await _settings(request, "CreateMessagingProfile")
    made = profiles_of(request).create(account, settings)
    return data_answer(profile_fields(account, made))


async def fetch_profile(request: web.Request) -> web.Response:
    return data_answer(profile_fields(account_of(request), named_profile(request)))


async def update_profile(request: web.Request) -> web.Response:
    account, before = account_of(request), named_profile(request)
    settings = await _settings(request, "UpdateMessagingProfile")
    after = profiles_of(request).change(account, before, settings)
    pool = after["number_pool_settings"]
    if not (pool and pool.get("sticky_sender")):
        parts_of(request).rules.pool.forget(account, after["id"])
    return data_answer(profile_fields(account, after))


async def delete_profile(request: web.Request) -> web.Response:
    account, profile = account_of(request), named_profile(request)
    profiles_of(request).delete(account, profile)
    return data_answer(profile_fields(account, profile))


def profiles_of(request: web.Request) -> Profiles:
    return parts_of(request).rules.profiles


def named_profile(request: web.Request) -> Json:
    found = profiles_of(request).get(account_of(request), request.match_info["id"])
    if found is None:
        raise TelnyxError(10005)
    return found


def profile_fields(account: Account, profile: Json) -> Json:
    hidden = {"created", "updated", "deleted"}
    shown = {name: value for name, value in profile.items() if name not in hidden}
    return shown | {
        "record_type": "messaging_profile",
        "organization_id": organization_id(account),
        "created_at": iso8601_ms(profile["created"]),
        "updated_at": iso8601_ms(profile["updated"]),
    }


async def _settings(request: web.Request, name: str) -> Json:
    """Only what may be set; what is read-only is passed over, as documented."""
    given = await body_of(request, name)
    for url in _URLS:
        if given.get(url) and not is_public_url(given[url]):
            raise TelnyxError(10003, where=f"/{url}")
    properties = schema(operation(name)["body"])["properties"]
    fixed = {key for key, part in properties.items() if part.get("readOnly")}
    return {key: value for key, value in given.items() if key not in fixed}


async def show_answers(request: web.Request) -> web.Response:
    country = request.query.get("country_code")
    found = [
        _answer_fields(config)
        for config in _answers(request).values()
        if country in {None, config["country_code"]}
    ]
    return paged(request, found)


async def create_answer(request: web.Request) -> web.Response:
    given = await _given_answer(request, "CreateAutorespConfig")
    name, now = ids.token(), clock.now_ms()
    config = {"id": name, "created": now, **given}
    return _put_answer(request, config)


async def fetch_answer(request: web.Request) -> web.Response:
    return data_answer(_answer_fields(_named_answer(request)))


async def update_answer(request: web.Request) -> web.Response:
    before = _named_answer(request)
    given = await _given_answer(request, "UpdateAutoRespConfig")
    return _put_answer(request, before | given)


async def delete_answer(request: web.Request) -> web.Response:
    name = _named_answer(request)["id"]
    account = account_of(request)
    parts_of(request).rules.store.drop(account.sid, ANSWERED, name)
    return json_answer("")


def _put_answer(request: web.Request, config: Json) -> web.Response:
    config |= {"profile": named_profile(request)["id"], "updated": clock.now_ms()}
    store = parts_of(request).rules.store
    store.put(account_of(request).sid, ANSWERED, config["id"], config)
    return data_answer(_answer_fields(config))


def _answers(request: web.Request) -> dict[str, Json]:
    profile = named_profile(request)["id"]
    kept = parts_of(request).rules.store.all(account_of(request).sid, ANSWERED)
    return {
        name: config for name, config in kept.items() if config["profile"] == profile
    }


def _named_answer(request: web.Request) -> Json:
    found = _answers(request).get(request.match_info["answer"])
    if found is None:
        raise TelnyxError(10005)
    return found


async def _given_answer(request: web.Request, name: str) -> Json:
    given = await body_of(request, name)
    words = given["keywords"]
    if not 1 <= len(words) <= MAX_KEYWORDS:
        detail = f"There are 1 to {MAX_KEYWORDS} keywords."
        raise TelnyxError(10015, detail, where="/keywords")
    text = given.get("resp_text")
    if text is not None and len(text) < MIN_ANSWER:
        detail = f"The answer has at least {MIN_ANSWER} characters."
        raise TelnyxError(10015, detail, where="/resp_text")
    given["keywords"] = [word.strip().upper() for word in words]
    return {"resp_text": "", **given}


def _answer_fields(config: Json) -> Json:
    names = ("id", "op", "keywords", "resp_text", "country_code")
    return {name: config[name] for name in names} | {
        "created_at": iso8601_ms(config["created"]),
        "updated_at": iso8601_ms(config["updated"]),
    }
