"""
Identifiers: UUIDv7 in the database, prefix + Crockford base32 for people and clients.

`evt_01J5Z7K3M8X4VWPQ9YTBN2F0HR` is the same 128 bits as its UUID, so the text form
is wire-compatible with prefixed ULIDs and sorts by time like they do.

Sources: RFC 9562 (UUIDv7), github.com/ulid/spec (alphabet and length).
"""

import hashlib
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
_BODY = re.compile(f"[0-7][{ALPHABET}]{{{LENGTH - 1}}}")
# `int` reads base 32 faster than any loop here, in an alphabet of its own.
_TO_DIGITS = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
# Two characters at a time: every page and every callback URL is full of ids.
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_PAIR_SHIFTS = range(120, -1, -10)
_RANDOM_BITS = (1 << 80) - 1
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_FREE_BITS = _RANDOM_BITS & ~((0xF << 76) | (0b11 << 62))


def _build(milliseconds: int, tail: int) -> UUID:
    return UUID(int=(milliseconds << 80) | (tail & _FREE_BITS) | _VERSION_AND_VARIANT)


def uuid7() -> UUID:
    """Return a new id that carries the current time in milliseconds."""
    return _build(time.time_ns() // 1_000_000, secrets.randbits(80))


def uuid7_beside(other: UUID) -> UUID:
    """Return a new id with the time of `other`, so that both lie in one partition."""
    return _build(other.int >> 80, secrets.randbits(80))


def uuid7_derived(other: UUID, *parts: bytes) -> UUID:
    """
    Return the one id with the time of `other` that `other` and `parts` lead to.

    Whoever makes a row of it makes the same row: the primary key lets only one be.
    """
    digest = hashlib.sha256()
    for part in (other.bytes, *parts):
        digest.update(len(part).to_bytes(4) + part)
    return _build(other.int >> 80, int.from_bytes(digest.digest()[:10]))


def uuid7_floor(at: datetime) -> UUID:
    """
    Return the smallest id of the instant `at`, a bound for ranges over ids.

    All 80 low bits are zero, version and variant too: it bounds ids, it is none.
    """
    return UUID(int=_milliseconds(at) << 80)


def time_of(value: UUID) -> datetime:
    """Return the instant that an id carries, in UTC, to the millisecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value.int >> 80)


def hour_of(value: UUID) -> datetime:
    """Return the start of the hour that an id carries, in UTC."""
    hours = (value.int >> 80) // 3_600_000
    return datetime.fromtimestamp(hours * 3600, tz=UTC)


def _milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def encode(prefix: str, value: UUID) -> str:
    """Return the public form, e.g. `encode("evt", id)` → `evt_01J5Z7K3…`."""
    number = value.int
    pairs = [_PAIRS[(number >> shift) & 1023] for shift in _PAIR_SHIFTS]
    return f"{prefix}_{''.join(pairs)}"


def decode(prefix: str, text: str) -> UUID:
    """
    Return the UUID behind a public id of this kind.

    Raises:
        ValueError: another prefix, length, alphabet, or more than 128 bits. Lower
            case is refused too: one id has one spelling.
    """
    head, _, body = text.partition("_")
    if head != prefix or not _BODY.fullmatch(body):
        raise ValueError(f"not a {prefix}_ id")
    return UUID(int=int(body.translate(_TO_DIGITS), 32))
