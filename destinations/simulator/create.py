"""
The checks of a create request, in the order in which this simulator makes them.

Presence first, then each value, then whether sender, recipient and account agree.
"""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from destinations.simulator import accounts, clock, contents, smart
from destinations.simulator.accounts import Account
from destinations.simulator.contents import Content
from destinations.simulator.documents import Form, check_names, first, typed
from destinations.simulator.draft import LONGEST_WAIT, Draft
from destinations.simulator.errors import ApiError
from destinations.simulator.numbers import takes_names
from destinations.simulator.regions import normalise, region
from destinations.simulator.rules import Rules
from destinations.simulator.scenarios import MAGIC_RECIPIENTS, MAGIC_SENDERS
from destinations.simulator.services import Service

_ADDRESSES = ("To", "From", "MessagingServiceSid")
MAX_BODY = 1600
MAX_MEDIA = 10
SCHEDULE_FROM = timedelta(seconds=300)
SCHEDULE_TO = timedelta(days=35)
TRIAL_PREFIX = "Sent from your Twilio trial account - "
_HOST = re.compile(r"[A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\]")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 \-+_&]{1,11}")
# Those whose values have codes of their own, or no rule.
_OWN_RULES = (
    "To From Body MediaUrl MessagingServiceSid ContentSid ContentVariables"
    " StatusCallback ValidityPeriod FallbackFrom SendAt Tags"
    " MessageIntent"
)
_CHECKED_HERE = frozenset(_OWN_RULES.split())
_INTENTS = (
    "otp notifications fraud security customercare delivery education events polling"
    " announcements marketing"
)
INTENTS = frozenset(_INTENTS.split())


def check(form: Form, account: Account, rules: Rules) -> Draft:
    """Raises ApiError: the refusal that the answer carries."""
    _check_names(form)
    to, sender, service_sid = (first(form, name) for name in _ADDRESSES)
    if sender.startswith("MG"):
        sender, service_sid = "", sender
    if not to:
        raise ApiError(21604)
    if not sender and not service_sid:
        raise ApiError(21603)
    content = contents.render(form, account, rules.store)
    _check_content(form, content)
    _check_options(form)
    recipient = _recipient(to, account)
    service = _service(service_sid, account, rules) if service_sid else None
    if sender:
        sender = _sender(sender, recipient, account, rules, service)
    _check_fallback(form, account, service)
    callback = first(form, "StatusCallback")
    if service and not callback:
        callback = service.settings["status_callback"] or ""
    if sender.startswith("rcs:") and not callback:
        callback = rules.rcs_webhook(account.sid).get("status_callback_url", "")
    body = _body(form, content.body, account, service)
    return Draft(
        account=account.sid,
        to=recipient,
        sender=sender or None,
        service=service_sid or None,
        body=body,
        media=content.media,
        callback_url=callback or None,
        send_at=_send_at(form, service_sid),
        extra=content.extra
        | _extra(form, service)
        | _by_rcs(form, recipient, sender, body, content, service),
    )


def _check_names(form: Form) -> None:
    check_names(form, "CreateMessage")
    others = form.keys() - _CHECKED_HERE
    if others:
        typed({name: form[name] for name in others}, "CreateMessage")
    intent = first(form, "MessageIntent")
    if intent and intent not in INTENTS:
        raise ApiError(20001, "Invalid parameter MessageIntent")


def _check_content(form: Form, content: Content) -> None:
    if not (content.body.strip() or content.media or first(form, "ContentSid")):
        raise ApiError(21602 if "Body" in form else 21619)
    if len(content.body) > MAX_BODY:
        raise ApiError(21617)
    if len(content.media) > MAX_MEDIA:
        raise ApiError(21623)
    if not all(is_public_url(url) for url in content.media):
        raise ApiError(21620)


def _check_options(form: Form) -> None:
    callback = first(form, "StatusCallback")
    if callback and not is_public_url(callback):
        raise ApiError(21609)
    period = first(form, "ValidityPeriod")
    if period and not (period.isascii() and period.isdigit()):
        raise ApiError(21624)
    if period and not 1 <= int(period) <= LONGEST_WAIT:
        raise ApiError(21624)


def _body(form: Form, body: str, account: Account, service: Service | None) -> str:
    if account.is_trial:
        body = TRIAL_PREFIX + body
    wants = first(form, "SmartEncoded").lower()
    by_service = service is not None and service.settings["smart_encoding"]
    is_smart = wants == "true" or (by_service and wants != "false")
    return smart.encode(body) if is_smart else body


def _extra(form: Form, service: Service | None) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if period := first(form, "ValidityPeriod"):
        extra["validity"] = int(period)
    elif service and service.settings["validity_period"] != LONGEST_WAIT:
        extra["validity"] = service.settings["validity_period"]
    if first(form, "ContentRetention") == "discard":
        extra["is_discarded"] = True
    if first(form, "AddressRetention") == "obfuscate":
        extra["is_obfuscated"] = True
    if first(form, "SendAsMms").lower() == "true":
        extra["is_mms"] = True
    return extra


def is_public_url(url: str) -> bool:
    """Absolute, with a host name without underscore. Loopback is public here."""
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    name = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    has_host = _HOST.fullmatch(name) is not None
    return parts.scheme in {"http", "https"} and has_host and port_is_good


def _recipient(raw: str, account: Account) -> str:
    prefix, colon, address = raw.rpartition(":")
    number = normalise(address)
    if number is None or prefix not in {"", "whatsapp", "rcs"}:
        raise ApiError(21211, f"The 'To' number {raw} is not a valid phone number")
    if number in MAGIC_RECIPIENTS:
        raise ApiError(MAGIC_RECIPIENTS[number])
    if region(number) not in account.countries:
        raise ApiError(21408)
    if account.is_trial and number not in account.verified:
        raise ApiError(21608)
    return f"{prefix}{colon}{number}"


def _service(sid: str, account: Account, rules: Rules) -> Service:
    if not _SERVICE.fullmatch(sid):
        raise ApiError(21705)
    service = rules.services.get(account, sid)
    if service is None:
        raise ApiError(21701)
    if service.is_empty:
        raise ApiError(21704)
    return service


def _sender(
    raw: str, recipient: str, account: Account, rules: Rules, service: Service | None
) -> str:
    if raw in MAGIC_SENDERS:
        raise ApiError(MAGIC_SENDERS[raw])
    if ":" in raw or ":" in recipient:
        sender = _channel_sender(raw, recipient, account)
    elif _ALPHANUMERIC.fullmatch(raw):
        if not takes_names(region(recipient)):
            raise ApiError(21612)
        return raw
    else:
        sender = _number_sender(raw, recipient, account)
    if service and ":" not in sender and sender not in service.senders:
        raise ApiError(21712, status=400)
    if rules.opt_outs.has_blocked(account, sender, recipient):
        raise ApiError(21610)
    if rules.pace.is_full(account, sender, clock.now_ms()):
        raise ApiError(21611)
    return sender


def _channel_sender(raw: str, recipient: str, account: Account) -> str:
    """Every number of the account is a WhatsApp sender too; one agent is for RCS."""
    prefix, _, number = raw.rpartition(":")
    if prefix != recipient.rpartition(":")[0]:
        raise ApiError(21612)
    is_whatsapp = prefix == "whatsapp" and account.owns(number)
    if not is_whatsapp and raw != account.rcs_sender:
        raise ApiError(63007)
    return raw


def _number_sender(raw: str, recipient: str, account: Account) -> str:
    number = raw if _SHORT_CODE.fullmatch(raw) else normalise(raw)
    if number is None:
        raise ApiError(21212, f"The 'From' number {raw} is not valid")
    if not account.owns(number):
        raise ApiError(21659)
    if number == accounts.SHORT_CODE and region(recipient) != "US":
        raise ApiError(21659)
    return number


def _check_fallback(form: Form, account: Account, service: Service | None) -> None:
    sender = first(form, "FallbackFrom")
    if not sender:
        return
    if service is None:
        raise ApiError(21666)
    if service.rcs_sender is None:
        raise ApiError(21667)
    if not account.owns(sender):
        raise ApiError(21664)


def _by_rcs(
    form: Form,
    recipient: str,
    sender: str,
    body: str,
    content: Content,
    service: Service | None,
) -> dict[str, Any]:
    """What it shows by RCS, and the text that takes its place; `rcs:` has none."""
    if recipient.startswith("rcs:"):
        return {"rich": content.rich}
    if sender or ":" in recipient or service is None or service.rcs_sender is None:
        return {}
    fallback = {
        "sender": first(form, "FallbackFrom") or None,
        "body": body,
        "media": list(content.media),
    }
    return {"rich": content.rich, "fallback": fallback}


def _send_at(form: Form, service: str) -> int | None:
    if first(form, "ScheduleType") != "fixed":
        return None
    if not service:
        raise ApiError(35118)
    text = first(form, "SendAt")
    if not text:
        raise ApiError(35111)
    try:
        moment = clock.to_ms(clock.parse(text)[0])
    except ValueError as error:
        raise ApiError(35114) from error
    ahead = timedelta(milliseconds=moment - clock.now_ms())
    if not SCHEDULE_FROM < ahead <= SCHEDULE_TO:
        raise ApiError(35114)
    return moment
