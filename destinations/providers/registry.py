"""The kinds of destination. A new one is its module, a line here and its samples."""

from destinations.providers.base import Provider
from destinations.providers.telnyx import TelnyxSMS
from destinations.providers.twilio import TwilioSMS

PROVIDERS: dict[str, type[Provider]] = {
    provider.kind: provider for provider in (TwilioSMS, TelnyxSMS)
}
