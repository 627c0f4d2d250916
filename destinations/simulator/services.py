"""Messaging Services: settings and the pool of senders."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from destinations.providers.simulated import sibling_sid
from destinations.simulator.accounts import (
    NUMBERS,
    SHORT_CODE,
    Account,
)
from destinations.simulator.store import Store

CREATED = 1_767_225_600_000  # what every account has was made on 2026-01-01
SETTINGS: dict[str, Any] = {
    "friendly_name": "Simulated service",
    "inbound_request_url": None,
    "inbound_method": "POST",
    "fallback_url": None,
    "fallback_method": "POST",
    "status_callback": None,
    "sticky_sender": True,
    "mms_converter": True,
    "smart_encoding": False,
    "scan_message_content": "inherit",
    "fallback_to_long_code": False,
    "area_code_geomatch": True,
    "validity_period": 36_000,
    "synchronous_validation": False,
    "usecase": "undeclared",
    "use_inbound_webhook_on_number": True,
}


@dataclass(slots=True, kw_only=True)
class Service:
    """
    Attributes:
        numbers, short_codes: the pool, in the order of adding.
        names: AI… -> [name, country]; no country is for all without one of their own.
        channels: XE… -> `whatsapp:+…` or `rcs:…`.
        opt_out: words by STOP, START, HELP; None without Advanced Opt-Out.
        campaign: its US 10DLC campaign, by the names of the API.
        is_registered: that campaign is approved.
    """

    sid: str
    account: str
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    numbers: list[str] = field(default_factory=list)
    short_codes: list[str] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    opt_out: dict[str, Any] | None = None
    campaign: dict[str, Any] | None = None
    is_registered: bool = False
    is_deleted: bool = False
    created: int = CREATED
    updated: int = CREATED

    @property
    def is_empty(self) -> bool:
        return not (self.numbers or self.short_codes or self.names or self.channels)

    @property
    def rcs_sender(self) -> str | None:
        found = (s for s in self.channels.values() if s.startswith("rcs:"))
        return next(found, None)

    @property
    def senders(self) -> Iterable[str]:
        return (*self.numbers, *self.short_codes, *self.channels.values())


class Services:
    """
    The services of all accounts.

    An account that nobody changed has one service with every number in its pool; it
    is made when asked for and kept only once it is changed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[str, dict[str, Service]] = {}
        self._homes: dict[str, dict[str, Service]] = {}

    def of(self, account: Account) -> dict[str, Service]:
        """By SID, oldest first, without the deleted ones."""
        if account.sid not in self._made:
            self._made[account.sid] = self._load(account)
        return self._made[account.sid]

    def _load(self, account: Account) -> dict[str, Service]:
        kept = self._store.all(account.sid, "service")
        found = [Service(**fields) for fields in kept.values()]
        if account.service_sid not in kept:
            found.append(_first_service(account))
        found.sort(key=lambda service: service.created)
        return {service.sid: service for service in found if not service.is_deleted}

    def get(self, account: Account, sid: str) -> Service | None:
        return self.of(account).get(sid)

    def save(self, service: Service) -> None:
        self._store.put(service.account, "service", service.sid, asdict(service))
        self._made.pop(service.account, None)
        self._homes.pop(service.account, None)

    def home_of(self, account: Account, sender: str) -> Service | None:
        """The service in whose pool the sender is; a number is in one at most."""
        if account.sid not in self._homes:
            services = self.of(account).values()
            self._homes[account.sid] = {
                sender: service for service in services for sender in service.senders
            }
        return self._homes[account.sid].get(sender)


def _first_service(account: Account) -> Service:
    return Service(
        sid=account.service_sid,
        account=account.sid,
        settings=SETTINGS | {"area_code_geomatch": False},
        numbers=list(NUMBERS),
        short_codes=[SHORT_CODE],
        campaign=_first_campaign(account),
        is_registered=True,
    )


def _first_campaign(account: Account) -> dict[str, Any]:
    return {
        "sid": sibling_sid("QE", account.sid),
        "brand_registration_sid": sibling_sid("BN", account.sid),
        "us_app_to_person_usecase": "MIXED",
        "description": "Answers to people who asked for a quote on our web site.",
        "message_flow": "People tick a box below the form on www.example.com.",
        "message_samples": [
            "Hi Ann, thanks for asking about plumbing.",
            "Hi Ann, your quote is ready. Reply STOP to opt out.",
        ],
        "created": CREATED,
        "updated": CREATED,
    }
