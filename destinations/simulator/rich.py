"""
What an RCS message shows, in one form for both providers.

A dictionary, since it is kept in the ledger: `text`, `file` (a link), `cards` (each
with `title`, `text`, `media`, `chips`) and `chips` below all. A chip has `kind`
(reply, link, call, place, share, event), `text`, `payload` and what its kind needs.
"""

from typing import Any

Json = dict[str, Any]
# Google's own limits, which the carriers enforce whatever a provider says.
MAX_TEXT = 3072
MAX_TITLE, MAX_DESCRIPTION = 200, 2000
MAX_CHIPS, MAX_CARD_CHIPS = 11, 4
MAX_LABEL, MAX_POSTBACK = 25, 2048
CARDS = (2, 10)  # of a carousel


def of_telnyx(content: Json) -> Json:
    """From a `content_message`."""
    card = content.get("rich_card") or {}
    found: list[Json] = []
    if "standalone_card" in card:
        found = [card["standalone_card"]["card_content"]]
    elif "carousel_card" in card:
        found = card["carousel_card"]["card_contents"]
    return {
        "text": content.get("text") or "",
        "file": (content.get("content_info") or {}).get("file_url", ""),
        "cards": [_telnyx_card(one) for one in found],
        "chips": [_telnyx_chip(one) for one in content.get("suggestions", [])],
    }


def _telnyx_card(card: Json) -> Json:
    media = (card.get("media") or {}).get("content_info") or {}
    return {
        "title": card.get("title") or "",
        "text": card.get("description") or "",
        "media": media.get("file_url", ""),
        "chips": [_telnyx_chip(one) for one in card.get("suggestions", [])],
    }


def _telnyx_chip(suggestion: Json) -> Json:
    reply, action = suggestion.get("reply"), suggestion.get("action") or {}
    about = reply or action
    chip = {
        "text": about.get("text") or "",
        "payload": about.get("postback_data") or "",
    }
    if reply:
        return chip | {"kind": "reply"}
    if found := action.get("open_url_action"):
        return chip | {"kind": "link", "url": found["url"]}
    if found := action.get("dial_action"):
        return chip | {"kind": "call", "phone": found["phone_number"]}
    if "share_location_action" in action:
        return chip | {"kind": "share"}
    if found := action.get("create_calendar_event_action"):
        return chip | {"kind": "event", "when": found.get("start_time", "")}
    place = action.get("view_location_action") or {}
    return chip | {"kind": "place", "label": place.get("label", "")}


def of_twilio(kind: str, filled: Json) -> Json:
    """From a content template's type, its variables filled in."""
    if kind == "twilio/carousel":
        cards = [_twilio_card(card) for card in filled["cards"]]
        return {"text": "", "file": "", "cards": cards, "chips": []}
    media = filled.get("media") or []
    chips = [_twilio_chip(one) for one in filled.get("actions") or []]
    if kind == "twilio/card" and (media or filled.get("title")):
        return {"text": "", "file": "", "cards": [_twilio_card(filled)], "chips": []}
    text = filled.get("body") or ""
    return {
        "text": text,
        "file": media[0] if media else "",
        "cards": [],
        "chips": chips,
    }


def of_text(text: str, media: tuple[str, ...]) -> Json:
    """A text with a picture becomes one card."""
    if text and media:
        card = {"title": "", "text": text, "media": media[0], "chips": []}
        return {"text": "", "file": "", "cards": [card], "chips": []}
    file = media[0] if media else ""
    return {"text": text, "file": file, "cards": [], "chips": []}


def _twilio_card(card: Json) -> Json:
    media = card.get("media") or []
    lines = [card.get("body"), card.get("subtitle")]
    return {
        "title": card.get("title") or "",
        "text": "\n".join(line for line in lines if line),
        "media": media if isinstance(media, str) else next(iter(media), ""),
        "chips": [_twilio_chip(one) for one in card.get("actions") or []],
    }


def _twilio_chip(action: Json) -> Json:
    chip = {"text": action.get("title") or "", "payload": action.get("id") or ""}
    if action.get("url"):
        return chip | {"kind": "link", "url": action["url"]}
    if action.get("phone"):
        return chip | {"kind": "call", "phone": action["phone"]}
    return chip | {"kind": "reply"}
