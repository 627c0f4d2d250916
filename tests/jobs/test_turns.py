"""Messages to one person: in order, seconds apart, whoever sends them."""

import time
from datetime import timedelta
from itertools import pairwise
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from destinations.models import Destination
from leadrails.contacts.models import Suppression
from leadrails.core.turns import GAP
from leadrails.jobs import company, queue, queue_sql
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Attempt, Gate, Job, QueueEntry
from leadrails.jobs.prepare import prepare
from leadrails.jobs.services import cancel_job, queue_replays
from tests.make import (
    let_seconds_pass,
    make_destination,
    make_job,
    make_lead,
    make_source,
    make_tenant,
)

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = "+12025550100"


@pytest.fixture
def tenant():
    return make_tenant()


def job_of(tenant, *, phone=PHONE, **fields):
    place = fields.pop("place", None) or make_destination(tenant)
    return make_job(make_lead(make_source(tenant), phone=phone), place, **fields)


def jobs_of_one_lead(tenant, number=2, **fields):
    """To a destination each, in the order of their ids."""
    lead = make_lead(make_source(tenant))
    made = [make_job(lead, make_destination(tenant), **fields) for _ in range(number)]
    return sorted(made, key=lambda job: job.id)


def states(*jobs):
    found = Job.objects.in_bulk([job.id for job in jobs])
    return [(found[job.id].state, found[job.id].reason) for job in jobs]


def wait_of(job):
    """Seconds until its next try."""
    due = QueueEntry.objects.get(job_id=job.id).due_at
    return (due - timezone.now()).total_seconds()


def claim_with(worker, room=100):
    jobs = queue.claim(room, worker).jobs
    return {job.id: job for job in jobs}


def test_a_second_lead_of_a_person_waits_two_seconds(drain, tenant):
    first, second = job_of(tenant), job_of(tenant)
    drain()
    assert states(first, second) == [("accepted", ""), ("held", "recipient_gap")]
    assert 0 < wait_of(second) < 3
    second.refresh_from_db()
    assert second.due_at == QueueEntry.objects.get(job_id=second.id).due_at

    let_seconds_pass(3)
    drain()
    assert states(second) == [("accepted", "")]


def test_other_persons_and_other_workspaces_wait_for_nobody(drain, tenant):
    jobs = [job_of(tenant), job_of(tenant, phone="+12025550101"), job_of(make_tenant())]
    drain()
    assert {state for state, _ in states(*jobs)} == {"accepted"}


def test_a_message_after_the_gap_waits_for_nothing(drain, tenant):
    job_of(tenant)
    drain()
    let_seconds_pass(3)
    later = job_of(tenant)
    drain()
    assert states(later) == [("accepted", "")]


def test_messages_of_a_lead_go_in_the_order_of_their_ids(drain, tenant):
    first, second = jobs_of_one_lead(tenant)
    # The second one's destination is served first.
    QueueEntry.objects.filter(job_id=first.id).update(
        due_at=timezone.now() + timedelta(hours=1)
    )
    drain()
    assert states(first, second) == [("queued", ""), ("held", "lead_order")]

    QueueEntry.objects.filter(job_id=first.id).update(due_at=timezone.now())
    drain()
    let_seconds_pass(3)
    drain()
    assert states(first, second) == [("accepted", "")] * 2
    starts = dict(Attempt.objects.values_list("job_id", "started_at"))
    assert starts[second.id] - starts[first.id] >= GAP


@pytest.mark.parametrize(
    ("earlier", "is_waited_for"),
    [
        ({"state": "queued"}, True),
        ({"state": "sending"}, True),
        ({"state": "retrying", "reason": "not_reached"}, True),
        ({"state": "held", "reason": "recipient_gap", "due_at": 2}, True),
        ({"state": "held", "reason": "destination_ceiling", "due_at": 900}, True),
        ({"state": "held", "reason": "destination_paused"}, False),
        ({"state": "held", "reason": "country_not_enabled"}, False),
        ({"state": "unknown", "changed_at": -20}, True),
        ({"state": "unknown", "changed_at": -121}, False),
        ({"state": "accepted"}, False),
        ({"state": "dead", "reason": "expired"}, False),
        ({"state": "skipped", "reason": "opted_out"}, False),
    ],
)
def test_only_what_goes_on_by_itself_is_waited_for(tenant, earlier, is_waited_for):
    first, second = jobs_of_one_lead(tenant)
    now = timezone.now()
    for name in ("due_at", "changed_at"):
        if name in earlier:
            earlier = {**earlier, name: now + timedelta(seconds=earlier[name])}
    Job.objects.filter(pk=first.pk).update(**earlier)
    QueueEntry.objects.filter(job_id=first.id).delete()

    (job,) = claim_with(uuid4()).values()

    assert job.id == second.id
    assert (job.company.earlier_until is not None) == is_waited_for


def test_the_wait_for_a_retry_lasts_until_after_it(drain, tenant):
    first, second = jobs_of_one_lead(tenant)
    due = timezone.now() + timedelta(seconds=40)
    Job.objects.filter(pk=first.pk).update(
        state="retrying", reason="not_reached", due_at=due
    )
    QueueEntry.objects.filter(job_id=first.id).update(due_at=due)
    drain()
    assert states(second) == [("held", "lead_order")]
    assert QueueEntry.objects.get(job_id=second.id).due_at == due + GAP


def cancel(job):
    cancel_job(job, actor=None)


def suppress(job):
    Suppression.objects.create(
        tenant=job.tenant, phone=job.recipient, reason="opted_out"
    )


def pause(job):
    Destination.objects.filter(pk=job.destination_id).update(status="paused")


def make_follower(job):
    """It looked just now, and looks again in a minute."""
    due = timezone.now() + timedelta(minutes=1)
    waiting = {"state": "held", "reason": "lead_order", "due_at": due}
    Job.objects.filter(pk=job.pk).update(**waiting)
    QueueEntry.objects.filter(job_id=job.id).update(due_at=due)


@pytest.mark.parametrize("happens", [lambda job: None, cancel, suppress, pause])
def test_a_message_follows_when_the_earlier_one_waits_no_more(drain, tenant, happens):
    first, second = jobs_of_one_lead(tenant)
    (other,) = jobs_of_one_lead(tenant, number=1)
    for job in (second, other):
        make_follower(job)

    happens(first)
    drain()

    assert states(first) != [("queued", "")]
    assert 0 < wait_of(second) < 3
    second.refresh_from_db()
    assert second.due_at == QueueEntry.objects.get(job_id=second.id).due_at
    assert wait_of(other) > 50


def test_nothing_follows_what_is_tried_again(drain, tenant):
    place = make_destination(tenant, hourly_ceiling=0)
    lead = make_lead(make_source(tenant))
    made = [make_job(lead, place), make_job(lead, place)]
    first, second = sorted(made, key=lambda job: job.id)
    make_follower(second)
    drain()
    assert states(first) == [("held", "destination_ceiling")]
    assert wait_of(second) > 50


def test_after_half_its_time_a_message_goes_without_the_earlier_one(drain, tenant):
    first, second = jobs_of_one_lead(tenant)
    QueueEntry.objects.filter(job_id=first.id).update(
        due_at=timezone.now() + timedelta(hours=1)
    )
    Job.objects.update(created_at=timezone.now() - timedelta(hours=4, minutes=1))
    drain()
    assert states(first, second) == [("queued", ""), ("accepted", "")]


def test_replays_of_a_lead_keep_its_order_and_mind_no_original(drain, tenant):
    first, second = jobs_of_one_lead(tenant, state="dead", reason="expired")
    one, two = queue_replays([first, second])
    assert one.id < two.id
    assert (one.replay_of, two.replay_of) == (first.id, second.id)
    Job.objects.filter(pk=first.pk).update(state="retrying", reason="not_reached")

    drain()

    assert states(one, two) == [("accepted", ""), ("held", "lead_order")]


def test_many_to_one_person_form_a_line(drain, tenant):
    place = make_destination(tenant, daily_per_recipient=100)
    jobs = [job_of(tenant, place=place) for _ in range(6)]
    drain()
    jobs.append(job_of(tenant, place=place))
    drain()

    counts = sorted(states(*jobs))
    assert counts == [("accepted", "")] + [("held", "recipient_gap")] * 6
    held = Job.objects.filter(state="held").order_by("due_at")
    dues = list(held.values_list("due_at", flat=True))
    assert all(b - a >= GAP for a, b in pairwise(dues))
    assert held.last().id == jobs[-1].id, "who comes last is at the end"


def test_a_place_in_the_line_counts_towards_the_ceiling(drain, tenant):
    place = make_destination(tenant, daily_per_recipient=3)
    jobs = [job_of(tenant, place=place) for _ in range(5)]
    drain()
    assert sorted(states(*jobs)) == [
        ("accepted", ""),
        *[("held", "recipient_ceiling")] * 2,
        *[("held", "recipient_gap")] * 2,
    ]
    for _ in range(2):
        let_seconds_pass(5)
        drain()
    assert sorted(states(*jobs))[:3] == [("accepted", "")] * 3


def test_a_job_waits_for_one_that_another_drain_is_about_to_start(tenant):
    jobs = [job_of(tenant) for _ in range(2)]
    mine, other = uuid4(), uuid4()
    taken = claim_with(other, room=1)
    (job,) = claim_with(mine).values()

    assert {job.id, *taken} == {job.id for job in jobs}
    assert job.company.rival == next(iter(taken))
    batch = prepare([job], {job.destination_id: job_place(jobs, job)})
    assert [aside.reason for aside in batch.asides] == ["recipient_gap"]


def job_place(jobs, wanted):
    return next(job.destination for job in jobs if job.id == wanted.id)


def test_drains_at_one_moment_keep_the_gap(simulator, settings, tenant, monkeypatch):
    """Many small claims, and enough time between deciding and starting to meet."""
    start = queue.start

    def slowly(*arguments):
        time.sleep(0.02)
        return start(*arguments)

    monkeypatch.setattr("leadrails.jobs.drain.MAX_BATCH", 3)
    monkeypatch.setattr(queue, "start", slowly)
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = ""
    place = make_destination(tenant, messages_per_second=1000)
    other = make_destination(tenant, messages_per_second=1000)
    phones = [f"+12025550{n}" for n in range(110, 140)]
    # A claim takes from both destinations: one drain's persons are the next one's.
    for one, next_one in pairwise([*phones, phones[0]]):
        job_of(tenant, phone=one, place=place)
        job_of(tenant, phone=next_one, place=other)
    together = Barrier(3)

    def send():
        loop = SenderLoop(linger=0)
        together.wait()
        loop.run()
        loop.close()
        connection.close()

    drains = [Thread(target=send) for _ in range(3)]
    for thread in drains:
        thread.start()
    for thread in drains:
        thread.join()

    starts = dict(Attempt.objects.values_list("job_id", "started_at"))
    assert len(starts) >= len(phones) // 2
    for phone in phones:
        ids = Job.objects.filter(recipient=phone).values_list("id", flat=True)
        times = sorted(starts[pk] for pk in ids if pk in starts)
        assert all(b - a >= GAP for a, b in pairwise(times))


def test_who_is_alone_costs_no_second_look(drain, tenant, monkeypatch):
    asked = []
    run = company.statements.run

    def noted(statement, *args, **options):
        asked.append(statement)
        return run(statement, *args, **options)

    monkeypatch.setattr(company.statements, "run", noted)
    job_of(tenant)
    drain()
    assert queue_sql.LOAD in asked
    assert company._FIND not in asked


def test_a_wait_uses_up_none_of_the_rate(drain, tenant):
    place = make_destination(tenant, messages_per_second=0.5, daily_per_recipient=100)
    job_of(tenant)
    drain()
    job_of(tenant, place=place)
    alone = job_of(tenant, place=place, phone="+12025550101")
    drain()
    drain()
    assert states(alone) == [("accepted", "")]
    gate = Gate.objects.get(pk=place.pk)
    assert (gate.free_at - timezone.now()).total_seconds() < 2.1


def test_a_paused_destination_gives_no_place_back(drain, tenant):
    place = make_destination(tenant, messages_per_second=0.5, status="paused")
    job_of(tenant, place=place)
    drain()
    gate = Gate.objects.get(pk=place.pk)
    assert (gate.free_at - timezone.now()).total_seconds() > 1
