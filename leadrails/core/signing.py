"""
Signatures: of leads that sources post, of the callback URLs we give out, and of what
we post to webhooks.

A source signs these six parts, joined by full stops, with HMAC-SHA-256 under the
UTF-8 bytes of its secret as shown:

    timestamp . nonce . idempotency key . method in lower case . path . body's SHA-256

Timestamp and idempotency key may themselves hold full stops, so a captured request
could be split anew into a "new" nonce and key. Read strictly by the parsers below,
timestamp and nonce have a fixed length and the split is unique: nobody may use the
three values without having parsed them.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

SIGNATURE_VERSION = "v1"
WINDOW = timedelta(minutes=5)
MAX_IDEMPOTENCY_KEY = 200

_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z"
)
_NONCE = re.compile(r"[0-9a-f]{32}")
_IDEMPOTENCY_KEY = re.compile(rf"[\x21-\x7e]{{1,{MAX_IDEMPOTENCY_KEY}}}")


def parse_timestamp(text: str) -> datetime:
    """
    Read exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`.

    Raises:
        ValueError: any other form, or no such instant.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError("the timestamp must look like 2026-05-22T12:00:00.000Z")
    year, month, day, hour, minute, second, milli = map(int, match.groups())
    return datetime(year, month, day, hour, minute, second, milli * 1000, tzinfo=UTC)


def parse_nonce(text: str) -> str:
    """Return `text` if it is 32 lower-case hex characters, else raise ValueError."""
    if _NONCE.fullmatch(text) is None:
        raise ValueError("the nonce must be 32 lower-case hex characters")
    return text


def parse_idempotency_key(text: str) -> str:
    """Return `text` if it is 1-200 visible ASCII characters, else raise ValueError."""
    if _IDEMPOTENCY_KEY.fullmatch(text) is None:
        raise ValueError(
            f"the idempotency key must be 1 to {MAX_IDEMPOTENCY_KEY} visible "
            "ASCII characters"
        )
    return text


def is_fresh(at: datetime, *, now: datetime, window: timedelta = WINDOW) -> bool:
    """Whether `at` lies within `window` of `now`, on either side."""
    return abs(now - at) <= window


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedParts:
    """What a signature covers. `body` is the exact bytes of the request."""

    timestamp: str
    nonce: str
    idempotency_key: str
    body: bytes
    method: str = "POST"
    path: str = "/v1/lead-events"

    def base_string(self) -> bytes:
        parts = (
            self.timestamp,
            self.nonce,
            self.idempotency_key,
            self.method.lower(),
            self.path,
            hashlib.sha256(self.body).hexdigest(),
        )
        return ".".join(parts).encode()


def sign(parts: SignedParts, secret: str) -> str:
    """Return the value of the signature header: `v1=` and 44 of base64."""
    mac = hmac.digest(secret.encode(), parts.base_string(), "sha256")
    return f"{SIGNATURE_VERSION}={base64.b64encode(mac).decode()}"


def verify(signature: str, parts: SignedParts, secret: str) -> bool:
    """
    Whether `signature` is the one that `secret` makes, compared in constant time.

    False also for parts in a form that could be split anew.
    """
    try:
        parse_timestamp(parts.timestamp)
        parse_nonce(parts.nonce)
        parse_idempotency_key(parts.idempotency_key)
    except ValueError:
        return False
    return _is_same(signature, sign(parts, secret))


CALLBACK_MAC_BYTES = 16
_CALLBACK_CONTEXT = b"callback"
# Key version, destination, job, attempt: fixed widths, so one reading only.
_CALLBACK_PARTS = struct.Struct(">I16s16sI")


def callback_mac(
    key: bytes, *, version: int, destination: UUID, job: UUID, attempt: int
) -> str:
    """
    Return the MAC that lets a callback URL speak for one attempt.

    Keyed BLAKE2s (RFC 7693) of 128 bits, a sixth of what HMAC costs; in base64url
    without padding: 22 characters.

    Raises:
        ValueError: version or attempt are outside 0 to 2**32 - 1.
    """
    try:
        parts = _CALLBACK_PARTS.pack(version, destination.bytes, job.bytes, attempt)
    except struct.error as error:
        raise ValueError("version and attempt must fit 32 bits") from error
    mac = hashlib.blake2s(
        parts, key=key, digest_size=CALLBACK_MAC_BYTES, person=_CALLBACK_CONTEXT
    ).digest()
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def verify_callback_mac(
    mac: str, key: bytes, *, version: int, destination: UUID, job: UUID, attempt: int
) -> bool:
    """Whether `mac` is that of these parts, compared in constant time."""
    try:
        wanted = callback_mac(
            key, version=version, destination=destination, job=job, attempt=attempt
        )
    except ValueError:
        return False
    return _is_same(mac, wanted)


WEBHOOK_KEY_PREFIX = "whsec_"
WEBHOOK_KEY_BYTES = 32


def new_webhook_key() -> str:
    """Return a fresh key as receivers enter it: `whsec_` and base64."""
    key = base64.b64encode(secrets.token_bytes(WEBHOOK_KEY_BYTES)).decode()
    return WEBHOOK_KEY_PREFIX + key


def sign_webhook(body: bytes, key: str, *, message_id: str, timestamp: int) -> str:
    """
    Return the value of the header `webhook-signature`: `v1,` and 44 of base64.

    HMAC-SHA-256 over `message_id.timestamp.body`, under the decoded bytes of the key.
    Source: the specification Standard Webhooks 1.0, for which libraries exist.

    Args:
        timestamp: whole seconds since 1970, as in the header `webhook-timestamp`.

    Raises:
        ValueError: the key is not one of `new_webhook_key`.
    """
    if not key.startswith(WEBHOOK_KEY_PREFIX):
        raise ValueError(f"a webhook key begins with {WEBHOOK_KEY_PREFIX}")
    raw = base64.b64decode(key.removeprefix(WEBHOOK_KEY_PREFIX), validate=True)
    mac = hmac.digest(raw, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


def _is_same(given: str, wanted: str) -> bool:
    # Text that is not ASCII cannot be compared as text, and lone surrogates
    # cannot be encoded strictly; both are simply wrong.
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())
