"""RCS at Telnyx: agents, what phones can show, and messages of agents."""

import re
from typing import Any
from urllib.parse import quote

from aiohttp import web

from destinations.simulator import clock, rich
from destinations.simulator.accounts import Account
from destinations.simulator.app import json_answer
from destinations.simulator.clock import iso8601_ms
from destinations.simulator.create import is_public_url
from destinations.simulator.draft import Draft
from destinations.simulator.message import Message
from destinations.simulator.regions import normalise
from destinations.simulator.services import CREATED
from destinations.simulator.telnyx import create, messages, rcs_content
from destinations.simulator.telnyx.documents import body_of
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import (
    account_of,
    data_answer,
    paged,
    parts_of,
)
from destinations.simulator.telnyx.profiles import agent_fields, organization_id
from destinations.simulator.telnyx.profiles_api import profiles_of
from destinations.simulator.telnyx.resource import payload

MAX_BULK = 100
_FEATURES = (
    "RICHCARD_STANDALONE RICHCARD_CAROUSEL ACTION_OPEN_URL ACTION_OPEN_URL_IN_WEBVIEW"
    " ACTION_DIAL ACTION_VIEW_LOCATION ACTION_SHARE_LOCATION"
    " ACTION_CREATE_CALENDAR_EVENT ACTION_COMPOSE GENERIC_RCS_FEATURE"
)
FEATURES = _FEATURES.split()
_TTL = re.compile(r"(\d+(?:\.\d+)?)s")
Json = dict[str, Any]


async def show_agents(request: web.Request) -> web.Response:
    return paged(request, [_agent(request)])


async def fetch_agent(request: web.Request) -> web.Response:
    _check_agent(account_of(request), request.match_info["id"])
    return data_answer(_agent(request))


async def update_agent(request: web.Request) -> web.Response:
    account = account_of(request)
    _check_agent(account, request.match_info["id"])
    given = await body_of(request, "UpdateRCSAgentById")
    create.check_urls(given)
    profiles, sender = profiles_of(request), f"rcs:{account.agent_id}"
    if "profile_id" in given:
        profile = given.pop("profile_id")
        if profile and profiles.get(account, profile) is None:
            raise TelnyxError(10005, where="/profile_id")
        profiles.assign(account, sender, profile)
    profiles.set_of(account, sender, given)
    return data_answer(_agent(request))


def _check_agent(account: Account, agent: str, where: str = "") -> None:
    if agent != account.agent_id:
        raise TelnyxError(10005, "There is no such RCS agent.", where=where)


def _agent(request: web.Request) -> Json:
    account, profiles = account_of(request), profiles_of(request)
    sender = f"rcs:{account.agent_id}"
    kept = profiles.settings_of(account, sender)
    return agent_fields(account) | {
        "user_id": organization_id(account),
        "profile_id": profiles.home_of(account, sender),
        "webhook_url": kept.get("webhook_url"),
        "webhook_failover_url": kept.get("webhook_failover_url"),
        "enabled": True,
        "created_at": iso8601_ms(CREATED),
        "updated_at": iso8601_ms(kept.get("updated", CREATED)),
    }


async def fetch_capabilities(request: web.Request) -> web.Response:
    names = request.match_info
    _check_agent(account_of(request), names["agent"])
    return data_answer(_capabilities(request, names["number"]))


async def fetch_bulk(request: web.Request) -> web.Response:
    given = await body_of(request, "ListRCSCapabilitiesOfAPhoneNumbersBatch")
    _check_agent(account_of(request), given["agent_id"], "/agent_id")
    numbers = given["phone_numbers"]
    if len(numbers) > MAX_BULK:
        detail = f"At most {MAX_BULK} numbers at a time."
        raise TelnyxError(10015, detail, where="/phone_numbers")
    return data_answer([_capabilities(request, number) for number in numbers])


def _capabilities(request: web.Request, raw: str) -> Json:
    number = normalise(raw) if raw.startswith("+") else None
    if number is None:
        raise TelnyxError(10002, f"'{raw}' is not in +E.164 format.")
    account = account_of(request)
    has_rcs = parts_of(request).rules.has_rcs(account.sid, number)
    return {
        "record_type": "rcs.capabilities",
        **agent_fields(account),
        "phone_number": number,
        "features": FEATURES if has_rcs else None,
    }


async def invite(request: web.Request) -> web.Response:
    names = request.match_info
    _check_agent(account_of(request), names["id"])
    fields = {
        "record_type": "rcs.test_number_invite",
        "agent_id": names["id"],
        "phone_number": names["number"],
        "status": "ACCEPTED",
    }
    return data_answer(fields)


async def make_deep_link(request: web.Request) -> web.Response:
    agent = request.match_info["agent"]
    _check_agent(account_of(request), agent)
    number, body = request.query.get("phone_number", ""), request.query.get("body", "")
    service = quote(f"{agent}@rbm.goog", safe="")
    url = f"sms:{number}?service_id={service}"
    return data_answer({"url": f"{url}&body={quote(body)}" if body else url})


async def send(request: web.Request) -> web.StreamResponse:
    given: Json = {}

    async def drafted(account: Account) -> Draft:
        given.update(await body_of(request, "SendRCSMessage"))
        messages.note_recipient(request, given)
        return _draft(request, account, given)

    def shown(message: Message) -> web.Response:
        return json_answer({"data": _answer(message, given["agent_message"])})

    return await messages.accept(request, drafted, shown)


def _answer(message: Message, agent_message: Json) -> Json:
    """Only what the document has; the body as it was given."""
    names = "record_type direction id type organization_id messaging_profile_id"
    shown = payload(message)
    fields = {name: shown[name] for name in (*names.split(), "to", "received_at")}
    sender = {**shown["from"], "carrier": "RCS"}
    more = {"body": agent_message, "encoding": "utf-8", "wait_seconds": None}
    return fields | more | {"from": sender}


def _draft(request: web.Request, account: Account, given: Json) -> Draft:
    rules = parts_of(request).rules
    _check_agent(account, given["agent_id"], "/agent_id")
    to = create.recipient_of(given["to"])
    create.check_urls(given)
    profile = rules.profiles.get(account, given["messaging_profile_id"])
    if profile is None:
        raise TelnyxError(10005, where="/messaging_profile_id")
    create.check_profile(profile, to, account)
    agent_message = given["agent_message"]
    rcs_content.check(agent_message)
    sender = f"rcs:{account.agent_id}"
    create.check_block(account, profile["id"], sender, to, rules)
    content = agent_message.get("content_message") or {}
    shown = rich.of_telnyx(content)
    webhooks = create.webhooks_of(given, profile)
    about = {
        "type": "RCS",
        "organization": organization_id(account),
        "agent": agent_fields(account),
        "body": content or {"event": agent_message["event"]},
        **webhooks,
    }
    extra: Json = {"telnyx": about, "rich": shown}
    if wait := _wait(agent_message):
        extra["rcs_wait"] = wait
    if fallback := _fallback(given, account, rules.profiles):
        extra["fallback"] = fallback
    if not content:
        extra["is_event"] = True
    return Draft(
        account=account.sid,
        to=to,
        sender=sender,
        service=profile["id"],
        body=_text(shown),
        media=(),
        callback_url=next(iter(webhooks["urls"]), None),
        extra=extra,
    )


def _text(shown: Json) -> str:
    """What lists show of it: its first words."""
    titles = [card["title"] or card["text"] for card in shown["cards"]]
    return str(shown["text"] or next(iter(titles), ""))


def _wait(agent_message: Json) -> float | None:
    """Seconds until a message that was not delivered is given up."""
    if ttl := agent_message.get("ttl"):
        found = _TTL.fullmatch(ttl)
        if not found:
            detail = "A duration in seconds that ends with 's'."
            raise TelnyxError(10015, detail, where="/agent_message/ttl")
        return float(found[1])
    if moment := agent_message.get("expire_time"):
        try:
            at = clock.to_ms(clock.parse(moment)[0])
        except ValueError as error:
            raise TelnyxError(10015, where="/agent_message/expire_time") from error
        return max((at - clock.now_ms()) / 1000, 0.1)
    return None


def _fallback(given: Json, account: Account, profiles: Any) -> Json | None:
    """`sms_fallback` or `mms_fallback` of the document, `fallback` of the guide."""
    names = [n for n in ("sms_fallback", "mms_fallback", "fallback") if given.get(n)]
    if not names:
        return None
    if len(names) > 1:
        raise TelnyxError(40304, "Only one fallback is allowed.", where=f"/{names[1]}")
    where, found = f"/{names[0]}", given[names[0]]
    sender = found.get("from") or ""
    if profiles.home_of(account, sender) is None:
        raise TelnyxError(40305, where=f"{where}/from")
    links = found.get("media_urls") or []
    if not (found.get("text") or links):
        raise TelnyxError(40316, where=f"{where}/text")
    if not all(is_public_url(url) for url in links):
        raise TelnyxError(10003, where=f"{where}/media_urls")
    is_mms = names[0] == "mms_fallback" or bool(links)
    return {
        "sender": sender,
        "body": found.get("text") or "",
        "media": links,
        "is_mms": is_mms,
    }
