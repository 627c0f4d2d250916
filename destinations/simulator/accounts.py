"""Accounts exist by being named: SIDs and secrets are derived, settings are kept."""

import base64
import binascii
import hmac
import re
from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from hashlib import sha256
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from destinations.providers import simulated
from destinations.simulator.errors import ApiError

_COUNTRIES = "AT AU BE CA CH DE DK ES FI FR GB IE IT LU MX NL NO NZ PL PR PT SE US"
COUNTRIES = tuple(_COUNTRIES.split())
SHORT_CODE = "55501"
_TELNYX_KEY = re.compile(r"KEY([0-9A-F]{32})_[0-9a-f]{22}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
MAGIC_SENDER = "+15005550006"
US_NUMBERS = tuple(f"+15555550{n}" for n in range(100, 200))
GB_NUMBERS = tuple(f"+447700900{n}" for n in range(100, 200))
NUMBERS = (*US_NUMBERS, *GB_NUMBERS, MAGIC_SENDER)
# In no service's pool and so unregistered: New York, Miami, Toronto, toll-free.
LONE_NUMBERS = ("+12125550199", "+13055550199", "+14165550199", "+18885550199")
SENDERS = frozenset((*NUMBERS, *LONE_NUMBERS, SHORT_CODE))
# At Telnyx: in the account's first messaging profile; in none; its short code.
TELNYX_NUMBERS = (
    *(f"+15555550{n}" for n in range(200, 300)),
    *(f"+447700900{n}" for n in range(200, 300)),
)
TELNYX_LONE_NUMBERS = ("+12125550198", "+13055550198", "+14165550198", "+18885550198")
TELNYX_SHORT_CODE = "55502"
TELNYX_SENDERS = frozenset((*TELNYX_NUMBERS, *TELNYX_LONE_NUMBERS, TELNYX_SHORT_CODE))
STATUSES = ("active", "suspended", "closed")
KEY_TYPES = ("main", "standard", "restricted")


@dataclass(frozen=True, slots=True)
class Account:
    """
    Attributes:
        type: "Full" or "Trial".
        key_type: rights of its API keys; a restricted one may send, not read.
        max_concurrent: requests at a time before 429 with 20429; 0 for no limit.
        verified: numbers that a trial account may send to.
        numbers: further ones that the account owns.
        is_paced: each sender sends at the documented rate and queues the rest.
        fetches_all_media: not only what lies on this machine.
        queue_seconds: how much of a paced sender's traffic may wait.
    """

    sid: str
    status: str = "active"
    type: str = "Full"
    key_type: str = "standard"
    countries: tuple[str, ...] = COUNTRIES
    verified: tuple[str, ...] = ()
    max_concurrent: int = 0
    numbers: tuple[str, ...] = ()
    is_paced: bool = False
    fetches_all_media: bool = False
    queue_seconds: int = 36_000

    @property
    def all_numbers(self) -> tuple[str, ...]:
        return (*NUMBERS, *LONE_NUMBERS, *self.numbers)

    def owns(self, sender: str) -> bool:
        return sender in SENDERS or sender in self.numbers

    @property
    def rcs_sender(self) -> str:
        return simulated.rcs_sender(self.sid)

    @property
    def agent_id(self) -> str:
        return simulated.telnyx_agent_id(self.sid)

    def owns_at_telnyx(self, sender: str) -> bool:
        return sender in TELNYX_SENDERS or sender == f"rcs:{self.agent_id}"

    def hears(self, address: str) -> bool:
        """Whether a phone can write to it."""
        is_ours = self.owns(address.rpartition(":")[2]) or address == self.rcs_sender
        return is_ours or self.owns_at_telnyx(address)

    @property
    def service_sid(self) -> str:
        return simulated.sibling_sid("MG", self.sid)

    @property
    def is_trial(self) -> bool:
        return self.type == "Trial"

    def changed(self, changes: dict[str, Any]) -> Self:
        """Raises ValueError with the field at fault."""
        known = {field.name for field in fields(self)} - {"sid"}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown field {name}")
            _check(name, value)
        tuples = {k: tuple(v) for k, v in changes.items() if isinstance(v, list)}
        return replace(self, **{**changes, **tuples})

    def settings(self) -> dict[str, Any]:
        return asdict(self)


def is_number(value: object) -> bool:
    return isinstance(value, str) and _E164.fullmatch(value) is not None


def _check(name: str, value: object) -> None:
    choices = {"status": STATUSES, "type": ("Full", "Trial"), "key_type": KEY_TYPES}
    if name in choices:
        is_right = value in choices[name]
    elif name in {"max_concurrent", "queue_seconds"}:
        is_right = type(value) is int and value >= 0
    elif name in {"is_paced", "fetches_all_media"}:
        is_right = isinstance(value, bool)
    elif name == "numbers":
        is_right = isinstance(value, list) and all(map(is_number, value))
    else:
        is_right = isinstance(value, list) and all(isinstance(v, str) for v in value)
    if not is_right:
        raise ValueError(f"bad value for {name}")


class Accounts:
    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._changed: dict[str, Account] = {}
        self.in_flight: Counter[str] = Counter()

    def get(self, sid: str) -> Account:
        return self._changed.get(sid) or Account(sid)

    def put(self, account: Account) -> None:
        self._changed[account.sid] = account

    def token(self, sid: str) -> str:
        return _token(self._secret, sid)

    def of_telnyx_key(self, authorization: str) -> str | None:
        """Return the SID of the account whose key this is; None when it is none's."""
        scheme, _, key = authorization.partition(" ")
        found = _TELNYX_KEY.fullmatch(key.strip())
        if scheme.lower() != "bearer" or not found:
            return None
        sid = f"AC{found[1].lower()}"
        is_good = simulated.is_simulated_sid(sid) and hmac.compare_digest(
            _telnyx_key(self._secret, sid), key.strip()
        )
        return sid if is_good else None

    def signing_key(self, sid: str) -> Ed25519PrivateKey:
        return _signing_key(self._secret, sid)

    def user(self, authorization: str) -> str:
        """
        Return the SID that the Basic credentials prove.

        Raises:
            ApiError: they prove nothing.
        """
        user, password = basic(authorization)
        is_good = simulated.is_simulated_sid(user) and hmac.compare_digest(
            self.token(user).encode(), password.encode()
        )
        if not is_good or user[:2] not in {"AC", "SK"}:
            raise ApiError(20003)
        return user

    def authenticate(self, authorization: str, sid: str, *, what: str) -> Account:
        """
        Return the account of the path. `what` is "account", "read" or "send".

        A key belongs to the account in the path. A Standard key gets the documented
        answer on /Accounts, which looks like a wrong user name.
        """
        user = self.user(authorization)
        if user.startswith("AC") and user != sid:
            raise ApiError(20003)
        if not simulated.is_simulated_sid(sid) or not sid.startswith("AC"):
            raise ApiError(20404)
        account = self.get(sid)
        if user.startswith("SK"):
            _check_rights(account.key_type, what)
        if account.status != "active" and what != "account":
            raise ApiError(20005)
        return account


def _check_rights(key_type: str, what: str) -> None:
    if what == "account" and key_type != "main":
        raise ApiError(20003, "Authentication Error - invalid username")
    if what == "read" and key_type == "restricted":
        raise ApiError(20003, "Permission Denied", status=403)


def basic(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        decoded = ""
    user, colon, password = decoded.partition(":")
    return (user, password) if scheme.lower() == "basic" and colon else ("", "")


@lru_cache(maxsize=4096)
def _telnyx_key(secret: str, sid: str) -> str:
    return simulated.telnyx_api_key(secret, sid)


@lru_cache(maxsize=4096)
def _signing_key(secret: str, sid: str) -> Ed25519PrivateKey:
    return simulated.telnyx_signing_key(secret, sid)


@lru_cache(maxsize=4096)
def _token(secret: str, sid: str) -> str:
    return simulated.auth_token(secret, sid)


def sender_sid(account_sid: str, sender: str) -> str:
    """`PN…` of a number, `SC…` of a short code: the same ones every time."""
    digest = sha256(f"{account_sid}{sender}".encode()).hexdigest()
    prefix = "PN" if sender.startswith("+") else "SC"
    return f"{prefix}{simulated.MARK}{digest[:24]}"


def channel_sid(account_sid: str, sender: str) -> str:
    """`XE…` of the RCS sender, which has the account's digits, or of a WhatsApp one."""
    if sender.startswith("rcs:"):
        return simulated.sibling_sid("XE", account_sid)
    return f"XE{sender_sid(account_sid, sender.rpartition(':')[2])[2:]}"
