"""
What kind of message carriers bill an RCS message as.

Source: developers.google.com, RCS for Business, "Billing for the US" and "Billing
FAQ": prices are the carriers' own, the kinds are the same everywhere.
"""

from enum import StrEnum

from msgspec import Struct

from leadrails.core.rich import Kind, Rich

US = "US"
UNIT = 160  # bytes of UTF-8
_PLAIN = frozenset({Kind.REPLY, Kind.DIAL, Kind.OPEN_URL})


class Billed(StrEnum):
    RICH = "rich"  # US: a price for each 160 bytes
    RICH_MEDIA = "rich_media"  # US: one price
    BASIC = "basic"  # elsewhere: a short text and nothing else
    SINGLE = "single"  # elsewhere: one price for anything more


class BillingKind(Struct, frozen=True):
    """`units`: how often the price is paid; `size`: bytes of the text."""

    billed: Billed
    units: int
    size: int


def billing_kind(rich: Rich, country: str) -> BillingKind:
    """
    Return how a message is likely billed.

    Args:
        country: of the recipient, as two letters.
    """
    size = len(rich.text.encode(errors="replace"))
    is_text = not rich.cards and rich.file is None
    if country == US:
        if is_text and all(one.kind in _PLAIN for one in rich.suggestions):
            return BillingKind(Billed.RICH, max(1, -(-size // UNIT)), size)
        return BillingKind(Billed.RICH_MEDIA, 1, size)
    is_basic = is_text and not rich.suggestions and size <= UNIT
    return BillingKind(Billed.BASIC if is_basic else Billed.SINGLE, 1, size)
