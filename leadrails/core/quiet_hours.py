"""
When a person may not be sent marketing: by the clock where their number is from.

A number does not always tell one time zone, and a mobile number not where its owner
is today. Of several zones all must agree, so that the answer errs towards waiting.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from leadrails.core.data import load
from leadrails.core.phone import region_of
from leadrails.core.quiet import quiet_until

_FACTS = load("quiet_hours")
_AREA_CODES: dict[str, tuple[str, str]] = {
    code: (state, zone)
    for zone, states in _FACTS["area_codes"].items()
    for state, codes in states.items()
    for code in codes.split()
}
_MAINLAND = ("America/New_York", "America/Los_Angeles")
MOST_STEPS = 40
"""Ends of quiet hours that are looked at in turn, until one is in nobody's."""
LAST_CALL = timedelta(hours=1)
"""How long a message that ran out of time in quiet hours may still go after them."""


class Hours(Struct, frozen=True, kw_only=True):
    """
    Quiet hours as a workspace or a destination has set them.

    `by_law` adds the stricter ones of the person's country or US state. `home` is
    the zone of whoever has a number that tells none.
    """

    begins: time
    ends: time
    by_law: bool
    home: str


@dataclass(frozen=True, slots=True)
class _Span:
    """On one weekday only if it names one (Monday is 0); to its end without `ends`."""

    begins: time
    ends: time | None
    weekday: int | None = None

    def over(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        if self.weekday is None:
            ends = self.ends or time()
            return quiet_until(now, begins=self.begins, ends=ends, zone=zone)
        local = now.astimezone(zone)
        clock = local.time().replace(tzinfo=None)
        is_over = self.ends is not None and clock >= self.ends
        if local.weekday() != self.weekday or clock < self.begins or is_over:
            return None
        day = local.date() + timedelta(days=self.ends is None)
        end = datetime.combine(day, self.ends or time(), tzinfo=zone).astimezone(UTC)
        return end if end > now else None


def _span(row: Sequence[Any]) -> _Span:
    begins, ends, *weekday = row
    return _Span(
        time.fromisoformat(begins), time.fromisoformat(ends) if ends else None, *weekday
    )


_BY_LAW = {
    place: [_span(row) for row in rows] for place, rows in _FACTS["quiet"].items()
}


def free_at(now: datetime, recipient: str, hours: Hours) -> datetime | None:
    """
    Return when the person may be sent to, in UTC; None if that is now.

    Where hours and zones leave no moment free, it is one that is weeks away.
    """
    zones = [ZoneInfo(name) for name in zones_of(recipient) or (hours.home,)]
    spans = [_Span(hours.begins, hours.ends)]
    if hours.by_law:
        spans += _laws_of(recipient)
    moment = now
    for _step in range(MOST_STEPS):
        ends = [
            end for zone in zones for span in spans if (end := span.over(moment, zone))
        ]
        if not ends:
            break
        moment = max(ends)
    return moment if moment > now else None


def life_end(now: datetime, life: timedelta, recipient: str, hours: Hours) -> datetime:
    """
    Return when a message made now runs out of time.

    Its time to live does not run in quiet hours that it begins in; if it would end
    in quiet hours, there is a last call after them.
    """
    end = (free_at(now, recipient, hours) or now) + life
    later = free_at(end, recipient, hours)
    return later + min(life, LAST_CALL) if later else end


def zones_of(recipient: str) -> tuple[str, ...]:
    """Return the time zones that a number in E.164 may be in; empty if unknown."""
    if recipient.startswith("+1") and (known := _AREA_CODES.get(recipient[2:5])):
        zones: list[str] = _FACTS["zones"][known[1]]
        return tuple(zones)
    return _zones_by_prefix(recipient[1 : 1 + TIMEZONE_LONGEST_PREFIX])


@lru_cache(maxsize=4096)
def _zones_by_prefix(digits: str) -> tuple[str, ...]:
    for length in range(len(digits), 0, -1):
        zones: tuple[str, ...] | None = TIMEZONE_DATA.get(digits[:length])
        if zones and digits[:length] == "1":
            return _MAINLAND  # its own zones span the Pacific and the Atlantic
        if zones:
            return zones
    return ()


def _laws_of(recipient: str) -> list[_Span]:
    country = region_of(recipient) or ""
    spans = _BY_LAW.get(country, [])
    if country == "US" and (known := _AREA_CODES.get(recipient[2:5])):
        spans = spans + _BY_LAW.get(f"US-{known[0]}", [])
    return spans
