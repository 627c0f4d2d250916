"""
Monthly partitions of the large tables, by range over ids that carry their time.

Each parent also has a DEFAULT partition: a row from a wrong clock is stored, not
refused. Months are made ahead by `migrate`, by the start of the web server and by
beat; making one that exists is free. `leadrails/retention.py` drops the old ones.
"""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from django.apps.registry import Apps
from django.db import OperationalError, connection, migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.utils import CursorWrapper
from django.db.migrations.state import ProjectState

from leadrails.core.ids import uuid7_floor

log = logging.getLogger(__name__)

PARENTS = {
    "leads_lead": "id",
    "jobs_job": "id",
    "jobs_attempt": "job_id",
    "jobs_deliveryevent": "job_id",
    "webhooks_rawcallback": "id",
}
_LOCK_TRIES = 20

T = TypeVar("T")


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel for a table of `PARENTS`, with its DEFAULT partition."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        plain = schema_editor.sql_create_table
        partitioned = f"{plain} PARTITION BY RANGE ({PARENTS[table]})"
        schema_editor.sql_create_table = partitioned
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain
        schema_editor.execute(
            f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT"
        )


def months(start: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """Yield `count` months as (first instant, first instant of the next), in UTC."""
    year, month = start.year, start.month
    for _ in range(count):
        after = (year + month // 12, month % 12 + 1)
        yield (
            datetime(year, month, 1, tzinfo=UTC),
            datetime(after[0], after[1], 1, tzinfo=UTC),
        )
        year, month = after


def name_of(parent: str, month: datetime) -> str:
    return f"{parent}_y{month:%Y}m{month:%m}"


def ensure(*, now: datetime, ahead: int) -> list[str]:
    """Make this month's partitions and those of `ahead` months more; return the new."""
    made = []
    for first, after in months(now, ahead + 1):
        made += make(first, after)
    return made


def make(first: datetime, after: datetime) -> list[str]:
    """
    Make what a month lacks of its partitions; return the new.

    Rows of the month that lie in a DEFAULT partition move to the new one.
    """
    made = []
    for parent in PARENTS:
        name = name_of(parent, first)
        if not exists(name):
            low, high = uuid7_floor(first), uuid7_floor(after)
            patiently(_Making(parent, name, low, high), what=name)
            made.append(name)
    return made


def exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        (found,) = cursor.fetchone()
    return bool(found)


def patiently(change: Callable[[CursorWrapper], T], *, what: str) -> T:
    """
    Change tables in a transaction that never makes others wait long.

    Such a change locks the parent for a moment, and whoever comes after it waits
    behind it. A lock that does not come within 200 ms is given up and tried again.

    Raises:
        OperationalError: the locks could not be had in 20 tries.
    """
    for attempt in range(1, _LOCK_TRIES + 1):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '200ms'")
                return change(cursor)
        except OperationalError:
            if attempt == _LOCK_TRIES:
                raise
            log.info("%s waits for a lock", what)
            time.sleep(0.1)
    raise AssertionError("the last try returns or raises")


class _Making:
    """Makes one partition."""

    def __init__(self, parent: str, name: str, low: UUID, high: UUID) -> None:
        self.parent, self.name = parent, name
        self.bounds = f"FOR VALUES FROM ('{low}') TO ('{high}')"
        key = PARENTS[parent]
        self.is_here = f"{key} >= '{low}' AND {key} < '{high}'"

    def __call__(self, cursor: CursorWrapper) -> None:
        # What came in meanwhile must not slip past the move.
        cursor.execute(f"LOCK TABLE ONLY {self.parent} IN ACCESS EXCLUSIVE MODE")
        if exists(self.name):
            return
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {self.parent}_default WHERE {self.is_here})"  # noqa: S608 - our own names
        )
        (is_waited_for,) = cursor.fetchone()
        if is_waited_for:
            self._make_of_default(cursor)
        else:
            cursor.execute(
                f"CREATE TABLE {self.name} PARTITION OF {self.parent} {self.bounds}"
            )

    def _make_of_default(self, cursor: CursorWrapper) -> None:
        """A partition cannot be made while rows of its range lie in DEFAULT."""
        cursor.execute(f"CREATE TABLE {self.name} (LIKE {self.parent} INCLUDING ALL)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {self.parent}_default"  # noqa: S608
            f" WHERE {self.is_here} RETURNING *)"
            f" INSERT INTO {self.name} SELECT * FROM moved"
        )
        log.warning("moved %s rows from DEFAULT to %s", cursor.rowcount, self.name)
        cursor.execute(
            f"ALTER TABLE {self.parent} ATTACH PARTITION {self.name} {self.bounds}"
        )


def ensure_in_migration(_: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Give a fresh parent its current months; `ensure` takes over from there."""
    existing = set(connection.introspection.table_names())
    for parent in PARENTS:
        if parent in existing:
            for first, after in months(datetime.now(tz=UTC), 4):
                name = name_of(parent, first)
                schema_editor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {parent} "
                    f"FOR VALUES FROM ('{uuid7_floor(first)}') "
                    f"TO ('{uuid7_floor(after)}')"
                )
