"""Messaging profiles: their settings, and which numbers belong to them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from destinations.providers import simulated
from destinations.simulator import clock, ids
from destinations.simulator.accounts import (
    COUNTRIES,
    TELNYX_LONE_NUMBERS,
    TELNYX_NUMBERS,
    TELNYX_SHORT_CODE,
    Account,
)
from destinations.simulator.services import CREATED
from destinations.simulator.store import Store

KIND = "telnyx_profile"
HOMES = "telnyx_number"
NAMES = "telnyx_name"
AGENT_NAME = "Simulated Agent"
Json = dict[str, Any]
SETTINGS: Json = {
    "ai_assistant_id": None,
    "alpha_sender": None,
    "daily_spend_limit": "0.00",
    "daily_spend_limit_enabled": False,
    "enabled": True,
    "health_webhook_url": None,
    "mms_fall_back_to_sms": False,
    "mms_transcoding": False,
    "mobile_only": False,
    "name": "Simulated profile",
    "number_pool_settings": None,
    "redaction_enabled": False,
    "redaction_level": 2,
    "resource_group_id": None,
    "smart_encoding": False,
    "url_shortener_settings": None,
    "webhook_api_version": "2",
    "webhook_failover_url": "",
    "webhook_url": "",
    "whitelisted_destinations": [],
}
POOL = {
    "toll_free_weight": 10.0,
    "long_code_weight": 1.0,
    "skip_unhealthy": True,
    "sticky_sender": True,
    "geomatch": False,
}


def organization_id(account: Account) -> str:
    return str(UUID(account.sid[2:10] + account.sid[-24:][::-1]))


def resource_id(account: Account, name: str) -> str:
    """The same one every time, for what an account has from the beginning."""
    digits = simulated.auth_token(name, account.sid)
    return str(UUID(simulated.MARK + digits[:24]))


def agent_fields(account: Account) -> Json:
    return {"agent_id": account.agent_id, "agent_name": AGENT_NAME}


class Profiles:
    """
    The profiles of all accounts.

    An account that nobody changed has one, with all numbers but the lone ones and with
    a number pool; it is kept only once it is changed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, account: Account) -> dict[str, Json]:
        """By id, oldest first, without the deleted ones."""
        kept = self._store.all(account.sid, KIND)
        first = simulated.telnyx_profile_id(account.sid)
        found = dict(kept) if first in kept else {first: _first(first), **kept}
        return {name: fields for name, fields in found.items() if not fields["deleted"]}

    def get(self, account: Account, profile: str | None) -> Json | None:
        return self.of(account).get(profile or "")

    def create(self, account: Account, settings: Json) -> Json:
        now = clock.now_ms()
        about = {"id": ids.token(), "deleted": False, "v1_secret": ids.hex_digits(24)}
        made = SETTINGS | settings | about | {"created": now, "updated": now}
        self._store.put(account.sid, KIND, made["id"], made)
        return made

    def change(self, account: Account, profile: Json, settings: Json) -> Json:
        changed: Json = profile | settings | {"updated": clock.now_ms()}
        self._store.put(account.sid, KIND, changed["id"], changed)
        return changed

    def delete(self, account: Account, profile: Json) -> None:
        for sender in list(self.senders(account, profile["id"])):
            self.assign(account, sender, None)
        self.change(account, profile, {"deleted": True})

    def home_of(self, account: Account, sender: str) -> str | None:
        """The id of the profile of a number, a short code or an RCS agent."""
        kept = self._store.get(account.sid, HOMES, sender)
        if kept is not None:
            found: str | None = kept["profile"]
            return found
        if sender in TELNYX_LONE_NUMBERS:
            return None
        first = simulated.telnyx_profile_id(account.sid)
        return first if account.owns_at_telnyx(sender) else None

    def assign(self, account: Account, sender: str, profile: str | None) -> None:
        before = self._store.get(account.sid, HOMES, sender) or {}
        after = {**before, "profile": profile, "updated": clock.now_ms()}
        self._store.put(account.sid, HOMES, sender, after)

    def settings_of(self, account: Account, sender: str) -> Json:
        """What was changed of a number, a short code or an agent."""
        return self._store.get(account.sid, HOMES, sender) or {}

    def set_of(self, account: Account, sender: str, changes: Json) -> None:
        kept = {"profile": self.home_of(account, sender), "updated": clock.now_ms()}
        before = self.settings_of(account, sender)
        self._store.put(account.sid, HOMES, sender, {**kept, **before, **changes})

    def senders(self, account: Account, profile: str) -> Iterable[str]:
        for sender in (*TELNYX_NUMBERS, *TELNYX_LONE_NUMBERS, TELNYX_SHORT_CODE):
            if self.home_of(account, sender) == profile:
                yield sender

    def names(self, account: Account, profile: Json) -> list[str]:
        """The alphanumeric senders of a profile."""
        kept = self._store.all(account.sid, NAMES).values()
        mine = (n for n in kept if n["messaging_profile_id"] == profile["id"])
        own = [profile["alpha_sender"]] if profile["alpha_sender"] else []
        return [*own, *(name["alphanumeric_sender_id"] for name in mine)]


def _first(profile: str) -> Json:
    return SETTINGS | {
        "id": profile,
        "deleted": False,
        "v1_secret": profile.replace("-", "")[8:],
        "number_pool_settings": POOL,
        "whitelisted_destinations": list(COUNTRIES),
        "created": CREATED,
        "updated": CREATED,
    }
