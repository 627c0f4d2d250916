"""Ceilings: what is above them waits, and somebody hears of it once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from leadrails.alerts.actions import resolve
from leadrails.alerts.models import Alert
from leadrails.jobs.effects import Held, note_holds
from leadrails.jobs.models import Job, QueueEntry, SourceHour
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tenant():
    return make_tenant()


def add_jobs(destination, *phones):
    source = make_source(destination.tenant)
    return [make_job(make_lead(source, phone=p), destination) for p in phones]


def states(destination):
    jobs = Job.objects.for_tenant(destination.tenant).filter(destination=destination)
    return sorted(jobs.values_list("state", "reason"))


def held_by(job, reason, *, is_fresh=True):
    return Held(
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        source_id=job.source_id,
        job_id=job.id,
        reason=reason,
        is_fresh=is_fresh,
    )


def test_a_flood_opens_one_alert_that_counts_who_waits(drain, tenant):
    destination = make_destination(tenant, hourly_ceiling=2)
    add_jobs(destination, *(f"+1202555010{n}" for n in range(6)))

    drain()

    assert (
        states(destination)
        == [("accepted", "")] * 2 + [("held", "destination_ceiling")] * 4
    )
    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.kind, alert.cause) == ("ceiling_reached", "destination_ceiling")
    assert alert.scope == f"destination:{destination.public_id}"
    assert (alert.destination_id, alert.failures) == (destination.id, 4)
    waiting = Job.objects.for_tenant(tenant).filter(state="held")
    assert alert.job_id in waiting.values_list("id", flat=True)


def test_more_of_the_flood_joins_the_open_alert(drain, tenant):
    destination = make_destination(tenant, hourly_ceiling=0)
    for phone in ("+12025550101", "+12025550102"):
        add_jobs(destination, phone)
        drain()

    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.failures, alert.times_opened) == (2, 1)


def test_a_job_that_waits_again_is_not_counted_again(drain, tenant):
    destination = make_destination(tenant, hourly_ceiling=0)
    add_jobs(destination, "+12025550101")
    drain()
    QueueEntry.objects.update(due_at=timezone.now())
    drain()

    assert Alert.objects.for_tenant(tenant).get().failures == 1


def test_a_person_who_got_enough_is_an_alert_of_its_own(drain, tenant):
    destination = make_destination(tenant, daily_per_recipient=1)
    add_jobs(destination, "+12025550101", "+12025550101")

    drain()

    assert states(destination) == [("accepted", ""), ("held", "recipient_ceiling")]
    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.kind, alert.cause) == ("recipient_ceiling", "recipient_ceiling")
    assert "+1202" not in f"{alert.scope} {alert.details}"


def test_a_source_above_its_ceiling_waits_at_every_destination(drain, tenant):
    source = make_source(tenant, hourly_ceiling=3)
    other = make_source(tenant, hourly_ceiling=3)
    one, two = make_destination(tenant), make_destination(tenant)
    for destination in (one, two):
        for n in range(3):
            make_job(make_lead(source, phone=f"+1202555010{n}"), destination)
    make_job(make_lead(other, phone="+12025550109"), one)

    drain()

    jobs = Job.objects.for_tenant(tenant)
    assert jobs.filter(source_id=source.id, state="accepted").count() == 3
    held = jobs.filter(state="held", reason="source_ceiling")
    assert held.filter(source_id=source.id).count() == 3
    assert jobs.get(source_id=other.id).state == "accepted"
    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.kind, alert.failures) == ("source_ceiling", 3)
    assert (alert.source_id, alert.destination_id) == (source.id, None)
    assert alert.scope == f"source:{source.public_id}"


def test_a_sources_ceiling_holds_from_claim_to_claim(drain, tenant):
    source = make_source(tenant, hourly_ceiling=2)
    destination = make_destination(tenant)
    for n in range(3):
        make_job(make_lead(source, phone=f"+1202555010{n}"), destination)
        drain()
    assert SourceHour.objects.get().started == 2
    assert Job.objects.filter(reason="source_ceiling").count() == 1

    last_hour = timezone.now() - timedelta(hours=1)
    SourceHour.objects.update(hour=last_hour)
    QueueEntry.objects.update(due_at=timezone.now())
    drain()
    assert SourceHour.objects.get().started == 1
    assert not Job.objects.filter(state="held").exists()


def test_sources_without_a_ceiling_are_not_counted(drain, tenant):
    add_jobs(make_destination(tenant), "+12025550101")
    drain()
    assert not SourceHour.objects.exists()


def test_each_destination_and_each_ceiling_has_its_alert(tenant):
    one, two = make_destination(tenant), make_destination(tenant)
    (first,), (second,) = add_jobs(one, "+12025550101"), add_jobs(two, "+12025550102")

    note_holds(
        [
            held_by(first, "destination_ceiling"),
            held_by(first, "recipient_ceiling"),
            held_by(second, "destination_ceiling"),
        ]
    )

    kinds = Alert.objects.for_tenant(tenant).values_list("destination_id", "kind")
    assert set(kinds) == {
        (one.id, "ceiling_reached"),
        (one.id, "recipient_ceiling"),
        (two.id, "ceiling_reached"),
    }


@pytest.mark.parametrize(
    "reason", ["destination_paused", "country_not_enabled", "quiet_hours"]
)
def test_other_waiting_opens_no_alert_here(tenant, reason):
    (job,) = add_jobs(make_destination(tenant), "+12025550101")

    note_holds([held_by(job, reason)])

    assert not Alert.objects.exists()


def test_a_paused_destination_is_no_ceiling(drain, tenant):
    add_jobs(make_destination(tenant, status="paused"), "+12025550101")

    drain()

    assert not Alert.objects.exists()


def test_a_resolved_alert_opens_again_with_the_next_flood(drain, tenant):
    destination = make_destination(tenant, hourly_ceiling=0)
    add_jobs(destination, "+12025550101")
    drain()
    alert = Alert.objects.for_tenant(tenant).get()
    resolve(alert, actor=None, now=timezone.now())
    add_jobs(destination, "+12025550102")
    drain()

    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.resolved_at, alert.times_opened, alert.failures) == (None, 2, 2)


def test_two_drains_at_one_flood_open_one_alert(tenant):
    jobs = add_jobs(make_destination(tenant), *["+12025550101"] * 8)
    gate = Barrier(len(jobs))

    def note(job):
        gate.wait()
        note_holds([held_by(job, "destination_ceiling")])
        connection.close()

    threads = [Thread(target=note, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    alert = Alert.objects.for_tenant(tenant).get()
    assert (alert.failures, alert.times_opened) == (len(jobs), 1)


def test_what_ends_before_the_ceiling_does_has_no_next_try(drain, tenant):
    destination = make_destination(tenant, hourly_ceiling=1)
    add_jobs(destination, "+12025550140", "+12025550141")
    soon = timezone.now() + timedelta(seconds=20)
    Job.objects.update(expires_at=soon)

    drain()

    held = Job.objects.get(state="held")
    assert held.due_at is None
    assert QueueEntry.objects.get(job_id=held.id).due_at == soon
