"""Ask Twilio what it has: one resource, or the account's list of messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from destinations.providers import twilio_messages
from destinations.providers.answers import (
    MAX_LISTING,
    MAX_SHARED_LISTING,
    Answer,
    TooManyMessages,
    refusal,
)
from destinations.providers.base import FoundMessage
from destinations.providers.fields import BY_RCS
from destinations.providers.twilio_request import TO_RCS
from leadrails.core.delivery import OutcomeUnknown

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS


async def find(
    provider: TwilioSMS,
    to: str | None,
    since: datetime,
    http: ProviderSession,
    max_pages: int,
) -> list[FoundMessage]:
    """
    All messages to `to` created since, newest first; see `Provider.find`.

    What went by RCS has another address than what became a text.
    """
    if to is None:
        return await _find(provider, None, since, http, max_pages)
    addresses = [provider.address(to)]
    if provider.channel in BY_RCS:
        addresses.append(f"{TO_RCS}{to}")
    lists = [
        await _find(provider, address, since, http, max_pages) for address in addresses
    ]
    found = {message.provider_id: message for message in chain(*lists)}
    return _newest_first(found.values())


async def _find(
    provider: TwilioSMS,
    address: str | None,
    since: datetime,
    http: ProviderSession,
    max_pages: int,
) -> list[FoundMessage]:
    """No filter by DateSent: what is not sent yet has none and would be missing."""
    url = f"{provider.account_url}/Messages.json"
    params = {"PageSize": "1000"}
    if address:
        params = {"To": address, "PageSize": "50"}
    found: dict[str, FoundMessage] = {}
    for _ in range(max_pages):
        body = await get(provider, url, http, params, is_shared=address is None)
        rows = twilio_messages.rows(body)
        page = [twilio_messages.found(row, provider.prefix) for row in rows]
        recent = {m.provider_id: m for m in page if m.created_at >= since}
        found |= recent
        next_page = _next_page(provider, body)
        # The list is newest first in practice, not by promise: only a page with
        # nothing recent on it ends the search.
        if not recent or next_page is None:
            return _newest_first(found.values())
        url, params = next_page, {}
    raise TooManyMessages


async def get(
    provider: TwilioSMS,
    url: str,
    http: ProviderSession,
    params: Mapping[str, str] | None = None,
    *,
    is_shared: bool = False,
) -> Mapping[str, Any]:
    most = MAX_SHARED_LISTING if is_shared else MAX_LISTING
    answer = await http.get_json(url, params=params, auth=provider.auth, max_bytes=most)
    if answer.is_client_error:
        raise refusal(provider.kind, answer, code_of(answer))
    return answer.body


def code_of(answer: Answer) -> str | None:
    """A 401 without a code still is a wrong SID or token."""
    return answer.error_code or ("20003" if answer.status == 401 else None)


def _next_page(provider: TwilioSMS, body: Mapping[str, Any]) -> str | None:
    """Follow the list only where the credentials belong."""
    path = body.get("next_page_uri")
    if not path:
        return None
    account_path = urlsplit(provider.account_url).path
    if not str(path).startswith(f"{account_path}/Messages.json?"):
        raise OutcomeUnknown("the provider's list leads elsewhere")
    return f"{provider.base_url}{path}"


def _newest_first(messages: Iterable[FoundMessage]) -> list[FoundMessage]:
    return sorted(messages, key=lambda message: message.created_at, reverse=True)
