"""The parameters of the request that tells of an inbound message."""

import json

from destinations.simulator.message import API_VERSION, Message
from destinations.simulator.numbers import place


def inbound_fields(
    message: Message, extra: dict[str, str], *, base_url: str
) -> dict[str, str]:
    """`extra`: place and button, named as the provider names them."""
    sender, to = message.sender or "", message.to
    fields = {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "Body": message.body,
        "To": to,
        "NumSegments": str(message.segments),
        "MessageSid": message.sid,
        "AccountSid": message.account,
        "From": sender,
        "ApiVersion": API_VERSION,
    }
    if message.service:
        fields["MessagingServiceSid"] = message.service
    for index, content_type in enumerate(message.media):
        fields[f"MediaUrl{index}"] = f"{base_url}{message.media_uri(index)}"
        fields[f"MediaContentType{index}"] = content_type
    return fields | _about_channel(sender, to) | extra


def _about_channel(sender: str, to: str) -> dict[str, str]:
    """A text has the places of both numbers, a chat the name of the other side."""
    channel, colon, number = sender.rpartition(":")
    if not colon:
        both = (("From", sender), ("To", to))
        return {
            f"{side}{name}": value
            for side, address in both
            for name, value in place(address).items()
        }
    metadata = {"type": channel, "data": {"context": {"ProfileName": "Handset"}}}
    return {
        "ProfileName": "Handset",
        "WaId": number.lstrip("+"),
        "ChannelPrefix": channel,
        "ChannelMetadata": json.dumps(metadata),
    }
