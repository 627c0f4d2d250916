"""
What every provider offers, and the words it speaks.

A provider is one frozen object per destination: built from the destination's
settings, it translates a message into the vendor's request and the vendor's answers
and callbacks into ours. It holds no connection and imports no Django and no HTTP
client, so that pages can list its fields cheaply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol, Self
from uuid import UUID

from destinations.providers import errors, fields
from destinations.providers.answers import MAX_PAGES, Auth
from destinations.providers.fields import Field
from destinations.providers.inbound import Inbound, InboundAnswer, NotInbound
from destinations.providers.media import MediaLimits
from destinations.providers.rcs import OffersRcs
from leadrails.core.delivery import (
    ErrorClass,
    OutcomeUnknown,
    Receipt,
    Scope,
)
from leadrails.core.rich import Rich
from leadrails.core.rich_limits import Limits
from leadrails.core.states import State

if TYPE_CHECKING:
    from destinations.providers.http import ProviderSession

CallbackBody = bytes | Mapping[str, str] | Mapping[str, Sequence[str]]
"""A callback as it came: the raw body, or its form already parsed."""


class Capability(StrEnum):
    """What a kind of destination can do beyond sending a text."""

    LIST = "list"  # can be asked which messages went to somebody
    MEDIA = "media"
    CONTENT = "content"  # templates that are kept at the provider
    SCHEDULE = "schedule"
    SMART_ENCODING = "smart_encoding"
    READ = "read"  # tells when a message was read
    REPLIES = "replies"  # can be told where what people answer goes
    RCS = "rcs"


class Purpose(StrEnum):
    """What messages are for, as laws and carriers tell them apart."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Content:
    """A template kept at the provider, and what goes into it."""

    template: str
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    What goes to one person.

    Attributes:
        content: goes in place of `body` and `media`.
        rich: what goes by RCS, with `body` and `media` in reserve; without it, these
            go by RCS as well.
        channel: a choice of the field `fields.CHANNEL`; empty for a text message.
        validity_seconds: how long the provider may keep trying.
        send_at: when it shall begin, if not at once.
    """

    to: str = field(repr=False)
    body: str = field(repr=False)
    media: tuple[str, ...] = field(default=(), repr=False)
    content: Content | None = None
    rich: Rich | None = field(default=None, repr=False)
    channel: str = ""
    callback_url: str | None = field(default=None, repr=False)
    validity_seconds: int | None = None
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusUpdate:
    """
    What the provider says of a message, in a callback or when asked.

    `status` is None for a word we do not know: keep the event, change nothing.
    `is_failed`: the provider itself failed it, so it never left there. `is_end`: it
    will say no more, although the status is not a final one. `done_date`
    is the carrier's time stamp as it came; its time zone is undefined, so it only
    helps to tell repeated callbacks apart. `attempt` is for providers that echo it.
    `details` is the rest of what came, by the provider's own names.
    """

    provider_id: str
    status: State | None
    raw_status: str
    error_code: str | None = None
    error_title: str | None = None
    error_class: ErrorClass | None = None
    scope: Scope | None = None
    sender: str | None = None
    segments: int | None = None
    price: Decimal | None = None
    price_unit: str | None = None
    occurred_at: datetime | None = None
    attempt: str | None = None
    is_failed: bool = False
    is_end: bool = False
    done_date: str | None = None
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMessage:
    """A message of the account's own list, for settling an unknown outcome."""

    provider_id: str
    to: str = field(repr=False)
    sender: str | None
    body: str = field(repr=False)
    created_at: datetime
    update: StatusUpdate


@dataclass(frozen=True, slots=True)
class Verification:
    """
    The result of *Verify connection*: one sentence for the page.

    Attributes:
        hints: doubts that do not make the credentials bad.
        use_case: what the provider's own registration says the sender is for.
        use_case_word: that in the provider's word.
        prefix: what the provider puts before each text, such as a trial's notice.
        smart_encoding: whether it replaces characters unless told otherwise.
    """

    ok: bool
    code: str
    sentence: str
    hints: tuple[str, ...] = ()
    use_case: Purpose | None = None
    use_case_word: str = ""
    prefix: str = ""
    smart_encoding: bool | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """
    Whom messages come from.

    Attributes:
        id: a number, a service or an agent (`rcs:…`) that belongs to one owner; empty
            for a mere name.
        shown: as people know it.
        account: the provider's account that it belongs to.
        number: its number in E.164, if it is one.
    """

    id: str
    shown: str
    account: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    What people see, what it means and what clears it, for the help page.

    `is_of_account`: to verify the connection tells more.
    """

    title: str
    subtitle: str
    text: str
    is_of_account: bool = False


class SignatureCheck(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    UNCHECKED = "unchecked"  # nothing on file that could check it


class Provider(OffersRcs, Protocol):
    """
    A kind of destination. To be inherited: what has a body here is a default.

    `send`, `find` and `fetch` raise the SendErrors of `leadrails.core.delivery`. For
    the two that only read, `OutcomeUnknown` means that nothing usable was answered.
    """

    kind: ClassVar[str]
    """The vendor's name, and after an underscore which of its services."""
    label: ClassVar[str]
    fields: ClassVar[tuple[Field, ...]]
    capabilities: ClassVar[frozenset[Capability]] = frozenset()
    troubles: ClassVar[tuple[Trouble, ...]] = ()
    media_limits: ClassVar[MediaLimits | None] = None
    rich_limits: ClassVar[Limits | None] = None
    """How much it takes by RCS; None if it sends none."""
    live_base_url: ClassVar[str]
    callback_networks: ClassVar[tuple[str, ...]] = ()
    """Where its callbacks come from, if it says so."""
    status_words: ClassVar[Mapping[str, str]] = {}
    """What those of its statuses mean that our states do not tell."""

    @classmethod
    def from_config(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        *,
        base_url: str,
    ) -> Self:
        """`config` is what may be shown, `credentials` what may not."""
        ...

    @classmethod
    def validate(
        cls,
        config: Mapping[str, str],
        credentials: Mapping[str, str],
        simulated: bool,  # noqa: ARG003 - a default
    ) -> dict[str, str]:
        """Return a sentence for each field at fault; empty when all is well."""
        return fields.problems(cls.fields, {**config, **credentials})

    @classmethod
    def messages_per_second(
        cls,
        config: Mapping[str, str],  # noqa: ARG003 - a default
    ) -> float:
        """What a sender of this kind can carry, when nothing else is known."""
        return 1.0

    @classmethod
    def sender_of(cls, config: Mapping[str, str]) -> Sender: ...

    @classmethod
    def simulated_settings(
        cls,
        tenant_id: UUID,  # noqa: ARG003 - a default
        secret: str,  # noqa: ARG003
    ) -> tuple[dict[str, str], dict[str, str]]:
        """
        Return config and credentials of a tenant's own account at the simulator.

        Args:
            secret: from which the simulator derives what it accepts.
        """
        return {}, {}

    def can(self, capability: Capability) -> bool:
        """Whether it can with these settings."""
        return capability in self.capabilities

    async def send(self, message: Message, http: ProviderSession) -> Receipt: ...

    async def find(
        self,
        to: str | None,  # noqa: ARG002 - here and below: defaults use nothing
        since: datetime,  # noqa: ARG002
        http: ProviderSession,  # noqa: ARG002
        *,
        max_pages: int = MAX_PAGES,  # noqa: ARG002
    ) -> list[FoundMessage]:
        """
        Return all messages to `to` (None: to anyone) created since, newest first.

        Complete or an error: a listing cut short would look like absence. Only
        asked of what can `Capability.LIST`.

        Raises:
            TooManyMessages: it is longer than `max_pages`.
        """
        raise OutcomeUnknown("this provider keeps no list that can be asked")

    async def fetch(self, provider_id: str, http: ProviderSession) -> StatusUpdate: ...

    async def verify_credentials(self, http: ProviderSession) -> Verification:
        """Never raises; says what is wrong in one sentence."""
        ...

    def parse_callback(self, form: CallbackBody) -> StatusUpdate:
        """
        Raises:
            ValueError: this is not a status callback of the provider.
        """
        ...

    def verify_callback(
        self, url: str, raw_body: bytes, headers: Mapping[str, str]
    ) -> SignatureCheck:
        """`url` is the public one, exactly as the provider was given it."""
        ...

    def parse_inbound(self, form: CallbackBody) -> Inbound:  # noqa: ARG002
        """
        Raises:
            NotInbound: this is no message from a person.
        """
        raise NotInbound("this provider brings no messages from people")

    def answer_inbound(self, text: str = "") -> InboundAnswer:  # noqa: ARG002
        """An answer that the provider understands; with a text, it sends that back."""
        return InboundAnswer("text/plain", "")

    async def connect_replies(
        self,
        incoming: str,  # noqa: ARG002
        http: ProviderSession,  # noqa: ARG002
    ) -> None:
        """
        Have what people answer to the sender posted to `incoming`.

        Only asked of what can `Capability.REPLIES`.

        Raises:
            SendError: it was refused, or nothing is known.
        """
        raise OutcomeUnknown("this provider cannot be told where answers go")

    def media_auth(self, url: str) -> Auth | None:  # noqa: ARG002
        """How a file of a message is asked for; None where no key belongs."""
        return None

    def error_docs_url(self, code: str) -> str | None:
        """The provider's own page on one of its codes."""
        return errors.docs_url(self.kind, code)

    def secrets(self) -> tuple[str, ...]:
        """All texts that must not appear anywhere, for the redaction of output."""
        ...
