"""
SMS, MMS and RCS through a tenant's own Telnyx account.

Source: developers.telnyx.com, "Send a message" and the messaging OpenAPI document.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from destinations.providers import (
    simulated,
    telnyx_help,
    telnyx_inbound,
    telnyx_messages,
    telnyx_rcs,
    telnyx_replies,
    telnyx_setup,
    telnyx_signature,
    telnyx_verification,
)
from destinations.providers.answers import Auth
from destinations.providers.base import (
    CallbackBody,
    Capability,
    Message,
    Provider,
    Sender,
    SignatureCheck,
    StatusUpdate,
    Trouble,
    Verification,
)
from destinations.providers.fields import (
    BY_RCS,
    CHANNEL,
    FALLBACK,
    LEADRAILS,
    MEDIA,
    PATIENCE,
    RCS,
    RCS_ONLY,
    Field,
    patience,
)
from destinations.providers.media import MediaLimits
from destinations.providers.telnyx_fields import FIELDS, MEDIA_LIMITS, RICH_LIMITS
from leadrails.core.delivery import NotSent, OutcomeUnknown, Receipt
from leadrails.core.rich_limits import Limits

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.inbound import Inbound


@dataclass(frozen=True, kw_only=True)
class TelnyxSMS(Provider):
    """There is no list of messages: in doubt only a callback can tell."""

    kind: ClassVar[str] = "telnyx_sms"
    label: ClassVar[str] = "SMS — Telnyx"
    fields: ClassVar[tuple[Field, ...]] = FIELDS
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.MEDIA,
            Capability.SCHEDULE,
            Capability.REPLIES,
            Capability.RCS,
            Capability.READ,
        }
    )
    troubles: ClassVar[tuple[Trouble, ...]] = telnyx_help.TROUBLES
    media_limits: ClassVar[MediaLimits | None] = MEDIA_LIMITS
    rich_limits: ClassVar[Limits | None] = RICH_LIMITS
    live_base_url: ClassVar[str] = "https://api.telnyx.com"
    callback_networks: ClassVar[tuple[str, ...]] = ("192.76.120.192/27",)
    status_words: ClassVar[Mapping[str, str]] = telnyx_help.STATUS_WORDS

    base_url: str
    messaging_profile_id: str
    from_number: str = ""
    sends_media: bool = False
    subject: str = ""
    encoding: str = ""
    channel: str = ""
    rcs_agent: str = ""
    is_fallback_ours: bool = False
    patience: int = PATIENCE
    public_keys: tuple[str, ...] = ()  # newest first
    api_key: str = field(default="", repr=False)

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        *,
        base_url: str,
    ) -> TelnyxSMS:
        given = telnyx_setup.settled(config, credentials)
        return cls(
            base_url=base_url.rstrip("/"),
            messaging_profile_id=given["messaging_profile_id"],
            from_number=given["from_number"],
            sends_media=bool(given[MEDIA.name]),
            subject=given["subject"],
            encoding=given["encoding"],
            channel=given[CHANNEL],
            rcs_agent=given["rcs_agent"],
            is_fallback_ours=given[FALLBACK.name] == LEADRAILS,
            patience=patience(given),
            public_keys=tuple(filter(None, map(given.__getitem__, telnyx_setup.KEYS))),
            api_key=given["api_key"],
        )

    @classmethod
    def validate(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        simulated: bool,
    ) -> dict[str, str]:
        return telnyx_setup.validate(config, credentials, simulated)

    @classmethod
    def messages_per_second(cls, config: Mapping[str, str]) -> float:
        return telnyx_setup.messages_per_second(config)

    @classmethod
    def sender_of(cls, config: Mapping[str, str]) -> Sender:
        return telnyx_setup.sender_of(config)

    @classmethod
    def simulated_settings(
        cls, tenant_id: UUID, secret: str
    ) -> tuple[dict[str, str], dict[str, str]]:
        account = simulated.account_sid(tenant_id)
        config = {
            "messaging_profile_id": simulated.telnyx_profile_id(account),
            "public_key": simulated.telnyx_public_key(secret, account),
            "from_number": simulated.SAMPLE_TELNYX_SENDER,
            "rcs_agent": simulated.telnyx_agent_id(account),
        }
        return config, {"api_key": simulated.telnyx_api_key(secret, account)}

    def can(self, capability: Capability) -> bool:
        """Nobody can answer to a sender name; only RCS is told to be read."""
        is_by_rcs = self.channel in BY_RCS
        match capability:
            case Capability.READ | Capability.RCS:
                return is_by_rcs
            case Capability.SCHEDULE:
                return not is_by_rcs
            case Capability.REPLIES:
                return is_by_rcs or not telnyx_setup.is_name(self.from_number)
        return capability in self.capabilities

    @cached_property
    def auth(self) -> Auth:
        return Auth.bearer(self.api_key)

    @cached_property
    def api_url(self) -> str:
        return f"{self.base_url}/v2"

    @property
    def profile_url(self) -> str:
        return f"{self.api_url}/messaging_profiles/{self.messaging_profile_id}"

    @property
    def agent_url(self) -> str:
        return f"{self.api_url}/messaging/rcs/agents/{self.rcs_agent}"

    async def send(self, message: Message, http: ProviderSession) -> Receipt:
        url, payload = f"{self.api_url}/messages", self._payload
        if message.channel in BY_RCS:
            url, payload = f"{url}/rcs", self._rcs_payload
        answer = await http.post_json(url, payload(message), auth=self.auth)
        if answer.is_client_error:
            raise telnyx_messages.refusal(answer)
        data = telnyx_messages.data_of(answer)
        provider_id = data.get("id")
        if not isinstance(provider_id, str) or not _is_id(provider_id):
            raise OutcomeUnknown("the provider's answer names no message")
        return Receipt(
            provider_id,
            status=str(telnyx_messages.first(data.get("to")).get("status")),
            segments=telnyx_messages.segments(data.get("parts")),
            sender=telnyx_messages.sender(data.get("from")),
            http_status=answer.status,
        )

    @property
    def checks_rcs_of(self) -> str:
        """Where Telnyx falls back, it looks by itself."""
        is_alone = self.channel == RCS_ONLY
        is_asked = is_alone or (self.channel == RCS and self.is_fallback_ours)
        return self.rcs_agent if is_asked else ""

    async def has_rcs(self, to: str, http: ProviderSession) -> bool | None:
        url = f"{self.api_url}/messaging/rcs/capabilities/{self.rcs_agent}/{to}"
        return telnyx_rcs.has_rcs(await http.get_json(url, auth=self.auth))

    async def fetch(self, provider_id: str, http: ProviderSession) -> StatusUpdate:
        """Telnyx knows a message for ten days."""
        if not _is_id(provider_id):
            raise NotSent("this is not the id of a Telnyx message")
        answer = await http.get_json(
            f"{self.api_url}/messages/{provider_id}", auth=self.auth
        )
        if answer.is_client_error:
            raise telnyx_messages.refusal(answer)
        return telnyx_messages.update(telnyx_messages.data_of(answer))

    async def verify_credentials(self, http: ProviderSession) -> Verification:
        return await telnyx_verification.verify(self, http)

    def parse_callback(self, form: CallbackBody) -> StatusUpdate:
        """The attempt is not in it: our callback URL carries it."""
        return telnyx_messages.callback(form)

    def verify_callback(
        self,
        url: str,  # noqa: ARG002 - Telnyx does not sign it
        raw_body: bytes,
        headers: Mapping[str, str],
    ) -> SignatureCheck:
        return telnyx_signature.check(
            self.public_keys, raw_body, headers, now=time.time()
        )

    def parse_inbound(self, form: CallbackBody) -> Inbound:
        return telnyx_inbound.parse(form)

    async def rcs_replies_at(self, http: ProviderSession) -> str:
        answer = await http.get_json(self.agent_url, auth=self.auth)
        return telnyx_rcs.webhook_of(answer)

    async def connect_replies(self, incoming: str, http: ProviderSession) -> None:
        await telnyx_replies.connect(self, incoming, http)

    def secrets(self) -> tuple[str, ...]:
        return (self.api_key,) if self.api_key else ()

    def _payload(self, message: Message) -> dict[str, Any]:
        """
        The request. Telnyx takes no time within which it may be delivered.

        The failover is the same address: it is tried when three attempts at the first
        have failed. The profile's own address would hear of the message a second time.
        """
        callback = {
            "webhook_url": message.callback_url,
            "webhook_failover_url": message.callback_url,
            "use_profile_webhooks": False,
        }
        media = {"media_urls": list(message.media), "subject": self.subject}
        payload = {
            "to": message.to,
            "from": self.from_number,
            "messaging_profile_id": self.messaging_profile_id,
            "type": "MMS" if message.media else "SMS",
            "text": message.body,
            **(media if message.media else {}),
            "encoding": self.encoding,
            "send_at": _moment(message.send_at) if message.send_at else "",
            **(callback if message.callback_url else {}),
        }
        return {name: value for name, value in payload.items() if value != ""}

    def _rcs_payload(self, message: Message) -> dict[str, Any]:
        """One address only: an agent's messages have no failover of their own."""
        seconds, reserve = message.validity_seconds, {}
        if message.channel == RCS and not self.is_fallback_ours:
            seconds = min(seconds or self.patience, self.patience)
            reserve = telnyx_rcs.fallback(message, self.from_number, self.subject)
        callback = {"webhook_url": message.callback_url}
        return {
            "agent_id": self.rcs_agent,
            "to": message.to,
            "messaging_profile_id": self.messaging_profile_id,
            "type": "RCS",
            "agent_message": telnyx_rcs.agent_message(message, seconds),
            **reserve,
            **(callback if message.callback_url else {}),
        }


def _is_id(text: str) -> bool:
    return telnyx_messages.ID.fullmatch(text) is not None


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
