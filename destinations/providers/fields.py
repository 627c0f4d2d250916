"""
The settings that a provider asks for.

A provider lists its fields; the form, its checks, what a page may show and what is
kept out of sight all follow from that list. Values are texts, empty when not given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Where on its page a field stands."""

    CONNECTION = "connection"
    ACCOUNT = "account"  # of the account too, but few need it
    CONTENT = "content"  # what is sent beside the text
    OPTIONS = "options"  # how it is sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """
    A setting of a provider, enough to make a form field of it.

    Attributes:
        pattern: what the whole value must match; `example` then says it in words.
        choices: (value, words for people) of a setting that is one of a few. The
            empty value stands for what the provider does by itself.
        least, most: bounds of a whole number; a field with `most` is one.
        unit: of that number, in words.
        rows: height of its box; above one, every line counts by itself.
        longest: characters.
        is_of_rcs: it counts for messages by RCS alone.
    """

    name: str
    label: str
    help: str = ""
    secret: bool = False
    pattern: str = ""
    required: bool = False
    section: Section = Section.CONNECTION
    example: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    least: int = 0
    most: int | None = None
    unit: str = ""
    rows: int = 1
    longest: int = 500
    is_of_rcs: bool = False

    @property
    def is_of_account(self) -> bool:
        """Whether it says through which account and sender, not what or how."""
        return self.section in (Section.CONNECTION, Section.ACCOUNT)

    def problem(self, value: str) -> str | None:
        """What is wrong with a value, in a sentence; nothing is with an empty one."""
        if not value:
            return f"Enter the {self.label}." if self.required else None
        if self.choices and value not in dict(self.choices):
            return f"Choose one of: {', '.join(words for _, words in self.choices)}."
        if self.most is not None:
            return self._number_problem(value)
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"The {self.label} is {self.example}."
        return None

    def _number_problem(self, value: str) -> str | None:
        is_number = value.isascii() and value.isdigit() and len(value) < 10
        if is_number and self.least <= int(value) <= (self.most or 0):
            return None
        return f"Enter a whole number from {self.least:,} to {self.most:,}."

    def shown(self, value: str) -> str:
        """A value that is no secret, in the words of a page."""
        words = dict(self.choices).get(value, value)
        return f"{words} {self.unit}" if self.unit and words else words


MEDIA = Field(
    name="media_urls",
    label="Pictures and other media",
    help=(
        "Makes the message an MMS, in the US and Canada. Public addresses, one per"
        " line, ten at most; fields such as {{ custom_fields.photo }} may be used. A"
        " line that comes out empty is left out."
    ),
    rows=3,
    longest=4000,
    section=Section.CONTENT,
    example="https://example.com/welcome.jpg",
)
"""Any provider that sends media lists this very field."""

VARIABLES = Field(
    name="content_variables",
    label="Variables of the content template",
    help=(
        "One per line: the variable's name, an equals sign and what goes in, such as"
        " 1 = {{ first_name }}."
    ),
    rows=3,
    longest=4000,
    section=Section.CONTENT,
    example='1 = {{ first_name | default("there") }}',
)
"""Any provider that keeps templates of its own lists this very field."""

RCS, RCS_ONLY = "rcs", "rcs_only"
BY_RCS = frozenset({RCS, RCS_ONLY})
"""Choices of the field `CHANNEL` that mean RCS: with a text in reserve, or without."""

LEADRAILS = "leadrails"
FALLBACK = Field(
    name="fallback",
    label="If RCS does not arrive",
    help=(
        "By the provider it stays one message, with one entry in its log. By LeadRails"
        " it is a second message, with a page of its own that says what it cost."
    ),
    section=Section.OPTIONS,
    choices=(
        ("", "The provider sends the text message"),
        (LEADRAILS, "LeadRails sends the text message"),
    ),
)
PATIENCE = 120  # seconds; long enough for a phone that wakes up, short for a lead
FALLBACK_AFTER = Field(
    name="fallback_after",
    label="Wait for delivery by RCS",
    help=(
        "After so many seconds without a word of its delivery the text message goes."
        f" Left empty: {PATIENCE}, where the provider lets us choose."
    ),
    section=Section.OPTIONS,
    least=10,
    most=86_400,
    unit="seconds",
    example=str(PATIENCE),
)
"""Any provider of RCS lists these two, and a `CHANNEL` with the choices above."""

CONTENT_TEMPLATE = "content_template"  # name of the field that says which of them
CHANNEL = "channel"  # name of the field that says what else than a text message
SEND_AFTER = "send_after"  # name of the field that says how many minutes to wait
SMART_ENCODING = "smart_encoded"  # "true", "false", or as the provider is set
MOST_MEDIA = 10


def problems(fields: Sequence[Field], settings: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each field whose own value is at fault."""
    found = {
        field.name: field.problem(settings.get(field.name, "")) for field in fields
    }
    return {name: sentence for name, sentence in found.items() if sentence}


def patience(settings: Mapping[str, str]) -> int:
    """Seconds that RCS gets before a text message goes in its place."""
    return int(settings.get(FALLBACK_AFTER.name) or PATIENCE)


def lines(text: str) -> list[str]:
    """The lines of a field of several lines, trimmed, without the empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def assignments(text: str) -> dict[str, str]:
    """
    Read `name = value` lines. A later line wins over an earlier one of its name.

    Raises:
        ValueError: naming the line that is none.
    """
    found = {}
    for line in lines(text):
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9_]{1,16}", name.strip()):
            raise ValueError(line)
        found[name.strip()] = value.strip()
    return found
