"""Webhooks: which status is told as what, to which URLs, and signed how."""

import base64
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from destinations.simulator import ids
from destinations.simulator.callback import Callback
from destinations.simulator.clock import iso8601_ms
from destinations.simulator.errors import compact
from destinations.simulator.message import Message
from destinations.simulator.telnyx.resource import payload

EVENTS = {
    "sent": "message.sent",
    "delivered": "message.finalized",
    "delivery_failed": "message.finalized",
    "delivery_unconfirmed": "message.finalized",
    "sending_failed": "message.finalized",
    "read": "message.read",
    "received": "message.received",
}
FINAL = frozenset(status for status, e in EVENTS.items() if e == "message.finalized")


def event_body(message: Message, token: str, at: int) -> str:
    """Without `meta`, which differs from attempt to attempt."""
    event = {
        "record_type": "event",
        "event_type": EVENTS[message.status],
        "id": token,
        "occurred_at": iso8601_ms(at),
        "payload": payload(message),
    }
    return compact({"data": event}).decode()


def with_meta(body: str, attempt: int, url: str) -> bytes:
    meta = json.dumps({"attempt": attempt, "delivered_to": url})
    return f'{body[:-1]},"meta":{meta}}}'.encode()


def sign(key: Ed25519PrivateKey, timestamp: int, body: bytes) -> dict[str, str]:
    signature = key.sign(f"{timestamp}|".encode() + body)
    return {
        "telnyx-timestamp": str(timestamp),
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
    }


def callbacks_of(message: Message, waits: tuple[float, ...], at: int) -> list[Callback]:
    """One for each wait, in seconds; none for a status that nobody is told of."""
    about: dict[str, Any] = message.extra["telnyx"]
    if message.status in FINAL:
        about["completed"] = at
    if message.status not in EVENTS or not about["urls"]:
        return []
    token = ids.token()
    body = event_body(message, token, at)
    return [
        Callback(
            id=f"{token}/{index}" if index else token,
            message=message.seq,
            account=message.account,
            status=message.status,
            url=about["urls"][0],
            body=body,
            is_badly_signed=message.is_badly_signed,
            due=at + int(wait * 1000),
            others=json.dumps(about["urls"][1:]),
        )
        for index, wait in enumerate(waits)
    ]
