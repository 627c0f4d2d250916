"""
What a destination makes of a lead: the text, its media, its content template.

One way for the drain and for the editor's preview, so that the preview shows what is
sent and its segments are those that are counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from destinations.providers import fields
from destinations.providers.base import Content, Message
from leadrails.core.rendering import Template, TemplateError
from leadrails.core.rich import Rich, RichError, dump, load
from leadrails.core.segments import LONGEST_BODY, Segments, measure, smart_encode
from leadrails.core.web_address import is_web_address

MMS = "MMS"


class CannotCompose(Exception):
    """There is nothing to send, or it would be refused; says why in a sentence."""


class Composed(Struct, frozen=True):
    """
    What goes to one person, without an address.

    Attributes:
        content: goes in place of text and media.
        rich: what goes by RCS; text and media are then what goes when RCS does not.
        channel: a choice of the field `fields.CHANNEL`; empty for a text message.
        unfit: why the text goes in place of RCS content, in a sentence.
    """

    body: str
    media: tuple[str, ...] = ()
    content: Content | None = None
    rich: Rich | None = None
    channel: str = ""
    unfit: str = ""

    def frozen(self) -> dict[str, Any]:
        """As a job keeps it."""
        kept: dict[str, Any] = {"body": self.body}
        if self.media:
            kept["media"] = list(self.media)
        if self.content:
            kept["content"] = {
                "template": self.content.template,
                "variables": dict(self.content.variables),
            }
        if self.rich:
            kept["rich"] = dump(self.rich)
        if self.channel:
            kept["channel"] = self.channel
        if self.unfit:
            kept["unfit"] = self.unfit
        return kept


def thaw(kept: Mapping[str, Any], **changes: Any) -> Message:
    """Make a message of what `Composed.frozen` gave, with `to` beside it."""
    content, rich = kept.get("content"), kept.get("rich")
    return Message(
        to=kept["to"],
        body=kept["body"],
        media=tuple(kept.get("media", ())),
        content=Content(content["template"], content["variables"]) if content else None,
        rich=load(rich) if rich else None,
        channel=kept.get("channel", ""),
        **changes,
    )


def rich_of(kept: Mapping[str, Any]) -> Rich | None:
    """What RCS shows of what `Composed.frozen` gave; None for what has none."""
    try:
        return load(kept["rich"]) if kept.get("rich") else None
    except RichError:  # it has another form by now
        return None


def in_reserve(message: Composed | Message) -> Composed | None:
    """The text message that goes when RCS does not; None where nothing does."""
    is_there = bool(message.body or message.media)
    if message.channel != fields.RCS or not is_there:
        return None
    return Composed(message.body, message.media)


def compose(
    body_template: str,
    config: Mapping[str, str],
    lead: Mapping[str, Any],
    *,
    kind: str = "",
    rich: Mapping[str, Any] | None = None,
    content_sid: str = "",
) -> Composed:
    """
    Render everything that `lead`'s fields go into.

    Where RCS content does not fit this lead the text message goes, if there is one.

    Args:
        kind: of the provider.
        rich: the destination's RCS content, as it is kept; used if it sends by RCS.
        content_sid: under which the provider keeps it, where it does. Empty there
            makes a `content` without a template: it cannot be sent yet.

    Raises:
        TemplateError: a template is wrong, or gave too long a text.
        CannotCompose: see there.
    """
    channel = config.get(fields.CHANNEL, "")
    if template := config.get(fields.CONTENT_TEMPLATE):
        content = Content(template, _variables(config, lead))
        return Composed("", content=content, channel=channel)
    if rich and channel in fields.BY_RCS:
        from destinations.rich_composing import compose_rich

        try:
            return compose_rich(body_template, config, lead, kind, rich, content_sid)
        except (TemplateError, CannotCompose) as error:
            if channel != fields.RCS:
                raise
            return compose_text(body_template, config, lead, unfit=str(error))
    return compose_text(body_template, config, lead, channel=channel)


def compose_text(
    body_template: str,
    config: Mapping[str, str],
    lead: Mapping[str, Any],
    *,
    channel: str = "",
    unfit: str = "",
) -> Composed:
    """
    Raises:
        TemplateError, CannotCompose: as `compose`.
    """
    body = compiled(body_template).render(lead).strip()
    media = tuple(media_of(config, lambda source: compiled(source).render(lead)))
    check_text(body, media)
    return Composed(body, media, channel=channel, unfit=unfit)


def check_text(body: str, media: Sequence[str]) -> None:
    """
    Raises:
        CannotCompose: this is no text message.
    """
    if not body and not media:
        raise CannotCompose(_("The template gave an empty message."))
    if len(body) > LONGEST_BODY:
        raise CannotCompose(
            _(
                "A message has at most 1,600 characters; this one has %(count)s and"
                " would be refused."
            )
            % {"count": f"{len(body):,}"}
        )


def pieces(config: Mapping[str, str]) -> dict[str, list[str]]:
    """
    The templates among a provider's settings, by the setting's name.

    Each line is one by itself: what a lead says cannot add a line.

    Raises:
        ValueError: a line of the variables is no assignment.
    """
    return {
        fields.MEDIA.name: fields.lines(config.get(fields.MEDIA.name, "")),
        fields.VARIABLES.name: list(
            fields.assignments(config.get(fields.VARIABLES.name, "")).values()
        ),
    }


def as_sent(
    message: Composed | Message,
    config: Mapping[str, str],
    verification: Mapping[str, Any],
) -> str:
    """The text as the provider sends it on, as far as its answers told."""
    choice = config.get(fields.SMART_ENCODING, "")
    is_smart = choice == "true" or (
        not choice and verification.get("smart_encoding") is True
    )
    whole = f"{verification.get('prefix') or ''}{message.body}"
    # Nothing is gained where characters are not billed, so nothing is replaced.
    is_text = not message.media and not _has_channel(message, config)
    return smart_encode(whole) if is_smart and is_text else whole


def size_of(
    message: Composed | Message,
    config: Mapping[str, str],
    verification: Mapping[str, Any],
) -> Segments | None:
    """
    What the message costs; None for what is not billed by segments.

    Of a message by RCS nobody knows: ask what `in_reserve` costs.
    """
    if message.content or _has_channel(message, config):
        return None
    if message.media:
        return Segments(MMS, len(message.body), 1, None)
    return measure(as_sent(message, config, verification))


def _has_channel(message: Composed | Message, config: Mapping[str, str]) -> bool:
    """A plain text of a destination by RCS is the one that goes when RCS does not."""
    return bool(message.channel) or config.get(fields.CHANNEL, "") not in _TEXTS


_TEXTS = frozenset({"", *fields.BY_RCS})


@lru_cache(maxsize=2048)
def compiled(source: str) -> Template:
    return Template.compile(source)


def _variables(config: Mapping[str, str], lead: Mapping[str, Any]) -> dict[str, str]:
    sources = fields.assignments(config.get(fields.VARIABLES.name, ""))
    # Line ends are refused in what goes into a template.
    return {
        name: " ".join(compiled(source).render(lead).split())
        for name, source in sources.items()
    }


def media_of(config: Mapping[str, str], render: Callable[[str], str]) -> Iterator[str]:
    """
    Raises:
        CannotCompose: a line came out as no address.
    """
    for source in fields.lines(config.get(fields.MEDIA.name, "")):
        if not (url := render(source).strip()):
            continue
        if not is_web_address(url):
            raise CannotCompose(
                _("“%(url)s” is not a web address, so it cannot be sent as media.")
                % {"url": url[:100]}
            )
        yield url
