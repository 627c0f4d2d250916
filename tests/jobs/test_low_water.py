"""Low-water marks: what is passed over, and that it is for a moment only."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.db import connection, transaction

from leadrails import statements
from leadrails.jobs import low_water, queue, queue_sql
from leadrails.jobs.low_water import EVER, SLACK, LowWater
from leadrails.jobs.models import QueueEntry
from tests.make import make_destination, make_job

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = timedelta(minutes=1)


def clock():
    ((now,),) = statements.run("SELECT now()")
    return now


def entry_due(at, **fields):
    job = make_job(**fields)
    QueueEntry.objects.filter(job_id=job.id).update(due_at=at)
    return job.id


def claimed_since(mark):
    return [job.id for job in queue.claim(10, uuid4(), since=mark.at).jobs]


def test_a_mark_stays_behind_what_is_oldest():
    oldest = clock() - MINUTE
    entry_due(oldest), entry_due(clock())
    mark = LowWater()
    assert queue.is_anything_due(mark)
    assert mark.at == oldest - SLACK
    assert len(claimed_since(mark)) == 2


def test_a_mark_stays_behind_now_when_nothing_is_due():
    entry_due(clock() + MINUTE)
    mark, before = LowWater(), clock()
    assert not queue.is_anything_due(mark)
    assert before - SLACK <= mark.at <= clock() - SLACK


def test_what_appears_behind_a_mark_is_found_within_a_minute():
    mark = LowWater()
    queue.is_anything_due(mark)
    late = entry_due(clock() - MINUTE)
    assert claimed_since(mark) == []
    assert not queue.is_anything_due(mark)
    with patch.object(low_water.time, "monotonic", _in(low_water.WHOLE_EVERY)):
        assert queue.is_anything_due(mark)
    assert claimed_since(mark) == [late]


def test_what_appears_within_the_slack_is_claimed_at_once():
    mark = LowWater()
    queue.is_anything_due(mark)
    late = entry_due(clock() - SLACK / 2)
    assert claimed_since(mark) == [late]


def test_an_expired_lease_behind_a_mark_is_taken_over_within_a_minute():
    mark = LowWater()
    assert queue.reap(mark) == (0, 0, 0)
    lost = entry_due(clock())
    queue.claim(1, uuid4())
    QueueEntry.objects.filter(job_id=lost).update(lease_until=clock() - MINUTE)
    assert queue.reap(mark) == (0, 0, 0)
    with patch.object(low_water.time, "monotonic", _in(low_water.WHOLE_EVERY)):
        assert queue.reap(mark) == (1, 0, 0)


def test_a_mark_stays_where_it_is_while_more_leases_have_expired_than_one_reap_takes():
    for _ in range(3):
        entry_due(clock())
    queue.claim(3, uuid4())
    QueueEntry.objects.update(lease_until=clock() - MINUTE)
    mark = LowWater()
    with patch.object(queue, "MOST_REAPED", 2):
        assert queue.reap(mark) == (2, 0, 0)
        assert mark.at == EVER
        assert queue.reap(mark) == (1, 0, 0)


def test_a_claim_does_not_step_over_what_an_old_snapshot_keeps():
    place, passed = make_destination(), 2000
    with snapshot_that_stays():
        _let_pass(place, passed)
        mark = LowWater()
        queue.is_anything_due(mark)
        entry_due(clock(), destination=place)
        assert _pages(EVER) > _pages(mark.at) + passed
        assert _pages(mark.at) < 150


@contextmanager
def snapshot_that_stays():
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM tenants_tenant")
        yield
    finally:
        other.rollback()
        other.close()


def _let_pass(place, count):
    """Jobs that were due a minute ago, one here, one there, come, are leased and go."""
    statements.run(
        """
        INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
        SELECT gen_random_uuid(), %(tenant)s, %(place)s, false,
          now() - interval '1 minute' * (1 + random())
        FROM generate_series(1, %(count)s)
        """,
        {"tenant": place.tenant_id, "place": place.id, "count": count},
    )
    statements.run("UPDATE jobs_queueentry SET lease_until = now()")
    statements.run("DELETE FROM jobs_queueentry")


def _pages(since):
    """How many pages a claim looks at."""
    parameters = {
        "room": 10,
        "lease": MINUTE,
        "worker": uuid4(),
        "ahead": queue.AHEAD,
        "probe": queue.PROBE,
        "since": since,
    }
    explain = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
    with transaction.atomic():
        ((found,),) = statements.run(explain + queue_sql.CLAIM, parameters)
        transaction.set_rollback(True)
    return (
        found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"]
    )


def _in(seconds):
    now = low_water.time.monotonic()
    return lambda: now + seconds
