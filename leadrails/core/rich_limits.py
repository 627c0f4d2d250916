"""
How much an RCS message may hold, and where one holds too much.

Google's own limits are the default, since every agent is Google's in the end; a
provider narrows them. Source: developers.google.com, RCS for Business, "Rich card
and text specifications"; the OpenAPI data of Telnyx says the same of its fields.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from leadrails.core.graphemes import clusters
from leadrails.core.optout import OptOut, read_word
from leadrails.core.rich import (
    CAROUSEL,
    Card,
    File,
    Height,
    Kind,
    Picture,
    Rich,
    Suggestion,
    Width,
    dump,
    has_fields,
    moment,
    texts,
)
from leadrails.core.web_address import is_web_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Lengths in characters, `payload` in bytes, all others in pieces.

    Attributes:
        suggestions: below a text; `beside_file` and `beside_cards`: below those.
        on_card: suggestions on a card alone.
        on_carousel_card: least and most suggestions on each card of a carousel.
        kinds: of suggestions that the provider can send.
        needs_media: whether each card must have a picture.
        has_layout: whether heights, width and orientation reach the phone.
        has_thumbnails: whether a smaller picture can be given beside each.
    """

    text: int = 3072
    title: int = 200
    description: int = 2000
    label: int = 25
    postback: int = 2048
    place: int = 100
    event_title: int = 100
    event_details: int = 500
    suggestions: int = 11
    beside_file: int = 11
    beside_cards: int = 11
    on_card: int = 4
    on_carousel_card: tuple[int, int] = (0, 4)
    cards: int = CAROUSEL[1]
    payload: int = 250_000
    kinds: frozenset[Kind] = frozenset(Kind)
    needs_media: bool = False
    has_layout: bool = True
    has_thumbnails: bool = True


GOOGLE = Limits()


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Why a message would be refused.

    Attributes:
        path: of the part at fault, as `leadrails.core.rich.texts` names it.
        position: index in that text of the first character at fault, where a
            character that people see as one begins; None if no character is.
    """

    path: str
    sentence: str
    position: int | None = None


def problems(
    rich: Rich, limits: Limits = GOOGLE, *, is_template: bool = False
) -> list[Problem]:
    """
    Return all that is wrong with a message, in the order in which people see it.

    Args:
        is_template: texts with fields in them are passed over then, since nobody
            knows how they come out; render some leads and judge the results.
    """
    judge = _Judge(limits, is_template)
    found = list(judge.message(rich))
    plain = json.dumps(dump(rich), ensure_ascii=False)
    size = len(plain.encode(errors="replace"))
    if not is_template and size > limits.payload:
        found.append(
            Problem(
                "",
                f"The whole message has {size:,} bytes; at most {limits.payload:,}"
                " are possible.",
            )
        )
    return found


def doubts(rich: Rich, limits: Limits = GOOGLE) -> list[Problem]:
    """
    Return what can be sent and yet may not be meant.

    A tap brings the words of its suggestion, and STOP is STOP however it is said. And
    what fits by its characters may be too long for Google, who says that emoji and
    letters with accents "count as 2–4 characters or more" without saying how: the doubt
    begins where a text is too long in bytes.
    """
    stops = [
        Problem(path, "Whoever taps this says STOP, and gets no more messages.")
        for path, words in texts(rich)
        if path.endswith(".label") and read_word(words) is OptOut.STOP
    ]
    judge = _Judge(limits, is_template=False, counts_bytes=True)
    sure = {problem.path for problem in problems(rich, limits)}
    long = [one for one in judge.message(rich) if one.path not in sure]
    return [*stops, *long]


def first_beyond(text: str, most: int, *, in_bytes: bool = False) -> int | None:
    """
    Return where `text` must be cut to have `most` characters; None if it fits.

    Never inside of what people see as one character.
    """
    size = len(text.encode(errors="replace")) if in_bytes else len(text)
    if size <= most:
        return None
    used = index = 0
    for cluster in clusters(text):
        used += len(cluster.encode(errors="replace")) if in_bytes else len(cluster)
        if used > most:
            break
        index += len(cluster)
    return index


@dataclass(frozen=True, slots=True)
class _Judge:
    limits: Limits
    is_template: bool
    counts_bytes: bool = False

    def message(self, rich: Rich) -> Iterator[Problem]:
        limits, most = self.limits, self.limits.suggestions
        if rich.cards:
            most = limits.beside_cards
            yield from self._cards(rich)
        elif rich.file:
            most = limits.beside_file
            yield from self._file(rich.file, "file")
        else:
            yield from self._text(rich.text, "text", limits.text, "Write the text.")
        yield from self._suggestions(rich.suggestions, "suggestions", (0, most))

    def _cards(self, rich: Rich) -> Iterator[Problem]:
        limits = self.limits
        if len(rich.cards) > limits.cards:
            sentence = f"A carousel has at most {limits.cards} cards."
            yield Problem("cards", sentence)
        bounds = limits.on_carousel_card if rich.is_carousel else (0, limits.on_card)
        for index, card in enumerate(rich.cards):
            path = f"cards[{index}]"
            yield from self._card(card, path)
            yield from self._suggestions(
                card.suggestions, f"{path}.suggestions", bounds
            )
            if limits.needs_media and card.media is None:
                sentence = "With this provider each card needs a picture."
                yield Problem(f"{path}.media.url", sentence)
            if rich.is_carousel and rich.width is Width.SMALL and _is_tall(card):
                sentence = "A small card has no room for a tall picture."
                yield Problem(f"{path}.media.height", sentence)

    def _card(self, card: Card, path: str) -> Iterator[Problem]:
        if not (card.title or card.description or card.media):
            sentence = "Give the card a title, a description or a picture."
            yield Problem(path, sentence)
        yield from self._text(card.title, f"{path}.title", self.limits.title)
        yield from self._text(
            card.description, f"{path}.description", self.limits.description
        )
        if card.media:
            yield from self._file(card.media, f"{path}.media")

    def _file(self, file: File | Picture, path: str) -> Iterator[Problem]:
        yield from self._url(file.url, f"{path}.url")
        if file.thumbnail_url and not self.limits.has_thumbnails:
            sentence = "This provider sends no smaller picture beside it."
            yield Problem(f"{path}.thumbnail_url", sentence)
        elif file.thumbnail_url:
            yield from self._url(file.thumbnail_url, f"{path}.thumbnail_url")

    def _suggestions(
        self, given: tuple[Suggestion, ...], path: str, bounds: tuple[int, int]
    ) -> Iterator[Problem]:
        least, most = bounds
        if len(given) > most:
            sentence = f"At most {most} suggestions can stand here, not {len(given)}."
            yield Problem(path, sentence if most else "No suggestions can stand here.")
        elif len(given) < least:
            sentence = f"At least {least} suggestion must stand here."
            yield Problem(path, sentence)
        for index, one in enumerate(given):
            yield from self._suggestion(one, f"{path}[{index}]")

    def _suggestion(self, one: Suggestion, path: str) -> Iterator[Problem]:
        limits = self.limits
        if one.kind not in limits.kinds:
            sentence = "This provider cannot send suggestions of this kind."
            yield Problem(f"{path}.kind", sentence)
        yield from self._text(
            one.label, f"{path}.label", limits.label, "Say what stands on it."
        )
        yield from self._text(one.postback, f"{path}.postback", limits.postback)
        match one.kind:
            case Kind.OPEN_URL:
                yield from self._url(one.url, f"{path}.url")
            case Kind.DIAL:
                yield from self._phone(one.phone, f"{path}.phone")
            case Kind.VIEW_LOCATION:
                yield from self._place(one, path)
            case Kind.CALENDAR:
                yield from self._event(one, path)

    def _place(self, one: Suggestion, path: str) -> Iterator[Problem]:
        for name, most in (("latitude", 90), ("longitude", 180)):
            degrees = getattr(one, name)
            if degrees is None or not -most <= degrees <= most:
                sentence = f"The {name} is a number from -{most} to {most}."
                yield Problem(f"{path}.{name}", sentence)
        yield from self._text(one.place, f"{path}.place", self.limits.place)

    def _event(self, one: Suggestion, path: str) -> Iterator[Problem]:
        limits = self.limits
        yield from self._text(
            one.title, f"{path}.title", limits.event_title, "Name the event."
        )
        yield from self._text(one.details, f"{path}.details", limits.event_details)
        times = {}
        for name in ("starts_at", "ends_at"):
            text = getattr(one, name)
            if self._is_open(text):
                continue
            times[name] = moment(text)
            if times[name] is None:
                yield Problem(
                    f"{path}.{name}",
                    "Write day, time and time zone, like 2026-05-04T15:00:00-05:00.",
                    0 if text else None,
                )
        start, end = times.get("starts_at"), times.get("ends_at")
        if start and end and end <= start:
            yield Problem(f"{path}.ends_at", "It ends before it begins.", 0)

    def _text(
        self, text: str, path: str, most: int, if_empty: str = ""
    ) -> Iterator[Problem]:
        if self._is_open(text):
            return
        if if_empty and not text.strip():
            yield Problem(path, if_empty)
        at = first_beyond(text, most, in_bytes=self.counts_bytes)
        if at is None:
            return
        if self.counts_bytes:
            sentence = (
                f"Google counts emoji and accented letters as 2 to 4 characters, so"
                f" this may be more than {most:,}."
            )
        else:
            sentence = f"{len(text):,} characters; at most {most:,} are possible."
        yield Problem(path, sentence, at)

    def _url(self, url: str, path: str) -> Iterator[Problem]:
        if self._is_open(url) or is_web_address(url):
            return
        if not url:
            yield Problem(path, "Give its address.")
            return
        space = re.search(r"\s", url)
        sentence = "This is not a web address, such as https://example.com/a.jpg."
        yield Problem(path, sentence, space.start() if space else 0)

    def _phone(self, phone: str, path: str) -> Iterator[Problem]:
        if self._is_open(phone) or re.fullmatch(r"\+[1-9][0-9]{6,14}", phone):
            return
        known = re.match(r"(\+([1-9][0-9]{0,14})?)?", phone)
        at = known.end() if known else 0
        yield Problem(
            path,
            "Write the number with + and country code, such as +15125550100.",
            at if at < len(phone) else None,
        )

    def _is_open(self, text: str) -> bool:
        return self.is_template and has_fields(text)


def _is_tall(card: Card) -> bool:
    return card.media is not None and card.media.height is Height.TALL
