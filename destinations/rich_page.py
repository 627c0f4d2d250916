"""What the RCS editor asks for, in the order in which its page draws it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from destinations.rich_boxes import Box, Button, Choice, Editor, Group, Item, Words
from destinations.rich_draft import Draft, Shape, field_at, room_below
from destinations.rich_parts import CardDraft, ChipDraft, Part
from destinations.rich_preview import Shown
from leadrails.core.rich import CAROUSEL, Height, Kind, Orientation, Side, Width
from leadrails.core.rich_limits import Limits

SHAPES: tuple[tuple[Shape, Words, str], ...] = (
    (Shape.SAME, _("Same text"), "copy"),
    (Shape.TEXT, _("Text"), "destinations"),
    (Shape.CARD, _("Card"), "card"),
    (Shape.CAROUSEL, _("Carousel"), "cards"),
    (Shape.FILE, _("File"), "file"),
)
KINDS: dict[Kind, Words] = {
    Kind.REPLY: _("Reply"),
    Kind.OPEN_URL: _("Open a link"),
    Kind.DIAL: _("Call a number"),
    Kind.VIEW_LOCATION: _("Show a place"),
    Kind.SHARE_LOCATION: _("Ask for a location"),
    Kind.CALENDAR: _("Add to the calendar"),
}
# Fields of a suggestion: label, name of the limit, example, of which kind.
_CHIP_FIELDS: dict[str, tuple[Words, str, str, Kind | None]] = {
    "label": (_("Label"), "label", "", None),
    "url": (_("Web address"), "", "https://example.com/book", Kind.OPEN_URL),
    "phone": (_("Number"), "", "+15125550100", Kind.DIAL),
    "latitude": (_("Latitude"), "", "30.2672", Kind.VIEW_LOCATION),
    "longitude": (_("Longitude"), "", "-97.7431", Kind.VIEW_LOCATION),
    "place": (_("Name of the place"), "place", "", Kind.VIEW_LOCATION),
    "title": (_("Event"), "event_title", "", Kind.CALENDAR),
    "starts_at": (_("Begin"), "", "2026-05-04T15:00:00-05:00", Kind.CALENDAR),
    "ends_at": (_("End"), "", "2026-05-04T16:00:00-05:00", Kind.CALENDAR),
    "details": (_("Details"), "event_details", "", Kind.CALENDAR),
    "postback": (_("What comes back"), "postback", "", None),
}
_OPTIONAL = {"postback", "place", "details"}


def editor(
    draft: Draft, limits: Limits, shown: Shown | None, focus: str = "", *, strict: bool
) -> Editor:
    """
    Args:
        shown: the preview, which knows what is wrong; None if there is none.
        focus: the field or button to go on with.
        strict: whether what is merely missing yet is told, too.
    """
    drawer = _Drawer(draft, limits, shown, focus, strict=strict)
    below = [shape for shape in Shape if room_below(shape, limits)]
    return Editor(
        shape=draft.shape,
        shapes=SHAPES,
        boxes=[
            drawer.box("text", _("Text"), draft.text, limits.text, 5, "for-text"),
            drawer.url(
                "file.url", _("Address of the file"), draft.file_url, "for-file"
            ),
            *drawer.thumbnail("file.thumbnail_url", draft.file_thumbnail, "for-file"),
        ],
        layout=list(drawer.layout()) if limits.has_layout else [],
        cards=drawer.cards(),
        suggestions=drawer.chips(
            draft.suggestions,
            "suggestions",
            max((room_below(shape, limits) for shape in below), default=0),
            " ".join(f"for-{shape}" for shape in below),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Drawer:
    draft: Draft
    limits: Limits
    shown: Shown | None
    focus: str
    strict: bool = field(kw_only=True)

    def box(
        self,
        path: str,
        label: Words,
        value: str,
        most: int = 0,
        rows: int = 1,
        only: str = "",
        *,
        example: str = "",
        help: Words = "",  # noqa: A002
        is_optional: bool = False,
    ) -> Box:
        text = self.shown.values.get(path, "") if self.shown else ""
        problem = self.shown.problems.get(path) if self.shown else None
        doubt = self.shown.doubts.get(path) if self.shown else None
        is_told = problem and (self.strict or value)
        at = (problem if is_told else None) or doubt
        return Box(
            path,
            label,
            value,
            size=len(text),
            most=most,
            rows=rows,
            only=only,
            example=example,
            help=help,
            is_optional=is_optional,
            has_focus=path == self.focus,
            problem=problem.sentence if problem and is_told else "",
            doubt=doubt.sentence if doubt and not problem else "",
            text=text,
            position=at.position if at else None,
        )

    def url(self, path: str, label: Words, value: str, only: str = "") -> Box:
        example = "https://example.com/photo.jpg"
        return self.box(path, label, value, only=only, example=example)

    def thumbnail(self, path: str, value: str, only: str = "") -> Iterator[Box]:
        if self.limits.has_thumbnails:
            yield self.box(
                path,
                _("Smaller picture"),
                value,
                only=only,
                example="https://example.com/small.jpg",
                help=_("Shown until the whole is loaded; at most 100 kB."),
                is_optional=True,
            )

    def layout(self) -> Iterator[Choice]:
        vertical = ((Orientation.VERTICAL, _("Above the words")),)
        beside = ((Orientation.HORIZONTAL, _("Beside the words")),)
        sides = ((Side.LEFT, _("Left")), (Side.RIGHT, _("Right")))
        widths = ((Width.SMALL, _("Small")), (Width.MEDIUM, _("Medium")))
        draft = self.draft
        yield Choice(
            "orientation",
            _("Picture"),
            (*vertical, *beside),
            draft.orientation,
            "for-card",
        )
        yield Choice("image_side", _("Side"), sides, draft.image_side, "for-beside")
        yield Choice("width", _("Width of cards"), widths, draft.width, "for-carousel")

    def cards(self) -> Group:
        cards, most = self.draft.cards, self.limits.cards
        items = [self._card(card, at, len(cards)) for at, card in enumerate(cards)]
        return Group(
            "cards",
            items,
            self._add("cards", _("Add a card"), is_off=len(cards) >= most),
            most,
            self._said("cards"),
            "for-card for-carousel",
        )

    def _card(self, card: CardDraft, at: int, count: int) -> Item:
        path, limits = f"cards[{at}]", self.limits
        media = f"{path}.media"
        boxes = [
            self.box(f"{path}.title", _("Title"), card.title, limits.title),
            self.box(
                f"{path}.description",
                _("Description"),
                card.description,
                limits.description,
                3,
            ),
            self.url(f"{media}.url", _("Address of the picture"), card.url),
            *self.thumbnail(f"{media}.thumbnail_url", card.thumbnail_url),
        ]
        choices = []
        if limits.has_layout:
            heights = (
                (Height.SHORT, _("Short")),
                (Height.MEDIUM, _("Medium")),
                (Height.TALL, _("Tall")),
            )
            name = f"{media}.height"
            label = _("Height of the picture")
            choices.append(
                Choice(name, label, heights, card.height, "", self._said(name))
            )
        most = limits.on_card
        if self.draft.shape is Shape.CAROUSEL:
            most = limits.on_carousel_card[1]
        item = Item(
            path,
            at + 1,
            boxes,
            choices,
            self._moves(path, at, count, may_remove=count > CAROUSEL[0]),
            words=card.title or card.description or card.url,
            problem=self._said(path, f"{path}.media") if self.strict else "",
            inside=self.chips(card.suggestions, f"{path}.suggestions", most),
        )
        return self._folded(item, card)

    def chips(
        self, chips: Sequence[ChipDraft], path: str, most: int, only: str = ""
    ) -> Group:
        items = [
            self._chip(chip, path, at, len(chips)) for at, chip in enumerate(chips)
        ]
        is_full = len(chips) >= most
        add = self._add(path, _("Add a suggestion"), is_off=is_full)
        return Group(path, items, add, most, self._said(path), only)

    def _chip(self, chip: ChipDraft, path: str, at: int, count: int) -> Item:
        path = f"{path}[{at}]"
        boxes, aside = [], []
        for name, (label, limit, example, kind) in _CHIP_FIELDS.items():
            if kind and kind != chip.kind:
                if getattr(chip, name):
                    aside.append((f"{path}.{name}", getattr(chip, name)))
                continue
            most = getattr(self.limits, limit) if limit else 0
            boxes.append(
                self.box(
                    f"{path}.{name}",
                    label,
                    getattr(chip, name),
                    most,
                    example=example,
                    is_optional=name in _OPTIONAL,
                )
            )
        kinds = [
            (kind, word) for kind, word in KINDS.items() if kind in self.limits.kinds
        ]
        name = f"{path}.kind"
        choice = Choice(
            name,
            _("When tapped"),
            kinds,
            chip.kind,
            problem=self._said(name),
            act=f"open {name}",
            has_focus=self.focus == name,
        )
        item = Item(
            path,
            at + 1,
            boxes,
            [choice],
            self._moves(path, at, count),
            aside,
            words=chip.label,
        )
        return self._folded(item, chip)

    def _folded(self, item: Item, part: Part) -> Item:
        if part.is_open:
            return item
        return item.closed(part.kept(), f"open {field_at(item.path)}")

    def _moves(
        self, path: str, at: int, count: int, *, may_remove: bool = True
    ) -> list[Button]:
        acts = (
            ("up", "arrow-up", _("Move up"), at == 0),
            ("down", "arrow-down", _("Move down"), at == count - 1),
            ("remove", "trash", _("Remove"), not may_remove),
        )
        return [
            Button(
                f"{verb} {path}", icon, label, is_off, self.focus == f"{verb} {path}"
            )
            for verb, icon, label, is_off in acts
        ]

    def _add(self, path: str, label: Words, *, is_off: bool) -> Button:
        act = f"add {path}"
        return Button(act, "plus", label, is_off, self.focus == act)

    def _said(self, *paths: str) -> str:
        found: Iterable[str] = (
            self.shown.problems[path].sentence
            for path in paths
            if self.shown and path in self.shown.problems
        )
        return next(iter(found), "")
