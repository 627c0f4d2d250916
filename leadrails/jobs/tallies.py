"""
Counts that pages show, without counting: `tenant, hour, destination, state → number`.
A rich message whose place a plain text took counts as `replaced`, whatever its state:
pages count the text for it.

Whatever makes, moves or deletes jobs appends small changes in its own transaction:
intake and `note_new` for new rows, triggers of the database for all else. Beat folds
them into the tallies. Who reads adds what is not folded yet, so a count is exact at
any moment, and no two transactions ever wait for one counter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from psycopg.rows import class_row

from leadrails import statements
from leadrails.core.ids import uuid7_floor

KEPT = timedelta(days=40)  # longer than any job stays open; pages show a day
BATCH = 20_000
LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Count:
    hour: datetime
    about_id: UUID
    what: str
    number: int


_READ = """
SELECT hour, about_id, what, sum(number)::int AS number FROM (
  SELECT hour, about_id, what, number FROM jobs_tally
  WHERE tenant_id = %(tenant)s AND what = ANY(%(what)s::text[])
    AND hour >= coalesce(%(since)s::timestamptz, '-infinity')
  UNION ALL
  SELECT hour, about_id, what, number FROM jobs_tallychange
  WHERE tenant_id = %(tenant)s AND what = ANY(%(what)s::text[])
    AND hour >= coalesce(%(since)s::timestamptz, '-infinity')
) found GROUP BY 1, 2, 3 HAVING sum(number) <> 0
"""


def read(tenant_id: UUID, *what: str, since: datetime | None = None) -> list[Count]:
    """
    Return how many there are of each hour since `since`, the start of an hour.

    Args:
        what: states of jobs, or LEAD.
        since: by default all that is kept, which is all that is open.
    """
    parameters = {
        "tenant": tenant_id,
        "what": [str(word) for word in what],
        "since": since,
    }
    return statements.run(_READ, parameters, row_factory=class_row(Count))


@dataclass(frozen=True, slots=True)
class Binned:
    """`bin` is the start of a span of time on the clock of the reader's zone."""

    bin: datetime
    about_id: UUID
    what: str
    number: int


_READ_BINNED = """
SELECT date_bin(%(span)s, hour AT TIME ZONE %(zone)s, timestamp '2000-01-01') AS bin,
  about_id, what, sum(number)::int AS number
FROM (
  SELECT hour, about_id, what, number FROM jobs_tally
  WHERE tenant_id = %(tenant)s AND what = ANY(%(what)s::text[]) AND hour >= %(since)s
  UNION ALL
  SELECT hour, about_id, what, number FROM jobs_tallychange
  WHERE tenant_id = %(tenant)s AND what = ANY(%(what)s::text[]) AND hour >= %(since)s
) found GROUP BY 1, 2, 3 HAVING sum(number) <> 0
"""


def read_binned(
    tenant_id: UUID, *what: str, since: datetime, span: timedelta, zone: str
) -> list[Binned]:
    """
    Return how many there are of each span of local time, from the hour of `since` on.

    Args:
        span: a whole number of hours, at most a day.
        zone: the name of a time zone; where it is no whole hour off UTC, an hour
            counts for the span in which it begins.
    """
    parameters = {
        "tenant": tenant_id,
        "what": [str(word) for word in what],
        "since": since,
        "span": span,
        "zone": zone,
    }
    return statements.run(_READ_BINNED, parameters, row_factory=class_row(Binned))


_NOTE_NEW = """
INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
SELECT tenant_id, state, leadrails_hour_of(id), destination_id, count(*)
FROM jobs_job WHERE id = ANY(%(jobs)s) GROUP BY 1, 2, 3, 4
"""


def note_new(jobs: Sequence[UUID]) -> None:
    """Count jobs that were just made, in the transaction that made them."""
    statements.run(_NOTE_NEW, {"jobs": list(jobs)})


# A tally that comes to nothing goes: most states are passed within seconds.
_FOLD = """
WITH taken AS (
  DELETE FROM jobs_tallychange WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM jobs_tallychange LIMIT %(batch)s))
  RETURNING tenant_id, what, hour, about_id, number
),
change AS (
  SELECT tenant_id, what, hour, about_id, sum(number)::int AS number FROM taken
  WHERE hour >= now() - %(kept)s
  GROUP BY tenant_id, what, hour, about_id HAVING sum(number) <> 0
),
gone AS (
  DELETE FROM jobs_tally tally USING change
  WHERE (tally.tenant_id, tally.what, tally.hour, tally.about_id)
      = (change.tenant_id, change.what, change.hour, change.about_id)
    AND tally.number + change.number = 0
  RETURNING tally.tenant_id, tally.what, tally.hour, tally.about_id
),
folded AS (
  INSERT INTO jobs_tally AS tally (tenant_id, what, hour, about_id, number)
  SELECT * FROM change WHERE (tenant_id, what, hour, about_id) NOT IN (TABLE gone)
  ON CONFLICT (tenant_id, what, hour, about_id)
    DO UPDATE SET number = tally.number + excluded.number
)
SELECT count(*) FROM taken
"""
_MY_TURN = "SELECT pg_try_advisory_xact_lock(hashtextextended('jobs_tally', 0))"
_CLEAN = "DELETE FROM jobs_tally WHERE hour < now() - %(kept)s"


def fold() -> int:
    """Add the changes up, in batches; return how many there were. One at a time."""
    total = 0
    while True:
        with transaction.atomic():
            ((is_my_turn,),) = statements.run(_MY_TURN)
            if not is_my_turn:
                return total
            ((taken,),) = statements.run(_FOLD, {"batch": BATCH, "kept": KEPT})
            total += int(taken)
            if taken < BATCH:
                statements.run(_CLEAN, {"kept": KEPT})
                return total


# Hours that are about to be too old are not looked at: they may be gone or not. Of what
# was read, no types and versions of messages are: an erasure takes the messages.
_COMPARE = """
SELECT tenant_id, about_id, hour, what, sum(counted)::int AS counted,
  sum(found)::int AS found
FROM (
  SELECT tenant_id, about_id, hour, what, number AS counted, 0 AS found
  FROM jobs_tally
  UNION ALL
  SELECT tenant_id, about_id, hour, what, number, 0 FROM jobs_tallychange
  UNION ALL
  SELECT tenant_id, destination_id, leadrails_hour_of(id),
    CASE reason WHEN 'replaced' THEN reason ELSE state END, 0, count(*)
  FROM jobs_job WHERE id >= %(oldest)s GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT tenant_id, source_id, leadrails_hour_of(id), 'lead', 0, count(*)
  FROM leads_lead WHERE id >= %(oldest)s GROUP BY 1, 2, 3
  UNION ALL
  SELECT tenant_id, about.id, leadrails_hour_of(job.id), each.what, 0, count(*)
  FROM jobs_job job, (VALUES ('reached'), ('seen')) AS each (what),
    LATERAL (VALUES (destination_id), (source_id)) AS about (id)
  WHERE job.id >= %(oldest)s AND channel IN ('rcs', 'whatsapp')
    AND (state = 'read' OR state = 'delivered' AND each.what = 'reached')
  GROUP BY 1, 2, 3, 4
) found WHERE hour >= %(since)s
  AND (what NOT IN ('reached', 'seen') OR about_id IN (
    SELECT id FROM destinations_destination UNION ALL SELECT id FROM leads_source))
GROUP BY 1, 2, 3, 4 HAVING sum(counted) <> sum(found)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    tenant_id: UUID
    about_id: UUID
    hour: datetime
    what: str
    counted: int
    found: int


def differences(*, now: datetime) -> list[Difference]:
    """Return the counts that the rows do not bear out. Reads all rows of 39 days."""
    since = now - KEPT + timedelta(days=1)
    since = since.replace(minute=0, second=0, microsecond=0)
    parameters = {"since": since, "oldest": uuid7_floor(since)}
    return statements.run(_COMPARE, parameters, row_factory=class_row(Difference))


def forget(first: datetime, after: datetime) -> None:
    """Drop the tallies from `first` until before `after`, as their rows are dropped."""
    # Changes first: who folds them meanwhile is waited for, and seen by the second.
    for table in ("jobs_tallychange", "jobs_tally"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE hour >= %s AND hour < %s",  # noqa: S608
                [first, after],
            )
