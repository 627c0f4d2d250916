"""What was sent to a person and what came back, in the order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadrails.contacts.replies import MOST_SHOWN, Reply, replies_from
from leadrails.core.states import State
from leadrails.jobs.families import shown_by_rcs
from leadrails.jobs.models import Job
from leadrails.tenants.models import Tenant

# From the provider's yes on; what is held or refused stands on the pages of jobs.
REACHED = frozenset(
    {State.ACCEPTED, State.SENT, State.DELIVERED, State.READ, State.UNDELIVERED}
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A suggestion that the person could tap."""

    label: str
    is_tapped: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of ours: its text, or what its cards say, and what can be tapped."""

    job: Job
    texts: Sequence[str]
    pictures: int
    chips: Sequence[Chip]


@dataclass(frozen=True, slots=True)
class Turn:
    """One of `reply` and `sent` is there."""

    at: datetime
    reply: Reply | None = None
    sent: Sent | None = None


def thread_of(tenant: Tenant, phone: str) -> list[Turn]:
    """The newest messages to and from a number, oldest first."""
    replies = replies_from(tenant, phone)
    turns = [Turn(each.message.received_at, reply=each) for each in replies]
    for job in _sent_to(tenant, phone):
        tapped = [
            each.message.button or {}
            for each in replies
            if each.message.job_id == job.id
        ]
        at = job.accepted_at or job.created_at
        turns.append(Turn(at, sent=_sent(job, tapped)))
    return sorted(turns, key=lambda turn: turn.at)


def _sent_to(tenant: Tenant, phone: str) -> list[Job]:
    if not phone:
        return []
    mine = Job.objects.for_tenant(tenant).filter(recipient=phone)
    newest = mine.order_by("-id")[:MOST_SHOWN]
    return [job for job in newest if job.message and job.state in REACHED]


def words_of(job: Job) -> str:
    """What a message of ours said, in one line."""
    return " ".join(_sent(job, []).texts)


def _sent(job: Job, taps: Sequence[dict[str, Any]]) -> Sent:
    content = shown_by_rcs(job)
    if content is None:
        message: dict[str, Any] = job.message or {}
        return Sent(job, [message.get("body", "")], len(message.get("media", ())), [])
    cards = (f"{each.title}\n{each.description}" for each in content.cards)
    texts = [content.text, *cards]
    pictures = sum(each.media is not None for each in content.cards)
    suggestions = [
        *(one for card in content.cards for one in card.suggestions),
        *content.suggestions,
    ]
    data, labels = ({tap.get(name) for tap in taps} for name in ("payload", "text"))
    chips = [
        Chip(one.label, one.data in data if data - {"", None} else one.label in labels)
        for one in suggestions
    ]
    shown = [text.strip() for text in texts if text.strip()]
    return Sent(job, shown, pictures + (content.file is not None), chips)
