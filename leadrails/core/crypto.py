"""
Encryption of tenants' credentials at rest.

A token is `version (1 byte) | key id (4 bytes) | nonce (12) | AES-256-GCM ciphertext
and tag`. The key is derived per tenant by HKDF-SHA256 from a versioned master key, and
the associated data binds the token to its tenant, table, row and field: copied to
another row it does not decrypt. Sources: RFC 5869 (HKDF), NIST SP 800-38D (GCM).
"""

import base64
import binascii
import os
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = 1
KEY_BYTES = 32
_HEADER_BYTES = 5
_NONCE_BYTES = 12


class CannotDecrypt(Exception):
    """The token was altered, belongs elsewhere, or its key is not on the ring."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a secret lives; part of the associated data."""

    tenant: UUID
    table: str
    row: UUID
    field: str

    def bytes(self) -> bytes:
        return f"{VERSION}|{self.tenant}|{self.table}|{self.row}|{self.field}".encode()


class Keyring:
    """Master keys by id; the highest id encrypts, every id decrypts."""

    def __init__(self, masters: dict[int, bytes]) -> None:
        if not masters:
            raise ValueError("no encryption key is set")
        for key_id, key in masters.items():
            if not 0 < key_id < 1 << 32:
                raise ValueError(f"key id {key_id} is not between 1 and 2^32 - 1")
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {key_id} has {len(key)} bytes, not {KEY_BYTES}")
        self._masters = dict(masters)
        self.primary = max(masters)
        self._cipher = lru_cache(maxsize=4096)(self._derive)

    @classmethod
    def parse(cls, text: str) -> "Keyring":
        """
        Read `1:BASE64,2:BASE64`, each 32 bytes.

        Raises:
            ValueError: with a sentence for the operator that shows no key.
        """
        masters: dict[int, bytes] = {}
        for part in filter(None, (piece.strip() for piece in text.split(","))):
            key_id, colon, encoded = part.partition(":")
            if not colon or not key_id.isdecimal():
                raise ValueError("each key is written as NUMBER:BASE64")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise ValueError(f"key {key_id} is not valid base64") from None
            if int(key_id) in masters:
                raise ValueError(f"key {key_id} stands there twice")
            masters[int(key_id)] = key
        return cls(masters)

    def encrypt(self, plain: str, place: Place) -> bytes:
        header = bytes([VERSION]) + self.primary.to_bytes(4, "big")
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._cipher(self.primary, place.tenant)
        sealed = cipher.encrypt(nonce, plain.encode(), header + place.bytes())
        return header + nonce + sealed

    def decrypt(self, token: bytes, place: Place) -> str:
        """
        Return the secret.

        Raises:
            CannotDecrypt: for whatever reason; the message never holds the token.
        """
        token = bytes(token)
        header, rest = token[:_HEADER_BYTES], token[_HEADER_BYTES:]
        key_id = self.key_id(token)
        if key_id not in self._masters:
            raise CannotDecrypt(f"encryption key {key_id} is not configured")
        cipher = self._cipher(key_id, place.tenant)
        nonce, sealed = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, sealed, header + place.bytes()).decode()
        except (InvalidTag, ValueError):
            raise CannotDecrypt("the stored secret does not fit its place") from None

    @staticmethod
    def key_id(token: bytes) -> int:
        """Return the master key's id of a token, to find what rotation has left."""
        if len(token) <= _HEADER_BYTES + _NONCE_BYTES or token[0] != VERSION:
            raise CannotDecrypt("not a token of this version")
        return int.from_bytes(token[1:_HEADER_BYTES], "big")

    def derive(self, purpose: str, *, key_id: int | None = None) -> bytes:
        """Return a 32-byte key for another purpose, e.g. callback MACs."""
        master = self._masters[key_id or self.primary]
        return _hkdf(master, f"purpose|{purpose}")

    @property
    def key_ids(self) -> frozenset[int]:
        return frozenset(self._masters)

    def _derive(self, key_id: int, tenant: UUID) -> AESGCM:
        return AESGCM(_hkdf(self._masters[key_id], f"credentials|{tenant}"))


def _hkdf(master: bytes, info: str) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info.encode())
    return kdf.derive(master)
