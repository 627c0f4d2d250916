"""A message as Telnyx shows it, in answers and in webhooks."""

from typing import Any

from destinations.simulator import segments
from destinations.simulator.clock import iso8601_ms
from destinations.simulator.message import Message
from destinations.simulator.numbers import kind
from destinations.simulator.telnyx.errors import error_fields

Json = dict[str, Any]
PRICE = 0.004
CARRIER = "Simulated Carrier"
MESSAGE_SECONDS = 3600  # a message is valid so long


def payload(message: Message) -> Json:
    """Of `data` in an answer and of `data.payload` in a webhook."""
    about = message.extra["telnyx"]
    if about["type"] == "RCS":
        return _rcs(message, about)
    failed = {"/to/0/phone_number": message.error_code} if message.error_code else {}
    fields = {
        "record_type": "message",
        "direction": "inbound" if message.is_inbound else "outbound",
        "id": message.sid,
        "type": about["type"],
        "organization_id": about["organization"],
        "messaging_profile_id": message.service or "",
        "from": _sender(message),
        "to": [_recipient(message)],
        "cc": [],
        "text": message.body,
        "subject": about.get("subject", ""),
        "media": media(message),
        "webhook_url": (about["urls"] or [""])[0],
        "webhook_failover_url": about.get("failover"),
        "encoding": encoding(message.body),
        "parts": max(message.segments, 1),
        "num_chars": len(message.body),
        "tags": [],
        "cost": cost(message),
        "cost_breakdown": None,
        "received_at": iso8601_ms(message.created),
        "sent_at": None if message.is_inbound else iso8601_ms(message.sent),
        "completed_at": iso8601_ms(about.get("completed")),
        "valid_until": iso8601_ms(message.created + MESSAGE_SECONDS * 1000),
        "errors": [error_fields(code, "", at) for at, code in failed.items()],
        "tcr_campaign_id": None,
        "tcr_campaign_billable": False,
        "tcr_campaign_registered": None,
    }
    if message.is_inbound:
        return fields | {"autoresponse_type": about["autoresponse"]}
    return fields | {"smart_encoding_applied": about.get("is_smart", False)}


def encoding(text: str) -> str:
    return "GSM-7" if segments.is_gsm(text) else "UCS-2"


def cost(message: Message) -> Json | None:
    if message.is_inbound:
        return {"amount": "0.0000", "currency": "USD"}
    if message.sent is None:
        return None
    return {"amount": f"{message.segments * PRICE:.4f}", "currency": "USD"}


def media(message: Message) -> list[Json]:
    if message.is_inbound:
        found: list[Json] = message.extra["telnyx"]["media"]
        return found
    facts = message.extra["telnyx"].get("media") or [{}] * len(message.media)
    return [
        {"url": url, "content_type": None, "sha256": None, "size": None} | fact
        for url, fact in zip(message.media, facts, strict=False)
    ]


def _sender(message: Message) -> Json:
    number = message.sender or ""
    if message.is_inbound:
        fields = {"carrier": CARRIER, "line_type": "Wireless", "status": "received"}
    else:
        line = "VoIP" if kind(number) != "name" else ""
        fields = {"carrier": "Telnyx", "line_type": line}
    return {"phone_number": number, **fields}


def _recipient(message: Message) -> Json:
    if message.is_inbound:
        fields = {"carrier": "Telnyx", "line_type": "VoIP"}
        return {"phone_number": message.to, "status": "webhook_delivered", **fields}
    fields = {"carrier": CARRIER, "line_type": "Wireless", "status": message.status}
    return {"phone_number": message.to, **fields}


def _rcs(message: Message, about: Json) -> Json:
    agent = about["agent"]
    phone = {"carrier": CARRIER, "line_type": "Wireless"}
    errors = [error_fields(message.error_code)] if message.error_code else []
    fields: Json = {
        "record_type": "message",
        "direction": "inbound" if message.is_inbound else "outbound",
        "id": message.sid,
        "type": "RCS",
        "organization_id": about["organization"],
        "messaging_profile_id": message.service or "",
        "body": about["body"],
        "tags": [],
        "cost": cost(message),
        "received_at": iso8601_ms(message.created),
        "sent_at": None if message.is_inbound else iso8601_ms(message.sent),
        "completed_at": iso8601_ms(about.get("completed")),
        "valid_until": iso8601_ms(message.created + MESSAGE_SECONDS * 1000),
        "errors": errors,
        "webhook_url": (about["urls"] or [""])[0],
        "webhook_failover_url": about.get("failover") or "",
    }
    if message.is_inbound:
        fields["from"] = {"phone_number": message.sender, "status": "received", **phone}
        fields["autoresponse_type"] = about["autoresponse"]
        fields["to"] = [agent]
    else:
        number = {"phone_number": message.to, "status": message.status}
        fields["from"], fields["to"] = agent, [number | phone]
    return fields
