"""What waits is let go, also where the drain held it by what was read before."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from destinations.cache import find_destinations
from leadrails.core.states import State
from leadrails.jobs import queue
from leadrails.jobs.limits import change_destination
from leadrails.jobs.models import QueueEntry
from leadrails.jobs.prepare import prepare
from leadrails.jobs.queue import Result
from leadrails.jobs.services import release_country, resume_destination
from leadrails.leads.models import Source
from leadrails.leads.sources import update_source
from tests.make import make_destination, make_job, make_lead, make_source

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = UUID(int=1)
PHONE = "+12025550101"
HOUR = timedelta(hours=1)


def decide(job):
    """What a drain does with a leased job until it writes that it waits."""
    (due,) = queue.claim(10, WORKER).jobs
    assert due.id == job.id
    batch = prepare([due], find_destinations([job.destination_id]))
    assert [item.state for item in batch.asides] == [State.HELD]
    return batch.asides


def is_due(job):
    job.refresh_from_db()
    entry = QueueEntry.objects.get(job_id=job.id)
    assert (job.state, entry.lease_until) == ("held", None)
    return entry.due_at <= timezone.now()


def resume(job):
    resume_destination(job.destination, actor=None)


def release(job):
    release_country(job.destination, "US", actor=None)


def raise_ceilings(job):
    raised = {"hourly_ceiling": 5, "daily_per_recipient": 5}
    change_destination(job.destination, actor=None, **raised)


def raise_ceiling_of_source(job):
    update_source(
        Source.objects.get(pk=job.source_id),
        name="A form",
        allowed_site_url="",
        country="US",
        actor=None,
        hourly_ceiling=5,
    )


CLEARED = [
    ({"status": "paused"}, {}, resume),
    ({"held_countries": ["US"]}, {}, release),
    ({"hourly_ceiling": 0}, {}, raise_ceilings),
    ({"daily_per_recipient": 0}, {}, raise_ceilings),
    ({}, {"hourly_ceiling": 0}, raise_ceiling_of_source),
]


def job_held(of_destination, of_source):
    place = make_destination(**of_destination)
    source = make_source(place.tenant, **of_source)
    return make_job(make_lead(source, phone=PHONE), place)


@pytest.mark.parametrize(("of_destination", "of_source", "clear"), CLEARED)
def test_what_was_cleared_before_the_hold_was_written_holds_nothing(
    of_destination, of_source, clear
):
    job = job_held(of_destination, of_source)
    asides = decide(job)
    clear(job)
    queue.put_aside(asides, WORKER)
    assert is_due(job)


@pytest.mark.parametrize(("of_destination", "of_source", "clear"), CLEARED)
def test_what_is_not_cleared_holds(of_destination, of_source, clear):
    job = job_held(of_destination, of_source)
    queue.put_aside(decide(job), WORKER)
    assert not is_due(job)


def test_a_hold_waits_for_a_resumption_that_is_under_way():
    job = job_held({"status": "paused"}, {})
    asides = decide(job)
    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            resume(job)
            written = threads.submit(put_aside_apart, asides)
            wait_for_a_lock()
        written.result(30)
    assert is_due(job)


def put_aside_apart(asides):
    try:
        queue.put_aside(asides, WORKER)
    finally:
        connection.close()


def wait_for_a_lock():
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")


@pytest.mark.parametrize(
    ("reason", "of_destination", "is_cleared"),
    [
        ("destination_paused", {}, True),
        ("destination_paused", {"status": "paused"}, False),
        ("country_not_enabled", {}, True),
        ("country_not_enabled", {"held_countries": ["US"]}, False),
    ],
)
def test_a_refusal_that_was_mended_meanwhile_holds_nothing(
    reason, of_destination, is_cleared
):
    job = job_held(of_destination, {})
    type(job).objects.filter(pk=job.pk).update(state="sending", attempts=1)
    QueueEntry.objects.update(lease_until=timezone.now() + HOUR, worker=WORKER)
    (due,) = queue.load([job.id], WORKER, time.monotonic() + 10)
    refused = Result(
        job=due,
        number=1,
        state=State.HELD,
        reason=reason,
        outcome="refused",
        duration=timedelta(seconds=1),
    )
    queue.settle([refused])
    assert is_due(job) == is_cleared
