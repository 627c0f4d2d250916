"""Whom a workspace's messages come from, and what the provider knows of each."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from destinations.models import Destination
from destinations.providers.base import Sender
from destinations.providers.registry import PROVIDERS
from leadrails.core import phone

TOLL_FREE = ("800", "833", "844", "855", "866", "877", "888")


@dataclass(slots=True)
class SenderRow:
    """
    A sender with the destinations that use it.

    `state` is what *Verify connection* last found: unchecked, refused, doubtful, good.
    """

    shown: str
    kind: str
    country: str
    account: str
    destinations: list[Destination] = field(default_factory=list)
    state: str = "unchecked"
    sentence: str = ""
    hints: list[str] = field(default_factory=list)
    use_case: str = ""
    checked: Destination | None = None


def senders_of(destinations: Iterable[Destination]) -> list[SenderRow]:
    """One row for each sender, those that need somebody first."""
    rows: dict[tuple[str, str, str], SenderRow] = {}
    for place in destinations:
        sender = PROVIDERS[place.kind].sender_of(place.config)
        key = (place.kind, sender.account, sender.id or sender.shown)
        row = rows.setdefault(key, _row(sender))
        row.destinations.append(place)
        before = row.checked.verified_at if row.checked else None
        if place.verified_at and (before is None or place.verified_at > before):
            _note(row, place)
    order = ("refused", "doubtful", "unchecked", "good")
    return sorted(rows.values(), key=lambda row: (order.index(row.state), row.shown))


def _row(sender: Sender) -> SenderRow:
    region = phone.region_of(sender.number) if sender.number else None
    country = phone.country_name(region) if region else ""
    return SenderRow(sender.shown, kind_of(sender), country, sender.account)


def kind_of(sender: Sender) -> str:
    """In people's words. A pool is a service that picks one of its senders."""
    if sender.number.startswith("+1") and sender.number[2:5] in TOLL_FREE:
        return _("Toll-free number")
    if sender.number:
        return _("Number")
    if not sender.id:
        return _("Sender name; nobody can reply")
    if sender.id.isdigit():
        return _("Short code")
    if sender.id.startswith("rcs:"):
        return _("RCS agent")
    return _("Pool of senders")


def _note(row: SenderRow, place: Destination) -> None:
    found: dict[str, Any] = place.verification
    row.checked = place
    row.sentence = str(found.get("sentence") or "")
    row.hints = [str(hint) for hint in found.get("hints") or ()]
    row.use_case = str(found.get("use_case_word") or "")
    is_good = bool(found.get("ok"))
    row.state = "refused" if not is_good else "doubtful" if row.hints else "good"
