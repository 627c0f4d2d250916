"""
What Telnyx says of a message: in its answers and in its webhooks, SMS and RCS alike.

Source: developers.telnyx.com, "Receiving webhooks for messaging", "RCS webhooks" and
the messaging OpenAPI document.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from destinations.providers import errors
from destinations.providers.answers import Answer, refused
from destinations.providers.base import CallbackBody, StatusUpdate
from destinations.providers.errors import ErrorInfo, Where
from leadrails.core.delivery import ErrorClass, OutcomeUnknown, Refused, Scope
from leadrails.core.states import State

VENDOR = "telnyx"
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
LONGEST_WORD = 40  # a status or code that is longer is cut, as it is none of Telnyx's
LONGEST_DETAIL = 1_000
MOST_SEGMENTS = 9_999
OPTED_OUT, EXPIRED_IN_QUEUE = "40300", "40014"
UNCONFIRMED = "delivery_unconfirmed"

STATES = {
    "scheduled": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.SENT,
    # No receipt came and none will: the carrier has it, more is not known.
    UNCONFIRMED: State.SENT,
    "delivered": State.DELIVERED,
    "read": State.READ,
    "delivery_failed": State.UNDELIVERED,
    "sending_failed": State.UNDELIVERED,
    "expired": State.UNDELIVERED,
    "cancelled": State.CANCELED,
}
# What an event says whose payload does not.
OF_EVENT = {"message.sent": "sent", "message.read": "read"}


def callback(form: CallbackBody) -> StatusUpdate:
    """
    Raises:
        ValueError: it tells nothing of a message.
    """
    data = event(form)
    payload = data.get("payload")
    if isinstance(payload, Mapping) and payload.get("direction") != "inbound":
        try:
            return update(payload, data)
        except OutcomeUnknown as error:
            raise ValueError(str(error)) from None
    if data.get("record_type") == "link_clicked":
        return _click(data)
    raise ValueError("not a status callback of Telnyx")


def event(form: CallbackBody) -> Mapping[str, Any]:
    """The `data` of a webhook: the event, with its payload."""
    match body(form):
        case {"data": dict() as data}:
            return data
    raise ValueError("the body is not an event of Telnyx")


def body(form: CallbackBody) -> Any:
    if not isinstance(form, bytes):
        raise ValueError("Telnyx posts JSON, not a form")
    try:
        return msgspec.json.decode(form)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError("the body is not JSON") from error


def update(
    message: Mapping[str, Any], data: Mapping[str, Any] | None = None
) -> StatusUpdate:
    """
    Args:
        message: an outbound message, as answers and webhooks show it.
        data: the event around it, if it came by one.
    """
    data = data or {}
    provider_id, to = message.get("id"), first(message.get("to"))
    raw_status = text(to.get("status")) or OF_EVENT.get(str(data.get("event_type")))
    if not isinstance(provider_id, str) or not ID.fullmatch(provider_id):
        raise OutcomeUnknown("the provider's answer names no message")
    if raw_status is None:
        raise OutcomeUnknown("the provider's answer names no status")
    error = error_of(message.get("errors")) if _is_bad(raw_status) else None
    cost = message.get("cost")
    cost = cost if isinstance(cost, Mapping) else {}
    return StatusUpdate(
        provider_id=provider_id,
        status=STATES.get(raw_status),
        raw_status=raw_status[:LONGEST_WORD],
        error_code=error.code if error else None,
        error_title=error.title if error else None,
        error_class=error.error_class if error else None,
        scope=error.scope if error else None,
        sender=sender(message.get("from")),
        segments=segments(message.get("parts")),
        price=_price(cost.get("amount")),
        price_unit=text(cost.get("currency")),
        occurred_at=moment(data.get("occurred_at")) or _last_moment(message),
        is_failed=_never_left(raw_status, error),
        is_end=raw_status == UNCONFIRMED,
        done_date=text(message.get("completed_at")),
        details=dict(_details(message, data, to)),
    )


def _click(data: Mapping[str, Any]) -> StatusUpdate:
    """Somebody opened a short link of Telnyx: kept in the log, changes nothing."""
    return StatusUpdate(
        provider_id=str(data.get("message_id") or ""),
        status=None,
        raw_status="link_clicked",
        occurred_at=moment(data.get("time_clicked")),
        details={"url": str(data.get("url") or "")[:LONGEST_DETAIL]},
    )


def _is_bad(raw_status: str) -> bool:
    """Other statuses may carry warnings in `errors`, and one they do not know."""
    return STATES.get(raw_status, State.UNDELIVERED) is State.UNDELIVERED


def _never_left(raw_status: str, error: ErrorInfo | None) -> bool:
    is_from_queue = error is not None and error.code == EXPIRED_IN_QUEUE
    return raw_status == "sending_failed" or is_from_queue


def _details(
    message: Mapping[str, Any], data: Mapping[str, Any], to: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    came_from = message.get("from")
    agent = came_from if isinstance(came_from, Mapping) else {}
    told = {
        "event_id": data.get("id"),
        "type": message.get("type"),
        "carrier": to.get("carrier"),
        "line_type": to.get("line_type"),
        "agent_name": agent.get("agent_name"),
        "tcr_campaign_id": message.get("tcr_campaign_id"),
        "error_detail": first(message.get("errors")).get("detail"),
    }
    for name, value in told.items():
        if said := text(value):
            yield name, said[:LONGEST_DETAIL]


def error_of(listed: object, where: Where = "callback") -> ErrorInfo | None:
    """
    What the first of a list of errors means.

    Telnyx's pages use 40300 for a STOP and for other blocks: only where its words
    speak of a STOP or of a block rule has the person opted out.
    """
    given = first(listed)
    code = str(given.get("code") or "").strip()[:LONGEST_WORD]
    if not code:
        return None
    info = errors.lookup(VENDOR, code, where=where)
    words = f"{given.get('title')} {given.get('detail')}".lower()
    if code == OPTED_OUT and not re.search(r"\bstop\b|block rule|opted out", words):
        return replace(
            info,
            title="Blocked by Telnyx",
            error_class=ErrorClass.DESTINATION_CONFIG,
            scope=Scope.MESSAGE,
        )
    return info


def refusal(answer: Answer) -> Refused:
    """The provider's no. A 401 or 403 without a code still is about the key."""
    info = error_of(answer.body.get("errors"), where="sync")
    if info is None:
        known = {401: "10009", 403: "10010"}
        code = known.get(answer.status, str(answer.status))
        info = errors.lookup(VENDOR, code, where="sync")
    return refused(info, answer)


def data_of(answer: Answer) -> Mapping[str, Any]:
    """
    Raises:
        OutcomeUnknown: it is no answer of Telnyx's.
    """
    data = answer.body.get("data")
    if not isinstance(data, dict):
        raise OutcomeUnknown("the provider's answer has no data")
    return data


def sender(came_from: object) -> str | None:
    """Who sent it: a number, or an RCS agent."""
    if not isinstance(came_from, Mapping):
        return text(came_from)
    if agent := text(came_from.get("agent_id")):
        return f"rcs:{agent}"
    return text(came_from.get("phone_number"))


def first(listed: object) -> Mapping[str, Any]:
    """The first of a list, if it is an object; or the object that stands alone."""
    match listed:
        case [dict() as one, *_]:
            return one
        case dict():
            return listed
    return {}


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def segments(count: object) -> int | None:
    is_count = isinstance(count, int) and 0 < count <= MOST_SEGMENTS
    return count if is_count and isinstance(count, int) else None


def moment(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(text(value) or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _last_moment(message: Mapping[str, Any]) -> datetime | None:
    names = ("completed_at", "sent_at", "received_at")
    return next(filter(None, (moment(message.get(name)) for name in names)), None)


def _price(amount: object) -> Decimal | None:
    written = text(amount) or ""
    return Decimal(written) if PRICE.fullmatch(written) else None
