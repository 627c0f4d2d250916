"""
python -m tests.bench.tenmillion [--jobs N]

The queries that must stay fast, asked of ten million jobs of 200 tenants in six
months, 100,000 of them due. Needs 25 GB of disk for half an hour, gives them back
after it, and is no part of `make bench`. Prints the same JSON objects.

Leads and attempts are those of the newest tenth, which is what pages and callbacks
ask for. Then a transaction is left open, as a forgotten one would be for ten minutes,
while a million jobs pass the queue: nothing that they leave there can be cleaned up.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import psycopg

from tests.bench.excuses import EXCUSES
from tests.bench.report import Figure, report, say
from tests.bench.world import Size, open_world

JOBS, DUE, TENANTS = 10_000_000, 100_000, 200
AGE = timedelta(days=150)
CHUNK = 200_000
PASSED = 1_000_000
ROOM_ON_DISK = 25  # GB, with the log of changes

# Built again when all rows are there: many times faster than row by row.
INDEXES = """
SELECT index.relname, replace(pg_get_indexdef(index.oid), ' ON ONLY ', ' ON ')
FROM pg_index JOIN pg_class index ON index.oid = indexrelid
WHERE indrelid = %s::regclass AND NOT indisprimary
"""
# What jobs leave behind in the queue: they come, are claimed, and go, all of them in
# the ten minutes before those that wait now, so that a claim meets their remains first.
OLDEST = "SELECT min(due_at) FROM jobs_queueentry"
COME = """
INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
SELECT gen_random_uuid(), tenant_id, id, false,
  %(until)s - random() * interval '10 minutes'
FROM destinations_destination, generate_series(1, %(each)s)
RETURNING job_id
"""
LEASE = """
UPDATE jobs_queueentry
SET lease_until = now() + interval '15 seconds' - random() * interval '10 minutes'
WHERE job_id = ANY(%(jobs)s)
"""
GO = "DELETE FROM jobs_queueentry WHERE job_id = ANY(%(jobs)s)"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tenmillion")
    parser.add_argument("--jobs", type=int, default=JOBS)
    jobs = parser.parse_args().jobs
    free = shutil.disk_usage(tempfile.gettempdir()).free / 1e9
    if free < (needed := ROOM_ON_DISK * jobs / JOBS):
        print(f"{needed:.0f} GB of disk are needed, {free:.0f} are free.")
        return 2
    is_good = True
    with open_world() as world:
        for figure in measure(jobs, world.env["DATABASE_URL"]):
            told = report(figure, EXCUSES.get(figure.name, ""))
            is_good = is_good and (told.met is not False or bool(told.excused))
    return 0 if is_good else 1


def measure(jobs: int, database_url: str) -> Iterator[Figure]:
    from tests.bench import queries
    from tests.bench.callbacks import update_figure
    from tests.bench.data import make_place

    places = [make_place() for _ in range(TENANTS)]
    fill(jobs)
    queries.start_claiming()
    size = Size()
    for figure in queries.claim_figures(size):
        yield _named(figure, "10m")
    yield _named(queries.page_figure(places, size), "10m")
    ways = [place.destinations[0] for place in places[:5]]
    yield _named(update_figure(ways, size), "10m")
    with open_transaction(database_url):
        let_pass(round(PASSED * jobs / JOBS))
        for figure in queries.claim_figures(size):
            yield _named(figure, "10m_beside_an_idle_transaction")


def _named(figure: Figure, suffix: str) -> Figure:
    return replace(figure, name=f"{figure.name}_{suffix}")


def fill(jobs: int) -> None:
    """Rows of all months, the newest of them due, as they would lie in time."""
    from django.db import connection
    from django.utils import timezone

    from leadrails import partitions
    from tests.bench.queries import SCATTER
    from tests.fill import ATTEMPTS, JOBS, LEADS, QUEUE, Filling, prepare

    now = timezone.now()
    for first, _ in partitions.months(now - AGE, 7):
        partitions.ensure(now=first, ahead=0)
    prepare()
    filling = Filling(
        origin=now - AGE, step=AGE / (jobs + 1), due=jobs - min(DUE, jobs * 2 // 3)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        definitions = [
            (parent, _take_indexes(cursor, parent))
            for parent in ("jobs_job", "leads_lead")
        ]
        began = time.monotonic()
        for statement, first in (
            (JOBS, 0),
            (LEADS, jobs - jobs // 10),
            (ATTEMPTS, jobs - jobs // 10),
            (QUEUE, filling.due),
        ):
            for start in range(first, jobs, CHUNK):
                filling.run(statement, start, min(start + CHUNK, jobs) - 1)
            said = statement.split()[2]
            say(f"{said} is filled after {time.monotonic() - began:.0f} s")
        for parent, found in definitions:
            for definition in found:
                cursor.execute(definition)
            say(f"{parent} is indexed after {time.monotonic() - began:.0f} s")
        cursor.execute(SCATTER)
        cursor.execute("VACUUM ANALYZE")
    say(f"vacuumed after {time.monotonic() - began:.0f} s")


def _take_indexes(cursor, parent: str) -> list[str]:
    cursor.execute(INDEXES, [parent])
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


@contextmanager
def open_transaction(database_url: str) -> Iterator[None]:
    """One that has seen the database as it is now, and keeps it from forgetting."""
    with psycopg.connect(database_url) as forgotten:
        forgotten.execute("SET idle_in_transaction_session_timeout = 0")
        forgotten.commit()
        forgotten.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        forgotten.execute("SELECT count(*) FROM tenants_tenant")
        yield


def let_pass(count: int) -> None:
    """Let `count` jobs come into the queue, be claimed and go, many at a time."""
    from leadrails import statements

    ((until,),) = statements.run(OLDEST)
    coming = {"each": 10, "until": until}
    passed = 0
    while passed < count:
        jobs = [row[0] for row in statements.run(COME, coming)]
        statements.run(LEASE, {"jobs": jobs})
        statements.run(GO, {"jobs": jobs})
        passed += len(jobs)
    say(f"{passed} jobs passed the queue")


if __name__ == "__main__":
    sys.exit(main())
