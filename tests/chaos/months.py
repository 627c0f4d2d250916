"""
Old months to be dropped while everything dies: made, dropped, and looked at.

The rows are copies of a settled lead's, moved into a month of long ago.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from leadrails.core import ids
from leadrails.embedded.places import PROJECT
from leadrails.embedded.stack import Stack
from leadrails.partitions import PARENTS, months, name_of
from tests.chaos.ledgers import MonthLook

FIRST_MONTH = datetime(2015, 1, 1, tzinfo=UTC)
LEADS = 20
"""Rows of each table in a month."""
PATIENCE = 60.0  # seconds for a drop

FIND_SETTLED = """
SELECT id, lead_id FROM jobs_job job WHERE state = 'delivered' AND id > %s
  AND parent_id IS NULL AND channel = ''
  AND EXISTS (SELECT FROM jobs_deliveryevent WHERE job_id = job.id)
  AND EXISTS (SELECT FROM webhooks_rawcallback WHERE job_id = job.id
    AND processed_at IS NOT NULL)
LIMIT 1
"""
# As the row it was, but for what is given.
COPY = """
INSERT INTO {table} SELECT (jsonb_populate_record(old, %(changes)s::jsonb)).*
FROM {table} old WHERE old.{key} = %(old)s LIMIT 1
"""


class OldMonths:
    """One month at a time; what a kill left of it is the next one's to drop."""

    def __init__(self, stack: Stack, tell: Callable[..., None]) -> None:
        self.looks: list[MonthLook] = []
        self._stack = stack
        self._tell = tell
        self._months = (first for first, _ in months(FIRST_MONTH, 100))
        self._month: datetime | None = None
        self._turn = threading.Lock()

    def drop_one_later(self) -> None:
        """In a thread: whoever drops may die over it, or wait for locks."""
        threading.Thread(target=self.drop_one, daemon=True).start()

    def drop_one(self) -> bool:
        """Make a month unless there is one, and drop it; False if that was not done."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            self._look()
            if self._month is None:
                self._make()
            self._drop()
            self._look()
        except (psycopg.Error, subprocess.TimeoutExpired):
            return False
        finally:
            self._turn.release()
        return self._month is None

    def end(self, tries: int = 10) -> None:
        """Drop what is left."""
        with self._turn:
            pass
        while self._month is not None and tries:
            self.drop_one()
            tries -= 1

    def _make(self) -> None:
        first = next(self._months)
        ((_, after),) = months(first, 1)
        low = ids.uuid7_floor(first)
        with psycopg.connect(self._stack.urls["database"], connect_timeout=2) as db:
            found = db.execute(FIND_SETTLED, [ids.uuid7_floor(after)]).fetchone()
            if found is None:
                return
            for parent in PARENTS:
                db.execute(
                    f"CREATE TABLE {name_of(parent, first)} PARTITION OF {parent}"
                    f" FOR VALUES FROM ('{low}') TO ('{ids.uuid7_floor(after)}')"
                )
            for _ in range(LEADS):
                for table, key, old, changes in _copies(*found, low, first):
                    statement = COPY.format(table=table, key=key)
                    db.execute(statement, {"changes": Jsonb(changes), "old": old})
        self._month = first

    def _drop(self) -> None:
        if self._month is None:
            return
        ((_, after),) = months(self._month, 1)
        subprocess.run(
            [sys.executable, "manage.py", "drop_partitions", f"--before={after:%Y-%m}"],
            cwd=PROJECT,
            env=self._stack.env,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )

    def _look(self) -> None:
        """Note what is left of the month; forget it when nothing is."""
        if self._month is None:
            return
        found: dict[str, int | None] = {}
        with psycopg.connect(self._stack.urls["database"], connect_timeout=2) as db:
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for parent in PARENTS:
                name = name_of(parent, self._month)
                (is_there,) = db.execute(
                    "SELECT EXISTS (SELECT FROM pg_class WHERE relname = %s)", [name]
                ).fetchone()
                query = f"SELECT count(*) FROM {name}"
                found[parent] = db.execute(query).fetchone()[0] if is_there else None
        look = MonthLook(name=f"{self._month:%Y-%m}", made=LEADS, rows=found)
        self.looks.append(look)
        self._tell("month", name=look.name, rows=found)
        if not any(found.values()):
            self._month = None


def _copies(
    job: UUID, lead: UUID, low: UUID, at: datetime
) -> Iterator[tuple[str, str, UUID, dict]]:
    """A lead with all that hangs on it: table, key, old id, and what changes."""
    new_lead, new_job = (str(ids.uuid7_beside(low)) for _ in range(2))
    then = at.isoformat()
    yield (
        "leads_lead",
        "id",
        lead,
        {
            "id": new_lead,
            "idempotency_key": new_lead,
            "received_at": then,
            "job_count": 1,
        },
    )
    yield "jobs_job", "id", job, {"id": new_job, "lead_id": new_lead, "replay_of": None}
    yield "jobs_attempt", "job_id", job, {"job_id": new_job, "started_at": then}
    yield "jobs_deliveryevent", "job_id", job, {"job_id": new_job}
    callback = str(ids.uuid7_beside(low))
    yield "webhooks_rawcallback", "job_id", job, {"id": callback, "job_id": new_job}
