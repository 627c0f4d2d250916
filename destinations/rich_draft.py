"""
What somebody is writing in the RCS editor, mistakes and all.

It is read from a form whose fields are named by the paths of `leadrails.core.rich`,
and each button that adds, moves or removes a part posts that form: so the editor
works without scripts, and nothing is kept between two requests.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self, TypeVar

from leadrails.core.rich import (
    CAROUSEL,
    NEEDS,
    Card,
    File,
    Height,
    Kind,
    Orientation,
    Picture,
    Rich,
    Side,
    Suggestion,
    Width,
)
from leadrails.core.rich_limits import Limits

_ACT = re.compile(
    r"(add|remove|up|down) (?:cards\[(\d)\]\.)?(cards|suggestions)(?:\[(\d\d?)\])?"
)
DEGREES = ("latitude", "longitude")


class Shape(StrEnum):
    SAME = "same"  # the plain text goes by RCS, too
    TEXT = "text"
    CARD = "card"
    CAROUSEL = "carousel"
    FILE = "file"


@dataclass
class ChipDraft:
    kind: str = Kind.REPLY
    label: str = ""
    postback: str = ""
    url: str = ""
    phone: str = ""
    latitude: str = ""
    longitude: str = ""
    place: str = ""
    title: str = ""
    details: str = ""
    starts_at: str = ""
    ends_at: str = ""

    def built(self) -> Suggestion:
        kind = _one_of(Kind, self.kind)
        needed: dict[str, Any] = {name: getattr(self, name) for name in NEEDS[kind]}
        for name in set(DEGREES) & needed.keys():
            needed[name] = _number(needed[name])
        return Suggestion(kind=kind, label=self.label, postback=self.postback, **needed)


@dataclass
class CardDraft:
    title: str = ""
    description: str = ""
    url: str = ""
    thumbnail_url: str = ""
    height: str = Height.MEDIUM
    suggestions: list[ChipDraft] = field(default_factory=list)

    def built(self) -> Card:
        has_media = self.url or self.thumbnail_url
        media = Picture(
            url=self.url,
            thumbnail_url=self.thumbnail_url,
            height=_one_of(Height, self.height, Height.MEDIUM),
        )
        return Card(
            title=self.title,
            description=self.description,
            media=media if has_media else None,
            suggestions=tuple(chip.built() for chip in self.suggestions),
        )


@dataclass
class Draft:
    """Every shape's parts, so that changing the shape loses nothing."""

    shape: Shape = Shape.SAME
    text: str = ""
    file_url: str = ""
    file_thumbnail: str = ""
    cards: list[CardDraft] = field(default_factory=list)
    suggestions: list[ChipDraft] = field(default_factory=list)
    orientation: str = Orientation.VERTICAL
    image_side: str = Side.LEFT
    width: str = Width.MEDIUM

    def __post_init__(self) -> None:
        while len(self.cards) < CAROUSEL[0]:
            self.cards.append(CardDraft())

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Self:
        """From what a browser posts; what it does not post is empty."""

        def text(name: str) -> str:
            return form.get(name, "").replace("\r\n", "\n").replace("\0", "")

        def chips(path: str, most: int) -> list[ChipDraft]:
            found = _rows(form, f"{path}[{{}}].kind", most)
            names = [one.name for one in fields(ChipDraft)]
            return [
                ChipDraft(**{n: text(f"{path}[{i}].{n}") for n in names}) for i in found
            ]

        cards = [
            CardDraft(
                title=text(f"{at}.title"),
                description=text(f"{at}.description"),
                url=text(f"{at}.media.url").strip(),
                thumbnail_url=text(f"{at}.media.thumbnail_url").strip(),
                height=text(f"{at}.media.height"),
                suggestions=chips(f"{at}.suggestions", 10),
            )
            for i in _rows(form, "cards[{}].title", CAROUSEL[1])
            for at in [f"cards[{i}]"]
        ]
        return cls(
            shape=_one_of(Shape, form.get("shape", "")),
            text=text("text"),
            file_url=text("file.url").strip(),
            file_thumbnail=text("file.thumbnail_url").strip(),
            cards=cards,
            suggestions=chips("suggestions", 20),
            orientation=text("orientation"),
            image_side=text("image_side"),
            width=text("width"),
        )

    @classmethod
    def of(cls, rich: Rich | None) -> Self:
        if rich is None:
            return cls()
        shape = Shape.FILE if rich.file else Shape.TEXT
        if rich.cards:
            shape = Shape.CAROUSEL if rich.is_carousel else Shape.CARD
        return cls(
            shape=shape,
            text=rich.text,
            file_url=rich.file.url if rich.file else "",
            file_thumbnail=rich.file.thumbnail_url if rich.file else "",
            cards=[_card_draft(card) for card in rich.cards],
            suggestions=[_chip_draft(one) for one in rich.suggestions],
            orientation=rich.orientation,
            image_side=rich.image_side,
            width=rich.width,
        )

    def built(self, limits: Limits) -> Rich | None:
        """What would be kept; None if the plain text goes by RCS, too."""
        content: dict[str, Any] = {}
        match self.shape:
            case Shape.SAME:
                return None
            case Shape.TEXT:
                content["text"] = self.text
            case Shape.FILE:
                content["file"] = File(
                    url=self.file_url, thumbnail_url=self.file_thumbnail
                )
            case Shape.CARD:
                content["cards"] = (self.cards[0].built(),)
                content["orientation"] = _one_of(Orientation, self.orientation)
                content["image_side"] = _one_of(Side, self.image_side)
            case Shape.CAROUSEL:
                content["cards"] = tuple(card.built() for card in self.cards)
                content["width"] = _one_of(Width, self.width, Width.MEDIUM)
        chips = self.suggestions if room_below(self.shape, limits) else []
        return Rich(suggestions=tuple(chip.built() for chip in chips), **content)

    def act(self, what: str) -> str:
        """
        Add, move or remove a part, such as `up cards[1]`; the unknown does nothing.

        `kind suggestions[0].kind` asks for nothing but the fields of another kind.

        Returns what should have the focus then: the path of a field, or a button's
        act.
        """
        if what.startswith("kind "):
            return what.removeprefix("kind ")
        if not (found := _ACT.fullmatch(what)):
            return ""
        verb, card, name, number = found.groups()
        if card and int(card) >= len(self.cards):
            return ""
        holder = self.cards[int(card)] if card else self
        path = f"cards[{card}].{name}" if card else name
        parts: list[Any] = getattr(holder, name, [])
        at = int(number) if number else len(parts)
        if verb == "add":
            parts.append(CardDraft() if name == "cards" else ChipDraft())
            first = "title" if name == "cards" else "label"
            return f"{path}[{len(parts) - 1}].{first}"
        if at >= len(parts):
            return ""
        part = parts.pop(at)
        if verb == "remove":
            self.__post_init__()
            return f"add {path}"
        to = min(max(at + (1 if verb == "down" else -1), 0), len(parts))
        parts.insert(to, part)
        if to in (0, len(parts) - 1):  # its other button cannot be pressed there
            verb = "down" if to == 0 else "up"
        return f"{verb} {path}[{to}]"


def room_below(shape: Shape, limits: Limits) -> int:
    """How many suggestions may stand below the whole."""
    return {
        Shape.TEXT: limits.suggestions,
        Shape.FILE: limits.beside_file,
        Shape.CARD: limits.beside_cards,
        Shape.CAROUSEL: limits.beside_cards,
    }.get(shape, 0)


def _card_draft(card: Card) -> CardDraft:
    media = card.media or Picture(url="")
    return CardDraft(
        title=card.title,
        description=card.description,
        url=media.url,
        thumbnail_url=media.thumbnail_url,
        height=media.height,
        suggestions=[_chip_draft(one) for one in card.suggestions],
    )


def _chip_draft(one: Suggestion) -> ChipDraft:
    values = {name.name: getattr(one, name.name) for name in fields(ChipDraft)}
    for name in DEGREES:
        values[name] = "" if values[name] is None else str(values[name])
    return ChipDraft(**values)


def _rows(form: Mapping[str, str], name: str, most: int) -> Iterator[int]:
    for index in range(most):
        if name.format(index) not in form:
            return
        yield index


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


Word = TypeVar("Word", bound=StrEnum)


def _one_of(words: type[Word], value: str, default: Word | None = None) -> Word:
    """The word; for one that there is not the default, or the first of them."""
    first = default or next(iter(words))
    return next((word for word in words if word == value), first)
