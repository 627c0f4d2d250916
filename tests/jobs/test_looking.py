"""A storm of doubts is settled by a handful of questions."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from destinations.providers.http import ProviderSession
from leadrails.jobs import doubts, looking, queue
from leadrails.jobs.drain import claim_and_start
from leadrails.jobs.models import Attempt, Gate, Job, QueueEntry
from tests.make import make_destination, make_job, make_lead, make_source

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = "00000000-0000-0000-0000-000000000009"


class Storm:
    """Jobs of one destination whose provider fails as `probabilities` say."""

    def __init__(self, simulator, settings, drain):
        self.simulator, self.settings, self.drain_once = simulator, settings, drain
        self.place = make_destination(messages_per_second=1, daily_per_recipient=99)
        self.account = simulator.account(self.place.tenant_id).sid
        self.source = make_source(self.place.tenant)

    def drain(self):
        """A round: all that is open is due, and the gate is at rest."""
        Gate.objects.all().delete()
        self.make_due()
        self.drain_once()

    def make_due(self):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_queueentry SET due_at = now()")

    def claim_rest(self):
        self.make_due()
        return looking.claim_rest(
            Job.objects.filter(destination=self.place)[:1], WORKER
        )

    def fall(self, count, **probabilities):
        """Send `count` messages into the storm, until each is in doubt."""
        for number in range(count):
            phone = f"+1202555{number // 100:02}{number % 100:02}"
            if 50 <= number % 100 <= 82:  # numbers that have a scenario
                phone = f"+1212444{number:04}"
            make_job(make_lead(self.source, phone=phone), self.place)
        self.place.messages_per_second = 1000
        self.place.max_in_flight = 1000
        self.place.save()
        self.simulator.faults(account=self.account, probabilities=probabilities)
        while Job.objects.filter(state="queued").exists():
            self.drain()
        self.simulator.clear_faults()
        assert set(self.states()) == {"unknown"}
        # From now on as slow as a long code: looks must not wait for its rate.
        self.place.messages_per_second = 1
        self.place.save()

    def states(self):
        found = Job.objects.values_list("state", flat=True).distinct()
        return sorted(found)

    def listings(self):
        return self.simulator.listings(account=self.account, limit=1000)

    def messages(self):
        return self.simulator.ledger(account=self.account, limit=1000)


@pytest.fixture
def storm(simulator, settings, drain):
    yield Storm(simulator, settings, drain)
    simulator.clear_faults()


def test_three_hundred_doubts_take_a_handful_of_questions(storm):
    storm.fall(300, error_after=0.5, error_before=0.5)
    taken = {message["to"]: message["sid"] for message in storm.messages()}
    assert 50 < len(taken) < 250

    storm.drain()

    jobs = list(Job.objects.all())
    found = {job.recipient: job.provider_id for job in jobs if job.provider_id}
    assert found == taken
    assert {job.state for job in jobs if not job.provider_id} == {"unknown"}
    storm.drain()
    assert Job.objects.filter(state="retrying").count() == 300 - len(taken)
    assert len(storm.listings()) <= 4
    assert {row["to"] for row in storm.listings()} == {""}
    storm.place.messages_per_second = 1000
    storm.place.save()
    storm.drain()

    recipients = [message["to"] for message in storm.messages()]
    assert (len(recipients), len(set(recipients))) == (300, 300)
    assert not QueueEntry.objects.exists()


def test_a_few_doubts_are_asked_about_one_by_one(storm):
    storm.fall(4, answer_lost=1)
    storm.drain()
    assert len({row["to"] for row in storm.listings()}) == 4
    assert "unknown" not in storm.states()


def test_a_listing_that_is_too_long_is_not_used(storm, monkeypatch):
    storm.fall(6, answer_lost=1)
    find = looking.doubts.look

    async def short(to, *rest, max_pages=None):
        if to is None:
            raise looking.TooManyMessages
        return await find(to, *rest, max_pages=max_pages)

    monkeypatch.setattr(doubts, "look", short)

    storm.drain()

    assert len({row["to"] for row in storm.listings()}) == 6
    assert "unknown" not in storm.states()


def test_a_listing_without_an_answer_is_one_trouble_and_no_look(storm, settings):
    storm.fall(20, reset=1)
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"

    storm.drain()

    assert Gate.objects.get().troubles == 1
    looks = [attempt.response["looks"] for attempt in Attempt.objects.all()]
    assert looks == [0] * 20
    assert storm.states() == ["unknown"]


def test_nobody_is_asked_while_the_circuit_is_open_and_one_call_probes(storm):
    storm.fall(20, answer_lost=1)
    opened = "UPDATE jobs_gate SET openings = 1, troubles = 5, open_until = now() + %s"
    storm.make_due()
    with connection.cursor() as cursor:
        cursor.execute(opened, ["1 hour"])
    storm.drain_once()
    assert storm.listings() == []
    with connection.cursor() as cursor:
        cursor.execute(opened, ["-1 second"])

    storm.drain_once()

    assert len(storm.listings()) == 1
    assert "unknown" not in storm.states()
    assert Gate.objects.get().openings == 0


def test_a_number_that_the_provider_writes_in_its_own_way_is_not_absent(
    storm, monkeypatch
):
    storm.fall(6, answer_lost=1)
    find = looking.doubts.look

    async def rewritten(to, *rest, max_pages=None):
        found = await find(to, *rest, max_pages=max_pages)
        if to is not None:
            return found
        return [replace(item, to=f"+1{item.to}") for item in found]

    monkeypatch.setattr(doubts, "look", rewritten)

    storm.drain()

    assert "unknown" not in storm.states()
    assert len(storm.messages()) == 6
    assert Job.objects.exclude(provider_id="").count() == 6


def test_another_tenants_doubts_are_not_drawn_in(storm):
    storm.fall(5, answer_lost=1)
    other = make_destination()
    job = make_job(make_lead(make_source(other.tenant)), other, state="unknown")

    rest = storm.claim_rest()

    assert job.id not in {each.id for each in rest}
    assert len(rest) == 5


def test_a_listing_begins_after_the_jobs_were_claimed(storm):
    """Else what was sent meanwhile would be missing, and be sent again."""
    storm.fall(5, answer_lost=1)
    jobs = storm.claim_rest()
    look = looking.Look(jobs, storm.place, ProviderSession())
    assert look._listing is None
    assert look._since == min(job.attempt_started_at for job in jobs) - doubts.BEFORE


def job_in_doubt_behind_a_backlog(**gate):
    """A destination of one message a second, with ten messages due before a doubt."""
    place = make_destination(messages_per_second=1)
    source = make_source(place.tenant)
    for _ in range(10):
        make_job(make_lead(source), place)
    job = make_job(make_lead(source), place, state="unknown", attempts=1)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant_id=place.tenant_id,
        destination_id=place.id,
        started_at=timezone.now(),
        outcome="unknown",
    )
    Gate.objects.create(destination_id=place.id, tenant_id=place.tenant_id, **gate)
    return job


def claim_first():
    return [job.id for job in looking.claim_first(WORKER)]


def test_a_doubt_does_not_wait_behind_a_backlog():
    job = job_in_doubt_behind_a_backlog()
    assert claim_first() == [job.id]
    assert claim_first() == [], "it is leased"


def test_a_doubt_waits_until_it_is_due():
    job = job_in_doubt_behind_a_backlog()
    later = timezone.now() + timedelta(minutes=1)
    QueueEntry.objects.filter(job_id=job.id).update(due_at=later)
    assert claim_first() == []


def test_a_half_open_circuit_is_tried_with_a_question():
    past = timezone.now() - timedelta(seconds=1)
    job = job_in_doubt_behind_a_backlog(openings=2, troubles=5, open_until=past)
    assert claim_first() == [job.id]
    gate = Gate.objects.get()
    assert (gate.is_probing, gate.openings) == (True, 2)
    assert gate.open_until > timezone.now()
    assert queue.claim(10, WORKER).jobs == [], "one call tries, no more"


@pytest.mark.parametrize("why", ["open_until", "slowed_until"])
def test_a_doubt_waits_while_the_provider_is_left_alone(why):
    later = timezone.now() + timedelta(seconds=5)
    job_in_doubt_behind_a_backlog(openings=1, **{why: later})
    assert claim_first() == []


def test_a_claim_asks_before_it_sends_if_it_is_told_to():
    job = job_in_doubt_behind_a_backlog()
    assert claim_and_start(10, WORKER).doubtful == []
    assert [
        each.id for each in claim_and_start(10, WORKER, asks_first=True).doubtful
    ] == [job.id]
