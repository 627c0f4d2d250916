"""
Messages from people, as Twilio posts them for a number, a service or an RCS sender.

Source: www.twilio.com/docs/messaging/guides/webhook-request,
.../messaging/tutorials/advanced-opt-out and .../messaging/twiml.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from destinations.providers.base import CallbackBody
from destinations.providers.inbound import (
    Button,
    Inbound,
    InboundAnswer,
    Location,
    Media,
    NotInbound,
    kind_of,
)
from destinations.providers.twilio_messages import SID, pairs
from leadrails.core.optout import START_WORDS, OptOut, read_word

MOST_MEDIA = 20  # ten are possible today
LONGEST_BODY = 10_000  # characters; 1,600 are possible today
LONGEST_URL = 2_000
LONGEST_ADDRESS = 200
DEEPEST = 4  # levels of ChannelMetadata that are looked through

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_PREFIX = re.compile(r"([a-z]{1,20}):(.*)", re.DOTALL)
# Carriers lift a block of these for START and UNSTOP only.
_TOLL_FREE = re.compile(r"\+18(?:00|22|33|44|55|66|77|88)[0-9]{7}")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
_MEDIA_URL = re.compile(r"MediaUrl([0-9]{1,2})")


def parse(form: CallbackBody) -> Inbound:
    """
    Raises:
        NotInbound: it is a status callback, or nothing that Twilio posts.
    """
    raw = _raw(form)
    given = {name: _last(value) for name, value in raw.items()}
    if not is_inbound(given):
        raise NotInbound("not a message from a person: no From, or a status")
    channel, phone = _channel_and_phone(given)
    media = tuple(_media(given))
    location, button = _location(given), _button(given)
    words = given.get("Body", "") or (button.text if button else "")
    opt_out = _opt_out(given, words)
    return Inbound(
        provider_id=_sid(given),
        channel="mms" if channel == "sms" and media else channel,
        sender=given["From"][:LONGEST_ADDRESS],
        phone=phone,
        recipient=given.get("To", "")[:LONGEST_ADDRESS],
        service=given.get("MessagingServiceSid", "")[:64],
        kind=kind_of(given.get("Body", ""), media, location, button),
        body=given.get("Body", "")[:LONGEST_BODY],
        media=media,
        location=location,
        button=button,
        opt_out=opt_out,
        is_answered=bool(given.get("OptOutType")),
        needs_answer=bool(opt_out) and _is_ours_to_answer(given),
        answers=_sid(given, "OriginalRepliedMessageSid"),
        error_code=given.get("ErrorCode", "")[:20],
        raw=raw,
    )


def is_inbound(given: Mapping[str, Any]) -> bool:
    """A status callback has a MessageStatus; a message that came is `received`."""
    status = given.get("MessageStatus") or given.get("SmsStatus") or "received"
    is_new = status in {"received", "receiving"}
    return is_new and bool(_sid(given)) and bool(given.get("From"))


def answer(text: str = "") -> InboundAnswer:
    """TwiML; plain text would be sent back to the person."""
    said = f"<Message>{escape(text)}</Message>" if text else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return InboundAnswer("text/xml; charset=utf-8", body)


def _raw(form: CallbackBody) -> dict[str, Any]:
    """Every field, a list where a name is repeated. PostgreSQL holds no NUL."""
    found: dict[str, Any] = {}
    for told, what in pairs(form):
        name, value = told.replace("\0", ""), what.replace("\0", "")
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _last(value: Any) -> str:
    return str(value[-1] if isinstance(value, list) else value)


def _sid(given: Mapping[str, Any], *names: str) -> str:
    for name in names or ("MessageSid", "SmsSid", "SmsMessageSid"):
        if SID.fullmatch(sid := str(given.get(name) or "")):
            return sid
    return ""


def _channel_and_phone(given: Mapping[str, str]) -> tuple[str, str]:
    """RCS shows the person's bare number at times; then our own address tells."""
    sender, channel = given["From"].strip(), "sms"
    ours = _PREFIX.fullmatch(given.get("To", ""))
    if theirs := _PREFIX.fullmatch(sender):
        channel, sender = theirs[1], theirs[2].strip()
    elif ours:
        channel = ours[1]
    return channel, sender if _E164.fullmatch(sender) else ""


def _media(given: Mapping[str, str]) -> Iterator[Media]:
    numbers = sorted(
        int(match[1]) for name in given if (match := _MEDIA_URL.fullmatch(name))
    )
    for number in numbers[:MOST_MEDIA]:
        url = given.get(f"MediaUrl{number}", "")
        if url and len(url) <= LONGEST_URL:
            content_type = given.get(f"MediaContentType{number}", "")
            yield Media(url=url, content_type=content_type[:100])


def _location(given: Mapping[str, str]) -> Location | None:
    try:
        latitude, longitude = float(given["Latitude"]), float(given["Longitude"])
    except (KeyError, ValueError):
        return None
    is_on_earth = abs(latitude) <= 90 and abs(longitude) <= 180
    if not is_on_earth or math.isnan(latitude) or math.isnan(longitude):
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        address=given.get("Address", "")[:500],
        label=given.get("Label", "")[:200],
    )


def _button(given: Mapping[str, str]) -> Button | None:
    """A tap: in its own fields, or only in what the channel says about itself."""
    text, payload = given.get("ButtonText", ""), given.get("ButtonPayload", "")
    type_ = given.get("ButtonType", "")
    if not (text or payload):
        tapped = _suggestion(given.get("ChannelMetadata", ""))
        text = str(tapped.get("text") or "")
        payload = str(tapped.get("postbackData") or "")
        type_ = str(tapped.get("type") or "")
    if not (text or payload):
        return None
    return Button(text=text[:500], payload=payload[:2048], type=type_[:40])


def _suggestion(metadata: str) -> Mapping[str, Any]:
    try:
        told = json.loads(metadata) if metadata else None
    except (ValueError, RecursionError):
        return {}
    level: list[Any] = [told]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                if isinstance(tapped := part.get("suggestionResponse"), dict):
                    return tapped
                below += part.values()
        level = below
    return {}


def _is_ours_to_answer(given: Mapping[str, str]) -> bool:
    """Twilio answers for long codes, toll-free numbers and services, not for these."""
    is_alone = not given.get("MessagingServiceSid") and not given.get("OptOutType")
    return is_alone and _SHORT_CODE.fullmatch(given.get("To", "")) is not None


def _opt_out(given: Mapping[str, str], words: str) -> OptOut | None:
    """
    What the words that were written or tapped ask for.

    The account may have words of its own: `OptOutType` knows them. Whoever says stop by
    either is not texted again.
    """
    is_toll_free = _TOLL_FREE.fullmatch(given.get("To", ""))
    start_words = START_WORDS if is_toll_free else START_WORDS | {"YES"}
    meant = read_word(words, start_words=start_words)
    try:
        told = OptOut(given.get("OptOutType", "").strip().lower())
    except ValueError:
        return meant
    return OptOut.STOP if OptOut.STOP in (meant, told) else told
