"""The parameters of the request that tells of an inbound message."""

import json
from typing import Any

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
    return fields | _about_channel(sender, to, extra) | extra


def _rcs_metadata(to: str, extra: dict[str, str]) -> dict[str, Any]:
    context: dict[str, Any] = {"agent": f"{to.partition(':')[2]}@rbm.goog"}
    if "ButtonText" in extra:
        context["suggestionResponse"] = {
            "postbackData": extra.get("ButtonPayload", ""),
            "text": extra["ButtonText"],
            "type": extra.get("ButtonType", "REPLY"),
        }
    return {"type": "rcs", "data": {"context": context}}


def _about_channel(sender: str, to: str, extra: dict[str, str]) -> dict[str, str]:
    """A text has the places of both numbers, a chat the name of the other side."""
    channel, colon, number = sender.rpartition(":")
    if not colon:
        both = (("From", sender), ("To", to))
        return {
            f"{side}{name}": value
            for side, address in both
            for name, value in place(address).items()
        }
    if channel == "rcs":
        return {
            "ChannelPrefix": channel,
            "ChannelMetadata": json.dumps(_rcs_metadata(to, extra)),
        }
    metadata = {"type": channel, "data": {"context": {"ProfileName": "Handset"}}}
    return {
        "ProfileName": "Handset",
        "WaId": number.lstrip("+"),
        "ChannelPrefix": channel,
        "ChannelMetadata": json.dumps(metadata),
    }
