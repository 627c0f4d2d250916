"""
Let jobs on hold go that wait for one cause.

Whatever releases locks the free entries of the queue first, in one order, then the
jobs. An entry that is leased or locked is in the hands of somebody who decides on it
now.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from destinations.models import Destination
from leadrails import statements
from leadrails.core import ids
from leadrails.core.reasons import Reason

LONGEST_HELD = timedelta(days=40)
"""Nothing held is older: a job lives a week, and a replay has the age of its lead."""

_RELEASE = """
WITH free AS (
  SELECT entry.job_id FROM jobs_job held
  JOIN jobs_queueentry entry ON entry.job_id = held.id
  WHERE held.tenant_id = %(tenant)s AND held.state = 'held'
    AND held.reason = %(reason)s AND {those} AND entry.lease_until IS NULL
  ORDER BY entry.job_id FOR UPDATE OF entry SKIP LOCKED
),
moved AS (
  UPDATE jobs_job job SET state = 'queued', reason = '', changed_at = now(),
    due_at = NULL
  FROM free WHERE job.id = free.job_id AND job.state = 'held'
    AND job.reason = %(reason)s
  RETURNING job.id
)
UPDATE jobs_queueentry entry SET due_at = now() FROM moved
WHERE entry.job_id = moved.id RETURNING entry.job_id
"""
_THESE = _RELEASE.format(those="held.id = ANY(%(jobs)s)")
_OF_DESTINATION = _RELEASE.format(
    those="held.destination_id = %(place)s AND held.id >= %(since)s"
)
_OF_SOURCE = _RELEASE.format(
    those="held.source_id = %(place)s AND held.id >= %(since)s"
)


def release_jobs(tenant_id: UUID, jobs: Sequence[UUID], reason: Reason) -> int:
    """Let those of `jobs` go that wait for `reason`; return how many."""
    parameters = {"tenant": tenant_id, "jobs": list(jobs), "reason": reason.value}
    return len(statements.run(_THESE, parameters))


def release_of_destination(destination: Destination, reason: Reason) -> int:
    """Let go what waits for `reason` at a destination; return how many."""
    return _release(_OF_DESTINATION, destination.tenant_id, destination.pk, reason)


def release_of_source(tenant_id: UUID, source_id: UUID, reason: Reason) -> int:
    """Let go what waits for `reason` because of its source; return how many."""
    return _release(_OF_SOURCE, tenant_id, source_id, reason)


def _release(statement: str, tenant_id: UUID, place_id: UUID, reason: Reason) -> int:
    parameters = {
        "tenant": tenant_id,
        "place": place_id,
        "reason": reason.value,
        "since": ids.uuid7_floor(timezone.now() - LONGEST_HELD),
    }
    return len(statements.run(statement, parameters))
