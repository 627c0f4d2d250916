"""
Whether a webhook was signed by Telnyx.

Ed25519 over the time stamp, a bar and the body byte for byte. Source:
developers.telnyx.com, "Receiving webhooks", "Webhook signing".
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from destinations.providers.base import SignatureCheck

SIGNATURE, TIMESTAMP = "telnyx-signature-ed25519", "telnyx-timestamp"
TOLERANCE = 300  # seconds, either way
LONGEST_TIMESTAMP = 12  # digits


def check(
    public_keys: Sequence[str],
    raw_body: bytes,
    headers: Mapping[str, str],
    *,
    now: float,
) -> SignatureCheck:
    """
    Check against every key, since either may sign while the pair is changed.

    Args:
        public_keys: in base64, as the portal shows them.
        now: seconds since 1970.
    """
    if not public_keys:
        return SignatureCheck.UNCHECKED
    lower = {name.lower(): value for name, value in headers.items()}
    at, signature = lower.get(TIMESTAMP, ""), lower.get(SIGNATURE, "")
    if not _is_recent(at, now):
        return SignatureCheck.INVALID
    signed = at.encode() + b"|" + raw_body
    is_valid = any(_is_signed(key, signature, signed) for key in public_keys)
    return SignatureCheck.VALID if is_valid else SignatureCheck.INVALID


def _is_recent(at: str, now: float) -> bool:
    is_number = at.isascii() and at.isdigit() and len(at) <= LONGEST_TIMESTAMP
    return is_number and abs(now - int(at)) <= TOLERANCE


def _is_signed(key: str, signature: str, signed: bytes) -> bool:
    try:
        _public_key(key).verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _public_key(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
