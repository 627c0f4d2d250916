"""
Look at what did not arrive, or was not read, in its time.

Beat does this every second. A deadline, its job and what comes of them are locked,
written and committed together, so that a kill leaves either all of it or nothing, and
two sweeps never get the same. Nothing waits for a lock on a job or a queue entry: what
is in somebody's hands is looked at again a second later.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from psycopg.rows import class_row

from destinations.composing import in_reserve, thaw
from leadrails import statements
from leadrails.core.children import Cause
from leadrails.core.crashpoints import crash_here
from leadrails.core.fallback import Comparison, Judgement, compare, judge
from leadrails.core.reasons import Reason
from leadrails.core.states import State
from leadrails.jobs import deadlines_sql as sql
from leadrails.jobs import follow_ups
from leadrails.jobs.children import TooManyInARow, child_id, make_child
from leadrails.jobs.deadline_models import Deadline

log = logging.getLogger(__name__)

MOST = 100  # in one transaction
MOST_BATCHES = 100  # in one sweep
SOON = timedelta(seconds=1)
LATER = timedelta(seconds=10)
AFTER_ERROR = timedelta(minutes=1)
Kind = Deadline.Kind


@dataclass(slots=True, kw_only=True)
class Overdue:
    """A deadline that has come, with its job as it stands; both are locked."""

    job_id: UUID
    kind: str
    rule_id: UUID
    tenant_id: UUID
    state: str
    reason: str
    expires_at: datetime
    message: Any
    clock: datetime


def sweep() -> int:
    """Look at all that is due; return how many deadlines that were."""
    total = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            items: list[Overdue] = statements.run(
                sql.CLAIM, {"most": MOST}, row_factory=class_row(Overdue), binary=True
            )
            # In one order: two sweeps at the same alerts must not block each other.
            for item in sorted(items, key=lambda item: (item.rule_id, item.job_id)):
                _look_at(item)
            crash_here("overdue_before_commit")
        total += len(items)
        if len(items) < MOST:
            break
    return total


def _look_at(item: Overdue) -> None:
    key = {"job": item.job_id, "kind": item.kind, "rule": item.rule_id}
    try:
        with transaction.atomic():
            wait = _ACTS[Kind(item.kind)](item)
            if wait is None:
                statements.run(sql.DROP, key)
            else:
                statements.run(sql.POSTPONE, {**key, "wait": wait})
    except Exception:
        # One that fails must not keep the others from being looked at.
        log.exception("a deadline broke", extra={"job": item.job_id, "kind": item.kind})
        statements.run(sql.POSTPONE, {**key, "wait": AFTER_ERROR})


def _fall_back(item: Overdue) -> timedelta | None:
    """Return when to look again; None if there is nothing more to do."""
    state = State(item.state)
    judgement = judge(state, item.reason, is_time_up=True)
    if judgement is Judgement.WAIT:
        return LATER
    text = in_reserve(thaw(item.message)) if item.message else None
    if judgement is Judgement.NEVER or text is None or item.clock >= item.expires_at:
        return None
    if judgement is Judgement.REPLACE:
        if not _is_free(item.job_id):
            return SOON
        _cancel(item.job_id, Reason.REPLACED)
    is_doubtful = judgement is Judgement.SEND_IN_DOUBT
    try:
        child = make_child(
            item.job_id,
            tenant_id=item.tenant_id,
            cause=Cause.FALLBACK,
            message=text.frozen(),
            expires_at=item.expires_at,
            is_possible_duplicate=is_doubtful,
        )
    except TooManyInARow:
        return None
    if is_doubtful and child.is_new:
        statements.run(sql.LABEL, {"jobs": [item.job_id]})
    # What failed is no loss to anybody from now on: the text stands for it.
    reason = {"job": item.job_id, "reason": Reason.REPLACED.value}
    statements.run(sql.NOTE_REPLACED, reason)
    return None


def _compare(item: Overdue) -> timedelta | None:
    """Stop the plain text of a message that arrived after all, or label both."""
    child = child_id(item.job_id, Cause.FALLBACK)
    rows = statements.run(sql.LOCK_JOB, {"job": child, "tenant": item.tenant_id})
    if not rows:
        return SOON
    text = State(rows[0][0])
    comparison = compare(State(item.state), text, is_text_free=_is_free(child))
    if comparison is Comparison.LATER:
        return SOON
    if comparison is Comparison.CANCEL:
        _cancel(child, Reason.NOT_NEEDED)
    if comparison is Comparison.LABEL:
        statements.run(sql.LABEL, {"jobs": [item.job_id, child]})
    return None


def _is_free(job_id: UUID) -> bool:
    """Whether no worker holds a job, and from now on none will."""
    return bool(statements.run(sql.LOCK_ENTRY, {"job": job_id}))


def _cancel(job_id: UUID, reason: Reason) -> None:
    statements.run(sql.CANCEL, {"job": job_id, "reason": reason.value})


def _follow_up(item: Overdue) -> timedelta | None:
    return follow_ups.act(
        item.rule_id,
        tenant_id=item.tenant_id,
        job_id=item.job_id,
        state=State(item.state),
        reason=item.reason,
    )


_ACTS: Mapping[Deadline.Kind, Callable[[Overdue], timedelta | None]] = {
    Kind.FALLBACK: _fall_back,
    Kind.RECALL: _compare,
    Kind.NOT_DELIVERED: _follow_up,
    Kind.NOT_READ: _follow_up,
}
