"""What the simulator has written down of an account's messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from destinations.providers import telnyx_messages, twilio_messages
from destinations.providers.answers import MAX_LISTING, Auth
from destinations.providers.http import ProviderSession
from leadrails.core.delivery import OutcomeUnknown
from leadrails.core.states import State

_STATES = {"twilio": twilio_messages.STATES, "telnyx": telnyx_messages.STATES}


@dataclass(frozen=True, slots=True)
class Entry:
    """One message; `state` is what the provider's word means, None if it came in."""

    provider_id: str
    provider: str
    recipient: str
    sender: str
    body: str
    word: str
    error_code: str
    state: State | None
    at: datetime


async def read(
    url: str, secret: str, account: str, *, limit: int, http: ProviderSession
) -> list[Entry]:
    """
    Return the account's last messages, newest first.

    Raises:
        SendError: the simulator does not answer, or not as it should.
    """
    asked = urlencode({"account": account, "limit": limit})
    answer = await http.get_json(
        f"{url}/_simulator/ledger?{asked}",
        auth=Auth.bearer(secret),
        max_bytes=MAX_LISTING,
    )
    if answer.is_client_error:
        raise OutcomeUnknown(f"the simulator answered {answer.status}")
    return [_entry(row) for row in reversed(answer.body["messages"])]


def _entry(row: dict[str, Any]) -> Entry:
    is_ours = not row["direction"].startswith("inbound")
    word = row["status"]
    return Entry(
        provider_id=row["sid"],
        provider=row["provider"],
        recipient=row["to"] if is_ours else row["from"],
        sender=(row["from"] if is_ours else row["to"]) or "",
        body=row["body"] or "",
        word=word,
        error_code=str(row["error_code"] or ""),
        state=_STATES[row["provider"]].get(word, State.UNDELIVERED)
        if is_ours
        else None,
        at=datetime.fromtimestamp(row["received_at"] / 1000, UTC),
    )
