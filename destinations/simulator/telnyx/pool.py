"""
Which number of a profile's pool a message gets.

Sticky sender first (8 days), then the recipient's country, then its area code if the
profile asks for geomatch, then toll-free or long codes by their weights, evenly.
"""

from collections import Counter
from typing import Any

from destinations.simulator import clock
from destinations.simulator.accounts import Account
from destinations.simulator.numbers import are_neighbours, area_code, kind
from destinations.simulator.regions import region
from destinations.simulator.store import Store
from destinations.simulator.telnyx.profiles import Profiles

STICKY = "telnyx_sticky"
STICKY_MS = 8 * 24 * 3600 * 1000
Json = dict[str, Any]


class Pool:
    def __init__(self, store: Store, profiles: Profiles) -> None:
        self._store = store
        self._profiles = profiles
        self._turns: Counter[str] = Counter()

    def choose(self, account: Account, profile: Json, to: str) -> str | None:
        """None when the pool is off or has no number that fits."""
        settings = profile["number_pool_settings"]
        if settings is None:
            return None
        numbers = [
            sender
            for sender in self._profiles.senders(account, profile["id"])
            if sender.startswith("+")
        ]
        name = f"{profile['id']} {to}"
        if settings.get("sticky_sender"):
            kept = self._store.get(account.sid, STICKY, name)
            is_fresh = kept and clock.now_ms() - kept["at"] < STICKY_MS
            if is_fresh and kept["number"] in numbers:
                return str(kept["number"])
        chosen = self._spread(profile, _fitting(numbers, settings, to))
        if chosen and settings.get("sticky_sender"):
            mapped = {"number": chosen, "at": clock.now_ms()}
            self._store.put(account.sid, STICKY, name, mapped)
        return chosen

    def forget(self, account: Account, profile: str) -> None:
        """Sticky mappings go when the feature is switched off."""
        for name in list(self._store.all(account.sid, STICKY)):
            if name.startswith(profile):
                self._store.drop(account.sid, STICKY, name)

    def _spread(self, profile: Json, fits: list[str]) -> str | None:
        """In turns; a toll-free number gets as many more as its weight says."""
        settings = profile["number_pool_settings"]
        weights = {"toll_free": "toll_free_weight", "long": "long_code_weight"}
        by_kind: dict[str, list[str]] = {}
        for number in fits:
            by_kind.setdefault(kind(number), []).append(number)
        share = {k: settings[weights[k]] for k in by_kind if settings[weights[k]] > 0}
        if not share:
            return None
        # The kind that is furthest behind its share is next.
        used = {k: self._turns[f"{profile['id']} {k}"] for k in share}
        turn = min(share, key=lambda k: (used[k] + 1) / share[k])
        self._turns[f"{profile['id']} {turn}"] += 1
        return by_kind[turn][used[turn] % len(by_kind[turn])]


def _fitting(numbers: list[str], settings: Json, to: str) -> list[str]:
    country = region(to)
    own = [number for number in numbers if region(number) == country]
    if settings.get("geomatch"):
        near = [n for n in own if are_neighbours(area_code(n), area_code(to))]
        return near or own or numbers
    return own or numbers
