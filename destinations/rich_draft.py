"""
What somebody is writing in the RCS editor, mistakes and all.

It is read from a form whose fields are named by the paths of `leadrails.core.rich`,
and each button that opens, adds, moves or removes a part posts that form: so the
editor works without scripts, and nothing is kept between two requests.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from destinations.rich_parts import (
    CardDraft,
    ChipDraft,
    Form,
    Part,
    one_of,
    read_parts,
    typed,
)
from leadrails.core.rich import CAROUSEL, File, Orientation, Rich, Side, Width
from leadrails.core.rich_limits import Limits

FEW = 6  # cards and suggestions that are open all at once
_ACT = re.compile(
    r"(add|remove|up|down) (?:cards\[(\d)\]\.)?(cards|suggestions)(?:\[(\d\d?)\])?"
)


class Shape(StrEnum):
    SAME = "same"  # the plain text goes by RCS, too
    TEXT = "text"
    CARD = "card"
    CAROUSEL = "carousel"
    FILE = "file"


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
    def read(cls, form: Form) -> Self:
        """From what a browser posts; what it does not post is empty."""
        return cls(
            shape=one_of(Shape, form.get("shape", "")),
            text=typed(form, "text"),
            file_url=typed(form, "file.url").strip(),
            file_thumbnail=typed(form, "file.thumbnail_url").strip(),
            cards=read_parts(form, "cards", CAROUSEL[1], CardDraft),
            suggestions=read_parts(form, "suggestions", 20, ChipDraft),
            orientation=typed(form, "orientation"),
            image_side=typed(form, "image_side"),
            width=typed(form, "width"),
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
            cards=[CardDraft.of(card) for card in rich.cards],
            suggestions=[ChipDraft.of(one) for one in rich.suggestions],
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
                content["orientation"] = one_of(Orientation, self.orientation)
                content["image_side"] = one_of(Side, self.image_side)
            case Shape.CAROUSEL:
                content["cards"] = tuple(card.built() for card in self.cards)
                content["width"] = one_of(Width, self.width, Width.MEDIUM)
        chips = self.suggestions if room_below(self.shape, limits) else []
        return Rich(suggestions=tuple(chip.built() for chip in chips), **content)

    def act(self, what: str) -> str:
        """
        Add, move or remove a part, such as `up cards[1]`; the unknown does nothing.

        `open suggestions[0].kind` asks for nothing but that field.

        Returns what should have the focus then: the path of a field, or a button's
        act.
        """
        if what.startswith("open "):
            return field_at(what.removeprefix("open "))
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
            return field_at(f"{path}[{len(parts) - 1}]")
        if at >= len(parts):
            return ""
        part = parts.pop(at)
        if verb == "remove":
            self.__post_init__()
            if part.is_open and parts:
                parts[min(at, len(parts) - 1)].is_open = True
            return f"add {path}"
        to = min(max(at + (1 if verb == "down" else -1), 0), len(parts))
        parts.insert(to, part)
        if to in (0, len(parts) - 1):  # its other button cannot be pressed there
            verb = "down" if to == 0 else "up"
        return f"{verb} {path}[{to}]"

    def fold(self, focus: str = "") -> None:
        """
        Leave few parts all open, and of many one in each list.

        It is the one with `focus` in it, as `act` returns it, else the one that was
        open, else the first.
        """
        lists: dict[str, Sequence[Part]] = {"cards": self.cards}
        lists["suggestions"] = self.suggestions
        for at, card in enumerate(self.cards):
            lists[f"cards[{at}].suggestions"] = card.suggestions
        is_few = sum(map(len, lists.values())) <= FEW
        path_of_focus = focus.rpartition(" ")[2]
        for path, parts in lists.items():
            here = [
                part
                for at, part in enumerate(parts)
                if path_of_focus.startswith(f"{path}[{at}]")
            ]
            open_ones = [part for part in parts if part.is_open]
            chosen = next(iter([*here, *open_ones, *parts]), None)
            if parts is self.cards and self.shape is Shape.CARD:
                chosen = parts[0]  # no other is seen
            for part in parts:
                part.is_open = is_few or part is chosen


def room_below(shape: Shape, limits: Limits) -> int:
    """How many suggestions may stand below the whole."""
    return {
        Shape.TEXT: limits.suggestions,
        Shape.FILE: limits.beside_file,
        Shape.CARD: limits.beside_cards,
        Shape.CAROUSEL: limits.beside_cards,
    }.get(shape, 0)


def field_at(path: str) -> str:
    """The field, or the act of the button, where one goes on with a part or list."""
    if re.fullmatch(r"cards\[\d\]", path):
        return f"{path}.{CardDraft.first}"
    if re.search(r"suggestions\[\d\d?\]$", path):
        return f"{path}.label"
    return f"add {path}" if path.endswith(("cards", "suggestions")) else path
