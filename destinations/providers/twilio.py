"""
SMS, MMS and WhatsApp through a tenant's own Twilio account.

Source: www.twilio.com/docs/messaging/api/message-resource and
.../messaging/guides/track-outbound-message-status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

from destinations.providers import (
    simulated,
    twilio_help,
    twilio_inbound,
    twilio_messages,
    twilio_replies,
    twilio_setup,
    twilio_signature,
    twilio_verification,
)
from destinations.providers.answers import (
    MAX_LISTING,
    MAX_PAGES,
    MAX_SHARED_LISTING,
    Answer,
    Auth,
    TooManyMessages,
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
from destinations.providers.fields import MEDIA, SMART_ENCODING, Field
from destinations.providers.media import MediaLimits
from destinations.providers.twilio_fields import (
    FIELDS,
    MEDIA_LIMITS,
    RICH_LIMITS,
    WHATSAPP,
)
from leadrails.core.delivery import NotSent, OutcomeUnknown, Receipt
from leadrails.core.rich_limits import Limits

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession
    from destinations.providers.inbound import Inbound, InboundAnswer

# Twilio repeats a failed callback only if its URL asks for it; the fragment is not
# sent and not signed. Five repeats, after any failure, 2 s to connect.
CALLBACK_RETRIES = "#rc=5&rp=all&ct=2000"
SHORTEST_VALIDITY = 5  # seconds; shorter is allowed but discouraged
LONGEST_VALIDITY = {"": 36_000, WHATSAPP: 14_400}
# The settings that go into every request as they are, by Twilio's name of each.
OPTIONS = {
    SMART_ENCODING: "SmartEncoded",
    "shorten_urls": "ShortenUrls",
    "message_intent": "MessageIntent",
    "content_retention": "ContentRetention",
    "address_retention": "AddressRetention",
    "risk_check": "RiskCheck",
}


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
            channel=given["channel"],
            sends_media=bool(given[MEDIA.name]),
            options={name: given[name] for name in OPTIONS if given[name]},
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
        config = {"account_sid": account, "from_number": simulated.SAMPLE_SENDER}
        return config, {"auth_token": simulated.auth_token(secret, account)}

    def can(self, capability: Capability) -> bool:
        """A list in which numbers are hidden would look like absence."""
        is_hidden = "address_retention" in self.options
        if capability is Capability.LIST and is_hidden:
            return False
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
        answer = await http.post_form(url, self._form(message), auth=self.auth)
        if answer.is_client_error:
            raise refusal(self.kind, answer, _code(answer))
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
        """No filter by DateSent: what is not sent yet has none and would be missing."""
        url = f"{self.account_url}/Messages.json"
        params = {"PageSize": "1000"}
        if to:
            params = {"To": self.address(to), "PageSize": "50"}
        found: dict[str, FoundMessage] = {}
        for _ in range(max_pages):
            body = await self._get(url, http, params, is_shared=to is None)
            rows = twilio_messages.rows(body)
            page = [twilio_messages.found(row, self.channel) for row in rows]
            recent = {m.provider_id: m for m in page if m.created_at >= since}
            found |= recent
            next_page = self._next_page(body)
            # The list is newest first in practice, not by promise: only a page with
            # nothing recent on it ends the search.
            if not recent or next_page is None:
                return sorted(
                    found.values(), key=lambda message: message.created_at, reverse=True
                )
            url, params = next_page, {}
        raise TooManyMessages

    async def fetch(self, provider_id: str, http: ProviderSession) -> StatusUpdate:
        if not twilio_messages.SID.fullmatch(provider_id):
            raise NotSent("this is not the id of a Twilio message")
        url = f"{self.account_url}/Messages/{provider_id}.json"
        return twilio_messages.update(await self._get(url, http))

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
        return f"{self.channel}:{number}" if self.channel else number

    @cached_property
    def _constant(self) -> list[tuple[str, str]]:
        """What the form of every message says."""
        sender = ("From", self.address(self.from_number))
        if self.messaging_service_sid:
            sender = ("MessagingServiceSid", self.messaging_service_sid)
        options = [(name, self.options.get(key, "")) for key, name in OPTIONS.items()]
        return [(name, value) for name, value in (sender, *options) if value]

    def _form(self, message: Message) -> list[tuple[str, str]]:
        form = [("To", self.address(message.to)), *self._constant]
        if content := message.content:
            form.append(("ContentSid", content.template))
            if content.variables:
                form.append(("ContentVariables", _json(content.variables)))
        else:
            if message.body:
                form.append(("Body", message.body))
            form += [("MediaUrl", url) for url in message.media]
        if message.callback_url:
            form.append(("StatusCallback", message.callback_url + CALLBACK_RETRIES))
        if message.validity_seconds is not None:
            form.append(("ValidityPeriod", self._validity(message.validity_seconds)))
        if message.send_at:
            form += [("ScheduleType", "fixed"), ("SendAt", _moment(message.send_at))]
        return form

    def _validity(self, seconds: int) -> str:
        longest = LONGEST_VALIDITY[self.channel]
        return str(min(max(seconds, SHORTEST_VALIDITY), longest))

    async def _get(
        self,
        url: str,
        http: ProviderSession,
        params: Mapping[str, str] | None = None,
        *,
        is_shared: bool = False,
    ) -> Mapping[str, Any]:
        most = MAX_SHARED_LISTING if is_shared else MAX_LISTING
        answer = await http.get_json(url, params=params, auth=self.auth, max_bytes=most)
        if answer.is_client_error:
            raise refusal(self.kind, answer, _code(answer))
        return answer.body

    def _next_page(self, body: Mapping[str, Any]) -> str | None:
        """Follow the list only where the credentials belong."""
        path = body.get("next_page_uri")
        if not path:
            return None
        account_path = urlsplit(self.account_url).path
        if not str(path).startswith(f"{account_path}/Messages.json?"):
            raise OutcomeUnknown("the provider's list leads elsewhere")
        return f"{self.base_url}{path}"


def _json(variables: Mapping[str, str]) -> str:
    return json.dumps(variables, ensure_ascii=False)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _code(answer: Answer) -> str | None:
    """A 401 without a code still is a wrong SID or token."""
    return answer.error_code or ("20003" if answer.status == 401 else None)
