"""
RCS content as Twilio keeps it: content templates, made and deleted.

Source: www.twilio.com/docs/content/twiliocard, .../carousel and the Content API. The
classes of Twilio's library drop a card's body, so the JSON is posted as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from destinations.providers.answers import Answer, refusal
from destinations.providers.base import Message
from destinations.providers.fields import (
    BY_RCS,
    CHANNEL,
    CONTENT_TEMPLATE,
    FALLBACK,
    LEADRAILS,
    MEDIA,
    RCS,
    lines,
)
from destinations.providers.kept import NOTHING_TO_SEE, Kept, Numbering, values
from destinations.providers.twilio_verification import url_of
from leadrails.core.delivery import ContentGone, OutcomeUnknown, Refused
from leadrails.core.rich import Card, Kind, Rich, Suggestion, map_texts

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

SID = re.compile(r"HX[0-9a-fA-F]{32}")
NO_SUCH_CONTENT = "21655"
LANGUAGE = "en"  # it only tells apart versions of one name, and there is one
Json = dict[str, Any]


def kept(rich: Rich, body: str, media: Sequence[str], *, has_reserve: bool) -> Kept:
    """
    Args:
        body, media: templates of the text message in reserve.
    """
    numbering = Numbering()
    types = _shown(map_texts(rich, numbering.write))
    if has_reserve:
        # Whatever a template has besides is richer, so by RCS this is never shown.
        links = [numbering.write(link) for link in media]
        text = {"body": numbering.write(body)}
        if links and not rich.file:
            types["twilio/media"] = text | {"media": links}
        else:
            types["twilio/text"] = text
    return Kept(types, numbering.variables)


ONE_TEXT = (
    "Twilio sends a text without suggestions alike by RCS and as a text message. Add a"
    " suggestion, or let the text message itself go by RCS."
)
TWO_CONTENTS = (
    "A content template of the Twilio Console is entered for this destination, and goes"
    " in place of this message. Empty one of the two."
)


def problem(rich: Rich, config: Mapping[str, str]) -> str:
    """Why Twilio cannot send it with these settings; empty if it can."""
    if config.get(CONTENT_TEMPLATE):
        return TWO_CONTENTS
    is_by_twilio = config.get(FALLBACK.name) != LEADRAILS
    is_alike = config.get(CHANNEL) == RCS and is_by_twilio
    return ONE_TEXT if is_alike and not is_needed(rich) else ""


def of_config(rich: Rich, body: str, config: Mapping[str, str]) -> Kept | None:
    """What is to be kept of a destination's content; None if all goes each time."""
    channel = config.get(CHANNEL)
    if channel not in BY_RCS or config.get(CONTENT_TEMPLATE) or not is_needed(rich):
        return None
    is_ours = config.get(FALLBACK.name) == LEADRAILS
    media = lines(config.get(MEDIA.name, ""))
    return kept(rich, body, media, has_reserve=channel == RCS and not is_ours)


def is_needed(rich: Rich) -> bool:
    """A bare text goes with each message."""
    return bool(rich.cards or rich.file or rich.suggestions)


def _shown(rich: Rich) -> Json:
    if rich.file:
        return {"twilio/media": {"media": [rich.file.url]}}
    if rich.is_carousel:
        cards = [_carousel_card(card) for card in rich.cards]
        # A carousel must have a text; by RCS it is not shown.
        return {"twilio/carousel": {"body": NOTHING_TO_SEE, "cards": cards}}
    if rich.cards:
        return {"twilio/card": _card(rich.cards[0])}
    return {"twilio/card": {"body": rich.text, "actions": _actions(rich.suggestions)}}


def _card(card: Card) -> Json:
    given = {
        "title": card.title,
        "body": card.description,
        "media": [card.media.url] if card.media else [],
        "actions": _actions(card.suggestions),
    }
    return {name: value for name, value in given.items() if value}


def _carousel_card(card: Card) -> Json:
    """Its text is asked for, its title is not."""
    texts = {"title": card.title, "body": card.description}
    if not card.description:
        texts = {"body": card.title or NOTHING_TO_SEE}
    link = card.media.url if card.media else ""
    actions = _actions(card.suggestions)
    return {k: v for k, v in texts.items() if v} | {"media": link, "actions": actions}


_TYPES = {
    Kind.REPLY: "QUICK_REPLY",
    Kind.OPEN_URL: "URL",
    Kind.DIAL: "PHONE_NUMBER",
}


def _actions(suggestions: Sequence[Suggestion]) -> list[Json]:
    """With an id, Twilio says which of them was tapped."""
    return [
        {"type": _TYPES[one.kind], "title": one.label, "id": one.data}
        | ({"url": one.url} if one.url else {})
        | ({"phone": one.phone} if one.phone else {})
        for one in suggestions
        if one.kind in _TYPES
    ]


async def create(
    provider: TwilioSMS,
    name: str,
    content: Kept,
    sample_of: Callable[[str], str],
    http: ProviderSession,
) -> str:
    """
    Make a template and return its SID.

    Args:
        sample_of: what a variable's source may come out as; Twilio looks at addresses.

    Raises:
        SendError: it was refused, or nothing is known.
    """
    payload = {
        "friendly_name": name,
        "language": LANGUAGE,
        "variables": values(content.variables, sample_of),
        "types": content.types,
    }
    answer = await http.post_json(_url(provider), payload, auth=provider.auth)
    _check(provider, answer)
    sid = answer.body.get("sid")
    if not isinstance(sid, str) or not SID.fullmatch(sid):
        raise OutcomeUnknown("the provider's answer names no template")
    return sid


async def is_there(provider: TwilioSMS, sid: str, http: ProviderSession) -> bool:
    """
    Raises:
        SendError: nothing is known.
    """
    answer = await http.get_json(_url(provider, sid), auth=provider.auth)
    if answer.status == 404:
        return False
    _check(provider, answer)
    return True


def or_gone(refused: Refused, message: Message) -> Refused:
    """A refusal, told apart where somebody deleted a template of ours."""
    is_ours = message.rich is not None  # who made one in the Console minds it
    if is_ours and message.content and refused.code == NO_SUCH_CONTENT:
        return ContentGone(refused, message.content.template)
    return refused


async def delete(provider: TwilioSMS, sid: str, http: ProviderSession) -> None:
    """
    Raises:
        SendError: it was refused, or nothing is known.
    """
    answer = await http.delete(_url(provider, sid), auth=provider.auth)
    if answer.status != 404:  # somebody did it before
        _check(provider, answer)


def _check(provider: TwilioSMS, answer: Answer) -> None:
    if answer.is_client_error:
        raise refusal(provider.kind, answer)


def _url(provider: TwilioSMS, sid: str = "") -> str:
    """Templates have a host of their own; the simulator has one for all."""
    url = f"{url_of('content', provider.base_url)}/v1/Content"
    return f"{url}/{sid}" if sid else url
