"""
What a person wrote to us, in words that are the same for every provider.

All of it comes from the wire: nothing here is trusted to be short, true or harmless.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from leadrails.core.optout import OptOut


class Kind(StrEnum):
    TEXT = "text"
    MEDIA = "media"
    LOCATION = "location"
    BUTTON = "button"  # a tap on a button or a suggested reply
    OTHER = "other"


class NotInbound(ValueError):
    """The request is no message from a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A file that came with a message; a thumbnail shows the one before it."""

    url: str
    content_type: str = ""
    name: str = ""
    size: int | None = None
    is_thumbnail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Degrees, as the person shared them."""

    latitude: float
    longitude: float
    address: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`payload` is what the message that had the button gave it to say."""

    text: str = ""
    payload: str = ""
    type: str = ""


def kind_of(
    words: str,
    media: tuple[Media, ...],
    location: Location | None,
    button: Button | None,
) -> Kind:
    if location:
        return Kind.LOCATION
    if button:
        return Kind.BUTTON
    if media:
        return Kind.MEDIA
    return Kind.TEXT if words else Kind.OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """
    A message from a person.

    Attributes:
        channel: `sms`, `mms`, `rcs`, `whatsapp`: what it came over.
        sender: the person's address as it came; `phone` its E.164 number, or empty.
        recipient: which of our numbers or names it was sent to.
        service: the pool of senders that this belongs to, if any.
        opt_out: what it means by the provider's words and ours. `is_answered`: the
            provider has answered the person itself and says so. `needs_answer`: it
            leaves that to us.
        answers: the provider's id of the message that it is a reply to, if told.
        error_code: why the provider had to post it to us a second time.
        raw: all that came, by the provider's names.
    """

    provider_id: str
    channel: str
    sender: str = field(repr=False)
    phone: str = field(default="", repr=False)
    recipient: str = ""
    service: str = ""
    kind: Kind = Kind.TEXT
    body: str = field(default="", repr=False)
    media: tuple[Media, ...] = field(default=(), repr=False)
    location: Location | None = field(default=None, repr=False)
    button: Button | None = field(default=None, repr=False)
    opt_out: OptOut | None = None
    is_answered: bool = False
    needs_answer: bool = False
    answers: str = ""
    error_code: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class InboundAnswer:
    """What the provider's request is answered with."""

    content_type: str
    body: str
