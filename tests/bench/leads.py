"""Signed leads as bytes, ready to be posted; and what became of them on the way."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from leadrails.core import signing
from tests.bench.client import Answered
from tests.bench.data import Place, next_phone

PATH = "/v1/lead-events"


@dataclass(frozen=True, slots=True)
class Request:
    phone: str
    raw: bytes


def make_requests(url: str, places: Sequence[Place], count: int) -> list[Request]:
    """
    Leads of new people, the places' in turn.

    Their timestamps are of now: post them within five minutes.
    """
    return [_make(url, places[number % len(places)]) for number in range(count)]


def _make(url: str, place: Place) -> Request:
    phone = next_phone()
    now = datetime.now(UTC)
    timestamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z"
    body = json.dumps(_event(phone, timestamp)).encode()
    parts = signing.SignedParts(
        timestamp=timestamp,
        nonce=secrets.token_hex(16),
        idempotency_key=secrets.token_hex(12),
        body=body,
    )
    source = place.source
    headers = {
        "Host": urlsplit(url).netloc,
        "User-Agent": "bench",
        "Content-Type": "application/json",
        "Content-Length": len(body),
        "X-LR-Client-Id": source.tenant.public_id,
        "X-LR-Source-Id": source.public_id,
        "X-LR-Key-Id": place.key_id,
        "X-LR-Timestamp": parts.timestamp,
        "X-LR-Nonce": parts.nonce,
        "X-LR-Idempotency-Key": parts.idempotency_key,
        "X-LR-Signature": signing.sign(parts, place.secret),
    }
    lines = [f"POST {PATH} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return Request(phone, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def _event(phone: str, timestamp: str) -> dict[str, object]:
    return {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": timestamp,
        "source": {
            "source_system": "wordpress",
            "source_event_id": "entry-4711",
            "site_url": "https://www.example.com/contact",
            "form_name": "Contact",
        },
        "lead": {
            "first_name": "Ann",
            "last_name": "Lee",
            "email": "ann.lee@example.com",
            "phone": phone,
            "service_type": "plumbing",
            "message": "The kitchen sink leaks since yesterday. Please call.",
        },
        "location": {"city": "Washington", "state": "DC", "postal_code": "20001"},
        "attribution": {"utm_source": "google", "utm_campaign": "emergency"},
        "consent": {"sms_consent": True},
    }


@dataclass(frozen=True, slots=True)
class Way:
    """Milliseconds from the request: to the 202, and to the provider."""

    answered: float
    arrived: float

    @property
    def after_answer(self) -> float:
        return self.arrived - self.answered


def follow(
    requests: Sequence[Request],
    answers: Sequence[Answered],
    calls: Sequence[tuple[float, str]],
) -> list[Way]:
    """All must have been accepted, and each must have arrived once."""
    refused = {answer.status for answer in answers} - {202}
    assert not refused, f"leads were answered {refused}"
    arrived = {to: at for at, to in calls}
    assert len(arrived) == len(calls), "somebody was sent more than one message"
    return [
        Way(answer.ms, (arrived[requests[answer.place].phone] - answer.sent_at) * 1000)
        for answer in answers
    ]
