"""
The sheet of an RCS agent: what carriers want to know, checked before they do.

Google's and the providers' rules; an agent's name, logo and banner are fixed once it
is verified, and a review takes weeks, so a mistake here is dear.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from destinations.images import Picture, contrast_with_white

Words = str | Promise
LEAST_CONTRAST = 4.5
LOGO, BANNER = (224, 224, 50_000), (1440, 448, 200_000)
"""Width, height, most bytes."""
OTHER_BANNER = 1140  # what some providers' pages say; 1440 is Google's
_HTTPS = re.compile(r"https://[^\s/]+\.[^\s]+")


def _matches(pattern: str, example: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        is_good = re.fullmatch(pattern, value) is not None
        return "" if is_good else _now("It looks like %(it)s.") % {"it": example}

    return check


def _web(value: str) -> str:
    is_good = len(value) <= 500 and _HTTPS.fullmatch(value) is not None
    return "" if is_good else _now("A public address that begins with https://.")


def _longest(most: int) -> Callable[[str], str]:
    def check(value: str) -> str:
        if len(value) > most:
            return _now("%(count)d characters; at most %(most)d.") % {
                "count": len(value),
                "most": most,
            }
        if re.search(r"[<>{}\\]", value):
            return _now("No HTML, braces or backslashes.")
        return ""

    return check


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        return _now("It looks like #4F46E5.")
    contrast = contrast_with_white(value)
    if contrast < LEAST_CONTRAST:
        return _now(
            "Contrast with white is %(contrast).1f to 1; at least 4.5 to 1. Darken it."
        ) % {"contrast": contrast}
    return ""


def _anything(_value: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the sheet; `check` gives what is wrong with a value, or ""."""

    name: str
    label: Words
    help: Words = ""
    check: Callable[[str], str] = _anything
    is_needed: bool = True
    rows: int = 1


GROUPS: tuple[tuple[Words, tuple[Entry, ...]], ...] = (
    (
        _("What people see"),
        (
            Entry(
                "display_name",
                _("Display name"),
                _("Up to 40 characters, like no other agent's. Fixed once verified."),
                _longest(40),
            ),
            Entry(
                "description",
                _("Description"),
                _("Up to 100 characters."),
                _longest(100),
            ),
            Entry(
                "colour",
                _("Accent colour"),
                _("Readable on white: at least 4.5 to 1."),
                _colour,
            ),
            Entry(
                "logo_url",
                _("Logo address"),
                _("224 × 224 pixels, PNG or JPEG, up to 50 kB; shown as a circle."),
                _web,
            ),
            Entry(
                "banner_url",
                _("Banner address"),
                _("1440 × 448 pixels, PNG or JPEG, up to 200 kB."),
                _web,
            ),
            Entry(
                "phone",
                _("Contact phone"),
                _("As +15555550100."),
                _matches(r"\+[1-9]\d{6,14}", "+15555550100"),
            ),
            Entry(
                "email",
                _("Contact e-mail"),
                "",
                _matches(r"[^\s@]+@[^\s@]+\.[^\s@]+", "help@example.com"),
                is_needed=False,
            ),
            Entry("website", _("Website"), "", _web),
            Entry(
                "privacy_url",
                _("Privacy policy"),
                _("With a section on messaging: opt-out, and who gets the data."),
                _web,
            ),
            Entry(
                "terms_url",
                _("Terms of service"),
                _("They must name the messages and how to stop them."),
                _web,
            ),
        ),
    ),
    (
        _("For the review"),
        (
            Entry("legal_name", _("Legal name"), _("Exactly as in the tax record.")),
            Entry(
                "tax_number", _("Tax number"), _("In the US the EIN, as 12-3456789.")
            ),
            Entry(
                "use_case",
                _("Use case"),
                _("Who gets what, and why."),
                _longest(1000),
                rows=3,
            ),
            Entry(
                "opt_in",
                _("How people agree"),
                _("Where they tick what, word for word. Vague answers are refused."),
                _longest(1000),
                rows=3,
            ),
            Entry(
                "sample_1",
                _("First sample message"),
                _("It must fit the use case."),
                _longest(1000),
                rows=2,
            ),
            Entry("sample_2", _("Second sample message"), "", _longest(1000), rows=2),
            Entry(
                "video_url",
                _("Video of the flow"),
                _("From the opt-in to a message."),
                _web,
            ),
            Entry("countries", _("Countries"), _("Each is reviewed by its carriers.")),
        ),
    ),
    (
        _("At the provider"),
        (
            Entry(
                "account",
                _("Account SID"),
                _("Of the account that the agent belongs to."),
                _matches(r"AC[0-9a-fA-F]{32}", "AC…"),
                is_needed=False,
            ),
            Entry(
                "service",
                _("Messaging Service SID"),
                "",
                _matches(r"MG[0-9a-fA-F]{32}", "MG…"),
                is_needed=False,
            ),
            Entry(
                "sender_sid",
                _("RCS sender SID"),
                "",
                _matches(r"XE[0-9a-fA-F]{32}", "XE…"),
                is_needed=False,
            ),
            Entry(
                "sender_id",
                _("RCS sender id"),
                _("As rcs:your_agent."),
                _matches(r"rcs:[A-Za-z0-9_.\-]+", "rcs:your_agent"),
                is_needed=False,
            ),
        ),
    ),
)
ENTRIES = tuple(entry for _title, entries in GROUPS for entry in entries)
STEPS: tuple[tuple[str, Words], ...] = (
    ("created", _("The agent is created as a draft at the provider")),
    ("webhooks", _("Its addresses for messages and reports are entered there")),
    ("testers", _("Testers are invited, and have accepted on their phones")),
    ("submitted", _("Business, use case and samples are submitted")),
    ("provider", _("The provider has approved")),
    ("carriers", _("The first carrier has approved: the agent is online")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its value; `problem` is "" where it may stay so."""

    entry: Entry
    value: str
    problem: str

    @property
    def is_missing(self) -> bool:
        return not self.value and self.entry.is_needed

    @property
    def is_good(self) -> bool:
        return bool(self.value) and not self.problem


def lines_of(values: Mapping[str, str]) -> list[Line]:
    return [_line(entry, str(values.get(entry.name, ""))) for entry in ENTRIES]


def _line(entry: Entry, value: str) -> Line:
    return Line(entry, value, entry.check(value) if value else "")


def picture_problem(picture: Picture | None, wanted: tuple[int, int, int]) -> str:
    """What a carrier would refuse of a logo or banner; "" if nothing."""
    width, height, most = wanted
    if picture is None:
        return _now("This is no PNG or JPEG.")
    sizes = {(width, height)}
    if wanted == BANNER:
        sizes.add((OTHER_BANNER, height))
    if (picture.width, picture.height) not in sizes:
        return _now("%(w)d × %(h)d pixels; it must be %(width)d × %(height)d.") % {
            "w": picture.width,
            "h": picture.height,
            "width": width,
            "height": height,
        }
    if picture.size > most:
        return _now("%(size)d kB; at most %(most)d kB.") % {
            "size": -(-picture.size // 1000),
            "most": most // 1000,
        }
    return ""


def export(values: Mapping[str, str], done: Mapping[str, bool]) -> str:
    """The sheet as text, to be sent to whoever enters it."""
    parts: list[str] = []
    for title, entries in GROUPS:
        parts.append(f"{title}\n{'=' * len(str(title))}")
        parts += [f"{e.label}: {values.get(e.name, '') or '–'}" for e in entries]
        parts.append("")
    parts.append(f"{_now('Steps')}\n=====")
    parts += [f"[{'x' if done.get(name) else ' '}] {words}" for name, words in STEPS]
    return "\n".join(parts) + "\n"
