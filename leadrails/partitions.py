"""
Monthly partitions of the large tables, by range over ids that carry their time.

Each parent also has a DEFAULT partition: a row from a wrong clock is stored, not
refused. Months are made ahead by `migrate`, by the start of the web server and by
beat; making one that exists is free.
"""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from django.apps.registry import Apps
from django.db import OperationalError, connection, migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
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
    """
    Make this month's partitions and those of `ahead` months more; return the new.

    Making a partition locks its parent for a moment. A lock that does not come
    within 200 ms is given up and tried again, so that no claim queues up behind it.
    """
    made = []
    for parent in PARENTS:
        for first, after in months(now, ahead + 1):
            name = name_of(parent, first)
            if not _exists(name):
                _create(parent, name, first, after)
                made.append(name)
    return made


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        (exists,) = cursor.fetchone()
    return bool(exists)


def _create(parent: str, name: str, first: datetime, after: datetime) -> None:
    low, high = uuid7_floor(first), uuid7_floor(after)
    for attempt in range(1, _LOCK_TRIES + 1):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
                cursor.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {parent} "
                    f"FOR VALUES FROM ('{low}') TO ('{high}')"
                )
            return
        except OperationalError:
            if attempt == _LOCK_TRIES:
                raise
            log.info("partition waits for a lock", extra={"partition": name})
            time.sleep(0.1)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = DEFAULT")


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
