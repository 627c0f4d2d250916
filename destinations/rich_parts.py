"""
The parts of what somebody is writing in the RCS editor: cards and suggestions.

An open part is posted field by field, named by the paths of `leadrails.core.rich`. A
closed one is posted as a whole, as the page carries it out of sight.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec
from django.utils.safestring import SafeString, mark_safe
from msgspec import Meta, Struct

from leadrails.core.rich import NEEDS, Card, Height, Kind, Picture, Suggestion

DEGREES = ("latitude", "longitude")
_MOST_ON_CARD = 10  # suggestions that are read
# So that it ends no element of the page, wherever it stands: as `json_script` does.
_ESCAPED = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}

Text = Annotated[str, Meta(pattern=r"^[^\x00]*$")]
Form = Mapping[str, str]


class Part(Struct, omit_defaults=True):
    """`is_open`: whether its fields are on the page."""

    first: ClassVar[str]  # the field that every open part posts

    is_open: bool = False

    @classmethod
    def thaw(cls, kept: str) -> Self:
        """What `kept` gave; an empty part for what it did not."""
        try:
            return msgspec.json.decode(kept.encode(), type=cls)
        except (msgspec.DecodeError, UnicodeError):
            return cls()

    def kept(self) -> SafeString:
        """All of it as one text that can stand in a page."""
        text = msgspec.json.encode(self).decode().translate(_ESCAPED)
        return mark_safe(text)  # noqa: S308


class ChipDraft(Part):
    first = "kind"

    kind: Text = Kind.REPLY
    label: Text = ""
    postback: Text = ""
    url: Text = ""
    phone: Text = ""
    latitude: Text = ""
    longitude: Text = ""
    place: Text = ""
    title: Text = ""
    details: Text = ""
    starts_at: Text = ""
    ends_at: Text = ""

    @classmethod
    def read(cls, form: Form, path: str) -> Self:
        names = [name for name in cls.__struct_fields__ if name != "is_open"]
        values = {name: typed(form, f"{path}.{name}") for name in names}
        return cls(is_open=True, **values)

    @classmethod
    def of(cls, one: Suggestion) -> Self:
        values = {name: getattr(one, name) for name in one.__struct_fields__}
        for name in DEGREES:
            values[name] = "" if values[name] is None else str(values[name])
        return cls(**values)

    def built(self) -> Suggestion:
        kind = one_of(Kind, self.kind)
        needed: dict[str, Any] = {name: getattr(self, name) for name in NEEDS[kind]}
        for name in set(DEGREES) & needed.keys():
            needed[name] = _number(needed[name])
        return Suggestion(kind=kind, label=self.label, postback=self.postback, **needed)


class CardDraft(Part):
    first = "title"

    title: Text = ""
    description: Text = ""
    url: Text = ""
    thumbnail_url: Text = ""
    height: Text = Height.MEDIUM
    suggestions: Annotated[list[ChipDraft], Meta(max_length=_MOST_ON_CARD)] = []

    @classmethod
    def read(cls, form: Form, path: str) -> Self:
        return cls(
            is_open=True,
            title=typed(form, f"{path}.title"),
            description=typed(form, f"{path}.description"),
            url=typed(form, f"{path}.media.url").strip(),
            thumbnail_url=typed(form, f"{path}.media.thumbnail_url").strip(),
            height=typed(form, f"{path}.media.height"),
            suggestions=read_parts(
                form, f"{path}.suggestions", _MOST_ON_CARD, ChipDraft
            ),
        )

    @classmethod
    def of(cls, card: Card) -> Self:
        media = card.media or Picture(url="")
        return cls(
            title=card.title,
            description=card.description,
            url=media.url,
            thumbnail_url=media.thumbnail_url,
            height=media.height,
            suggestions=[ChipDraft.of(one) for one in card.suggestions],
        )

    def built(self) -> Card:
        has_media = self.url or self.thumbnail_url
        media = Picture(
            url=self.url,
            thumbnail_url=self.thumbnail_url,
            height=one_of(Height, self.height, Height.MEDIUM),
        )
        return Card(
            title=self.title,
            description=self.description,
            media=media if has_media else None,
            suggestions=tuple(chip.built() for chip in self.suggestions),
        )


SomePart = TypeVar("SomePart", CardDraft, ChipDraft)


def read_parts(
    form: Form, path: str, most: int, kind: type[SomePart]
) -> list[SomePart]:
    """The parts of a list as a browser posts them, up to the first that it does not."""
    found: list[SomePart] = []
    for here in (f"{path}[{at}]" for at in range(most)):
        if here in form:
            found.append(kind.thaw(form[here]))
        elif f"{here}.{kind.first}" in form:
            found.append(kind.read(form, here))
        else:
            break
    return found


def typed(form: Form, name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").replace("\0", "")


Word = TypeVar("Word", bound=StrEnum)


def one_of(words: type[Word], value: str, default: Word | None = None) -> Word:
    """The word; for one that there is not the default, or the first of them."""
    first = default or next(iter(words))
    return next((word for word in words if word == value), first)


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
