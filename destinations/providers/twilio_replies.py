"""
Tell Twilio where messages from people go.

Source: www.twilio.com/docs/messaging/api/service-resource and
.../phone-numbers/api/incomingphonenumber-resource. What was entered before is replaced.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from destinations.providers.answers import Answer, refusal
from destinations.providers.twilio_verification import messaging_url

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.twilio import TwilioSMS

_NUMBER = re.compile(r"PN[0-9a-fA-F]{32}")


def can_connect(provider: TwilioSMS) -> bool:
    """A service, or a number; sender names hear nothing, WhatsApp has its own pages."""
    if provider.messaging_service_sid:
        return True
    return provider.from_number.startswith("+") and not provider.channel


async def connect(provider: TwilioSMS, incoming: str, http: ProviderSession) -> None:
    """
    Enter `incoming` as address and as fallback of the service, or else of the number.

    Raises:
        SendError: it was refused, or nothing is known.
    """
    if provider.messaging_service_sid:
        base = messaging_url(provider.base_url)
        url = f"{base}/v1/Services/{provider.messaging_service_sid}"
        form = {
            "InboundRequestUrl": incoming,
            "InboundMethod": "POST",
            "FallbackUrl": incoming,
            "FallbackMethod": "POST",
            "UseInboundWebhookOnNumber": "false",
        }
    else:
        sid = await _number_sid(provider, http)
        url = f"{provider.account_url}/IncomingPhoneNumbers/{sid}.json"
        form = {
            "SmsUrl": incoming,
            "SmsMethod": "POST",
            "SmsFallbackUrl": incoming,
            "SmsFallbackMethod": "POST",
        }
    _check(provider, await http.post_form(url, form.items(), auth=provider.auth))


async def _number_sid(provider: TwilioSMS, http: ProviderSession) -> str:
    answer = await http.get_json(
        f"{provider.account_url}/IncomingPhoneNumbers.json",
        params={"PhoneNumber": provider.from_number, "PageSize": "1"},
        auth=provider.auth,
    )
    _check(provider, answer)
    match answer.body.get("incoming_phone_numbers"):
        case [{"sid": str(sid)}, *_] if _NUMBER.fullmatch(sid):
            return sid
    raise refusal(provider.kind, answer, "21606")


def _check(provider: TwilioSMS, answer: Answer) -> None:
    if answer.is_client_error:
        raise refusal(provider.kind, answer)
