"""
What an RCS message shows: a text, cards or a file, and what can be tapped.

The same form holds a template, whose texts have fields in them, and the message that
was made of it for one lead. It is kept as JSON. Paths name a part of it, such as
`cards[0].suggestions[1].label`. How much is allowed: see `rich_limits`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import msgspec
from msgspec import Struct


class Kind(StrEnum):
    """What tapping a suggestion does."""

    REPLY = "reply"
    OPEN_URL = "open_url"
    DIAL = "dial"
    VIEW_LOCATION = "view_location"
    SHARE_LOCATION = "share_location"
    CALENDAR = "calendar"


class Height(StrEnum):
    SHORT = "SHORT"
    MEDIUM = "MEDIUM"
    TALL = "TALL"


class Orientation(StrEnum):
    VERTICAL = "VERTICAL"
    HORIZONTAL = "HORIZONTAL"


class Side(StrEnum):
    LEFT = "LEFT"
    RIGHT = "RIGHT"


class Width(StrEnum):
    SMALL = "SMALL"
    MEDIUM = "MEDIUM"


NEEDS: dict[Kind, tuple[str, ...]] = {
    Kind.REPLY: (),
    Kind.OPEN_URL: ("url",),
    Kind.DIAL: ("phone",),
    Kind.VIEW_LOCATION: ("latitude", "longitude", "place"),
    Kind.SHARE_LOCATION: (),
    Kind.CALENDAR: ("title", "details", "starts_at", "ends_at"),
}
"""The fields of a suggestion beside `label` and `postback`, by its kind."""

CAROUSEL = (2, 10)  # cards


class RichError(Exception):
    """This is no RCS content; `path` says where, `sentence` why."""

    def __init__(self, path: str, sentence: str) -> None:
        super().__init__(path, sentence)
        self.path, self.sentence = path, sentence

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class Suggestion(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """
    A reply or an action that the person can tap; only `NEEDS` of its kind are set.

    Attributes:
        label: what stands on it.
        postback: what comes back when it is tapped; see `data`.
        place: what the pin at `latitude` and `longitude`, in degrees, is called.
        title, details: of the event in the calendar.
        starts_at, ends_at: of the event, ISO 8601 with a time zone.
    """

    kind: Kind
    label: str
    postback: str = ""
    url: str = ""
    phone: str = ""
    latitude: float | None = None
    longitude: float | None = None
    place: str = ""
    title: str = ""
    details: str = ""
    starts_at: str = ""
    ends_at: str = ""

    @property
    def data(self) -> str:
        """What goes to the provider as postback: without one, the label."""
        return self.postback or self.label


class File(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """A file that the provider fetches: a picture, a video, a PDF."""

    url: str
    thumbnail_url: str = ""


class Picture(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Picture or video at the head of a card."""

    url: str
    thumbnail_url: str = ""
    height: Height = Height.MEDIUM


class Card(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    title: str = ""
    description: str = ""
    media: Picture | None = None
    suggestions: tuple[Suggestion, ...] = ()


class Rich(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """
    The content of one message: exactly one of `text`, `cards` and `file`.

    One card stands alone, several are a carousel. `suggestions` are chips below the
    whole. `orientation` and `image_side` shape a card alone, `width` a carousel.
    """

    text: str = ""
    cards: tuple[Card, ...] = ()
    file: File | None = None
    suggestions: tuple[Suggestion, ...] = ()
    orientation: Orientation = Orientation.VERTICAL
    image_side: Side = Side.LEFT
    width: Width = Width.MEDIUM

    @property
    def is_carousel(self) -> bool:
        return len(self.cards) > 1


def load(kept: Any) -> Rich:
    """
    Read what `dump` gave, or what somebody wrote by hand.

    Raises:
        RichError: it has not the form; texts are judged by `rich_limits.problems`.
    """
    try:
        rich = msgspec.convert(kept, Rich)
    except msgspec.ValidationError as error:
        raise _plain(str(error)) from None
    given = [name for name in ("text", "cards", "file") if getattr(rich, name)]
    if not given:
        raise RichError("", "Give a text, cards or a file.")
    if len(given) > 1:
        raise RichError(
            given[1], f"There is a {given[0]} already; a message has one of them."
        )
    if len(rich.cards) > CAROUSEL[1]:
        raise RichError("cards", f"A carousel has at most {CAROUSEL[1]} cards.")
    _check_suggestions(rich.suggestions, "suggestions")
    for index, card in enumerate(rich.cards):
        _check_suggestions(card.suggestions, f"cards[{index}].suggestions")
    return rich


def dump(rich: Rich) -> dict[str, Any]:
    """Return `rich` as plain JSON without what is left as it is by default."""
    plain: dict[str, Any] = msgspec.to_builtins(rich)
    return plain


def map_texts(rich: Rich, change: Callable[[str], str]) -> Rich:
    """Put every text through `change`, in the order of `texts`; empty ones stay."""
    return _mapped(rich, "", lambda _path, text: change(text))


def texts(rich: Rich) -> Iterator[tuple[str, str]]:
    """Yield path and text of every text that is not empty."""
    found: list[tuple[str, str]] = []

    def note(path: str, text: str) -> str:
        found.append((path, text))
        return text

    _mapped(rich, "", note)
    yield from found


def has_fields(text: str) -> bool:
    """Whether a template's text can come out in another way than it stands."""
    return "{{" in text or "{%" in text or "{#" in text


def moment(text: str) -> datetime | None:
    """The time that an event's `starts_at` or `ends_at` says; None if it says none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


# Parts -----------------------------------------------------------------------

Part = TypeVar("Part", bound=Struct)


def _mapped(part: Part, path: str, change: Callable[[str, str], str]) -> Part:
    changes: dict[str, Any] = {}
    for name in part.__struct_fields__:
        value, at = getattr(part, name), f"{path}.{name}" if path else name
        if type(value) is str and value:  # not one of the few words of an enum
            changes[name] = change(at, value)
        elif isinstance(value, Struct):
            changes[name] = _mapped(value, at, change)
        elif isinstance(value, tuple) and value:
            changes[name] = tuple(
                _mapped(one, f"{at}[{index}]", change)
                for index, one in enumerate(value)
            )
    return msgspec.structs.replace(part, **changes)


def _check_suggestions(suggestions: tuple[Suggestion, ...], path: str) -> None:
    mine = {name for needed in NEEDS.values() for name in needed}
    for index, one in enumerate(suggestions):
        for name in sorted(mine - set(NEEDS[one.kind])):
            if getattr(one, name) not in ("", None):
                raise RichError(
                    f"{path}[{index}].{name}",
                    f"A suggestion of the kind {one.kind} has no {name}.",
                )
        if one.kind is Kind.VIEW_LOCATION and None in (one.latitude, one.longitude):
            raise RichError(f"{path}[{index}]", "Give latitude and longitude.")


_AT = re.compile(r" - at `\$\.?(.*)`$")
_PLAIN = (
    (re.compile(r"contains unknown field `([^`]*)`"), "There is no field “{}”."),
    (re.compile(r"missing required field `([^`]*)`"), "The field “{}” is missing."),
    (re.compile(r"Invalid enum value '(.*)'"), "“{}” is none of the possible words."),
    (re.compile(r"Expected `str"), "This must be a text."),
    (re.compile(r"Expected `float"), "This must be a number."),
    (re.compile(r"Expected `array"), "This must be a list."),
    (re.compile(r"Expected `object"), "This must be an object with named fields."),
)


def _plain(message: str) -> RichError:
    """What msgspec says, in words for people."""
    found = _AT.search(message)
    path = found[1] if found else ""
    for pattern, sentence in _PLAIN:
        if match := pattern.search(message):
            return RichError(path, sentence.format(*match.groups()))
    return RichError(path, _AT.sub("", message) + ".")
