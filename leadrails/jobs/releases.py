"""
Let jobs on hold go: all that wait for one cause, those that wait for none any more,
and those that follow another one.

Whatever releases locks the free entries of the queue first, in one order, then the
jobs. An entry that is leased or locked is in the hands of somebody who decides on it
now; if that was by what is no longer so, `after_asides` finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from django.utils import timezone

from destinations.models import Destination
from leadrails import statements
from leadrails.core import ids, phone
from leadrails.core.reasons import Reason
from leadrails.core.states import State
from leadrails.core.turns import SHORTEST_WAIT

if TYPE_CHECKING:
    from leadrails.jobs.queue import Aside, DueJob, Result

GOING_ON = frozenset({State.RETRYING, State.UNKNOWN})
"""What is tried again by itself: nothing follows it yet."""
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
UPDATE jobs_queueentry SET due_at = now()
WHERE job_id = ANY(ARRAY(SELECT id FROM moved)) RETURNING job_id
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


# Who resumes a destination has its row locked until all that waited is released: this
# waits for that, so that of the two one sees the other.
_LOOK_AGAIN = """
WITH input AS (
  SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS x (job_id uuid, reason text,
    destination_id uuid, source_id uuid, country text, of_destination int,
    of_recipient int, of_source int, as_of timestamptz, version text)
),
place AS (
  SELECT id, status, held_countries, hourly_ceiling, daily_per_recipient, updated_at,
    xmin::text || ctid::text AS version
  FROM destinations_destination WHERE id IN (SELECT destination_id FROM input)
  ORDER BY id FOR SHARE
),
free AS (
  SELECT entry.job_id, input.reason FROM input
  JOIN place ON place.id = input.destination_id
  JOIN leads_source source ON source.id = input.source_id
  JOIN jobs_queueentry entry ON entry.job_id = input.job_id
  WHERE entry.job_id = ANY(ARRAY(SELECT job_id FROM input))
    AND entry.lease_until IS NULL AND entry.due_at > now() AND CASE input.reason
    WHEN 'destination_paused' THEN place.status = 'active'
    WHEN 'country_not_enabled' THEN input.country <> ALL(place.held_countries)
    WHEN 'destination_ceiling' THEN place.hourly_ceiling > input.of_destination
    WHEN 'quiet_hours' THEN place.updated_at > input.as_of
    WHEN 'recipient_ceiling' THEN place.daily_per_recipient > input.of_recipient
    WHEN 'content_not_ready' THEN place.version <> input.version
    WHEN 'source_ceiling' THEN source.hourly_ceiling IS NULL
      OR source.hourly_ceiling > input.of_source
    END
  ORDER BY entry.job_id FOR UPDATE OF entry SKIP LOCKED
),
moved AS (
  UPDATE jobs_job job SET due_at = now() FROM free
  WHERE job.id = free.job_id AND job.state = 'held' AND job.reason = free.reason
  RETURNING job.id
)
UPDATE jobs_queueentry SET due_at = now()
WHERE job_id = ANY(ARRAY(SELECT id FROM moved))
"""
_CLEARED_BY_PEOPLE = frozenset(
    {
        Reason.DESTINATION_PAUSED,
        Reason.COUNTRY_NOT_ENABLED,
        Reason.DESTINATION_CEILING,
        Reason.RECIPIENT_CEILING,
        Reason.SOURCE_CEILING,
        Reason.QUIET_HOURS,
        Reason.CONTENT_NOT_READY,
    }
)


def after_asides(asides: Sequence[Aside]) -> None:
    """
    Let go what the holds just written, and the ends, do not hold any more.

    What a hold was decided by was read before it was written, and who clears a cause
    releases only what is on hold already. So this is for after the commit, or one of
    the two may still miss the other.
    """
    held = [item for item in asides if item.state is State.HELD]
    _look_again((item.job, item.reason, item.place) for item in held)
    going_on = {item.job.id for item in held if item.due}
    let_follow(
        [
            item.job.id
            for item in asides
            if item.job.company and item.job.id not in going_on
        ]
    )


def after_results(results: Sequence[Result]) -> None:
    """The same after what attempts came to."""
    _look_again(
        (item.job, item.reason, None) for item in results if item.state is State.HELD
    )
    let_follow(
        [
            item.job.id
            for item in results
            if item.job.company and item.state not in GOING_ON
        ]
    )


def _look_again(held: Iterable[tuple[DueJob, str, Destination | None]]) -> None:
    """Make jobs due that were held for what a person has cleared meanwhile."""
    rows = [_row(*item) for item in held if item[1] in _CLEARED_BY_PEOPLE]
    if rows:
        statements.run(_LOOK_AGAIN, {"rows": msgspec.json.encode(rows).decode()})


def _row(job: DueJob, reason: str, place: Destination | None) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "reason": reason,
        "destination_id": job.destination_id,
        "source_id": job.source_id,
        "country": phone.region_of(job.recipient) or "" if job.recipient else "",
        "of_destination": place.hourly_ceiling if place else None,
        "of_recipient": place.daily_per_recipient if place else None,
        "of_source": job.source_ceiling,
        "as_of": place.updated_at if place else None,
        "version": job.destination_version,
    }


# Those of one lead have the time of its arrival, and so lie in one month.
_LET_FOLLOW = """
WITH follows AS MATERIALIZED (
  SELECT later.id FROM jobs_job earlier
  JOIN jobs_job later ON later.lead_id = earlier.lead_id AND later.id > earlier.id
    AND later.id <= (left(earlier.id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid
    AND later.tenant_id = earlier.tenant_id AND later.recipient = earlier.recipient
    AND later.state = 'held' AND later.reason = 'lead_order'
  WHERE earlier.id = ANY(%(jobs)s)
),
free AS (
  SELECT job_id, lease_until, due_at FROM jobs_queueentry
  WHERE job_id = ANY(ARRAY(SELECT id FROM follows))
  ORDER BY job_id FOR UPDATE SKIP LOCKED
),
moved AS (
  UPDATE jobs_job job SET due_at = now() + %(gap)s FROM free
  WHERE job.id = free.job_id AND free.lease_until IS NULL
    AND free.due_at > now() + %(gap)s
    AND job.state = 'held' AND job.reason = 'lead_order'
  RETURNING job.id
)
UPDATE jobs_queueentry SET due_at = now() + %(gap)s
WHERE job_id = ANY(ARRAY(SELECT id FROM moved))
"""


def let_follow(jobs: Sequence[UUID]) -> None:
    """
    Let what waits for one of `jobs`, of the same lead and person, follow it.

    To be called once it is committed that they go, or do not go any more. Who is not
    told looks by itself within a minute.
    """
    if jobs:
        statements.run(_LET_FOLLOW, {"jobs": list(jobs), "gap": SHORTEST_WAIT})
