"""
The queue as the drain uses it: plain synchronous calls, one statement each.

They run in a database thread of the drain's, or in a test's own thread.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from msgspec import Struct
from psycopg.rows import dict_row

from destinations.models import Destination
from leadrails import statements
from leadrails.core.crashpoints import crash_here
from leadrails.core.delivery import Effect
from leadrails.core.ids import uuid7_floor
from leadrails.core.states import State
from leadrails.core.turns import Company
from leadrails.jobs import company, deadlines, gates, lineage, releases
from leadrails.jobs import queue_sql as sql
from leadrails.jobs.answers import Answer
from leadrails.jobs.deadlines import Moved
from leadrails.jobs.effects import Held, apply_effects, note_end, note_holds
from leadrails.jobs.low_water import EVER, LowWater

FIRST_LOOK = timedelta(seconds=5)
AHEAD = timedelta(milliseconds=500)  # of a destination's rate, that one claim may take
MOST_REAPED = 500  # at once
PROBE = timedelta(seconds=15)  # within which a half-open circuit's one call must end


class DueJob(Struct, frozen=True, kw_only=True):
    """A leased job with all that the policy and the template need."""

    id: UUID
    tenant_id: UUID
    lead_id: UUID
    destination_id: UUID
    source_id: UUID
    recipient: str
    state: State
    reason: str
    attempts: int
    message: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    is_test: bool
    clock: datetime
    event: dict[str, Any] | None
    phone: str | None
    suppressed_as: str | None
    destination_this_hour: int
    source_this_hour: int
    source_ceiling: int | None
    attempt_started_at: datetime | None
    attempt_finished_at: datetime | None
    looks: int
    destination_version: str | None
    """See `destinations.cache`; None if there is no such destination any more."""
    company: Company | None
    """Other messages to the same person; None if there are none."""
    mine_until: float
    """When the lease may be over, unless extended, by this process's `monotonic`."""


class Start(Struct, frozen=True, kw_only=True):
    """An attempt about to be made."""

    job: DueJob
    number: int
    message: dict[str, Any]
    encoding: str
    segments: int | None
    request: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """
    A job that is not attempted now. `due` None waits until it expires.

    `place` is the destination as it was when this was decided, if it was asked.
    """

    job: DueJob
    state: State
    reason: str
    due: datetime | None = None
    error: str = ""
    place: Destination | None = None


class Result(Struct, frozen=True, kw_only=True):
    """What an attempt came to, ready to be written."""

    job: DueJob
    number: int
    state: State
    reason: str
    outcome: str
    duration: timedelta
    delay: timedelta | None = None
    provider_id: str = ""
    sender: str = ""
    segments: int | None = None
    http_status: int | None = None
    error_code: str = ""
    error_message: str = ""
    response: dict[str, Any] = {}
    effects: tuple[Effect, ...] = ()
    answer: Answer = Answer.GIVEN
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Leased jobs; `is_throttled` if more is due than its gates let pass now."""

    jobs: list[DueJob]
    is_throttled: bool


def claim(room: int, worker: UUID, *, since: datetime = EVER) -> Claim:
    """
    Lease up to `room` due jobs, fairly, and load them; none of a restored backup.

    `since`: a low-water mark; what was due before it is not looked for.
    """
    asked_at = time.monotonic()
    parameters = {
        "room": room,
        "since": since,
        "lease": timedelta(seconds=settings.LEADRAILS_LEASE_SECONDS),
        "worker": worker,
        "ahead": AHEAD,
        "probe": PROBE,
    }
    rows = statements.run(sql.CLAIM, parameters, before=lineage.ensure_checked)
    found = [row[0] for row in rows]
    claimed = [job_id for job_id in found if job_id]
    mine_until = asked_at + settings.LEADRAILS_LEASE_SECONDS
    jobs = load(claimed, worker, mine_until) if claimed else []
    return Claim(jobs, len(claimed) < len(found))


def load(jobs: list[UUID], worker: UUID, mine_until: float) -> list[DueJob]:
    """
    Read what the policy and the template need of leased jobs, in the same order.

    Args:
        worker: who leased them; what other workers hold is company.
        mine_until: see `DueJob`.
    """
    now = timezone.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    seen = {
        "since": uuid7_floor(now - company.SEEN),
        "until": uuid7_floor(now + timedelta(days=1)),
    }
    parameters = {"jobs": jobs, **seen}
    rows = statements.run(sql.LOAD, parameters, row_factory=dict_row, binary=True)
    others = company.find_company(
        [row["id"] for row in rows if row.pop("has_company")],
        worker,
        today=uuid7_floor(today),
        **seen,
    )
    for row in rows:
        row["state"] = State(row["state"])
    return [
        DueJob(**row, company=others.get(row["id"]), mine_until=mine_until)
        for row in rows
    ]


def start(starts: Sequence[Start], worker: UUID) -> set[UUID]:
    """
    Write the attempt rows; return the jobs that may really be sent.

    A job that is missing was suppressed, paused, ended or taken over a moment ago.
    """
    if not starts:
        return set()
    rows = [
        {
            "job_id": item.job.id,
            "number": item.number,
            "message": item.message,
            "encoding": item.encoding,
            "segments": item.segments,
            "request": item.request,
        }
        for item in starts
    ]
    jobs = [item.job for item in starts]
    counted = {job.source_id for job in jobs if job.source_ceiling is not None}
    parameters = {
        "worker": worker,
        "rows": _as_json(rows),
        "counted_sources": list(counted),
    }
    return {row[0] for row in statements.run(sql.START, parameters)}


def put_aside(asides: Sequence[Aside], worker: UUID) -> None:
    """End or hold jobs without an attempt, with their alerts, in one transaction."""
    if not asides:
        return
    rows = [
        {
            "job_id": item.job.id,
            "state": item.state,
            "reason": item.reason,
            "due": item.due,
            "error": item.error[:500],
        }
        for item in asides
    ]
    with transaction.atomic():
        parameters = {"rows": _as_json(rows), "worker": worker}
        moved = {job_id for (job_id,) in statements.run(sql.PUT_ASIDE, parameters)}
        asides = [item for item in asides if item.job.id in moved]
        _note_deadlines(item for item in asides if item.state is State.DEAD)
        for item in sorted(asides, key=lambda item: item.job.destination_id):
            if item.state is State.DEAD:
                note_end(
                    item.reason,
                    tenant_id=item.job.tenant_id,
                    destination_id=item.job.destination_id,
                    job_id=item.job.id,
                )
        note_holds(
            Held(
                tenant_id=item.job.tenant_id,
                destination_id=item.job.destination_id,
                source_id=item.job.source_id,
                job_id=item.job.id,
                reason=item.reason,
                is_fresh=item.job.state is not State.HELD,
            )
            for item in asides
            if item.state is State.HELD
        )
    gates.refund(asides)
    releases.after_asides(asides)


def settle(results: Sequence[Result]) -> None:
    """Write what attempts came to, and their effects, in one transaction."""
    if not results:
        return
    parameters = {"rows": _as_json([_row_of(item) for item in results])}
    with transaction.atomic():
        rows = statements.run(sql.SETTLE, parameters)
        moved = {job_id for job_id, _, waits in rows if waits}
        _note_deadlines(item for item in results if item.job.id in moved)
        # In one order, so that two drains at the same alerts do not block each other.
        for item in sorted(results, key=lambda item: item.job.destination_id):
            _settle_effects(item, is_moved=item.job.id in moved)
        gates.note(results)
        crash_here("settle_before_commit")
    crash_here("settle_after_commit")
    releases.after_results(results)


def _note_deadlines(moved: Iterable[Result | Aside]) -> None:
    if not (items := list(moved)):
        return
    places = deadlines.places_of({item.job.destination_id for item in items})
    deadlines.note(
        Moved(item.job.id, place, None, item.state, item.reason)
        for item in items
        if (place := places.get(item.job.destination_id))
    )


def _row_of(result: Result) -> dict[str, Any]:
    return {
        "job_id": result.job.id,
        "number": result.number,
        "state": result.state,
        "reason": result.reason,
        "delay": result.delay,
        "outcome": result.outcome,
        "provider_id": result.provider_id,
        "sender": result.sender,
        "segments": result.segments,
        "http_status": result.http_status,
        "error_code": result.error_code,
        "error_message": result.error_message,
        "response": result.response,
        "duration": result.duration,
    }


def _as_json(rows: list[dict[str, Any]]) -> str:
    return msgspec.json.encode(rows).decode()


def _settle_effects(item: Result, *, is_moved: bool) -> None:
    if item.effects:
        apply_effects(
            item.effects,
            tenant_id=item.job.tenant_id,
            destination_id=item.job.destination_id,
            job_id=item.job.id,
            recipient=item.job.recipient,
            error_code=item.error_code,
            attempt_started_at=timezone.now() - item.duration,
        )
    if is_moved and item.state is State.DEAD:
        note_end(
            item.reason,
            tenant_id=item.job.tenant_id,
            destination_id=item.job.destination_id,
            job_id=item.job.id,
        )


def release(jobs: Sequence[UUID], worker: UUID, *, delay: timedelta) -> None:
    """Give leases back; the jobs are due again after `delay`."""
    if jobs:
        parameters = {"jobs": list(jobs), "worker": worker, "delay": delay}
        statements.run(sql.RELEASE, parameters)


def heartbeat(jobs: Sequence[UUID], worker: UUID) -> None:
    """Extend the leases of jobs that are being sent."""
    if jobs:
        lease = timedelta(seconds=settings.LEADRAILS_LEASE_SECONDS)
        parameters = {"jobs": list(jobs), "worker": worker, "lease": lease}
        statements.run(sql.HEARTBEAT, parameters)


def reap(mark: LowWater | None = None) -> tuple[int, int, int]:
    """Take over expired leases; return how many wait, are doubtful, have ended."""
    mark = mark or LowWater()
    parameters = {"first_look": FIRST_LOOK, "since": mark.since(), "most": MOST_REAPED}
    ((waiting, doubtful, ended, clock),) = statements.run(sql.REAP, parameters)
    if waiting + ended < MOST_REAPED:
        mark.note(None, clock)
    return waiting, doubtful, ended


def is_anything_due(mark: LowWater | None = None) -> bool:
    mark = mark or LowWater()
    ((oldest, clock),) = statements.run(sql.OLDEST, {"since": mark.since()})
    mark.note(oldest, clock)
    return oldest is not None and oldest <= clock
