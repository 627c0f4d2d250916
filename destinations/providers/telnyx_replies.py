"""
Tell Telnyx where messages from people go: the messaging profile knows it.

Source: developers.telnyx.com, "Update a messaging profile". What was entered before is
replaced, for all numbers of the profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from destinations.providers import telnyx_messages

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.telnyx import TelnyxSMS


async def connect(provider: TelnyxSMS, incoming: str, http: ProviderSession) -> None:
    """
    Enter `incoming` as address and as failover of the profile.

    Raises:
        SendError: it was refused, or nothing is known.
    """
    payload = {
        "webhook_url": incoming,
        "webhook_failover_url": incoming,
        "webhook_api_version": "2",
    }
    answer = await http.patch_json(provider.profile_url, payload, auth=provider.auth)
    if answer.is_client_error:
        raise telnyx_messages.refusal(answer)
