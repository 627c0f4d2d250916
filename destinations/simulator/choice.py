"""
Which sender of a Messaging Service a message gets.

RCS, if the service has a sender for it and the phone takes it, is chosen before (see
`Rules.choose`). Here short codes come first; then names, then numbers.
Source: Twilio, "Messaging Services: sender selection" (2026).
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from destinations.simulator.numbers import (
    NORTH_AMERICA,
    are_neighbours,
    area_code,
    kind,
    takes_names,
)
from destinations.simulator.regions import region
from destinations.simulator.scenarios import Lack, scenario_for
from destinations.simulator.services import Service
from destinations.simulator.store import Store

STICKY = "sticky"
SHORT_CODE_COUNTRY = "US"  # of every short code here


class Chooser:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._mapped: dict[str, Counter[str]] = {}
        self._turns: Counter[str] = Counter()

    def choose(self, service: Service, to: str) -> str | None:
        """None when nothing in the pool fits the recipient."""
        if ":" in to:
            prefix = to.partition(":")[0] + ":"
            fits = [s for s in service.channels.values() if s.startswith(prefix)]
            return fits[0] if fits else None
        country = region(to)
        is_taken = scenario_for(to).lack is not Lack.SHORT_CODE
        if service.short_codes and country == SHORT_CODE_COUNTRY and is_taken:
            return service.short_codes[0]
        if service.names and takes_names(country):
            return _name_for(service, country)
        return self._number_for(service, to, country)

    def _number_for(self, service: Service, to: str, country: str) -> str | None:
        is_sticky = service.settings["sticky_sender"]
        kept = self._kept(service, to) if is_sticky else None
        if kept and region(kept) == country:
            return kept
        fits = _fitting(service, to, country)
        if not fits:
            return None
        chosen = self._spread(service, to, fits, is_sticky=is_sticky)
        if is_sticky:
            self.stick(service, to, chosen)
        return chosen

    def _kept(self, service: Service, to: str) -> str | None:
        kept = self._store.get(service.account, STICKY, f"{service.sid} {to}")
        return kept if kept in service.numbers else None

    def stick(self, service: Service, to: str, number: str) -> None:
        """From a first message, or from what the recipient wrote to a number."""
        counts = self._counts(service)
        before = self._kept(service, to)
        if before:
            counts[before] -= 1
        counts[number] += 1
        self._store.put(service.account, STICKY, f"{service.sid} {to}", number)

    def forget(self, service: Service, number: str) -> None:
        """The number leaves the pool, and its recipients get another one."""
        kept = self._store.all(service.account, STICKY)
        for name in [name for name, sender in kept.items() if sender == number]:
            if name.startswith(service.sid):
                self._store.drop(service.account, STICKY, name)
        self._mapped.pop(service.sid, None)

    def _counts(self, service: Service) -> Counter[str]:
        if service.sid not in self._mapped:
            kept = self._store.all(service.account, STICKY)
            mine = (number for name, number in kept.items() if service.sid in name)
            self._mapped[service.sid] = Counter(mine)
        return self._mapped[service.sid]

    def _spread(
        self, service: Service, to: str, fits: Sequence[str], *, is_sticky: bool
    ) -> str:
        """Sticky: the number with the fewest recipients; else one after another."""
        if is_sticky:
            counts = self._counts(service)
            few = min(counts[number] for number in fits)
            fits = [number for number in fits if counts[number] == few]
            return fits[int.from_bytes(sha256(to.encode()).digest()[:4]) % len(fits)]
        self._turns[service.sid] += 1
        return fits[self._turns[service.sid] % len(fits)]


def _name_for(service: Service, country: str) -> str | None:
    names = service.names.values()
    own = [name for name, of in names if of == country]
    everywhere = [name for name, of in names if not of]
    return next(iter([*own, *everywhere]), None)


def _fitting(service: Service, to: str, country: str) -> Sequence[str]:
    """
    Numbers of the recipient's country, else US ones.

    Toll-free numbers come first in Canada. Of the others, those with the area code
    of the recipient or one beside it, if the service asks for that.
    """
    fits = _of_country(tuple(service.numbers), country)
    if service.settings["area_code_geomatch"] and country in NORTH_AMERICA:
        area = area_code(to)
        near = [n for n in fits if are_neighbours(area_code(n), area)]
        fits = near or fits
    return fits


@lru_cache(maxsize=1000)
def _of_country(numbers: tuple[str, ...], country: str) -> Sequence[str]:
    if country == "CA":
        free = [number for number in numbers if kind(number) == "toll_free"]
        if free:
            return free
    own = [number for number in numbers if region(number) == country]
    return own or [number for number in numbers if region(number) == "US"]
