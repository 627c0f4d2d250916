"""
What a Twilio account says of its RCS sender; a part of *Verify connection*.

Source: www.twilio.com/docs/messaging/api/channelsender-resource and the messaging
OpenAPI documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from destinations.providers.fields import BY_RCS
from destinations.providers.twilio_verification import messaging_url

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

NO_SENDER = (
    "The RCS sender was not found in this account; messages by RCS will fail unless it"
    " is corrected."
)
NOT_ONLINE = (
    "The RCS sender is not online at Twilio (its status there: {status}). Until it is,"
    " only invited testers are reached."
)
NONE_IN_POOL = (
    "The Messaging Service has no RCS sender in its pool, so everything goes as a text"
    " message. Add the sender in the Twilio Console under Messaging, Services."
)


async def hints(provider: TwilioSMS, http: ProviderSession) -> list[str]:
    """What stands in the way of sending by RCS; nothing where it is not chosen."""
    if provider.channel not in BY_RCS:
        return []
    found = []
    if provider.rcs_agent:
        rows = await _senders(provider, http)
        mine = _mine(provider, rows or [])
        status = str((mine or {}).get("status") or "")
        if rows is not None and mine is None:
            found.append(NO_SENDER)
        elif status and not status.startswith("ONLINE"):
            found.append(NOT_ONLINE.format(status=status[:40]))
    if provider.messaging_service_sid and not await _is_in_pool(provider, http):
        found.append(NONE_IN_POOL)
    return found


async def _senders(
    provider: TwilioSMS, http: ProviderSession
) -> list[Mapping[str, Any]] | None:
    """None where that cannot be told."""
    params = {"Channel": "rcs", "PageSize": "50"}
    answer = await http.get_json(_url(provider), params=params, auth=provider.auth)
    rows = answer.body.get("senders")
    if answer.is_client_error or not isinstance(rows, list):
        return None
    return [row for row in rows if isinstance(row, Mapping)]


def _mine(
    provider: TwilioSMS, rows: list[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    return next((r for r in rows if r.get("sender_id") == provider.rcs_agent), None)


async def _is_in_pool(provider: TwilioSMS, http: ProviderSession) -> bool:
    """True as well where that cannot be told."""
    base = messaging_url(provider.base_url)
    url = f"{base}/v1/Services/{provider.messaging_service_sid}/ChannelSenders"
    answer = await http.get_json(url, params={"PageSize": "50"}, auth=provider.auth)
    rows = answer.body.get("senders")
    if answer.is_client_error or not isinstance(rows, list):
        return True
    senders = [str(row.get("sender")) for row in rows if isinstance(row, Mapping)]
    return any(sender.startswith("rcs:") for sender in senders)


def _url(provider: TwilioSMS) -> str:
    return f"{messaging_url(provider.base_url)}/v2/Channels/Senders"
