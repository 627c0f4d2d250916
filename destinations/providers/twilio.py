"""
SMS, MMS, RCS and WhatsApp through a tenant's own Twilio account.

Source: www.twilio.com/docs/messaging/api/message-resource and
.../messaging/guides/track-outbound-message-status.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from destinations.providers import (
    simulated,
    twilio_content,
    twilio_help,
    twilio_inbound,
    twilio_listing,
    twilio_messages,
    twilio_replies,
    twilio_request,
    twilio_setup,
    twilio_signature,
    twilio_verification,
)
from destinations.providers.answers import (
    MAX_PAGES,
    Auth,
    refusal,
)
from destinations.providers.base import (
    CallbackBody,
    Capability,
    FoundMessage,
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
    Field,
)
from destinations.providers.kept import Kept
from destinations.providers.media import MediaLimits
from destinations.providers.twilio_fields import (
    FIELDS,
    MEDIA_LIMITS,
    RICH_LIMITS,
)
from leadrails.core.delivery import NotSent, OutcomeUnknown, Receipt
from leadrails.core.rich import Rich
from leadrails.core.rich_limits import Limits

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.inbound import Inbound, InboundAnswer


@dataclass(frozen=True, kw_only=True)
class TwilioSMS(Provider):
    kind: ClassVar[str] = "twilio_sms"
    label: ClassVar[str] = "SMS — Twilio"
    fields: ClassVar[tuple[Field, ...]] = FIELDS
    capabilities: ClassVar[frozenset[Capability]] = frozenset(Capability)
    troubles: ClassVar[tuple[Trouble, ...]] = twilio_help.TROUBLES
    media_limits: ClassVar[MediaLimits | None] = MEDIA_LIMITS
    rich_limits: ClassVar[Limits | None] = RICH_LIMITS
    live_base_url: ClassVar[str] = "https://api.twilio.com"

    account_sid: str
    base_url: str
    from_number: str = ""
    messaging_service_sid: str = ""
    channel: str = ""
    rcs_agent: str = ""
    is_fallback_ours: bool = False
    fallback_from: str = ""
    text_sender: str = ""
    sends_media: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    api_key_sid: str = ""
    api_key_secret: str = field(default="", repr=False)
    auth_tokens: tuple[str, ...] = field(default=(), repr=False)  # newest first

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        *,
        base_url: str,
    ) -> TwilioSMS:
        given = twilio_setup.settled(config, credentials)
        tokens = [given["auth_token"], given["auth_token_previous"]]
        return cls(
            account_sid=given["account_sid"],
            base_url=base_url.rstrip("/"),
            from_number=given["from_number"],
            messaging_service_sid=given["messaging_service_sid"],
            channel=given[CHANNEL],
            rcs_agent=given["rcs_agent"],
            is_fallback_ours=given[FALLBACK.name] == LEADRAILS,
            fallback_from=given["fallback_from"],
            text_sender=twilio_setup.text_sender(given),
            sends_media=bool(given[MEDIA.name]),
            options={
                name: given[name] for name in twilio_request.OPTIONS if given[name]
            },
            api_key_sid=given["api_key_sid"],
            api_key_secret=given["api_key_secret"],
            auth_tokens=tuple(filter(None, tokens)) if tokens[0] else (),
        )

    @classmethod
    def validate(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        simulated: bool,
    ) -> dict[str, str]:
        return twilio_setup.validate(config, credentials, simulated)

    @classmethod
    def messages_per_second(cls, config: Mapping[str, str]) -> float:
        return twilio_setup.messages_per_second(config)

    @classmethod
    def sender_of(cls, config: Mapping[str, str]) -> Sender:
        return twilio_setup.sender_of(config)

    @classmethod
    def simulated_settings(
        cls, tenant_id: UUID, secret: str
    ) -> tuple[dict[str, str], dict[str, str]]:
        account = simulated.account_sid(tenant_id)
        config = {
            "account_sid": account,
            "from_number": simulated.SAMPLE_SENDER,
            "rcs_agent": simulated.rcs_sender(account),
        }
        return config, {"auth_token": simulated.auth_token(secret, account)}

    @classmethod
    def kept_content(
        cls, rich: Rich, body: str, config: Mapping[str, str]
    ) -> Kept | None:
        return twilio_content.of_config(rich, body, config)

    @classmethod
    def content_problem(cls, rich: Rich, config: Mapping[str, str]) -> str:
        return twilio_content.problem(rich, config)

    async def create_content(
        self,
        name: str,
        content: Kept,
        sample_of: Callable[[str], str],
        http: ProviderSession,
    ) -> str:
        return await twilio_content.create(self, name, content, sample_of, http)

    async def has_content(self, content_id: str, http: ProviderSession) -> bool:
        return await twilio_content.is_there(self, content_id, http)

    async def delete_content(self, content_id: str, http: ProviderSession) -> None:
        await twilio_content.delete(self, content_id, http)

    def can(self, capability: Capability) -> bool:
        """A list in which numbers are hidden would look like absence."""
        is_hidden = "address_retention" in self.options
        if capability is Capability.LIST and is_hidden:
            return False
        if capability is Capability.RCS:
            return self.channel in BY_RCS
        if capability is Capability.REPLIES:
            return twilio_replies.can_connect(self)
        return capability in self.capabilities

    @cached_property
    def account_url(self) -> str:
        return f"{self.base_url}/2010-04-01/Accounts/{self.account_sid}"

    @cached_property
    def auth(self) -> Auth:
        """The API key if there is one: it can be revoked by itself."""
        if self.api_key_sid:
            return Auth.basic(self.api_key_sid, self.api_key_secret)
        return self.account_auth

    @property
    def account_auth(self) -> Auth:
        return Auth.basic(self.account_sid, next(iter(self.auth_tokens), ""))

    async def send(self, message: Message, http: ProviderSession) -> Receipt:
        url = f"{self.account_url}/Messages.json"
        answer = await http.post_form(
            url, twilio_request.form(self, message), auth=self.auth
        )
        if answer.is_client_error:
            refused = refusal(self.kind, answer, twilio_listing.code_of(answer))
            raise twilio_content.or_gone(refused, message)
        sid = answer.body.get("sid")
        if not isinstance(sid, str) or not twilio_messages.SID.fullmatch(sid):
            raise OutcomeUnknown("the provider's answer names no message")
        return Receipt(
            sid,
            status=str(answer.body.get("status")),
            segments=twilio_messages.segments(answer.body.get("num_segments")),
            sender=twilio_messages.text(answer.body.get("from")),
            http_status=answer.status,
        )

    async def find(
        self,
        to: str | None,
        since: datetime,
        http: ProviderSession,
        *,
        max_pages: int = MAX_PAGES,
    ) -> list[FoundMessage]:
        return await twilio_listing.find(self, to, since, http, max_pages)

    async def fetch(self, provider_id: str, http: ProviderSession) -> StatusUpdate:
        if not twilio_messages.SID.fullmatch(provider_id):
            raise NotSent("this is not the id of a Twilio message")
        url = f"{self.account_url}/Messages/{provider_id}.json"
        return twilio_messages.update(await twilio_listing.get(self, url, http))

    async def verify_credentials(self, http: ProviderSession) -> Verification:
        return await twilio_verification.verify(self, http)

    def parse_callback(self, form: CallbackBody) -> StatusUpdate:
        """The attempt is not in the form: our callback URL carries it."""
        return twilio_messages.callback(form)

    def verify_callback(
        self, url: str, raw_body: bytes, headers: Mapping[str, str]
    ) -> SignatureCheck:
        return twilio_signature.check(self.auth_tokens, url, raw_body, headers)

    def parse_inbound(self, form: CallbackBody) -> Inbound:
        return twilio_inbound.parse(form)

    def answer_inbound(self, text: str = "") -> InboundAnswer:
        return twilio_inbound.answer(text)

    async def connect_replies(self, incoming: str, http: ProviderSession) -> None:
        await twilio_replies.connect(self, incoming, http)

    def media_auth(self, url: str) -> Auth | None:
        return self.auth if url.startswith(f"{self.account_url}/Messages/") else None

    def secrets(self) -> tuple[str, ...]:
        """Also the header's base64 form, which anyone can turn back."""
        plain = [*self.auth_tokens, self.api_key_secret]
        headers = [Auth.basic(self.account_sid, token) for token in self.auth_tokens]
        if self.api_key_secret:
            headers.append(self.auth)
        encoded = [auth.header.removeprefix("Basic ") for auth in headers]
        return tuple(secret for secret in [*plain, *encoded] if secret)

    def address(self, number: str) -> str:
        return f"{self.prefix}:{number}" if self.prefix else number

    @cached_property
    def constant(self) -> list[tuple[str, str]]:
        """What the form of every message says."""
        return twilio_request.constant(self)

    @cached_property
    def prefix(self) -> str:
        """RCS is chosen for each message: its text goes to the plain number."""
        return "" if self.channel in BY_RCS else self.channel
