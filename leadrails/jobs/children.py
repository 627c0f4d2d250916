"""
Make a job that another one brings about: a fallback, a follow-up, a reply.

Its id follows from its parent, the cause and the rule, so that the primary key lets
only one be, whoever tries at once or again after a kill. It is sent as any job is:
suppressions, pauses, ceilings, quiet hours and its expiry are asked when its turn
comes. It has no place in the order of its lead's routes, so it waits for no parent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.utils import timezone

from destinations.cache import find_destinations
from leadrails import statements
from leadrails.core import ids
from leadrails.core.children import MOST_IN_A_ROW, Cause, may_have
from leadrails.core.quiet_hours import life_end
from leadrails.jobs.models import Job
from leadrails.jobs.wake import drain_waker

NO_RULE = UUID(int=0)


class TooManyInARow(Exception):
    """The parent is itself such a job, and nobody said a word in between."""


@dataclass(frozen=True, slots=True)
class Child:
    """`is_new` is false for one that was made before."""

    id: UUID
    is_new: bool


# The parent and those before it. One more than is asked for would not change a thing.
_LINE = """
WITH RECURSIVE line AS (
  SELECT parent_id, cause, 1 AS place FROM jobs_job
  WHERE id = %(parent)s AND tenant_id = %(tenant)s
  UNION ALL
  SELECT job.parent_id, job.cause, line.place + 1
  FROM line JOIN jobs_job job ON job.id = line.parent_id
  WHERE job.tenant_id = %(tenant)s AND line.place <= %(most)s
)
SELECT cause FROM line ORDER BY place
"""

_MAKE = """
WITH made AS (
  INSERT INTO jobs_job (id, tenant_id, lead_id, source_id, route_id, destination_id,
    parent_id, cause, recipient, is_test, state, reason, created_at, changed_at,
    due_at, expires_at, message, is_possible_duplicate)
  SELECT %(id)s, parent.tenant_id, parent.lead_id, parent.source_id, parent.route_id,
    place.id, parent.id, %(cause)s, parent.recipient, parent.is_test, 'queued', '',
    now(), now(), CASE WHEN %(delay)s > interval '0' THEN now() + %(delay)s END,
    coalesce(%(expires_at)s::timestamptz, now() + %(delay)s + place.time_to_live),
    jsonb_build_object('to', parent.recipient) || %(message)s::jsonb,
    %(is_possible_duplicate)s
  FROM jobs_job parent JOIN destinations_destination place
    ON place.id = coalesce(%(destination)s::uuid, parent.destination_id)
    AND place.tenant_id = parent.tenant_id
  WHERE parent.id = %(parent)s AND parent.tenant_id = %(tenant)s
  ON CONFLICT DO NOTHING
  RETURNING id, tenant_id, destination_id
),
queued AS (
  INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
  SELECT id, tenant_id, destination_id, false, now() + %(delay)s FROM made
),
counted AS (
  INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
  SELECT tenant_id, 'queued', leadrails_hour_of(id), destination_id, 1 FROM made
)
SELECT id FROM made
"""
_IS_THERE = "SELECT 1 FROM jobs_job WHERE id = %(id)s AND tenant_id = %(tenant)s"


def child_id(parent_id: UUID, cause: Cause, rule_id: UUID = NO_RULE) -> UUID:
    """The id of the one child for this cause and rule, whether it is there or not."""
    return ids.uuid7_derived(parent_id, cause.encode(), rule_id.bytes)


def make_child(
    parent_id: UUID,
    *,
    tenant_id: UUID,
    cause: Cause,
    rule_id: UUID = NO_RULE,
    destination_id: UUID | None = None,
    message: Mapping[str, Any] | None = None,
    delay: timedelta = timedelta(0),
    expires_at: datetime | None = None,
    is_possible_duplicate: bool = False,
) -> Child:
    """
    Put a child of a job in the queue, unless it is there, and wake a drain.

    All of it is one statement. Called within a transaction it belongs to that.

    Args:
        rule_id: what there may be one child for, beside others of the same cause.
        destination_id: None for the parent's.
        message: as `Composed.frozen` gives it, for the parent's recipient; None to
            fill the destination's own template in when it is sent.
        delay: until it may be sent.
        expires_at: None for the destination's time to live from when it is due, which
            does not run in the quiet hours that it begins in.

    Raises:
        TooManyInARow: see `leadrails.core.children`.
        LookupError: the workspace has no such job or destination.
    """
    parent = {"parent": parent_id, "tenant": tenant_id}
    rows = statements.run(_LINE, {**parent, "most": MOST_IN_A_ROW})
    if not rows:
        raise LookupError("there is no such job")
    made = child_id(parent_id, cause, rule_id)
    if not may_have(cause, [why for (why,) in rows]):
        raise TooManyInARow
    if expires_at is None:
        expires_at = _morning_after(parent_id, tenant_id, destination_id, delay)
    parameters = {
        **parent,
        "id": made,
        "cause": cause.value,
        "destination": destination_id,
        "message": _given(message) if message else None,
        "delay": delay,
        "expires_at": expires_at,
        "is_possible_duplicate": is_possible_duplicate,
    }
    if statements.run(_MAKE, parameters):
        transaction.on_commit(drain_waker.wake)
        return Child(made, is_new=True)
    if not statements.run(_IS_THERE, {"id": made, "tenant": tenant_id}):
        raise LookupError("there is no such destination")
    return Child(made, is_new=False)


def _given(message: Mapping[str, Any]) -> str:
    return msgspec.json.encode({**message, Job.GIVEN: True}).decode()


def _morning_after(
    parent_id: UUID, tenant_id: UUID, destination_id: UUID | None, delay: timedelta
) -> datetime | None:
    """When a child runs out of time whose destination keeps quiet hours, else None."""
    jobs = Job.objects.for_tenant(tenant_id).filter(pk=parent_id)
    recipient, usual = jobs.values_list("recipient", "destination_id").get()
    place_id = destination_id or usual
    place = find_destinations([place_id]).get(place_id)
    if place is None or place.tenant_id != tenant_id or place.quiet_hours is None:
        return None
    due = timezone.now() + delay
    return life_end(due, place.time_to_live, recipient, place.quiet_hours)
