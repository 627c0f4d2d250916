"""
Tell Twilio where messages from people go.

Source: www.twilio.com/docs/messaging/api/service-resource, .../docs/rcs/api and
.../phone-numbers/api/incomingphonenumber-resource. What was entered before is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from destinations.providers.answers import Answer, refusal
from destinations.providers.fields import BY_RCS
from destinations.providers.twilio_verification import messaging_url

if TYPE_CHECKING:
    from twilio.rest import Client

    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

_NUMBER = re.compile(r"PN[0-9a-fA-F]{32}")
_SENDER = re.compile(r"XE[0-9a-fA-F]{32}")


def can_connect(provider: TwilioSMS) -> bool:
    """
    A service, an RCS sender, or a number.

    Sender names hear nothing, and WhatsApp has pages of its own.
    """
    if provider.messaging_service_sid or provider.channel in BY_RCS:
        return True
    return provider.from_number.startswith("+") and not provider.channel


async def connect(provider: TwilioSMS, incoming: str, http: ProviderSession) -> None:
    """
    Enter `incoming` as address and as fallback.

    A service answers for all in its pool; without it, the RCS sender and the number of
    the text message each have an address of their own.

    Raises:
        SendError: it was refused, or nothing is known.
    """
    if provider.messaging_service_sid:
        await _connect_service(provider, incoming, http)
        return
    if provider.channel in BY_RCS:
        await _connect_agent(provider, incoming, http)
    number = (
        provider.text_sender if provider.channel in BY_RCS else provider.from_number
    )
    if number.startswith("+"):
        await _connect_number(provider, number, incoming, http)


async def _connect_service(
    provider: TwilioSMS, incoming: str, http: ProviderSession
) -> None:
    sid = provider.messaging_service_sid
    await _ask(
        provider,
        http,
        lambda client: client.messaging.v1.services(sid).update_async(
            inbound_request_url=incoming,
            inbound_method="POST",
            fallback_url=incoming,
            fallback_method="POST",
            use_inbound_webhook_on_number=False,
        ),
    )


async def _connect_agent(
    provider: TwilioSMS, incoming: str, http: ProviderSession
) -> None:
    """Without the library, which posts nulls for all that it is not told."""
    url = f"{messaging_url(provider.base_url)}/v2/Channels/Senders"
    listed = {"Channel": "rcs", "PageSize": "100"}
    answer = await http.get_json(url, params=listed, auth=provider.auth)
    _check(provider, answer)
    rows = answer.body.get("senders")
    known = [row for row in rows if isinstance(row, dict)] if rows else []
    mine = [row for row in known if row.get("sender_id") == provider.rcs_agent]
    sid = str(mine[0].get("sid")) if mine else ""
    if not _SENDER.fullmatch(sid):
        raise refusal(provider.kind, answer, "21606")
    webhook = {
        "callback_url": incoming,
        "callback_method": "POST",
        "fallback_url": incoming,
        "fallback_method": "POST",
    }
    payload = {"webhook": webhook}
    _check(provider, await http.post_json(f"{url}/{sid}", payload, auth=provider.auth))


async def _connect_number(
    provider: TwilioSMS, number: str, incoming: str, http: ProviderSession
) -> None:
    found = await _ask(
        provider,
        http,
        lambda client: client.incoming_phone_numbers.page_async(
            phone_number=number, page_size=1
        ),
    )
    match found.body.get("incoming_phone_numbers"):
        case [{"sid": str(sid)}, *_] if _NUMBER.fullmatch(sid):
            pass
        case _:
            raise refusal(provider.kind, found, "21606")
    await _ask(
        provider,
        http,
        lambda client: client.incoming_phone_numbers(sid).update_async(
            sms_url=incoming,
            sms_method="POST",
            sms_fallback_url=incoming,
            sms_fallback_method="POST",
        ),
    )


async def _ask(
    provider: TwilioSMS, http: ProviderSession, call: Callable[[Client], Any]
) -> Answer:
    from destinations.providers import twilio_library as library

    answer = await library.ask(provider, http, provider.auth, call)
    _check(provider, answer)
    return answer


def _check(provider: TwilioSMS, answer: Answer) -> None:
    if answer.is_client_error:
        raise refusal(provider.kind, answer)
