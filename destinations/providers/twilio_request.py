"""
The form that asks Twilio to send a message.

Source: www.twilio.com/docs/messaging/api/message-resource and .../docs/rcs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from destinations.providers.base import Message
from destinations.providers.fields import BY_RCS, RCS, SMART_ENCODING
from destinations.providers.twilio_fields import WHATSAPP

if TYPE_CHECKING:
    from destinations.providers.twilio import TwilioSMS

# Twilio repeats a failed callback only if its URL asks for it; the fragment is not
# sent and not signed. Five repeats, after any failure, 2 s to connect.
CALLBACK_RETRIES = "#rc=5&rp=all&ct=2000"
SHORTEST_VALIDITY = 5  # seconds; shorter is allowed but discouraged
LONGEST_VALIDITY, LONGEST_BY_WHATSAPP = 36_000, 14_400
TO_RCS = "rcs:"
# The settings that go into every request as they are, by Twilio's name of each.
OPTIONS = {
    SMART_ENCODING: "SmartEncoded",
    "shorten_urls": "ShortenUrls",
    "message_intent": "MessageIntent",
    "content_retention": "ContentRetention",
    "address_retention": "AddressRetention",
    "risk_check": "RiskCheck",
}
Pairs = list[tuple[str, str]]


def constant(provider: TwilioSMS) -> Pairs:
    """What the form of every message says, but for those of a destination by RCS."""
    sender = ("From", provider.address(provider.from_number))
    if provider.messaging_service_sid:
        sender = ("MessagingServiceSid", provider.messaging_service_sid)
    return _filled([sender, *_options(provider)])


def form(provider: TwilioSMS, message: Message) -> Pairs:
    pairs = _addresses(provider, message)
    if content := message.content:
        pairs.append(("ContentSid", content.template))
        if content.variables:
            pairs.append(("ContentVariables", _json(content.variables)))
    elif message.rich:  # a bare text; see `twilio_content.is_needed`
        pairs.append(("Body", message.rich.text))
    else:
        if message.body:
            pairs.append(("Body", message.body))
        pairs += [("MediaUrl", url) for url in message.media]
    if message.callback_url:
        pairs.append(("StatusCallback", message.callback_url + CALLBACK_RETRIES))
    if message.validity_seconds is not None:
        longest = LONGEST_VALIDITY
        if provider.channel == WHATSAPP:
            longest = LONGEST_BY_WHATSAPP
        seconds = min(max(message.validity_seconds, SHORTEST_VALIDITY), longest)
        pairs.append(("ValidityPeriod", str(seconds)))
    if message.send_at:
        pairs += [("ScheduleType", "fixed"), ("SendAt", _moment(message.send_at))]
    return pairs


def _addresses(provider: TwilioSMS, message: Message) -> Pairs:
    """To whom and from whom. A plain number lets a service choose RCS first."""
    if provider.channel not in BY_RCS:
        return [("To", provider.address(message.to)), *provider.constant]
    service = ("MessagingServiceSid", provider.messaging_service_sid)
    if message.channel not in BY_RCS:
        # Through the service it would go by RCS again.
        sender = ("From", provider.text_sender) if provider.text_sender else service
        pairs = [("To", message.to), sender]
    elif message.channel == RCS and not provider.is_fallback_ours:
        reserve = ("FallbackFrom", provider.fallback_from)
        pairs = [("To", message.to), service, reserve]
    else:
        sender = ("From", provider.rcs_agent) if provider.rcs_agent else service
        pairs = [("To", f"{TO_RCS}{message.to}"), sender]
    return _filled([*pairs, *_options(provider)])


def _options(provider: TwilioSMS) -> Pairs:
    return [(name, provider.options.get(key, "")) for key, name in OPTIONS.items()]


def _filled(pairs: Pairs) -> Pairs:
    return [(name, value) for name, value in pairs if value]


def _json(variables: Mapping[str, str]) -> str:
    return json.dumps(dict(variables), ensure_ascii=False)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
