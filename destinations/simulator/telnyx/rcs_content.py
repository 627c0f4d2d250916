"""What an agent message may hold, beyond its form: Google's limits."""

from typing import Any

from destinations.simulator import rich
from destinations.simulator.create import is_public_url
from destinations.simulator.telnyx.errors import TelnyxError

ROOT = "/agent_message"
Json = dict[str, Any]


def check(message: Json) -> None:
    """Raises TelnyxError, pointing at what is too much, too long or too little."""
    content, event = message.get("content_message"), message.get("event")
    if (content is None) == (event is None):
        detail = "Either a content_message or an event is needed."
        raise TelnyxError(40316, detail, where=ROOT)
    if content is None:
        return
    where = f"{ROOT}/content_message"
    given = [n for n in ("text", "content_info", "rich_card") if content.get(n)]
    if len(given) != 1:
        detail = "Exactly one of text, content_info and rich_card is needed."
        code = 40304 if given else 40316
        raise TelnyxError(code, detail, where=where)
    _check_length(content.get("text"), rich.MAX_TEXT, f"{where}/text")
    if info := content.get("content_info"):
        _check_file(info, f"{where}/content_info")
    _check_chips(content, rich.MAX_CHIPS, where)
    if card := content.get("rich_card"):
        _check_cards(card, f"{where}/rich_card")


def _check_cards(card: Json, where: str) -> None:
    if ("standalone_card" in card) == ("carousel_card" in card):
        detail = "Either a standalone_card or a carousel_card is needed."
        raise TelnyxError(40304, detail, where=where)
    if single := card.get("standalone_card"):
        at = f"{where}/standalone_card/card_content"
        _check_card(single["card_content"], at)
        return
    cards = card["carousel_card"]["card_contents"]
    at = f"{where}/carousel_card/card_contents"
    least, most = rich.CARDS
    if not least <= len(cards) <= most:
        raise TelnyxError(10015, f"A carousel has {least} to {most} cards.", where=at)
    for index, one in enumerate(cards):
        _check_card(one, f"{at}/{index}")


def _check_card(card: Json, where: str) -> None:
    if not (card.get("title") or card.get("description") or card.get("media")):
        raise TelnyxError(40316, "The card is empty.", where=where)
    _check_length(card.get("title"), rich.MAX_TITLE, f"{where}/title")
    _check_length(card.get("description"), rich.MAX_DESCRIPTION, f"{where}/description")
    if info := (card.get("media") or {}).get("content_info"):
        _check_file(info, f"{where}/media/content_info")
    _check_chips(card, rich.MAX_CARD_CHIPS, where)


def _check_file(info: Json, where: str) -> None:
    for name in ("file_url", "thumbnail_url"):
        if info.get(name) and not is_public_url(info[name]):
            raise TelnyxError(10003, where=f"{where}/{name}")


def _check_chips(holder: Json, most: int, where: str) -> None:
    chips = holder.get("suggestions") or []
    at = f"{where}/suggestions"
    if len(chips) > most:
        raise TelnyxError(10015, f"At most {most} suggestions.", where=at)
    for index, chip in enumerate(chips):
        if ("reply" in chip) == ("action" in chip):
            detail = "A suggestion is either a reply or an action."
            raise TelnyxError(10015, detail, where=f"{at}/{index}")
        kind = "reply" if "reply" in chip else "action"
        about, here = chip[kind], f"{at}/{index}/{kind}"
        if not about.get("text"):
            raise TelnyxError(10004, where=f"{here}/text")
        _check_length(about["text"], rich.MAX_LABEL, f"{here}/text")
        _check_length(
            about.get("postback_data"), rich.MAX_POSTBACK, f"{here}/postback_data"
        )


def _check_length(text: str | None, most: int, where: str) -> None:
    if text and len(text) > most:
        raise TelnyxError(10015, f"At most {most} characters.", where=where)
