"""
What a provider says of a message, and what that makes of its job. Pure.

A report is first merged into what its own attempt is known to have come to; only
what is further moves the job. So neither order nor repetition matters.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from destinations.models import Destination
from destinations.providers import errors
from destinations.providers.base import StatusUpdate
from destinations.providers.fields import CHANNEL, FALLBACK, LEADRAILS, RCS
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
from leadrails.jobs.models import Attempt

STAMPS = {
    State.SENT: "sent_at",
    State.DELIVERED: "delivered_at",
    State.READ: "read_at",
}
MAX_PRICE = Decimal("999999.999999")  # what the column holds
Outcome = Attempt.Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What a provider said of an attempt, `number`, of a job.

    `callback_id` is None when it was asked rather than called back.
    """

    callback_id: UUID | None
    job_id: UUID
    number: int
    received_at: datetime
    destination: Destination
    update: StatusUpdate

    @property
    def provider_id(self) -> str:
        return text(self.update.provider_id, 64)


class Told(NamedTuple):
    """What was reported of a job before. The first three tell reports apart."""

    provider_id: str
    status: str
    error: str
    attempt: int
    state: str


@dataclass(slots=True, kw_only=True)
class JobFacts:
    """What reports read and write of a job. `clock` is when it was read."""

    id: UUID
    tenant_id: UUID
    destination_id: UUID
    recipient: str
    state: State
    reason: str
    attempts: int
    created_at: datetime
    expires_at: datetime
    clock: datetime
    provider_id: str
    sender: str
    segments: int | None
    error_code: str
    error_message: str
    price: Decimal | None
    price_unit: str
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    is_possible_duplicate: bool
    is_contradicted: bool
    is_moved: bool = False
    delay: timedelta | None = None  # until it is sent again

    def __post_init__(self) -> None:
        self.state = State(self.state)


@dataclass(slots=True)
class AttemptFacts:
    """`is_lost`: there is no row of it; see `Case.add_lost_attempt`."""

    started_at: datetime
    outcome: str
    provider_id: str
    is_lost: bool = False


@dataclass(slots=True)
class Case:
    """A job with what is known of it. `news` are the reports that are to be kept."""

    job: JobFacts
    attempts: dict[int, AttemptFacts]
    told: list[Told]
    news: list[Report] = field(default_factory=list)
    noted: set[int] = field(default_factory=set)  # attempts that changed
    _before: JobFacts = field(init=False)

    def __post_init__(self) -> None:
        self._before = replace(self.job)

    @property
    def is_changed(self) -> bool:
        return self.job != self._before

    @property
    def was(self) -> State:
        """The job's state before the reports."""
        return self._before.state

    @property
    def has_other_sender(self) -> bool:
        return self.job.sender != self._before.sender

    def add_lost_attempt(self, report: Report) -> None:
        """
        Believe in an attempt that the database has forgotten.

        The callback's URL was made by us for this very attempt, so it was made: the
        database was restored since. What it became is worth more than a second copy.
        """
        lost = AttemptFacts(report.received_at, "", "", is_lost=True)
        self.attempts[report.number] = lost
        self.noted.add(report.number)
        if self.job.state is State.SENDING:
            self.job.is_possible_duplicate = True
        self.job.attempts = report.number

    def known(self, number: int) -> State:
        """How far an attempt is known to have come."""
        states = (
            State(told.state)
            for told in self.told
            if told.attempt == number and told.state
        )
        return reduce(merge_status, states, State.SENDING)


def record(report: Report, case: Case) -> ReportDecision | None:
    """
    Add a report to its case and let it move the job.

    Returns None unless it says more than the reports before it.
    """
    told = _told(report)
    if any(told[:3] == other[:3] for other in case.told):
        return None
    known = case.known(report.number)
    is_news = _is_news(report, case, known)
    if _arrived_twice(told, case.told):
        case.job.is_possible_duplicate = True
    case.told.append(told)
    case.news.append(report)
    _note_facts(report, case, known)
    decision = _decide(report, case) if is_news else None
    was = case.job.state
    if decision is not None:
        _move(report, case, decision, known)
    _stamp(report, case, was)
    return decision


def _told(report: Report) -> Told:
    update = report.update
    return Told(
        provider_id=report.provider_id,
        status=word_of(report),
        error=text(update.error_code, 20),
        attempt=report.number,
        state=update.status or "",
    )


BY_TEXT, BY_RCS = " (text)", " (rcs)"


def word_of(report: Report) -> str:
    """
    The provider's own word, with a mark that says by which of two channels it went.

    When a provider falls back from RCS, it says all of the same message once more. The
    message may be older than the destination's settings.
    """
    word = text(report.update.raw_status, 40)
    sender, place = report.update.sender or "", report.destination
    is_by_provider = (
        place.config.get(CHANNEL) == RCS
        and place.config.get(FALLBACK.name) != LEADRAILS
    )
    if sender.startswith("rcs:"):
        return _marked(word, BY_RCS)
    if sender and ":" not in sender and (is_by_provider or place.had_channel):
        return _marked(word, BY_TEXT)
    return word


def _marked(word: str, mark: str) -> str:
    return text(word, 40 - len(mark)) + mark


def _arrived_twice(told: Told, before: Iterable[Told]) -> bool:
    """Whether both the RCS message and the text in its place are said to be there."""
    marks = {BY_TEXT, BY_RCS}
    arrived = [told, *(other for other in before if other.state in SUCCEEDED)]
    mine = [one.status for one in arrived if one.provider_id == told.provider_id]
    return told.state in SUCCEEDED and all(
        any(status.endswith(mark) for status in mine) for mark in marks
    )


def _is_news(report: Report, case: Case, known: State) -> bool:
    """A failure's code may come after the failure itself."""
    status = report.update.status
    if status is None:
        return False
    if merge_status(known, status) is not known:
        return True
    return (
        status is State.UNDELIVERED is known
        and bool(report.update.error_code)
        and not any(told.error for told in case.told if told.attempt == report.number)
    )


def _note_facts(report: Report, case: Case, known: State) -> None:
    """
    What is true whatever the job's state: ids, sender, segments, price.

    A message may change its sender on its way, when it falls back from one channel to
    another: whoever carried it furthest is the sender.
    """
    update, job, attempt = report.update, case.job, case.attempts[report.number]
    is_latest = report.number == job.attempts
    provider_id = report.provider_id
    if not job.provider_id or (is_latest and not attempt.provider_id):
        job.provider_id = provider_id
    was_absent = attempt.outcome == Outcome.ABSENT and not is_latest
    if was_absent or attempt.provider_id not in ("", provider_id):
        job.is_possible_duplicate = True
    rank = RANK.get(update.status, 0) if update.status else -1
    is_furthest = rank >= RANK.get(known, 0)
    if update.sender and (is_furthest or not job.sender):
        job.sender = text(update.sender, 64)
    if update.segments is not None:
        job.segments = update.segments
    if update.price is not None and abs(update.price) <= MAX_PRICE:
        job.price = update.price
        job.price_unit = text(update.price_unit, 3)
    is_proof = update.status in RANK
    if job.accepted_at is None and is_proof:
        job.accepted_at = report.received_at
    if not attempt.provider_id:
        attempt.provider_id = provider_id
        case.noted.add(report.number)
    if is_proof and attempt.outcome in ("", Outcome.UNKNOWN, Outcome.ABSENT):
        attempt.outcome = Outcome.ACCEPTED.value
        case.noted.add(report.number)


def _decide(report: Report, case: Case) -> ReportDecision | None:
    update, job = report.update, case.job
    if update.status is None:
        return None
    return decide_report(
        update.status,
        is_failed=update.is_failed,
        error_class=update.error_class,
        scope=update.scope,
        attempt=report.number,
        policy=RetryPolicy(max_attempts=report.destination.max_attempts),
        age=job.clock - job.created_at,
        time_to_live=job.expires_at - job.created_at,
        country=region_of(job.recipient) or "",
        is_latest=report.number == job.attempts,
        is_shown=_is_shown(report, job),
    )


def _is_shown(report: Report, job: JobFacts) -> bool:
    """
    Whether the job's state is what was heard of this message.

    That of an earlier attempt may be heard of while the latest is in doubt. The job
    has left the queue then, and nobody asks what the latest came to.
    """
    return job.state in RANK and report.provider_id == job.provider_id


def _move(report: Report, case: Case, decision: ReportDecision, known: State) -> None:
    job, update = case.job, report.update
    target = next_state(job.state, decision.event) if decision.event else None
    is_own = report.number == job.attempts or _is_shown(report, job)
    is_completed = (
        job.state is State.UNDELIVERED is update.status
        and is_own
        and not job.error_code
    )
    if target is None and not is_completed:
        return
    if target is not None or decision.event is not Event.BOUNCE:
        job.reason = decision.reason
    if update.error_code:
        info = errors.lookup(report.destination.kind, update.error_code)
        job.error_code = text(info.code, 20)
        job.error_message = text(info.sentence or info.title, 500)
    if target is None:
        return
    job.state, job.is_moved = target, True
    is_bounce = decision.event is Event.BOUNCE
    job.delay = (decision.delay or timedelta(0)) if is_bounce else None
    if target in SUCCEEDED and known is State.UNDELIVERED:
        job.is_contradicted = True
    if target is not State.RETRYING:
        _end_open_attempts(report, case)


def _end_open_attempts(report: Report, case: Case) -> None:
    """
    The job leaves the queue, and its worker may have died over a later attempt.

    Nobody asks what that became, so the person may have a second message. If the worker
    lives, what it settles says more.
    """
    for number, attempt in case.attempts.items():
        if number != report.number and not attempt.outcome:
            attempt.outcome = Outcome.UNKNOWN.value
            case.noted.add(number)
            case.job.is_possible_duplicate = True


def _stamp(report: Report, case: Case, was: State) -> None:
    """Note when the message came so far; a late report is no later than the next."""
    job, status = case.job, report.update.status
    name = STAMPS.get(status) if status else None
    is_moved = job.state is not was and job.state is status
    if name is None or (was not in RANK and not is_moved):
        return
    names = list(STAMPS.values())
    later = [getattr(job, other) for other in names[names.index(name) + 1 :]]
    if is_moved or getattr(job, name) is None:
        setattr(job, name, min([report.received_at, *filter(None, later)]))


def text(value: str | None, longest: int) -> str:
    """PostgreSQL holds no NUL, and a forged form could bring one."""
    return (value or "").replace("\0", "")[:longest]
