"""
A provider that exists only here: what a new one has to bring, and nothing more.

It sends texts by JSON under an API key, keeps no list of messages and signs callbacks.
docs/providers.md leads through this file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from destinations.providers import errors
from destinations.providers.answers import Auth, refusal
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
from destinations.providers.errors import Code
from destinations.providers.fields import MEDIA, Field, Section
from leadrails.core.delivery import (
    ErrorClass,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Receipt,
    Scope,
    SendError,
)
from leadrails.core.states import State

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession

STATES = {
    "waiting": State.ACCEPTED,
    "flying": State.SENT,
    "landed": State.DELIVERED,
    "lost": State.UNDELIVERED,
}
errors.learn(
    "pigeon",
    "https://pigeons.example/errors/{code}",
    [
        Code(
            "4010",
            "Wrong key",
            ErrorClass.DESTINATION_CONFIG,
            Scope.ACCOUNT,
            "The pigeon post does not know this API key.",
        ),
        Code(
            "4040",
            "No such loft",
            ErrorClass.RECIPIENT_PERMANENT,
            Scope.RECIPIENT,
            "No pigeon finds this number.",
        ),
        Code(
            "4030",
            "Eaten",
            ErrorClass.CARRIER_FILTERED,
            Scope.MESSAGE,
            "A hawk took the message.",
        ),
    ],
)


@dataclass(frozen=True, kw_only=True)
class Pigeon(Provider):
    kind: ClassVar[str] = "pigeon_sms"
    label: ClassVar[str] = "Pigeon post"
    live_base_url: ClassVar[str] = "https://api.pigeons.example"
    capabilities: ClassVar[frozenset[Capability]] = frozenset({Capability.MEDIA})
    fields: ClassVar[tuple[Field, ...]] = (
        Field(
            name="api_key",
            label="Pigeon key",
            help="On the inside of the ring.",
            pattern=r"pk_(live|test)_[0-9a-f]{32}",
            example="pk_live_ followed by 32 hex characters",
            secret=True,
            required=True,
        ),
        Field(
            name="from_number",
            label="From loft",
            help="Where the pigeons live, in E.164 format.",
            pattern=r"\+[1-9][0-9]{6,14}",
            example="+15555550100",
            required=True,
        ),
        MEDIA,
        Field(
            name="route",
            label="Way",
            help="Over the sea it is shorter.",
            section=Section.OPTIONS,
            choices=(("", "By land"), ("fast", "Over the sea")),
        ),
    )
    troubles: ClassVar[tuple[Trouble, ...]] = (
        Trouble("4030", "Eaten", "A hawk took the message. Send it at another hour."),
    )

    api_key: str = field(repr=False)
    from_number: str
    route: str
    base_url: str

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        *,
        base_url: str,
    ) -> Pigeon:
        return cls(
            api_key=credentials.get("api_key", ""),
            from_number=config.get("from_number", ""),
            route=config.get("route", ""),
            base_url=base_url,
        )

    @classmethod
    def validate(
        cls, config: Mapping[str, str], credentials: Mapping[str, str], simulated: bool
    ) -> dict[str, str]:
        problems = super().validate(config, credentials, simulated)
        is_of_simulator = "_test_" in credentials.get("api_key", "")
        if not problems and is_of_simulator != simulated:
            problems["api_key"] = "This key belongs to the other kind of destination."
        return problems

    @classmethod
    def sender_of(cls, config: Mapping[str, str]) -> Sender:
        number = config.get("from_number", "")
        return Sender(id=number, shown=number, number=number)

    async def send(self, message: Message, http: ProviderSession) -> Receipt:
        payload = {
            "from": self.from_number,
            "to": message.to,
            "text": message.body,
            "pictures": list(message.media),
            "callback": message.callback_url,
            "route": self.route,
        }
        url = f"{self.base_url}/v1/messages"
        answer = await http.post_json(url, payload, auth=Auth.bearer(self.api_key))
        if answer.is_client_error:
            raise refusal(self.kind, answer)
        if not isinstance(answer.body.get("id"), str):
            raise OutcomeUnknown("the answer names no message")
        return Receipt(answer.body["id"], status=str(answer.body.get("state")))

    async def fetch(self, provider_id: str, http: ProviderSession) -> StatusUpdate:
        if not re.fullmatch(r"pg_[0-9a-f]{24}", provider_id):
            raise NotSent("this is not the id of a pigeon")
        url = f"{self.base_url}/v1/messages/{provider_id}"
        answer = await http.get_json(url, auth=Auth.bearer(self.api_key))
        if answer.is_client_error:
            raise refusal(self.kind, answer)
        return self.parse_callback(json.dumps(answer.body).encode())

    async def verify_credentials(self, http: ProviderSession) -> Verification:
        auth = Auth.bearer(self.api_key)
        try:
            answer = await http.get_json(f"{self.base_url}/v1/me", auth=auth)
        except RateLimited:
            return Verification(False, "rate_limited", "Too many asked at once.")
        except SendError:
            return Verification(False, "unreachable", "Nobody is in the loft.")
        if answer.is_client_error:
            return Verification(False, "wrong_secret", "The key is not known.")
        return Verification(True, "good", "The key works.")

    def parse_callback(self, form: CallbackBody) -> StatusUpdate:
        if not isinstance(form, bytes):
            raise ValueError("not a pigeon's callback: no JSON")
        body = json.loads(form)
        if not isinstance(body, dict) or not {"id", "state"} <= body.keys():
            raise ValueError("not a pigeon's callback: no id or no state")
        code = str(body.get("error") or "")
        info = errors.lookup(self.kind, code) if code else None
        return StatusUpdate(
            provider_id=str(body["id"]),
            status=STATES.get(body["state"]),
            raw_status=str(body["state"])[:40],
            error_code=info.code if info else None,
            error_title=info.title if info else None,
            error_class=info.error_class if info else None,
            scope=info.scope if info else None,
            occurred_at=_moment(body.get("at")),
        )

    def verify_callback(
        self, url: str, raw_body: bytes, headers: Mapping[str, str]
    ) -> SignatureCheck:
        lower = {name.lower(): value for name, value in headers.items()}
        given = lower.get("pigeon-signature", "")
        right = sign(self.api_key, url, raw_body)
        is_valid = hmac.compare_digest(given.encode(), right.encode())
        return SignatureCheck.VALID if is_valid else SignatureCheck.INVALID

    def secrets(self) -> tuple[str, ...]:
        return (self.api_key,)


def sign(key: str, url: str, body: bytes) -> str:
    return hmac.new(
        key.encode(), url.encode() + b"\n" + body, hashlib.sha256
    ).hexdigest()


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
