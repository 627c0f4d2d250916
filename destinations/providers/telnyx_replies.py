"""
Tell Telnyx where messages from people go: the messaging profile knows it, and of what
comes by RCS the agent.

Source: developers.telnyx.com, "Update a messaging profile" and "Modify an RCS agent".
What was entered before is replaced, for all numbers of the profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from destinations.providers import telnyx_messages
from destinations.providers.fields import BY_RCS

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.telnyx import TelnyxSMS


async def connect(provider: TelnyxSMS, incoming: str, http: ProviderSession) -> None:
    """
    Enter `incoming` as address and as failover.

    Raises:
        SendError: it was refused, or nothing is known.
    """
    urls = {"webhook_url": incoming, "webhook_failover_url": incoming}
    for place, more in _places(provider):
        answer = await http.patch_json(place, {**urls, **more}, auth=provider.auth)
        if answer.is_client_error:
            raise telnyx_messages.refusal(answer)


def _places(provider: TelnyxSMS) -> Iterator[tuple[str, dict[str, str]]]:
    if provider.messaging_profile_id:
        yield provider.profile_url, {"webhook_api_version": "2"}
    if provider.channel in BY_RCS:
        yield provider.agent_url, {}
