"""
What Twilio says of a message: in its answers, its list and its callbacks.

Source: www.twilio.com/docs/messaging/api/message-resource and
.../messaging/guides/outbound-message-status-in-status-callbacks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from destinations.providers import errors
from destinations.providers.base import (
    CallbackBody,
    FoundMessage,
    StatusUpdate,
)
from leadrails.core.delivery import OutcomeUnknown
from leadrails.core.states import State

SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
MOST_DETAILS = 40
LONGEST_DETAIL = 1_000
# Fields of a callback that are kept by names of ours, or say nothing new.
NAMED = frozenset(
    {
        "AccountSid",
        "ApiVersion",
        "ErrorCode",
        "From",
        "MessageSid",
        "MessageStatus",
        "NumSegments",
        "Price",
        "PriceUnit",
        "RawDlrDoneDate",
        "SmsSid",
        "SmsStatus",
        "To",
    }
)
SEGMENTS = re.compile(r"[0-9]{1,4}")
PRICE = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,12})?")
LONGEST_WORD = 40  # a status or code that is longer is cut, as it is none of Twilio's

STATES = {
    "accepted": State.ACCEPTED,
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "undelivered": State.UNDELIVERED,
    "failed": State.UNDELIVERED,
    "canceled": State.CANCELED,
}


def callback(form: CallbackBody) -> StatusUpdate:
    given = dict(pairs(form))
    sid = given.get("MessageSid") or given.get("SmsSid") or ""
    raw_status = given.get("MessageStatus") or given.get("SmsStatus") or ""
    if not SID.fullmatch(sid) or not raw_status:
        raise ValueError("not a status callback: no MessageSid or no MessageStatus")
    return update(
        {
            "sid": sid,
            "status": raw_status,
            "error_code": given.get("ErrorCode"),
            "from": given.get("From"),
            "num_segments": given.get("NumSegments"),
            "price": given.get("Price"),
            "price_unit": given.get("PriceUnit"),
        },
        done_date=given.get("RawDlrDoneDate") or None,
        details=dict(_details(given)),
    )


def _details(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What has no name of ours: fields of a channel, and those to come."""
    others = (item for item in given.items() if item[1] and item[0] not in NAMED)
    for name, value in islice(others, MOST_DETAILS):
        yield name[:LONGEST_WORD], value[:LONGEST_DETAIL]


def update(
    message: Mapping[str, Any],
    done_date: str | None = None,
    details: Mapping[str, str] | None = None,
) -> StatusUpdate:
    sid, raw_status = message.get("sid"), message.get("status")
    if not isinstance(sid, str) or not isinstance(raw_status, str):
        raise OutcomeUnknown("the provider's answer names no message")
    code = str(message.get("error_code") or "").strip()[:LONGEST_WORD]
    error = errors.lookup("twilio", code) if code.strip("0") else None
    return StatusUpdate(
        provider_id=sid,
        status=STATES.get(raw_status),
        raw_status=raw_status[:LONGEST_WORD],
        error_code=error.code if error else None,
        error_title=error.title if error else None,
        error_class=error.error_class if error else None,
        scope=error.scope if error else None,
        sender=text(message.get("from")),
        segments=segments(message.get("num_segments")),
        price=_decimal(message.get("price")),
        price_unit=text(message.get("price_unit")),
        occurred_at=_date(message.get("date_updated")),
        is_failed=raw_status == "failed",
        done_date=done_date,
        details=details or {},
    )


def rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(type(row) is dict for row in messages):
        raise OutcomeUnknown("the provider's answer is not a list of messages")
    return messages


def found(row: Mapping[str, Any], channel: str = "") -> FoundMessage:
    """
    Read a message of the list.

    What went by another channel is to nobody's number: a WhatsApp message says
    nothing of a text message to the same person. One that left by RCS was a text
    message to us.
    """
    created_at = _date(row.get("date_created"))
    if created_at is None:
        raise OutcomeUnknown("the provider's list has a message without a date")
    return FoundMessage(
        provider_id=str(row.get("sid")),
        to=_recipient(str(row.get("to")), channel),
        sender=text(row.get("from")),
        body=str(row.get("body") or ""),
        created_at=created_at,
        update=update(row),
    )


def _recipient(address: str, channel: str) -> str:
    if channel and not address.startswith(f"{channel}:"):
        return f"sms:{address}"
    return address.removeprefix(f"{channel or 'rcs'}:")


def pairs(form: CallbackBody) -> Iterator[tuple[str, str]]:
    """Names and values of a form, or of the JSON object that may stand in its place."""
    if isinstance(form, bytes):
        if form.lstrip()[:1] == b"{":
            yield from _json_pairs(form)
        else:
            text = form.decode("utf-8", "replace")
            yield from parse_qsl(text, keep_blank_values=True)
        return
    for name, value in form.items():
        values: Sequence[str] = [value] if isinstance(value, str) else value
        yield from ((name, item) for item in values)


def _json_pairs(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        given = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("the body is neither a form nor a JSON object") from error
    for name, value in given.items():
        if isinstance(value, str | int | float):
            yield name, str(value)
        elif value is not None:
            yield name, msgspec.json.encode(value).decode()


def segments(count: object) -> int | None:
    """None while unknown: a Messaging Service answers 0 until it chose a sender."""
    digits = str(count or "")
    return (int(digits) or None) if SEGMENTS.fullmatch(digits) else None


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _decimal(value: object) -> Decimal | None:
    """Plainly written only: arithmetic with a huge exponent fails."""
    written = text(value) or ""
    return Decimal(written) if PRICE.fullmatch(written) else None


def _date(value: object) -> datetime | None:
    try:
        at = parsedate_to_datetime(text(value) or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
