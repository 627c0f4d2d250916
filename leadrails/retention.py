"""
Dropping the months that are old enough: leads with their jobs, and raw callbacks.

A month goes as a whole and in one transaction, so that a kill leaves all of it or
nothing. A month in which a job is not settled, or a callback not read, stays.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from leadrails import partitions
from leadrails.contacts.services import forget_messages
from leadrails.core import ids
from leadrails.core.crashpoints import crash_here
from leadrails.jobs import tallies

log = logging.getLogger(__name__)

SHOWN = 5  # of what keeps a month
# After acceptance providers are asked for so long, and nobody waits any longer.
AWAITED = "3 days"
_NAME = re.compile(r"_y(\d{4,})m(\d{2})$")


@dataclass(frozen=True, slots=True)
class Kind:
    """Tables whose months go together, in this order: first what hangs on the rest."""

    name: str
    tables: tuple[str, ...]
    """Their parents."""
    unsettled: str
    """Finds, slowly, what keeps a month: (id, state)."""
    unsettled_since: str
    """The same, quickly: what may have been added since."""
    prefix: str
    """Of the ids that these find."""


_QUEUED = """
SELECT job_id, coalesce(job.state, 'queued')
FROM jobs_queueentry LEFT JOIN jobs_job job ON job.id = job_id
WHERE job_id >= %(low)s AND job_id < %(high)s
"""
_AWAITED = """
SELECT id, state FROM jobs_job WHERE id >= %(low)s AND id < %(high)s
  AND state IN ('accepted', 'sent') AND accepted_at > now() - %(awaited)s::interval
"""
_OPEN = """
SELECT id, state FROM jobs_job WHERE id >= %(low)s AND id < %(high)s
  AND state IN ('queued', 'held', 'sending', 'retrying', 'unknown')
"""
_FORGET_DEADLINES = """
DELETE FROM jobs_deadline WHERE job_id >= %(low)s AND job_id < %(high)s
"""
_UNREAD = """
SELECT id, 'unread' FROM webhooks_rawcallback
WHERE id >= %(low)s AND id < %(high)s AND processed_at IS NULL
"""

LEADS = Kind(
    name="leads and jobs",
    tables=("jobs_attempt", "jobs_deliveryevent", "jobs_job", "leads_lead"),
    unsettled=f"{_OPEN} UNION {_AWAITED} UNION {_QUEUED}",
    # A job that is open has a queue entry.
    unsettled_since=f"{_AWAITED} UNION {_QUEUED}",
    prefix="job",
)
CALLBACKS = Kind(
    name="raw callbacks",
    tables=("webhooks_rawcallback",),
    unsettled=_UNREAD,
    unsettled_since=_UNREAD,
    prefix="cbk",
)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one kind and what became of it. `first` None: rows in DEFAULT."""

    kind: Kind
    first: datetime | None
    kept_by: list[str] = field(default_factory=list)
    """What is not settled, if anything: `job_01… (held)`."""

    def __str__(self) -> str:
        when = f"{self.first:%Y-%m}" if self.first else "rows of a wrong clock"
        return f"{self.kind.name}, {when}"


Bound = tuple[Kind, datetime]


class _Unsettled(Exception):
    def __init__(self, kept_by: list[str]) -> None:
        self.kept_by = kept_by


def cutoff(*, now: datetime, keep: int) -> datetime:
    """Return the first instant that is kept: `keep` whole months before this one."""
    number = now.year * 12 + now.month - 1 - keep
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def bounds(*, now: datetime, before: datetime | None = None) -> list[Bound]:
    """
    Return until when each kind may be dropped: as the settings say, or all `before`.
    """
    if before is not None:
        return [(LEADS, before), (CALLBACKS, before)]
    keep = settings.LEADRAILS_KEEP_MONTHS
    keep_callbacks = settings.LEADRAILS_KEEP_CALLBACK_MONTHS
    found = []
    if keep:
        found.append((LEADS, cutoff(now=now, keep=keep)))
        # A callback is of no use without its job.
        keep_callbacks = min(keep_callbacks or keep, keep)
    if keep_callbacks:
        found.append((CALLBACKS, cutoff(now=now, keep=keep_callbacks)))
    return found


def drop_old(*, now: datetime) -> list[Month]:
    """
    Drop what the settings no longer keep; return the months that were too old.

    What people wrote goes with the leads; that they said stop is kept for good.
    """
    found = []
    for kind, before in bounds(now=now):
        found += drop(kind, before=before)
        if kind is LEADS:
            forget_messages(before)
    return found


def drop(kind: Kind, *, before: datetime, is_rehearsal: bool = False) -> list[Month]:
    """
    Drop the months of a kind that end by `before`; return them, oldest first.

    Those that something keeps say what, and stay. `before` is the start of a month.

    Raises:
        OperationalError: the tables were in use all the time.
    """
    return [_drop_one(month, before, is_rehearsal) for month in _old(kind, before)]


def _old(kind: Kind, before: datetime) -> Iterator[Month]:
    firsts = {first for table in kind.tables for first in _months_of(table)}
    for first in sorted(firsts):
        if first < before:
            yield Month(kind, first)
    if any(_has_old_default(table, before) for table in kind.tables):
        yield Month(kind, None)


def _months_of(parent: str) -> Iterator[datetime]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = %s::regclass",
            [parent],
        )
        for (name,) in cursor.fetchall():
            if match := _NAME.search(name):
                yield datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC)


def _has_old_default(parent: str, before: datetime) -> bool:
    key = partitions.PARENTS[parent]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {parent}_default WHERE {key} < %s)",  # noqa: S608 - our own names
            [ids.uuid7_floor(before)],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def _drop_one(month: Month, before: datetime, is_rehearsal: bool) -> Month:
    dropping = _Dropping(month, before)
    try:
        with connection.cursor() as cursor:
            dropping.check(cursor, month.kind.unsettled)
        if not is_rehearsal:
            crash_here("drop_before_locks")
            partitions.patiently(dropping, what=f"dropping {month}")
            crash_here("drop_after_commit")
            log.info("dropped %s", month)
    except _Unsettled as found:
        log.warning("kept %s: %s", month, ", ".join(found.kept_by))
        return Month(month.kind, month.first, found.kept_by)
    return month


class _Dropping:
    """Drops one month. Nobody reads or writes its tables meanwhile."""

    def __init__(self, month: Month, before: datetime) -> None:
        self.kind, self.first = month.kind, month.first
        if month.first is None:
            self.low, self.high = UUID(int=0), ids.uuid7_floor(before)
        else:
            ((first, after),) = partitions.months(month.first, 1)
            self.low, self.high = ids.uuid7_floor(first), ids.uuid7_floor(after)
            self.after = after

    def __call__(self, cursor: CursorWrapper) -> None:
        parents = reversed(self.kind.tables)  # as intake locks them
        listed = ", ".join(f"ONLY {parent}" for parent in parents)
        cursor.execute(f"LOCK TABLE {listed} IN ACCESS EXCLUSIVE MODE")
        self.check(cursor, self.kind.unsettled_since)
        for parent in self.kind.tables:
            if self.first is None:
                key = partitions.PARENTS[parent]
                cursor.execute(
                    f"DELETE FROM {parent}_default WHERE {key} < %s",  # noqa: S608
                    [self.high],
                )
            else:
                name = partitions.name_of(parent, self.first)
                cursor.execute(f"DROP TABLE IF EXISTS {name}")
            crash_here("drop_after_table")
        if self.kind is LEADS and self.first is not None:
            tallies.forget(self.first, self.after)
        if self.kind is LEADS:
            cursor.execute(_FORGET_DEADLINES, {"low": self.low, "high": self.high})
        crash_here("drop_before_commit")

    def check(self, cursor: CursorWrapper, query: str) -> None:
        cursor.execute(
            f"{query} LIMIT {SHOWN + 1}",
            {"low": self.low, "high": self.high, "awaited": AWAITED},
        )
        if rows := cursor.fetchall():
            named = [
                f"{ids.encode(self.kind.prefix, found)} ({state})"
                for found, state in rows[:SHOWN]
            ]
            raise _Unsettled(named + ["and more"] * (len(rows) > SHOWN))
