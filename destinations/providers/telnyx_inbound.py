"""
Messages from people, as Telnyx posts them: SMS and MMS from a messaging profile, RCS
from an agent.

Source: developers.telnyx.com, "Receiving webhooks for messaging", "RCS webhooks" and
"Advanced opt-in and opt-out".
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from destinations.providers.base import CallbackBody
from destinations.providers.inbound import (
    Button,
    Inbound,
    Location,
    Media,
    NotInbound,
    kind_of,
)
from destinations.providers.telnyx_messages import ID, event, first
from leadrails.core.optout import OptOut, read_word

MOST_MEDIA = 20  # ten are possible today
LONGEST_BODY = 10_000  # characters
LONGEST_URL = 2_000
LONGEST_ADDRESS = 200
DEEPEST = 20

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_CHANNELS = {"SMS": "sms", "MMS": "mms", "RCS": "rcs"}


def parse(form: CallbackBody) -> Inbound:
    """
    Raises:
        NotInbound: it is a status, or nothing that Telnyx posts.
    """
    try:
        data = event(form)
    except ValueError as error:
        raise NotInbound(str(error)) from None
    payload = _object(data.get("payload"))
    sender = _address(_object(payload.get("from")))
    is_ours = data.get("event_type") == "message.received"
    if not (is_ours and sender and ID.fullmatch(_text(payload.get("id")))):
        raise NotInbound("not a message from a person: another event, or no sender")
    said = _object(payload.get("body"))  # RCS only
    words = _text(payload.get("text")) or _text(said.get("text"))
    media = tuple(_media(payload, said))
    location, button = _location(said), _button(said)
    told = _told(payload)
    return Inbound(
        provider_id=_text(payload.get("id")),
        channel=_channel(payload, media),
        sender=sender[:LONGEST_ADDRESS],
        phone=sender if _E164.fullmatch(sender) else "",
        recipient=_address(first(payload.get("to")))[:LONGEST_ADDRESS],
        service=_text(payload.get("messaging_profile_id"))[:64],
        kind=kind_of(words, media, location, button),
        body=words[:LONGEST_BODY],
        media=media,
        location=location,
        button=button,
        opt_out=_opt_out(told, words or (button.text if button else "")),
        is_answered=told is not None,
        raw=_plain(data),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """PostgreSQL holds no NUL."""
    return value.replace("\0", "") if isinstance(value, str) else ""


def _address(party: Mapping[str, Any]) -> str:
    if agent := _text(party.get("agent_id")):
        return f"rcs:{agent}"
    return _text(party.get("phone_number")).strip()


def _channel(payload: Mapping[str, Any], media: tuple[Media, ...]) -> str:
    if known := _CHANNELS.get(_text(payload.get("type"))):
        return known
    if payload.get("body"):
        return "rcs"
    return "mms" if media else "sms"


def _media(payload: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Media]:
    listed = payload.get("media")
    for row in listed[:MOST_MEDIA] if isinstance(listed, list) else ():
        yield from _file(_object(row), "url", "content_type", "name", "size")
    sent = _object(said.get("user_file"))
    names = ("file_uri", "mime_type", "file_name", "file_size_bytes")
    files = list(_file(_object(sent.get("payload")), *names))
    yield from files
    if files:
        shown = _object(sent.get("thumbnail"))
        yield from _file(shown, *names, is_thumbnail=True)


def _file(
    row: Mapping[str, Any], *names: str, is_thumbnail: bool = False
) -> Iterator[Media]:
    url, content_type, name, size = (row.get(name) for name in names)
    if _text(url) and len(_text(url)) <= LONGEST_URL:
        yield Media(
            url=_text(url),
            content_type=_text(content_type)[:100],
            name=_text(name)[:200],
            size=size if isinstance(size, int) and 0 <= size < 2**31 else None,
            is_thumbnail=is_thumbnail,
        )


def _location(said: Mapping[str, Any]) -> Location | None:
    place = _object(said.get("location"))
    try:
        latitude, longitude = float(place["latitude"]), float(place["longitude"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    if not is_on_earth or math.isnan(latitude) or math.isnan(longitude):
        return None
    return Location(latitude=latitude, longitude=longitude)


def _button(said: Mapping[str, Any]) -> Button | None:
    tapped = _object(said.get("suggestion_response"))
    words, payload = _text(tapped.get("text")), _text(tapped.get("postback_data"))
    if not (words or payload):
        return None
    type_ = _text(tapped.get("type"))
    return Button(text=words[:500], payload=payload[:2048], type=type_[:40])


def _told(payload: Mapping[str, Any]) -> OptOut | None:
    """What Telnyx took it for, and answered; the profile may have words of its own."""
    try:
        return OptOut(_text(payload.get("autoresponse_type")).strip().lower())
    except ValueError:
        return None


def _opt_out(told: OptOut | None, words: str) -> OptOut | None:
    """Whoever says stop by Telnyx's words or by ours is not texted again."""
    meant = read_word(words)
    return OptOut.STOP if OptOut.STOP in (meant, told) else told or meant


def _plain(value: Any, depth: int = 0) -> Any:
    """What came, as PostgreSQL can keep it."""
    if isinstance(value, str):
        return _text(value)
    if depth >= DEEPEST:
        return None
    if isinstance(value, dict):
        return {_text(name): _plain(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, depth + 1) for part in value]
    return value
