"""
The filters of templates: each reads at most MAX_VALUE characters and writes no more.

A filter's arguments are constants, so they are checked once, when the template is
compiled; a maker raises ValueError with a sentence for the template's author.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadrails.core import phone
from leadrails.core.graphemes import clusters
from leadrails.core.rendering.values import MAX_ITEMS, MAX_NEEDLE, cut, text

Apply = Callable[[Any], str]

_WORD = re.compile(r"[^\s\-]+")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
# strftime is not used: its widths ("%1000000000d") are a memory bomb.
_DATE_CODES: dict[str, Callable[[dt.datetime], str]] = {
    "%d": lambda at: f"{at.day:02}",
    "%-d": lambda at: str(at.day),
    "%m": lambda at: f"{at.month:02}",
    "%-m": lambda at: str(at.month),
    "%y": lambda at: f"{at.year % 100:02}",
    "%Y": lambda at: f"{at.year:04}",
    "%b": lambda at: _MONTHS[at.month - 1][:3],
    "%B": lambda at: _MONTHS[at.month - 1],
    "%a": lambda at: _DAYS[at.weekday()][:3],
    "%A": lambda at: _DAYS[at.weekday()],
    "%H": lambda at: f"{at.hour:02}",
    "%I": lambda at: f"{(at.hour - 1) % 12 + 1:02}",
    "%-I": lambda at: str((at.hour - 1) % 12 + 1),
    "%M": lambda at: f"{at.minute:02}",
    "%p": lambda at: "PM" if at.hour >= 12 else "AM",
    "%%": lambda _: "%",
}
_DATE_CODE = re.compile(r"%-?.|%$", re.DOTALL)
_LONGEST_DATE = 40  # characters


@dataclass(frozen=True, slots=True)
class Filter:
    """`make` takes the filter's constant arguments and returns what it does."""

    make: Callable[..., Apply]
    min_args: int
    max_args: int
    help: str


def _plain(function: Callable[[str], str]) -> Callable[[], Apply]:
    return lambda: lambda value: cut(function(text(value)))


def _title(value: str) -> str:
    return _WORD.sub(lambda word: word[0][:1].upper() + word[0][1:].lower(), value)


def _first_word(value: str) -> str:
    return next(iter(value.split(maxsplit=1)), "")


def _make_truncate(
    length: Any = 100, is_mid_word: Any = False, end: Any = "..."
) -> Apply:
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ValueError("“truncate” needs a number of characters: truncate(100).")
    if not isinstance(end, str) or len(end) > length:
        raise ValueError("What “truncate” ends with must be a shorter text.")

    def truncate(value: Any) -> str:
        whole = text(value)
        if len(whole) <= length:
            return whole
        kept = _clusters_up_to(whole, length - len(end))
        if not is_mid_word and not whole[len(kept)].isspace():
            kept = kept.rpartition(" ")[0] or kept
        return kept.rstrip() + end

    return truncate


def _clusters_up_to(whole: str, room: int) -> str:
    used = 0
    for cluster in clusters(whole):
        if used + len(cluster) > room:
            break
        used += len(cluster)
    return whole[:used]


def _make_replace(old: Any, new: Any) -> Apply:
    if not isinstance(old, str) or not isinstance(new, str) or not old:
        raise ValueError("“replace” needs two texts: replace('old', 'new').")
    if len(old) > MAX_NEEDLE or len(new) > MAX_NEEDLE:
        raise ValueError(
            f"The texts of “replace” have at most {MAX_NEEDLE} characters."
        )
    return lambda value: cut(text(value).replace(old, new))


def _make_join(separator: Any = ", ") -> Apply:
    if not isinstance(separator, str) or len(separator) > MAX_NEEDLE:
        raise ValueError("“join” needs a short text between the items: join(', ').")

    def join(value: Any) -> str:
        if not isinstance(value, list | tuple):
            return text(value)
        texts = (text(item) for item in value[:MAX_ITEMS])
        return cut(separator.join(item for item in texts if item))

    return join


def _make_date(form: Any = "%d %b %Y", zone: Any = "UTC") -> Apply:
    codes = _DATE_CODE.findall(form) if isinstance(form, str) else [""]
    unknown = [code for code in codes if code not in _DATE_CODES]
    if unknown or len(form) > MAX_NEEDLE:
        raise ValueError(
            f"“date” does not know {unknown[0] or form!r}. It knows "
            f"{', '.join(_DATE_CODES)}."
            if unknown
            else "The form of “date” is too long."
        )
    where = _zone(zone)

    def date(value: Any) -> str:
        at = _moment(value)
        if at is None:
            return text(value)
        try:
            local = at.astimezone(where)
        except OverflowError:  # the first or last day there is
            local = at
        return _DATE_CODE.sub(lambda code: _DATE_CODES[code[0]](local), form)

    return date


def _zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError(
            "“date” does not know this time zone. Write one such as 'America/New_York'."
        ) from None


def _moment(value: Any) -> dt.datetime | None:
    if isinstance(value, str) and len(value) <= _LONGEST_DATE:
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if not isinstance(value, dt.datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


# “default” is missing here: its argument may be a field, so `compiler` makes it.
FILTERS: dict[str, Filter] = {
    "upper": Filter(_plain(str.upper), 0, 0, "IN CAPITALS"),
    "lower": Filter(_plain(str.lower), 0, 0, "in small letters"),
    "title": Filter(_plain(_title), 0, 0, "Each Word With A Capital"),
    "capitalize": Filter(_plain(str.capitalize), 0, 0, "First letter in capital"),
    "trim": Filter(_plain(str.strip), 0, 0, "without spaces at both ends"),
    "first_word": Filter(_plain(_first_word), 0, 0, "only the first word"),
    "truncate": Filter(
        _make_truncate, 0, 3, "cut to a number of characters: truncate(100)"
    ),
    "replace": Filter(_make_replace, 2, 2, "one text for another: replace('a', 'b')"),
    "join": Filter(_make_join, 0, 1, "the items of a list: join(', ')"),
    "national": Filter(_plain(phone.national), 0, 0, "a phone as (555) 555-0100"),
    "international": Filter(
        _plain(phone.international), 0, 0, "a phone as +1 555-555-0100"
    ),
    "date": Filter(
        _make_date, 0, 2, "a time as a date: date('%d %b %Y', 'America/New_York')"
    ),
}
