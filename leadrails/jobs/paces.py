"""How many messages a minute a replay of many sends, and how long that takes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import floor
from uuid import UUID

from destinations.models import Destination

OFFERED = (10, 60, 300, 1_000, 6_000)  # messages a minute
USUAL = 60
FASTEST = 60_000
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """
    At most so many messages a minute, and how long they take.

    No destination goes beyond its own rate, which may make it take longer.
    """

    per_minute: int
    takes: timedelta
    is_usual: bool = False


def paces_for(jobs: Counter[UUID], places: Iterable[Destination]) -> list[Pace]:
    """Return the paces worth offering for so many jobs of each destination."""
    rates = {
        place.id: place.messages_per_second for place in places if place.id in jobs
    }
    fastest = max(1, floor(sum(rates.values()) * 60))
    wanted = [pace for pace in OFFERED if pace < fastest]
    if len(wanted) < len(OFFERED):
        wanted.append(fastest)
    own = max((jobs[place] / rate for place, rate in rates.items()), default=0.0)
    usual = min(USUAL, fastest)
    return [
        Pace(
            pace,
            max(jobs.total() * MINUTE / pace, timedelta(seconds=own)),
            is_usual=pace == usual,
        )
        for pace in wanted
    ]
