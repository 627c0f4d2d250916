"""The demo's leads: what is posted, and what must become of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from leadrails.embedded.places import PROJECT

FILE = PROJECT / "demo" / "leads.json"
# A destination sends a person a few messages a day at most, so each run of the demo
# writes to other people. All of these numbers are set aside for fiction.
AREAS = "206 212 213 214 305 312 404 415 503 512 602 612 615 617 619 702 704 713 801"
OTHER_AREAS = (
    "808 813 816 828 843 858 860 901 903 912 915 919 925 941 952 970 972 979 985"
)
AUSTRALIANS = ("006", "156", "157", "158", "159", "110")
NORTH_AMERICANS = 50
"""Endings 00 to 49: the others ask the simulator for something special."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be true in the end; None for what may be anything."""

    state: str
    messages: int
    reason: str | None = None
    error_code: str | None = None
    attempts: int | None = None
    alert: str | None = None
    """The kind of alert that is open for the job's destination."""
    channel: str | None = None
    """What carried the message: rcs, sms."""
    more: tuple[str, ...] = ()
    """Further messages that the first one brings about: `fallback delivered`."""
    answered: tuple[str, ...] = ()
    """Those that the person's answer, or silence, brings about, beside `more`."""
    tag: str | None = None
    """Of the lead, after the answer."""

    def __str__(self) -> str:
        attempts = f"{self.attempts} attempts" if self.attempts else None
        alert = "alert" if self.alert else None
        first = describe(
            self.state, self.channel, self.reason, self.error_code, attempts, alert
        )
        return together([first, *self.more, *self.answered], self.tag)


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    event: dict[str, Any]
    expect: Expectation
    is_posted_twice: bool = False

    @classmethod
    def parse(cls, raw: dict[str, Any], *, run: int) -> Self:
        event = raw["event"]
        if phone := event["lead"].get("phone"):
            event["lead"]["phone"] = phone.format(**endings(run))
        expected: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in raw["expect"].items()
        }
        expect = Expectation(**expected)
        return cls(raw["name"], event, expect, raw.get("repeat", False))


def load_samples(*, run: int, path: Path = FILE) -> list[Sample]:
    raw = json.loads(path.read_text(encoding="utf-8"))
    return [Sample.parse(each, run=run) for each in raw]


def endings(run: int) -> dict[str, str]:
    """What the placeholders in the file's phone numbers stand for in this run."""
    return {
        "area": AREAS.split()[run % len(AREAS.split())],
        "other": OTHER_AREAS.split()[run % len(OTHER_AREAS.split())],
        "au": AUSTRALIANS[run % len(AUSTRALIANS)],
        "low": f"{run % NORTH_AMERICANS:02d}",
        "nn": f"{run % 100:02d}",
    }


def together(jobs: Sequence[str], tag: str | None) -> str:
    """What became of a lead's messages, and what its person's answer made of it."""
    return " + ".join([*jobs, *([f"tagged “{tag}”"] if tag else [])])


def describe(state: str, *details: str | None) -> str:
    known = [detail for detail in details if detail]
    return f"{state} ({', '.join(known)})" if known else state
