"""
Plans are made at a connection's first call and kept. Those of a first lead must do
for the thousandth: until PostgreSQL has counted the rows, nothing makes them anew.
"""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leadrails import partitions
from leadrails.core import ids
from leadrails.core.reasons import Reason
from leadrails.core.states import State
from leadrails.jobs import deadlines, looking, overdue, queue, releases
from leadrails.jobs.deadlines import Moved
from leadrails.jobs.models import Deadline, FollowUpRule, Job, QueueEntry
from leadrails.jobs.prepare import prepare
from leadrails.jobs.queue import Aside, Result
from tests import fill
from tests.make import make_destination, make_source, make_tenant
from tests.plans import test_plans
from tests.webhooks.twilio import form, store
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db
ROWS, DUE, TENANTS = 8000, 1000, 10
ROOM = 20
RICH = {"to": "+12025550100", "body": "Hi", "channel": "rcs", "rich": {"text": "Hi"}}
BY_RCS = {"channel": "rcs", "fallback": "leadrails"}
MOST = 30 * ROOM
"""Rows of one table, over all statements of an act; far fewer than wait."""
ROWS_READ = """
SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE schemaname = 'public'
"""


@pytest.fixture
def world():
    """Empty tables, and the means to fill them."""
    with connection.cursor() as cursor:
        names = ("queueentry", "lane", "gate")
        tables = [*partitions.PARENTS, *(f"jobs_{name}" for name in names)]
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
    partitions.ensure(now=timezone.now(), ahead=0)
    for _ in range(TENANTS):
        source = make_source(tenant := make_tenant())
        make_destination(tenant, messages_per_second=1000)
    fill.prepare()
    filling = fill.Filling(
        origin=timezone.now() - timedelta(seconds=ROWS / 100),
        step=timedelta(milliseconds=10),
        due=ROWS - DUE,
    )
    return SimpleNamespace(filling=filling, source=source)


def dispatch(_world):
    worker = ids.uuid7()
    batch = claimed(worker)
    assert len(queue.start(batch.starts, worker)) == len(batch.starts)
    queue.settle([accepted(item) for item in batch.starts])


def hold(_world):
    worker = ids.uuid7()
    batch = claimed(worker)
    asides = [
        Aside(job=item.job, state=State.HELD, reason=Reason.LEAD_ORDER)
        for item in batch.starts
    ]
    queue.put_aside(asides, worker)
    releases.let_follow([item.job.id for item in batch.starts])


def claimed(worker):
    jobs = queue.claim(ROOM, worker).jobs
    found = Job.objects.select_related("destination")
    found = found.filter(pk__in=[job.id for job in jobs])
    batch = prepare(jobs, {job.destination_id: job.destination for job in found})
    assert batch.starts
    return batch


def accepted(item):
    return Result(
        job=item.job,
        number=item.number,
        state="accepted",
        reason="",
        outcome="accepted",
        provider_id=f"SM{item.job.id.hex}",
        duration=timedelta(milliseconds=20),
    )


def callbacks(_world):
    for job in Job.objects.filter(state="accepted").order_by("-id")[:ROOM]:
        store(job, form("delivered", sid=job.provider_id))
    assert process_callbacks()


def lose_worker(_world):
    """It dies amid its calls: others ask for what became of them."""
    worker = ids.uuid7()
    batch = claimed(worker)
    queue.start(batch.starts, worker)
    ago = timezone.now() - timedelta(hours=1)
    lost = QueueEntry.objects.filter(pk__in=[item.job.id for item in batch.starts])
    lost.update(lease_until=ago)
    assert queue.reap()[1] == len(batch.starts)
    lost.update(due_at=ago)
    doubtful = looking.claim_first(worker)
    assert doubtful
    looking.claim_rest(doubtful, worker)


def fall_back(_world):
    """From the provider's receipt to a delivery after the text was made ready."""
    deadlines.forget_rules()
    jobs = list(Job.objects.order_by("-id")[:ROOM])
    mine = Job.objects.filter(pk__in=[job.id for job in jobs])
    QueueEntry.objects.filter(pk__in=[job.id for job in jobs]).delete()
    mine.update(state="accepted", sender="rcs:agent", message=RICH)
    for job in jobs:
        job.destination.config |= BY_RCS
    make_rule(jobs[0].destination)
    moved = [Moved(j.id, j.destination, None, State.ACCEPTED, "") for j in jobs]
    deadlines.note(moved)
    Deadline.objects.update(due_at=timezone.now() - timedelta(hours=1))
    assert overdue.sweep()
    mine.update(state="read")
    deadlines.note(m._replace(was=State.ACCEPTED, state=State.READ) for m in moved)
    assert overdue.sweep()
    assert Job.objects.filter(state="canceled", reason="not_needed").exists()


def make_rule(place):
    FollowUpRule.objects.create(
        tenant=place.tenant,
        destination=place,
        watches="not_delivered",
        after=timedelta(minutes=1),
        action="alert",
    )


def intake(world):
    with transaction.atomic():
        test_plans.intake(world)
        transaction.set_rollback(True)


ACTS = (dispatch, hold, callbacks, lose_worker, intake, fall_back)


def read(act, world):
    """How many rows an act reads of the table that it reads most of, and which."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS_READ)
        before = dict(cursor.fetchall())
        act(world)
        cursor.execute(ROWS_READ)
        after = dict(cursor.fetchall())
    return max((count - before.get(name, 0), name) for name, count in after.items())


def test_plans_of_the_first_lead_do_for_the_thousandth(world):
    for number, act in enumerate(ACTS):
        for statement in (fill.LEADS, fill.JOBS, fill.QUEUE):
            world.filling.run(statement, ROWS + number, ROWS + number)
        act(world)

    for statement in (fill.LEADS, fill.JOBS, fill.QUEUE):
        world.filling.run(statement, 0, ROWS - 1)
    for statement in (fill.ATTEMPTS, fill.EVENTS):
        world.filling.run(statement, 0, ROWS - DUE - 1)

    assert [
        (act.__name__, *found) for act in ACTS if (found := read(act, world))[0] > MOST
    ] == []
