"""The parts that the page of the RCS editor draws."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.utils.functional import Promise

from destinations.rich_draft import Shape

Words = str | Promise

_SHORT = 200  # characters
_WIDE = {
    "url",
    "phone",
    "place",
    "title",
    "details",
    "starts_at",
    "ends_at",
    "postback",
}


@dataclass(frozen=True, slots=True)
class Box:
    """
    A field for text.

    Attributes:
        path: its name in the form.
        size: characters of what came out for the lead in the preview.
        most: of them; 0 if nobody says.
        only: CSS class that says with which choice it is seen.
    """

    path: str
    label: Words
    value: str
    size: int = 0
    most: int = 0
    rows: int = 1
    example: str = ""
    only: str = ""
    help: Words = ""
    is_optional: bool = False
    has_focus: bool = False
    problem: str = ""
    doubt: str = ""
    text: str = ""
    position: int | None = None

    @property
    def id(self) -> str:
        return id_of(self.path)

    @property
    def is_counted(self) -> bool:
        """Whether the count is worth showing: hardly anybody writes long postbacks."""
        return 0 < self.most <= _SHORT or self.size * 2 > self.most > 0

    @property
    def is_wide(self) -> bool:
        """Whether it takes a whole line among the fields of a suggestion."""
        return self.path.rpartition(".")[2] in _WIDE


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; `only` as for a box. `act` is done when it changes."""

    path: str
    label: Words
    options: Sequence[tuple[str, Words]]
    value: str
    only: str = ""
    problem: str = ""
    act: str = ""
    has_focus: bool = False

    @property
    def id(self) -> str:
        return id_of(self.path)


@dataclass(frozen=True, slots=True)
class Button:
    act: str
    icon: str
    label: Words
    is_off: bool = False
    has_focus: bool = False

    @property
    def keys(self) -> str:
        """What static/js/rich.js does the same upon."""
        verb = self.act.partition(" ")[0]
        return {"up": "Alt+ArrowUp", "down": "Alt+ArrowDown"}.get(verb, "")


@dataclass(frozen=True, slots=True)
class Item:
    """
    A card or a suggestion: what is in it, and the buttons that move it.

    Attributes:
        aside: names and values of what another kind asked for, kept out of sight.
        words: by which a person knows it again.
        kept: all of it, to be carried out of sight while it is closed; else empty.
        opens: the act that opens it then.
    """

    path: str
    number: int
    boxes: list[Box]
    choices: list[Choice]
    buttons: list[Button]
    aside: Sequence[tuple[str, str]] = ()
    words: str = ""
    kept: str = ""
    opens: str = ""
    problem: str = ""
    doubt: str = ""
    inside: "Group | None" = None

    @property
    def id(self) -> str:
        return id_of(self.path)

    def closed(self, kept: str, opens: str) -> "Item":
        """The same with the first of all that is wrong in it."""
        problems, doubts = zip(*self._told(), strict=True)
        return replace(
            self,
            kept=kept,
            opens=opens,
            problem=next(filter(None, problems), ""),
            doubt=next(filter(None, doubts), ""),
        )

    def _told(self) -> Iterator[tuple[str, str]]:
        """The problem and the doubt about each part of it."""
        yield self.problem, self.doubt
        yield from ((box.problem, box.doubt) for box in self.boxes)
        yield from ((choice.problem, "") for choice in self.choices)
        if self.inside:
            yield self.inside.problem, ""
            for item in self.inside.items:
                yield from item._told()


@dataclass(frozen=True, slots=True)
class Group:
    """Cards or suggestions, and the button that adds one."""

    path: str
    items: list[Item]
    add: Button
    most: int
    problem: str = ""
    only: str = ""

    def all_boxes(self) -> Iterator[Box | Item]:
        for item in self.items:
            if item.kept:
                yield item
                continue
            yield from item.boxes
            if item.inside:
                yield from item.inside.all_boxes()


@dataclass(frozen=True, slots=True)
class Editor:
    shape: Shape
    shapes: Sequence[tuple[Shape, Words, str]]
    boxes: list[Box]
    layout: list[Choice]
    cards: Group
    suggestions: Group

    def all_boxes(self) -> Iterator[Box | Item]:
        """Fields and closed parts: what is told of each changes while one types."""
        yield from self.boxes
        for group in (self.cards, self.suggestions):
            yield from group.all_boxes()


def id_of(path: str) -> str:
    """The id of a field by its path, also for links to it."""
    return f"r-{re.sub(r'[^a-z0-9_]+', '-', path).strip('-')}"
