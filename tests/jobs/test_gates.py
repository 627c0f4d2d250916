"""Rates, slow-downs and circuit breakers, against PostgreSQL and the simulator."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.jobs import gates, queue
from leadrails.jobs.answers import Answer
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Gate, Job, QueueEntry
from leadrails.jobs.queue import Result
from tests.jobs.test_drain import job_to
from tests.make import make_destination, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def jobs_for(destination, number, **fields):
    return [
        job_to(f"+1202555{n:04}", destination=destination, **fields)
        for n in range(100, 100 + number)
    ]


def claim(room=100):
    return queue.claim(room, uuid4())


def answered(job, answer, retry_after=None):
    return Result(
        job=job,
        number=1,
        state="retrying",
        reason="not_reached",
        outcome="not_sent",
        duration=timedelta(0),
        answer=answer,
        retry_after=retry_after,
    )


def rewind(destination, **ages):
    """Let as much time pass for the gate."""
    gate = Gate.objects.get(pk=destination.pk)
    for name, age in ages.items():
        setattr(gate, name, getattr(gate, name) - age)
    gate.save()


def test_a_claim_takes_no_more_than_the_rate_lets_start():
    destination = make_destination(messages_per_second=4)
    jobs_for(destination, 20)

    first, second = claim(), claim()

    assert (len(first.jobs), first.is_throttled) == (6, False)  # 1 s and half of one
    assert (len(second.jobs), second.is_throttled) == (0, True)
    rewind(destination, free_at=timedelta(seconds=1))
    assert len(claim().jobs) == 4


def test_a_rate_below_one_a_second_still_sends():
    destination = make_destination(messages_per_second=0.1)
    jobs_for(destination, 3)

    assert [len(claim().jobs) for _ in range(2)] == [1, 0]
    rewind(destination, free_at=timedelta(seconds=10))
    assert len(claim().jobs) == 1


def test_a_slow_destination_holds_no_more_than_its_calls():
    slow = make_destination(max_in_flight=5, messages_per_second=500)
    other = make_destination(messages_per_second=500)
    jobs_for(slow, 9)
    jobs_for(other, 9)

    claimed = [job for _ in range(3) for job in claim().jobs]

    places = [job.destination_id for job in claimed]
    assert (places.count(slow.id), places.count(other.id)) == (5, 9)


def test_replays_wait_while_something_live_is_due():
    destination = make_destination(messages_per_second=500, max_in_flight=100)
    replays = jobs_for(destination, 3)
    QueueEntry.objects.update(is_bulk=True)
    live = job_to("+12025550199", destination=destination)

    assert [job.id for job in claim().jobs] == [live.id]
    assert {job.id for job in claim().jobs} == {job.id for job in replays}


def test_five_calls_without_an_answer_open_the_circuit_and_one_closes_it():
    destination = make_destination(messages_per_second=500)
    jobs_for(destination, 9)
    leased = claim(5).jobs
    gates.note([answered(job, Answer.NONE) for job in leased])

    assert claim().jobs == []
    assert claim().is_throttled
    alert = Alert.objects.get(kind=gates.CIRCUIT_OPEN)
    assert (alert.resolved_at, alert.failures) == (None, 5)

    rewind(destination, open_until=timedelta(seconds=11))
    (probe,) = claim().jobs
    assert claim().jobs == [], "one call tries, no more"

    gates.note([answered(probe, Answer.GIVEN)])
    assert len(claim().jobs) == 3
    alert.refresh_from_db()
    assert alert.resolved_at is not None


def test_a_probe_lost_with_its_drain_is_followed_by_another():
    destination = make_destination(messages_per_second=500)
    jobs_for(destination, 9)
    gates.note([answered(job, Answer.NONE) for job in claim(5).jobs])
    rewind(destination, open_until=timedelta(seconds=11))
    assert len(claim().jobs) == 1

    rewind(destination, open_until=queue.PROBE)

    (probe,) = claim().jobs
    assert claim().jobs == []
    gates.note([answered(probe, Answer.GIVEN)])
    assert len(claim().jobs) == 2


def test_a_circuit_opens_longer_each_time():
    destination = make_destination(messages_per_second=500)
    jobs_for(destination, 9)
    gates.note([answered(job, Answer.NONE) for job in claim(5).jobs])
    waits = []
    for _ in range(3):
        left = Gate.objects.get(pk=destination.pk).open_until - timezone.now()
        waits.append(round(left.total_seconds()))
        rewind(destination, open_until=timedelta(minutes=6))
        (probe,) = claim().jobs
        gates.note([answered(probe, Answer.NONE)])
    assert waits == [10, 20, 40]


def test_late_failures_of_one_outage_do_not_lengthen_it():
    destination = make_destination(messages_per_second=500)
    jobs_for(destination, 20)
    leased = claim(20).jobs
    gates.note([answered(job, Answer.NONE) for job in leased[:5]])
    before = Gate.objects.get(pk=destination.pk).open_until
    gates.note([answered(job, Answer.NONE) for job in leased[5:]])
    assert Gate.objects.get(pk=destination.pk).open_until == before


def test_a_provider_that_answers_some_calls_is_not_cut_off():
    destination = make_destination(messages_per_second=500)
    jobs_for(destination, 12)
    leased = claim(10).jobs
    results = [answered(job, Answer.NONE) for job in leased[:9]]
    gates.note([*results, answered(leased[9], Answer.GIVEN)])
    assert len(claim().jobs) == 2


def test_slow_down_shuts_the_gate_and_halves_the_rate():
    destination = make_destination(messages_per_second=100, max_in_flight=1000)
    jobs_for(destination, 3)
    (job, *_) = claim(1).jobs
    gates.note([answered(job, Answer.SLOW_DOWN, timedelta(seconds=7))] * 3)

    assert claim().jobs == []
    gate = Gate.objects.get(pk=destination.pk)
    assert gate.share == 0.5, "three complaints at once are one"
    left = (gate.slowed_until - timezone.now()).total_seconds()
    assert 6 < left <= 7
    rewind(destination, slowed_until=timedelta(seconds=8), free_at=timedelta(hours=1))
    assert len(claim().jobs) == 2


def test_the_drain_gives_up_no_job_while_the_provider_is_down(simulator, settings):
    """An outage costs a few attempts, not one of every job."""
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    settings.LEADRAILS_PUBLIC_URL = ""
    destination = make_destination(messages_per_second=10, max_in_flight=5)
    jobs_for(destination, 30)
    loop = SenderLoop(linger=0)
    loop.run()
    tried = Job.objects.filter(attempts__gt=0).count()
    assert 5 <= tried <= 15

    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    Gate.objects.update(open_until=timezone.now(), free_at=None)
    QueueEntry.objects.update(due_at=timezone.now())
    loop.run()
    loop.close()
    assert Job.objects.filter(state="accepted").exists()
    assert not Alert.objects.open().filter(kind=gates.CIRCUIT_OPEN).exists()


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({}, None),
        ({"open_until": timedelta(seconds=20)}, "circuit"),
        ({"slowed_until": timedelta(seconds=20)}, "slowed"),
        ({"free_at": timedelta(seconds=20)}, "rate"),
        ({"open_until": -timedelta(seconds=1)}, None),
    ],
)
def test_pages_say_why_a_destination_sends_nothing(client, fields, cause):
    destination = make_destination()
    (job,) = jobs_for(destination, 1)
    Gate.objects.create(
        destination_id=destination.pk,
        tenant_id=destination.tenant_id,
        **{name: timezone.now() + age for name, age in fields.items()},
    )
    shut = gates.why_shut(destination)
    assert (shut and shut.cause) == cause
    client.force_login(make_user(destination.tenant, "viewer"))
    words = {
        "circuit": "does not answer",
        "slowed": "asked to slow down",
        "rate": "at full rate",
    }
    for name, item in (("destination", destination), ("job", job)):
        kwargs = {"tenant": destination.tenant.slug, name: item.public_id}
        url = reverse(f"{name}s:detail", kwargs=kwargs)
        html = client.get(url).content.decode()
        shown = [why for why, text in words.items() if text in html]
        assert shown == ([cause] if cause else [])


def test_claims_at_once_take_no_more_calls_than_one_would():
    """Each waits for the other's gate, and could not see what that one claimed."""
    destination = make_destination(max_in_flight=10, messages_per_second=1000)
    jobs_for(destination, 40)
    assert len(claim(1).jobs) == 1
    leased = QueueEntry.objects.filter(lease_until__isnull=False)
    for _ in range(5):
        leased.update(lease_until=None, worker=None)
        Gate.objects.update(free_at=None)
        with ThreadPoolExecutor(4) as threads:
            calls = [threads.submit(claim_apart, 6) for _ in range(4)]
            found = [call.result(30) for call in calls]
        assert 6 <= sum(found) == leased.count() <= 10


def claim_apart(room):
    try:
        return len(claim(room).jobs)
    finally:
        connection.close()
