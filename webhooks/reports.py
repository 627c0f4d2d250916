"""
What a provider says of a message, written to its job.

A report is first merged into what its own attempt is known to have come to; only
what is further moves the job. So neither order nor repetition matters.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from destinations.models import Destination
from destinations.providers import errors
from destinations.providers.base import StatusUpdate
from leadrails.core.delivery import ErrorClass
from leadrails.core.ids import uuid7_floor
from leadrails.core.phone import region_of
from leadrails.core.reports import ReportDecision, decide_report
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import (
    RANK,
    SUCCEEDED,
    Event,
    State,
    merge_status,
    next_state,
)
from leadrails.jobs.effects import apply_effects, note_filtered
from leadrails.jobs.models import Attempt, DeliveryEvent, Job, QueueEntry

# A job in one of these has a queue entry.
IN_QUEUE = frozenset(
    {State.QUEUED, State.HELD, State.SENDING, State.RETRYING, State.UNKNOWN}
)
STAMPS = {
    State.SENT: "sent_at",
    State.DELIVERED: "delivered_at",
    State.READ: "read_at",
}
MAX_PRICE = Decimal(10) ** 6  # what the column holds
FILTER_WINDOW = timedelta(hours=1)
Outcome = Attempt.Outcome


class Busy(Exception):
    """
    The job or its queue entry is locked by somebody else; try again.

    Drains lock many jobs in no set order: who waits for one while holding another
    could wait for ever.
    """


@dataclass(slots=True)
class _Case:
    """A new report with all that it concerns, and the job's changes so far."""

    update: StatusUpdate
    destination: Destination
    job: Job
    attempt: Attempt
    received_at: datetime
    before: list[DeliveryEvent]
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def is_latest(self) -> bool:
        return self.attempt.number == self.job.attempts

    @property
    def known(self) -> State:
        """How far the attempt was known to have come."""
        states = (State(event.state) for event in self.before if event.state)
        return reduce(merge_status, states, State.SENDING)

    @property
    def is_news(self) -> bool:
        """
        Whether the report says more than the ones before it.

        A failure's code may come after the failure itself.
        """
        status = self.update.status
        if status is None:
            return False
        if merge_status(self.known, status) is not self.known:
            return True
        return (
            status is State.UNDELIVERED is self.known
            and bool(self.update.error_code)
            and not any(event.error for event in self.before)
        )


def record_update(
    update: StatusUpdate,
    *,
    destination: Destination,
    job_id: UUID,
    number: int,
    received_at: datetime,
    callback_id: UUID | None = None,
) -> bool:
    """
    Keep a report and let it move its job; False if it was known already.

    Call inside a transaction.

    Raises:
        Busy: the job is locked by somebody else.
        LookupError: there is no such job or attempt.
    """
    job = _lock_job(job_id, destination)
    attempt = Attempt.objects.filter(job_id=job_id, number=number).first()
    if attempt is None:
        raise LookupError("there is no such attempt")
    before = list(DeliveryEvent.objects.filter(job_id=job_id, attempt=number))
    if not _keep(update, job, number, received_at, callback_id):
        return False
    case = _Case(update, destination, job, attempt, received_at, before)
    _note_facts(case)
    decision = _decide(case) if case.is_news else None
    if decision is not None:
        _move(case, decision)
    _stamp(case)
    if case.changes:
        Job.objects.filter(pk=job.pk).update(**case.changes)
    if decision is not None:
        _follow_up(case, decision)
    return True


def _lock_job(job_id: UUID, destination: Destination) -> Job:
    jobs = Job.objects.filter(pk=job_id, destination_id=destination.id)
    job = jobs.select_for_update(skip_locked=True).first()
    if job is None:
        if jobs.exists():
            raise Busy
        raise LookupError("there is no such job")
    entries = QueueEntry.objects.filter(job_id=job_id)
    if (
        not entries.select_for_update(skip_locked=True).values("job_id").first()
        and entries.exists()
    ):
        raise Busy
    return job


def _keep(
    update: StatusUpdate,
    job: Job,
    number: int,
    received_at: datetime,
    callback_id: UUID | None,
) -> bool:
    """Write the event; False if it was there. The job's lock makes the look safe."""
    event = DeliveryEvent(
        job_id=job.id,
        provider_id=_text(update.provider_id, 64),
        status=_text(update.raw_status, 40),
        error=_text(update.error_code, 20),
        tenant_id=job.tenant_id,
        attempt=number,
        state=update.status or "",
        received_at=received_at,
        callback_id=callback_id,
        payload={"done_date": _text(update.done_date, 40)} if update.done_date else {},
    )
    same = DeliveryEvent.objects.filter(
        job_id=event.job_id,
        provider_id=event.provider_id,
        status=event.status,
        error=event.error,
    )
    if same.exists():
        return False
    DeliveryEvent.objects.bulk_create([event], ignore_conflicts=True)
    return True


def _note_facts(case: _Case) -> None:
    """What is true whatever the job's state: ids, sender, segments, price."""
    update, job, attempt = case.update, case.job, case.attempt
    provider_id = _text(update.provider_id, 64)
    if not job.provider_id or (case.is_latest and not attempt.provider_id):
        case.changes["provider_id"] = provider_id
    was_absent = attempt.outcome == Outcome.ABSENT and not case.is_latest
    if was_absent or attempt.provider_id not in ("", provider_id):
        case.changes["is_possible_duplicate"] = True
    if update.sender:
        case.changes["sender"] = _text(update.sender, 64)
    if update.segments is not None:
        case.changes["segments"] = update.segments
    if update.price is not None and abs(update.price) < MAX_PRICE:
        case.changes["price"] = update.price
        case.changes["price_unit"] = _text(update.price_unit, 3)
    if job.accepted_at is None and update.status in RANK:
        case.changes["accepted_at"] = case.received_at
    _note_attempt(attempt, provider_id, is_proof=update.status in RANK)


def _note_attempt(attempt: Attempt, provider_id: str, *, is_proof: bool) -> None:
    changes = {}
    if not attempt.provider_id:
        changes["provider_id"] = provider_id
    if is_proof and attempt.outcome in ("", Outcome.UNKNOWN, Outcome.ABSENT):
        changes["outcome"] = Outcome.ACCEPTED.value
    if changes:
        Attempt.objects.filter(job_id=attempt.job_id, number=attempt.number).update(
            **changes
        )


def _decide(case: _Case) -> ReportDecision | None:
    update, job = case.update, case.job
    if update.status is None:
        return None
    return decide_report(
        update.status,
        is_failed=update.is_failed,
        error_class=update.error_class,
        scope=update.scope,
        attempt=case.attempt.number,
        policy=RetryPolicy(max_attempts=case.destination.max_attempts),
        age=timezone.now() - job.created_at,
        time_to_live=job.expires_at - job.created_at,
        country=region_of(job.recipient) or "",
        is_latest=case.is_latest,
    )


def _move(case: _Case, decision: ReportDecision) -> None:
    state = State(case.job.state)
    target = next_state(state, decision.event) if decision.event else None
    is_completed = (
        state is State.UNDELIVERED is case.update.status
        and case.is_latest
        and not case.job.error_code
    )
    if target is None and not is_completed:
        return
    if target is not None or decision.event is not Event.BOUNCE:
        case.changes["reason"] = decision.reason
    if case.update.error_code:
        info = errors.lookup(case.destination.kind, case.update.error_code)
        case.changes["error_code"] = _text(info.code, 20)
        case.changes["error_message"] = _text(info.sentence or info.title, 500)
    if target is None:
        return
    case.changes |= {"state": target, "changed_at": timezone.now(), "due_at": None}
    if target in SUCCEEDED and case.known is State.UNDELIVERED:
        case.changes["is_contradicted"] = True
    if decision.event is Event.BOUNCE:
        _queue_again(case, decision.delay or timedelta(0))
    elif target not in IN_QUEUE:
        QueueEntry.objects.filter(job_id=case.job.id).delete()


def _queue_again(case: _Case, delay: timedelta) -> None:
    free = {"due_at": Now() + delay, "lease_until": None, "worker": None}
    entry, _ = QueueEntry.objects.update_or_create(
        job_id=case.job.id,
        defaults=free,
        create_defaults={
            **free,
            "tenant_id": case.job.tenant_id,
            "destination_id": case.job.destination_id,
            "is_bulk": case.job.replay_of is not None,
        },
    )
    entry.refresh_from_db(fields=["due_at"])
    case.changes["due_at"] = entry.due_at


def _stamp(case: _Case) -> None:
    """Note when the message came so far; a late report is no later than the next."""
    name = STAMPS.get(case.update.status) if case.update.status else None
    is_moved = case.changes.get("state") == case.update.status
    if name is None or (State(case.job.state) not in RANK and not is_moved):
        return
    names = list(STAMPS.values())
    later = [getattr(case.job, other) for other in names[names.index(name) + 1 :]]
    if is_moved or getattr(case.job, name) is None:
        case.changes[name] = min([case.received_at, *filter(None, later)])


def _follow_up(case: _Case, decision: ReportDecision) -> None:
    job, destination = case.job, case.destination
    apply_effects(
        decision.effects,
        tenant_id=job.tenant_id,
        destination_id=destination.id,
        job_id=job.id,
        recipient=job.recipient,
        error_code=case.update.error_code or "",
        attempt_started_at=case.attempt.started_at,
    )
    if case.update.error_class is ErrorClass.CARRIER_FILTERED:
        note_filtered(
            tenant_id=job.tenant_id,
            destination_id=destination.id,
            job_id=job.id,
            since=uuid7_floor(timezone.now() - FILTER_WINDOW),
        )
    if case.update.status in SUCCEEDED and not destination.delivered_once:
        Destination.objects.filter(pk=destination.id, delivered_once=False).update(
            delivered_once=True
        )


def _text(value: str | None, longest: int) -> str:
    """PostgreSQL holds no NUL, and a forged form could bring one."""
    return (value or "").replace("\0", "")[:longest]
