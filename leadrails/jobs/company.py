"""Who else is on the way to a job's person: read at the claim, kept up by the batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from psycopg.rows import dict_row

from leadrails import statements
from leadrails.core.reasons import Reason
from leadrails.core.states import State
from leadrails.core.turns import ALONE, GAP, MARGIN, Company, person_free_at

if TYPE_CHECKING:
    from leadrails.jobs.queue import DueJob

# Lead and job carry the time of the lead's arrival; no job lives longer than 7 days.
# Replays of older leads see the others, and are not seen by them.
SEEN = timedelta(days=8)
PATIENCE = timedelta(minutes=2)
"""How long after the last look at it a message of unknown outcome holds up others."""

Person = tuple[UUID, str]

# For jobs that `LOAD` found not to be their person's only one. The rest of a lead's
# jobs and its person's are read once for all jobs of the person: a flood of leads with
# one number must not make each of them read all the others. What another job brought
# about has no place among the lead's routes: it follows nobody, and nobody follows it.
_FIND = """
SELECT job.id,
  others.today - (job.attempts > 0 AND job.id >= %(today)s)::int AS today,
  others.started_at, others.in_line, others.line_until, others.rival,
  (SELECT max(coalesce(earlier.due_at, earlier.changed_at)) FROM jobs_job earlier
   WHERE earlier.tenant_id = job.tenant_id AND earlier.lead_id = job.lead_id
     AND earlier.recipient = job.recipient AND earlier.id < job.id
     AND earlier.id >= (left(job.id::text, 13) || '-0000-0000-000000000000')::uuid
     AND (earlier.replay_of IS NULL) = (job.replay_of IS NULL)
     AND earlier.parent_id IS NULL AND job.parent_id IS NULL
     AND (earlier.state IN ('queued', 'sending', 'retrying')
       OR earlier.state = 'held' AND earlier.due_at IS NOT NULL
       OR earlier.state = 'unknown' AND earlier.changed_at > now() - %(patience)s)
  ) AS earlier_until
FROM (
  SELECT tenant_id, recipient, array_agg(id) AS jobs FROM jobs_job
  WHERE id = ANY(%(jobs)s) GROUP BY tenant_id, recipient
) person,
LATERAL (
  SELECT count(*) FILTER (WHERE attempts > 0 AND id >= %(today)s) AS today,
    max(CASE WHEN changed_at > now() - %(gap)s THEN (
      SELECT started_at FROM jobs_attempt
      WHERE job_id = other.id AND number = other.attempts)
    END) AS started_at,
    count(*) FILTER (WHERE in_line) AS in_line,
    max(due_at) FILTER (WHERE in_line) AS line_until,
    min(CASE WHEN state IN ('queued', 'retrying', 'held') AND NOT in_line THEN (
      SELECT job_id::text FROM jobs_queueentry
      WHERE job_id = other.id AND worker <> %(worker)s)
    END)::uuid AS rival
  FROM jobs_job other, LATERAL (SELECT state = 'held' AND reason = 'recipient_gap'
    AND due_at > now() AS in_line) waiting
  WHERE other.tenant_id = person.tenant_id AND other.recipient = person.recipient
    AND other.id BETWEEN %(since)s AND %(until)s
) others,
LATERAL unnest(person.jobs) AS mine (id)
JOIN jobs_job job ON job.id = mine.id
"""


def find_company(
    jobs: Sequence[UUID], worker: UUID, *, today: UUID, since: UUID, until: UUID
) -> dict[UUID, Company]:
    """
    Return who else is on the way to the persons of `jobs`, by job.

    Args:
        today: the smallest id of the current day.
        since, until: the ids between which others are seen.
    """
    if not jobs:
        return {}
    parameters = {
        "jobs": list(jobs),
        "worker": worker,
        "today": today,
        "since": since,
        "until": until,
        "gap": GAP,
        "patience": PATIENCE,
    }
    rows = statements.run(_FIND, parameters, row_factory=dict_row, binary=True)
    return {row.pop("id"): Company(**row) for row in rows}


@dataclass(slots=True)
class _Given:
    """What one person was given: messages, places in line, the last moment."""

    started: int = 0
    in_line: int = 0
    latest: datetime | None = None


_NOTHING = _Given()


class Persons:
    """What the jobs of one batch give to their persons, so that they see each other."""

    def __init__(self) -> None:
        self._given: dict[Person, _Given] = {}

    def today(self, job: "DueJob") -> int:
        """Messages to the person today, with those that are to go before this one."""
        company, given = job.company or ALONE, self._given.get(_person(job), _NOTHING)
        today = company.today + given.started
        if not _is_in_line(job):
            today += company.in_line + given.in_line
        return today

    def free_at(self, job: "DueJob") -> datetime | None:
        """When the job may start as far as others to its person go; None for now."""
        latest = self._given.get(_person(job), _NOTHING).latest
        if not job.recipient or (job.company is None and latest is None):
            return None
        return person_free_at(
            job.id,
            job.company or ALONE,
            is_in_line=_is_in_line(job),
            latest=latest,
            now=job.clock,
        )

    def note_start(self, job: "DueJob") -> None:
        given = self._given.setdefault(_person(job), _Given())
        given.started += 1
        given.latest = job.clock + MARGIN

    def note_wait(self, job: "DueJob", until: datetime) -> None:
        """The job got a place in the person's line."""
        given = self._given.setdefault(_person(job), _Given())
        if not _is_in_line(job):
            given.in_line += 1
        given.latest = until


def _is_in_line(job: "DueJob") -> bool:
    return job.state is State.HELD and job.reason == Reason.RECIPIENT_GAP


def _person(job: "DueJob") -> Person:
    return job.tenant_id, job.recipient
