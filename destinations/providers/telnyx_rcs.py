"""
Messages of an RCS agent, as Telnyx wants them.

Source: developers.telnyx.com, "Send an RCS message"; the messaging OpenAPI document.
"""

from collections.abc import Sequence
from typing import Any

from destinations.providers.answers import Answer
from destinations.providers.base import Message
from leadrails.core.rich import Card, File, Kind, Picture, Rich, Suggestion

SHORTEST_TTL, LONGEST_TTL = 10, 15 * 86_400  # seconds, Google's own
Json = dict[str, Any]


def agent_message(message: Message, seconds: int | None) -> Json:
    """
    Args:
        seconds: after which it is no more to be delivered.
    """
    rich = message.rich or plain(message.body, message.media)
    content = {"content_message": _content(rich)}
    if seconds is None:
        return content
    return {"ttl": f"{min(max(seconds, SHORTEST_TTL), LONGEST_TTL)}s", **content}


def fallback(message: Message, sender: str, subject: str) -> Json:
    """What goes in its place if it does not arrive: an SMS, or an MMS."""
    if not message.media:
        return {"sms_fallback": {"from": sender, "text": message.body}}
    mms = {
        "from": sender,
        "text": message.body,
        "subject": subject,
        "media_urls": list(message.media),
    }
    return {"mms_fallback": {name: value for name, value in mms.items() if value}}


def has_rcs(answer: Answer) -> bool | None:
    """What the answer about a phone says: its features, or none."""
    match answer.body.get("data"):
        case {"features": [*features]}:
            return bool(features)
        case {"features": None}:
            return False
    return None


def webhook_of(answer: Answer) -> str:
    """Where an agent posts what people write; empty if that is not told."""
    match answer.body.get("data"):
        case {"webhook_url": str(url)}:
            return url
    return ""


def plain(body: str, media: Sequence[str]) -> Rich:
    """A text without pictures, one card with a picture, or a carousel of them."""
    if not media:
        return Rich(text=body)
    if len(media) == 1 and not body:
        return Rich(file=File(url=media[0]))
    cards = [Card(media=Picture(url=url)) for url in media]
    cards[0] = Card(description=body, media=cards[0].media)
    return Rich(cards=tuple(cards))


def _content(rich: Rich) -> Json:
    content: Json
    if rich.cards:
        content = {"rich_card": _cards(rich)}
    elif rich.file:
        content = {"content_info": _file(rich.file)}
    else:
        content = {"text": rich.text}
    return content | _suggestions(rich.suggestions)


def _cards(rich: Rich) -> Json:
    if rich.is_carousel:
        cards = [_card(card) for card in rich.cards]
        return {"carousel_card": {"card_width": rich.width, "card_contents": cards}}
    return {
        "standalone_card": {
            "card_orientation": rich.orientation,
            "thumbnail_image_alignment": rich.image_side,
            "card_content": _card(rich.cards[0]),
        }
    }


def _card(card: Card) -> Json:
    given: Json = {"title": card.title, "description": card.description}
    if card.media:
        height = card.media.height
        given["media"] = {"height": height, "content_info": _file(card.media)}
    shown = {name: value for name, value in given.items() if value}
    return shown | _suggestions(card.suggestions)


def _file(file: File | Picture) -> Json:
    info = {"file_url": file.url, "thumbnail_url": file.thumbnail_url}
    return {name: url for name, url in info.items() if url}


def _suggestions(given: Sequence[Suggestion]) -> Json:
    return {"suggestions": [_suggestion(one) for one in given]} if given else {}


def _suggestion(one: Suggestion) -> Json:
    about = {"text": one.label, "postback_data": one.data}
    if one.kind is Kind.REPLY:
        return {"reply": about}
    return {"action": about | _action(one)}


def _action(one: Suggestion) -> Json:
    match one.kind:
        case Kind.OPEN_URL:
            where = {"application": "BROWSER", "webview_view_mode": "FULL"}
            return {"open_url_action": {"url": one.url, **where}}
        case Kind.DIAL:
            return {"dial_action": {"phone_number": one.phone}}
        case Kind.VIEW_LOCATION:
            place = {"latitude": one.latitude, "longitude": one.longitude}
            label = {"label": one.place} if one.place else {}
            return {"view_location_action": {"lat_long": place, **label}}
        case Kind.CALENDAR:
            event = {
                "title": one.title,
                "description": one.details,
                "start_time": one.starts_at,
                "end_time": one.ends_at,
            }
            return {
                "create_calendar_event_action": {k: v for k, v in event.items() if v}
            }
    return {"share_location_action": {}}
