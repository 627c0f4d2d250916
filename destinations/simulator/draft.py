"""A message that may be accepted, and how it begins."""

from dataclasses import dataclass, field
from typing import Any

from destinations.providers.simulated import MARK
from destinations.simulator import ids

LONGEST_WAIT = 36_000  # seconds in the queue, unless a message asks for less


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A create request that passed every check; `extra` is that of the message."""

    account: str
    to: str
    sender: str | None
    service: str | None
    body: str
    media: tuple[str, ...]
    callback_url: str | None
    send_at: int | None = None
    direction: str = "outbound-api"
    extra: dict[str, Any] = field(default_factory=dict)


def new_sid(draft: Draft, *, is_mms: bool) -> str:
    if "telnyx" in draft.extra:
        return ids.token()
    return f"{'MM' if is_mms else 'SM'}{MARK}{ids.hex_digits(24)}"


def first_status(draft: Draft) -> str:
    if draft.send_at is not None:
        return "scheduled"
    return "queued" if draft.sender else "accepted"
