"""
A changed limit counts at once, also for what waits because of the old one.

Limits themselves are read at each claim. Here is what was decided by the old ones
before: the waits of jobs on hold, and the part of the rate that is spoken for.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from destinations.models import Destination
from destinations.services import update_destination
from leadrails import statements
from leadrails.core import ids
from leadrails.core.reasons import Reason
from leadrails.jobs import gates
from leadrails.jobs.wake import drain_waker
from leadrails.tenants.models import User

LONGEST_HELD = timedelta(days=40)
"""Nothing held is older: a job lives a week, and a replay has the age of its lead."""

# Whoever looks at a job meanwhile has claimed it, and finds the new limit.
_RELEASE = """
WITH waiting AS (
  SELECT id FROM jobs_job
  WHERE tenant_id = %(tenant)s AND {place} = %(place)s
    AND state = 'held' AND reason = %(reason)s AND id >= %(since)s
  ORDER BY id FOR UPDATE SKIP LOCKED
),
moved AS (
  UPDATE jobs_job job SET state = 'queued', reason = '', changed_at = now(),
    due_at = NULL
  FROM waiting WHERE job.id = waiting.id
  RETURNING job.id
)
UPDATE jobs_queueentry entry SET due_at = now() FROM moved
WHERE entry.job_id = moved.id AND entry.lease_until IS NULL
RETURNING entry.job_id
"""
_OF_DESTINATION = _RELEASE.format(place="destination_id")
_OF_SOURCE = _RELEASE.format(place="source_id")


def change_destination(
    destination: Destination, *, actor: User | None, **changes: Any
) -> Destination:
    """
    Change a destination's settings, and let go what only the old ones held.

    Raises:
        ValidationError: see `destinations.services.update_destination`.
    """
    old = Destination.objects.get(pk=destination.pk)
    new = update_destination(destination, actor=actor, **changes)
    released = 0
    if new.hourly_ceiling > old.hourly_ceiling:
        released += _release(_OF_DESTINATION, new, Reason.DESTINATION_CEILING)
    if new.daily_per_recipient > old.daily_per_recipient:
        released += _release(_OF_DESTINATION, new, Reason.RECIPIENT_CEILING)
    if new.messages_per_second != old.messages_per_second:
        gates.change_rate(
            new.pk, old=old.messages_per_second, new=new.messages_per_second
        )
        released += 1
    if released:
        drain_waker.wake()
    return new


def release_source(tenant_id: UUID, source_id: UUID) -> None:
    """Let go what the source's hourly ceiling held, once this is committed."""

    def release() -> None:
        if _run(_OF_SOURCE, tenant_id, source_id, Reason.SOURCE_CEILING):
            drain_waker.wake()

    transaction.on_commit(release)


def _release(statement: str, destination: Destination, reason: Reason) -> int:
    return _run(statement, destination.tenant_id, destination.pk, reason)


def _run(statement: str, tenant_id: UUID, place_id: UUID, reason: Reason) -> int:
    parameters = {
        "tenant": tenant_id,
        "place": place_id,
        "reason": reason.value,
        "since": ids.uuid7_floor(timezone.now() - LONGEST_HELD),
    }
    return len(statements.run(statement, parameters))
