"""The checks of a request to send an SMS or MMS, in the order they are made here."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from destinations.simulator import clock, segments, smart
from destinations.simulator.accounts import Account
from destinations.simulator.create import is_public_url
from destinations.simulator.draft import Draft
from destinations.simulator.numbers import NORTH_AMERICA, has_mms, kind, takes_names
from destinations.simulator.regions import normalise, region
from destinations.simulator.rules import Rules
from destinations.simulator.telnyx.errors import TelnyxError, stopped
from destinations.simulator.telnyx.profiles import organization_id

MAX_PARTS = 10
RECOMMENDED_PARTS = 6  # judged; the provider names no number
MAX_MEDIA = 10
SCHEDULE_FROM, SCHEDULE_TO = timedelta(minutes=5), timedelta(days=5)
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
_SHORT_CODE = re.compile(r"\d{3,8}")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Route:
    profile: Json
    sender: str


def check(body: Json, account: Account, rules: Rules) -> Draft:
    """Raises TelnyxError: the refusal that the answer carries."""
    recipient = recipient_of(body["to"])
    check_urls(body)
    links = body.get("media_urls") or []
    text, is_mms = _content(body, links)
    route = _route(body, recipient, account, rules)
    check_profile(route.profile, recipient, account)
    text, is_mms = _fit(text, links, route, recipient, is_mms=is_mms)
    is_smart = _is_smart(body, route.profile)
    shown = smart.encode(text) if is_smart else text
    _check_length(body, shown)
    check_block(account, route.profile["id"], route.sender, recipient, rules)
    webhooks = webhooks_of(body, route.profile)
    about = {
        "type": "MMS" if is_mms else "SMS",
        "organization": organization_id(account),
        "subject": body.get("subject") or "",
        "is_smart": shown != text,
        **webhooks,
    }
    return Draft(
        account=account.sid,
        to=recipient,
        sender=route.sender,
        service=route.profile["id"],
        body=shown,
        media=tuple(links) if is_mms else (),
        callback_url=next(iter(webhooks["urls"]), None),
        send_at=_send_at(body),
        extra={"telnyx": about, **({"is_mms": True} if is_mms else {})},
    )


def recipient_of(raw: str) -> str:
    number = normalise(raw) if raw.startswith("+") else None
    if number is None:
        detail = f"The 'to' address '{raw}' is not in +E.164 format."
        raise TelnyxError(40310, detail, where="/to")
    return number


def check_urls(body: Json) -> None:
    for name in ("webhook_url", "webhook_failover_url"):
        if body.get(name) and not is_public_url(body[name]):
            raise TelnyxError(10003, f"'{name}' is not a URL.", where=f"/{name}")


def webhooks_of(body: Json, profile: Json) -> Json:
    """The request's URLs come before the profile's, which are asked when all fail."""
    own = [body.get("webhook_url"), body.get("webhook_failover_url")]
    theirs = [profile["webhook_url"], profile["webhook_failover_url"]]
    wanted = own + (theirs if body.get("use_profile_webhooks", True) else [])
    urls = list(dict.fromkeys(url for url in wanted if url))
    is_own = bool(body.get("webhook_url"))
    failover = (own if is_own else theirs)[1] or None
    return {"urls": urls, "failover": failover}


def _content(body: Json, links: list[str]) -> tuple[str, bool]:
    text = body.get("text") or ""
    wants = body.get("type")
    if not text and not links:
        raise TelnyxError(40316, "Neither text nor media was given.", where="/text")
    if wants == "SMS" and links:
        detail = "An SMS cannot have media."
        raise TelnyxError(40304, detail, where="/media_urls")
    if len(links) > MAX_MEDIA:
        detail = f"At most {MAX_MEDIA} media URLs are allowed."
        raise TelnyxError(40317, detail, where="/media_urls")
    for index, url in enumerate(links):
        if not is_public_url(url):
            raise TelnyxError(10003, where=f"/media_urls/{index}")
    return text, wants == "MMS" or bool(links)


def _route(body: Json, to: str, account: Account, rules: Rules) -> Route:
    sender, named = body.get("from") or "", body.get("messaging_profile_id")
    profile = rules.profiles.get(account, named)
    if named and profile is None:
        detail = f"There is no messaging profile {named}."
        raise TelnyxError(10005, detail, where="/messaging_profile_id")
    if not sender:
        if profile is None:
            raise TelnyxError(10004, "The 'from' parameter is required.", where="/from")
        chosen = rules.pool.choose(account, profile, to)
        if chosen is None:
            raise TelnyxError(40321, where="/messaging_profile_id")
        return Route(profile, chosen)
    if sender.startswith("+") or _SHORT_CODE.fullmatch(sender):
        return _from_number(sender, profile, account, rules)
    return Route(*_from_name(sender, profile, to, account, rules))


def _from_number(
    sender: str, profile: Json | None, account: Account, rules: Rules
) -> Route:
    number = sender if _SHORT_CODE.fullmatch(sender) else normalise(sender) or ""
    home = rules.profiles.home_of(account, number)
    of_number = rules.profiles.get(account, home)
    if of_number is None or (profile and profile["id"] != home):
        detail = f"The number '{sender}' is not assigned to the messaging profile."
        raise TelnyxError(40305, detail, where="/from")
    return Route(of_number, number)


def _from_name(
    name: str, profile: Json | None, to: str, account: Account, rules: Rules
) -> tuple[Json, str]:
    """In North America a long code of the profile stands in for the name."""
    if not _ALPHANUMERIC.fullmatch(name):
        raise TelnyxError(40305, where="/from")
    if profile is None:
        detail = "The 'messaging_profile_id' parameter is required."
        raise TelnyxError(10004, detail, where="/messaging_profile_id")
    names = rules.profiles.names(account, profile)
    if not names:
        raise TelnyxError(40306, where="/from")
    if name not in names:
        raise TelnyxError(40307, where="/from")
    if takes_names(region(to)):
        return profile, name
    chosen = rules.pool.choose(account, profile, to)
    if chosen is None:
        detail = "Names are not taken there, and the profile has no number for it."
        raise TelnyxError(40301, detail, where="/to")
    return profile, chosen


def check_profile(profile: Json, to: str, account: Account) -> None:
    if not profile["enabled"]:
        raise TelnyxError(40312)
    allowed = profile["whitelisted_destinations"]
    if not allowed:
        raise TelnyxError(40331)
    country = region(to)
    if country not in account.countries or not {"*", country} & set(allowed):
        raise TelnyxError(40309, where="/to")


def check_block(
    account: Account, profile: str, sender: str, to: str, rules: Rules
) -> None:
    if rules.profile_opt_outs.has_blocked(account, profile, to):
        raise stopped(sender, to)
    if rules.pace.is_full(account, sender, clock.now_ms()):
        raise TelnyxError(40318)


def _fit(
    text: str, links: list[str], route: Route, to: str, *, is_mms: bool
) -> tuple[str, bool]:
    """An MMS that cannot be one is sent as an SMS with links, if the profile likes."""
    if not is_mms:
        return text, False
    if kind(route.sender) == "name" or not has_mms(route.sender):
        raise TelnyxError(40308, where="/from")
    if region(to) in NORTH_AMERICA:
        return text, True
    if not route.profile["mms_fall_back_to_sms"]:
        raise TelnyxError(40301, "MMS does not reach this number.", where="/to")
    return "\n".join([*([text] if text else []), *links]), False


def _is_smart(body: Json, profile: Json) -> bool:
    wanted = body.get("encoding")
    return wanted == "auto" or (wanted is None and profile["smart_encoding"])


def _check_length(body: Json, text: str) -> None:
    if body.get("encoding") == "gsm7" and not segments.is_gsm(text):
        raise TelnyxError(40304, "The text does not fit GSM-7.", where="/text")
    parts = segments.count(text)
    if parts > MAX_PARTS:
        raise TelnyxError(40302, f"It would be {parts} parts.", where="/text")
    if body.get("auto_detect") and parts > RECOMMENDED_PARTS:
        raise TelnyxError(40328, f"It would be {parts} parts.", where="/text")


def _send_at(body: Json) -> int | None:
    text = body.get("send_at")
    if not text:
        return None
    wrong = TelnyxError(
        10015, "Not a time from 5 minutes to 5 days ahead.", where="/send_at"
    )
    try:
        moment = clock.to_ms(clock.parse(text)[0])
    except ValueError as error:
        raise wrong from error
    ahead = timedelta(milliseconds=moment - clock.now_ms())
    if not SCHEDULE_FROM <= ahead <= SCHEDULE_TO:
        raise wrong
    return moment


def refusal(code: int, draft: Draft) -> TelnyxError:
    """What a scenario refuses, pointing where the provider points."""
    if code == 40300:
        return stopped(draft.sender or "", draft.to)
    return TelnyxError(code, where="" if code == 40318 else "/to")
