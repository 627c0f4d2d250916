"""Messages from people: whose they are, what they answer, and what they ask for."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.inbound import Inbound
from leadrails import statements
from leadrails.contacts.models import InboundMessage
from leadrails.contacts.services import keep_message
from leadrails.core import ids
from leadrails.core.optout import OptOut, sounds_like_stop
from leadrails.jobs.wake import drain_waker
from leadrails.rules.running import let_rules_hear
from webhooks import sql
from webhooks.reports import text

WAITING_SINCE = timedelta(days=8)  # no job waits longer than seven


class Raw(Protocol):
    """A stored callback."""

    @property
    def id(self) -> UUID: ...
    @property
    def body(self) -> bytes: ...
    @property
    def received_at(self) -> datetime: ...


def record_inbound(raw: Raw, place: Destination) -> None:
    """
    Keep a message from a person, and stop or start at once what they ask for.

    Raises:
        CannotDecrypt: the destination's key is gone.
        NotInbound: it is none.
    """
    said = provider_for(place).parse_inbound(raw.body)
    answered = _find_answered(said, place)
    message = InboundMessage(
        id=ids.uuid7_beside(raw.id),
        tenant_id=place.tenant_id,
        destination_id=answered.destination_id or place.id,
        job_id=answered.job_id,
        lead_id=answered.lead_id,
        content=_content(said),
        wants_review=said.opt_out is None and sounds_like_stop(_words(said)),
        raw=dict(said.raw),
        callback_id=raw.id,
        received_at=raw.received_at,
        **_texts(said),
    )
    is_new = keep_message(message, said.media, fetches=settings.LEADRAILS_FETCH_MEDIA)
    if is_new:
        let_rules_hear(message)
    if is_new and said.opt_out is OptOut.STOP and said.phone:
        _let_waiting_jobs_end(place.tenant_id, said.phone)


def _texts(said: Inbound) -> dict[str, Any]:
    return {
        "provider_id": text(said.provider_id, 64),
        "channel": text(said.channel, 20),
        "kind": said.kind.value,
        "sender": text(said.sender, 200),
        "phone": text(said.phone, 16),
        "recipient": text(said.recipient, 200),
        "service": text(said.service, 64),
        "body": text(said.body, 10_000),
        "opt_out": said.opt_out.value if said.opt_out else "",
        "is_answered": said.is_answered,
        "error_code": text(said.error_code, 20),
    }


def _content(said: Inbound) -> dict[str, Any]:
    parts = {"location": said.location, "button": said.button}
    return {name: asdict(part) for name, part in parts.items() if part}


def _words(said: Inbound) -> str:
    return said.body or (said.button.text if said.button else "")


class Answered(NamedTuple):
    """
    Which job and which lead a message answers, as far as that can be told.

    `destination_id` is the job's where that has this very sender. Destinations may
    share one, and then its messages are posted to the address of any of them.
    """

    job_id: UUID | None = None
    lead_id: UUID | None = None
    destination_id: UUID | None = None


def _find_answered(said: Inbound, place: Destination) -> Answered:
    parameters = {
        "tenant": place.tenant_id,
        "destination": place.id,
        "phone": said.phone,
        "recipient": said.recipient,
        "answers": said.answers,
        "postback": text(said.button.payload, 2048) if said.button else "",
    }
    looks = []
    if said.answers:
        looks.append(sql.FIND_ANSWERED_BY_ID)
    if said.phone:
        looks += [sql.FIND_ANSWERED, sql.FIND_LEAD]
    for look in looks:
        for found in statements.run(look, parameters):
            return Answered(*found)
    return Answered()


def _let_waiting_jobs_end(tenant_id: UUID, phone: str) -> None:
    since = ids.uuid7_floor(timezone.now() - WAITING_SINCE)
    parameters = {"tenant": tenant_id, "phone": phone, "since": since}
    statements.run(sql.LET_END, parameters)
    transaction.on_commit(drain_waker.wake)
