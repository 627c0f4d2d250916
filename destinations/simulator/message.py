"""A message in the simulator's memory, and as the REST API shows it."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from destinations.providers.simulated import MARK
from destinations.simulator import clock
from destinations.simulator.accounts import channel_sid
from destinations.simulator.errors import MESSAGES

API_VERSION = "2010-04-01"
_FINAL = "delivered undelivered failed canceled read"
_TELNYX_FINAL = "delivery_failed sending_failed delivery_unconfirmed cancelled"
FINAL = frozenset([*_FINAL.split(), *_TELNYX_FINAL.split()])
PRICE = 0.0079


@dataclass(slots=True)
class PlannedStep:
    """A status to reach at `due`; `callbacks` are waits after it, in seconds."""

    status: str
    error_code: int | None
    due: int
    callbacks: tuple[float, ...]


@dataclass(slots=True, kw_only=True)
class Message:
    """
    Attributes:
        seq: the order of acceptance, which is the order of lists.
        received_us: microseconds since 1970 at which the request's head was read.
        plan: what is still to happen.
        media: links; of a message from a handset, the types of what it uploaded.
        service: a Messaging Service, or the messaging profile at Telnyx.
        extra: what few messages have: validity, buttons, place, channel, feedback;
            of a message at Telnyx `telnyx`, what only that provider shows.
    """

    seq: int
    sid: str
    account: str
    to: str
    sender: str | None
    service: str | None
    body: str
    media: list[str]
    callback_url: str | None
    scenario: str
    received_us: int
    created: int
    status: str
    segments: int = 0
    error_code: int | None = None
    updated: int = 0
    sent: int | None = None
    plan: list[PlannedStep] = field(default_factory=list)
    is_badly_signed: bool = False
    is_deleted: bool = False
    direction: str = "outbound-api"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def is_telnyx(self) -> bool:
        return "telnyx" in self.extra

    @property
    def is_rcs(self) -> bool:
        """Whether it goes by RCS now; a fallback takes that away."""
        return (self.sender or "").startswith("rcs:")

    @property
    def channel_to(self) -> str:
        """The recipient with the channel that it goes by, as callbacks tell it."""
        is_bare = self.is_rcs and ":" not in self.to
        return f"rcs:{self.to}" if is_bare else self.to

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account}/Messages/{self.sid}"

    def media_sid(self, index: int) -> str:
        return f"ME{MARK}{sha256(f'{self.sid}{index}'.encode()).hexdigest()[:24]}"

    def media_uri(self, index: int) -> str:
        """Without `.json`, which is the description of it."""
        return f"{self.uri}/Media/{self.media_sid(index)}"

    def resource(self) -> dict[str, Any]:
        price = f"-{self.segments * PRICE:.5f}" if self.sent else None
        message = MESSAGES.get(self.error_code, "") if self.error_code else None
        is_hidden = "is_obfuscated" in self.extra
        return {
            "account_sid": self.account,
            "api_version": API_VERSION,
            "body": "" if "is_discarded" in self.extra else self.body,
            "date_created": clock.rfc2822(self.created),
            "date_sent": clock.rfc2822(self.sent),
            "date_updated": clock.rfc2822(self.updated),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": message,
            "from": self.sender,
            "messaging_service_sid": self.service,
            "num_media": str(len(self.media)),
            "num_segments": str(self.segments if self.sender else 0),
            "price": price,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{self.uri}/Media.json"},
            "tags": None,
            "to": f"{self.to[:-4]}XXXX" if is_hidden else self.to,
            "uri": f"{self.uri}.json",
        }

    def callback_form(self, at: int) -> str:
        fields: dict[str, str | int] = {
            "SmsSid": self.sid,
            "SmsStatus": self.status,
            "MessageStatus": self.status,
            "To": self.channel_to,
            "MessageSid": self.sid,
            "AccountSid": self.account,
            "From": self.sender or "",
            "ApiVersion": API_VERSION,
        }
        prefix, colon, _ = self.channel_to.partition(":")
        if colon:
            fields |= {"ChannelPrefix": prefix, "ChannelToAddress": self.channel_to}
            if self.sender:
                fields["ChannelInstallSid"] = channel_sid(self.account, self.sender)
            if self.error_code:
                reason = MESSAGES.get(self.error_code, "")
                fields["ChannelStatusMessage"] = reason
        if self.status == "read":
            fields["EventType"] = "READ"
        if self.service:
            fields["MessagingServiceSid"] = self.service
        if self.error_code:
            fields["ErrorCode"] = self.error_code
        if self.status in {"delivered", "undelivered"}:
            fields["RawDlrDoneDate"] = clock.carrier_time(at)
        return urlencode(fields)
