"""
Replay and cancel many jobs at once: all that a filter finds.

What is counted for the preview is what is done: jobs made after the preview are left
alone. Each act may be repeated; it finds nothing more to do.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from leadrails import statements
from leadrails.contacts.models import Suppression, SuppressionQuerySet
from leadrails.core.children import Cause
from leadrails.core.reasons import Reason
from leadrails.core.states import ABORTABLE, REPLAYABLE, State
from leadrails.jobs import releases
from leadrails.jobs.models import Job, JobQuerySet
from leadrails.jobs.paces import MINUTE
from leadrails.jobs.services import queue_replays
from leadrails.jobs.wake import drain_waker
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User

MOST = 10_000  # jobs of one act
CHUNK = 500  # jobs of one transaction


@dataclass(frozen=True, slots=True)
class Preview:
    """
    What an act would do.

    Attributes:
        is_capped: there are more than one act takes.
        places: how many of them each destination has.
    """

    count: int
    is_capped: bool
    places: Counter[UUID] = field(default_factory=Counter, compare=False)


def replayable(jobs: JobQuerySet, *, until: datetime) -> JobQuerySet:
    """
    Jobs that are over without having arrived, and were not replayed yet.

    Those of people who want no more messages are left out: they would be skipped.
    """
    return _not_replayed(jobs, until=until).filter(~Exists(_unwanted()))


def unwanted(jobs: JobQuerySet, *, until: datetime) -> JobQuerySet:
    """What would be replayable, had the person not said stop."""
    return _not_replayed(jobs, until=until).filter(Exists(_unwanted()))


def _unwanted() -> SuppressionQuerySet:
    listed = Suppression.objects.in_force()
    return listed.filter(tenant=OuterRef("tenant"), phone=OuterRef("recipient"))


def _not_replayed(jobs: JobQuerySet, *, until: datetime) -> JobQuerySet:
    # A replay that failed is a job like any other: it stands for the first one. So does
    # the plain text that went in place of a rich message.
    # Few jobs have either: an index of just those holds them.
    replays = Job.objects.filter(
        replay_of=OuterRef("id"), tenant=OuterRef("tenant"), replay_of__isnull=False
    )
    fallbacks = Job.objects.filter(
        parent_id=OuterRef("id"),
        cause=Cause.FALLBACK,
        tenant=OuterRef("tenant"),
        parent_id__isnull=False,
    )
    return jobs.filter(
        _in_any(REPLAYABLE),
        ~Exists(replays),
        ~Exists(fallbacks),
        ~Q(reason=Reason.NOT_NEEDED),
        created_at__lte=until,
    )


def _in_any(states: Collection[State]) -> Q:
    """`state IN (…)`, said so that the small index of each rare state can be used."""
    return reduce(or_, (Q(state=state) for state in sorted(states)))


def cancelable(jobs: JobQuerySet, *, until: datetime) -> JobQuerySet:
    """Jobs that no provider has yet."""
    return jobs.filter(_in_any(ABORTABLE), created_at__lte=until)


def releasable(jobs: JobQuerySet, *, until: datetime) -> JobQuerySet:
    """Jobs that wait because a backup was restored."""
    return jobs.filter(
        state=State.HELD, reason=Reason.RESTORED_BACKUP, created_at__lte=until
    )


_COUNTED = """
SELECT destination_id, count(*), number > {most} AS is_more
FROM (SELECT destination_id, row_number() OVER (ORDER BY id) AS number
  FROM ({found}) found) numbered
GROUP BY 1, 3
"""


def preview(jobs: JobQuerySet) -> Preview:
    """Count the oldest, as many as an act takes, where they are."""
    found = jobs.order_by("id").values("id", "destination_id")[: MOST + 1]
    try:
        statement, parameters = found.query.sql_with_params()
    except EmptyResultSet:
        return Preview(0, is_capped=False)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(found=statement, most=MOST), parameters)
        rows = cursor.fetchall()
    places = Counter({place: count for place, count, is_more in rows if not is_more})
    return Preview(places.total(), any(is_more for *_, is_more in rows), places)


def replay_jobs(
    jobs: JobQuerySet,
    *,
    tenant: Tenant,
    actor: User | None,
    until: datetime,
    asked: dict[str, Any],
    per_minute: int | None = None,
) -> int:
    """
    Send again what `replayable` finds, oldest first, after all that is live.

    Args:
        per_minute: how many at most; None for what the destinations let through.
        asked: the filter, for the audit log.
    """
    count = 0
    began_at = timezone.now()
    every = MINUTE / per_minute if per_minute else timedelta(0)
    mine = Job.objects.for_tenant(tenant)
    for chunk in _chunks(replayable(jobs.for_tenant(tenant), until=until)):
        with transaction.atomic():
            locked = list(
                replayable(mine.filter(pk__in=chunk), until=until)
                .select_related("destination__tenant")
                .order_by("id")
                .select_for_update(of=("self",), skip_locked=True)
            )
            queue_replays(locked, first_at=began_at + count * every, every=every)
            count += len(locked)
    _finish(tenant, actor, "jobs.replayed", count, asked)
    drain_waker.wake()
    return count


# A leased job is about to be sent: only what nobody holds can be stopped.
_CANCEL = """
WITH free AS (
  SELECT job_id FROM jobs_queueentry
  WHERE job_id = ANY(%(jobs)s) AND tenant_id = %(tenant)s AND lease_until IS NULL
  ORDER BY job_id FOR UPDATE SKIP LOCKED
),
canceled AS (
  UPDATE jobs_job SET state = 'canceled', reason = %(reason)s, changed_at = now(),
    due_at = NULL
  FROM free WHERE jobs_job.id = free.job_id AND jobs_job.state = ANY(%(states)s)
  RETURNING jobs_job.id
)
DELETE FROM jobs_queueentry WHERE job_id = ANY(ARRAY(SELECT id FROM canceled))
RETURNING job_id
"""


def cancel_jobs(
    jobs: JobQuerySet,
    *,
    tenant: Tenant,
    actor: User | None,
    until: datetime,
    asked: dict[str, Any],
) -> int:
    """Stop what `cancelable` finds and no drain holds; return how many that were."""
    parameters = {
        "tenant": tenant.pk,
        "reason": Reason.CANCELED.value,
        "states": sorted(ABORTABLE),
    }
    count = sum(
        len(statements.run(_CANCEL, {"jobs": chunk, **parameters}))
        for chunk in _chunks(cancelable(jobs.for_tenant(tenant), until=until))
    )
    _finish(tenant, actor, "jobs.canceled", count, asked)
    return count


def release_jobs(
    jobs: JobQuerySet,
    *,
    tenant: Tenant,
    actor: User | None,
    until: datetime,
    asked: dict[str, Any],
) -> int:
    """Let what `releasable` finds be sent, oldest first; return how many that were."""
    count = sum(
        releases.release_jobs(tenant.pk, chunk, Reason.RESTORED_BACKUP)
        for chunk in _chunks(releasable(jobs.for_tenant(tenant), until=until))
    )
    _finish(tenant, actor, "jobs.released", count, asked)
    drain_waker.wake()
    return count


def _chunks(wanted: JobQuerySet) -> Iterator[list[UUID]]:
    """Yield the ids of what one act takes, oldest first, by the transaction."""
    found = list(wanted.order_by("id").values_list("id", flat=True)[:MOST])
    for start in range(0, len(found), CHUNK):
        yield found[start : start + CHUNK]


def _finish(
    tenant: Tenant, actor: User | None, act: str, count: int, asked: dict[str, Any]
) -> None:
    if count:
        audit.record(tenant, actor, act, count=count, **asked)
