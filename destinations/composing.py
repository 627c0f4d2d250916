"""
What a destination makes of a lead: the text, its media, its content template.

One way for the drain and for the editor's preview, so that the preview shows what is
sent and its segments are those that are counted.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from msgspec import Struct

from destinations.providers import fields
from destinations.providers.base import Content, Message
from leadrails.core.rendering import Template
from leadrails.core.segments import LONGEST_BODY, Segments, measure, smart_encode
from leadrails.core.web_address import is_web_address

MMS = "MMS"


class CannotCompose(Exception):
    """There is nothing to send, or it would be refused; says why in a sentence."""


class Composed(Struct, frozen=True):
    """`content` goes in place of text and media, which are empty then."""

    body: str
    media: tuple[str, ...] = ()
    content: Content | None = None

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
        return kept


def thaw(kept: Mapping[str, Any], **changes: Any) -> Message:
    """Make a message of what `Composed.frozen` gave, with `to` beside it."""
    content = kept.get("content")
    return Message(
        to=kept["to"],
        body=kept["body"],
        media=tuple(kept.get("media", ())),
        content=Content(content["template"], content["variables"]) if content else None,
        **changes,
    )


def compose(
    body_template: str, config: Mapping[str, str], lead: Mapping[str, Any]
) -> Composed:
    """
    Render everything that `lead`'s fields go into.

    Raises:
        TemplateError: a template is wrong, or gave too long a text.
        CannotCompose: see there.
    """
    if template := config.get(fields.CONTENT_TEMPLATE):
        return Composed("", content=Content(template, _variables(config, lead)))
    body = compiled(body_template).render(lead).strip()
    media = _media(config, lead)
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
    return Composed(body, media)


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
    is_text = not message.media and not config.get(fields.CHANNEL)
    return smart_encode(whole) if is_smart and is_text else whole


def size_of(
    message: Composed | Message,
    config: Mapping[str, str],
    verification: Mapping[str, Any],
) -> Segments | None:
    """What the message costs; None for what is not billed by segments."""
    if message.content or config.get(fields.CHANNEL):
        return None
    if message.media:
        return Segments(MMS, len(message.body), 1, None)
    return measure(as_sent(message, config, verification))


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


def _media(config: Mapping[str, str], lead: Mapping[str, Any]) -> tuple[str, ...]:
    sources = fields.lines(config.get(fields.MEDIA.name, ""))
    urls = [compiled(source).render(lead).strip() for source in sources]
    for url in filter(None, urls):
        if not is_web_address(url):
            raise CannotCompose(
                _("“%(url)s” is not a web address, so it cannot be sent as media.")
                % {"url": url[:100]}
            )
    return tuple(filter(None, urls))
