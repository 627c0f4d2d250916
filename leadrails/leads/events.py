"""
The lead event `lead_event.v1`, read strictly and kept as it came.

Every field that the schema names must have its type; what it does not name is kept
and ignored. Nothing here trusts the sender: depth, numbers and text that PostgreSQL
could not store are refused with a sentence.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

MAX_BODY = 256 * 1024
MAX_DEPTH = 32
MAX_NUMBER = 400  # characters of one number

Text = str | None
Consent = bool | str | None  # HTML forms can only say "true", "on" or "yes"


class SourceInfo(msgspec.Struct):
    source_system: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    source_event_id: Text = None
    site_url: Text = None
    form_id: Text = None
    form_name: Text = None


class LeadInfo(msgspec.Struct):
    full_name: Text = None
    first_name: Text = None
    last_name: Text = None
    email: Text = None
    phone: Text = None
    message: Text = None
    service_type: Text = None
    urgency: Text = None
    preferred_contact_method: Text = None


class Location(msgspec.Struct):
    address_line1: Text = None
    address_line2: Text = None
    city: Text = None
    state: Text = None
    postal_code: Text = None
    country: Text = None


class Attribution(msgspec.Struct):
    landing_page: Text = None
    referrer: Text = None
    utm_source: Text = None
    utm_medium: Text = None
    utm_campaign: Text = None
    utm_term: Text = None
    utm_content: Text = None
    gclid: Text = None
    gbraid: Text = None
    wbraid: Text = None
    msclkid: Text = None
    fbclid: Text = None


class ConsentInfo(msgspec.Struct):
    sms_consent: Consent = None
    email_consent: Consent = None
    privacy_policy_url: Text = None


class LeadEvent(msgspec.Struct):
    schema_version: Literal["lead_event.v1"]
    event_type: Literal["lead.submitted"]
    submitted_at: str
    source: SourceInfo
    lead: LeadInfo
    workflow: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    workflow_name: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    location: Location | None = None
    attribution: Attribution | None = None
    consent: ConsentInfo | None = None
    custom_fields: dict[Annotated[str, msgspec.Meta(max_length=200)], Any] | None = None

    @property
    def chosen_workflow(self) -> str:
        return (self.workflow or self.workflow_name or "").strip() or "default"


class BadEvent(Exception):
    """The body is not a lead event; the text says what is wrong, with its path."""


_decoder = msgspec.json.Decoder(LeadEvent)
_plain = msgspec.json.Decoder()
_LONG_NUMBER = re.compile(rb"[0-9eE.+-]{%d}" % MAX_NUMBER)
_HUGE_EXPONENT = re.compile(rb"[0-9.][eE][+-]?[0-9]{3}")


def read(body: bytes) -> tuple[LeadEvent, dict[str, Any]]:
    """
    Return the event, and the same as plain data with all that the schema ignores.

    Raises:
        BadEvent: not JSON, too deep, a field missing or of another type.
    """
    _refuse_depth(body)
    if _LONG_NUMBER.search(body) or _HUGE_EXPONENT.search(body):
        _refuse_numbers(body)
    try:
        event = _decoder.decode(body)
        plain = _plain.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadEvent(_sentence(str(error))) from None
    except RecursionError:
        raise BadEvent(f"nested deeper than {MAX_DEPTH} levels") from None
    if b"\\u0000" in body and "\x00" in _all_text(plain):
        raise BadEvent("text must not hold the NUL character")
    _require_instant(event.submitted_at)
    return event, plain


def _refuse_depth(body: bytes) -> None:
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    depth = 0
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', body):
        char = token.group()[:1]
        if char in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise BadEvent(f"nested deeper than {MAX_DEPTH} levels")
        elif char in b"]}":
            depth -= 1


def _refuse_numbers(body: bytes) -> None:
    """Refuse numbers that JSON allows and the database would choke on."""
    for token in re.finditer(rb'"(?:[^"\\]|\\.)*"|[0-9eE.+-]+', body):
        text = token.group()
        if text.startswith(b'"'):
            continue
        if len(text) >= MAX_NUMBER or _HUGE_EXPONENT.search(text):
            raise BadEvent("a number is too long")


def _all_text(value: Any) -> str:
    match value:
        case str():
            return value
        case dict():
            return "".join(f"{key}{_all_text(item)}" for key, item in value.items())
        case list():
            return "".join(map(_all_text, value))
        case _:
            return ""


def _require_instant(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise BadEvent("Expected an ISO 8601 instant - at `$.submitted_at`") from None


def _sentence(error: str) -> str:
    return error[:300]
