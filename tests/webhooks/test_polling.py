"""Asking the real simulator for statuses that no callback brought."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from tests.jobs.test_drain import job_to
from tests.make import make_job
from tests.webhooks.telnyx import make_place
from webhooks import polling

pytestmark = pytest.mark.django_db(transaction=True)
SILENT = "+12025550150"  # its carrier never confirms


@pytest.fixture
def send(drain):
    """Send through the simulator with no address to be called back at."""

    def send(phone):
        job = job_to(phone)
        drain()
        job.refresh_from_db()
        assert job.state == "accepted"
        return job

    return send


def make_older(job, age):
    Job.objects.filter(pk=job.pk).update(accepted_at=timezone.now() - age)


@pytest.mark.parametrize(
    ("phone", "state", "code"),
    [("+12025550121", "delivered", ""), ("+12025550151", "undelivered", "30003")],
)
def test_without_an_address_the_provider_is_asked(send, simulator, phone, state, code):
    job = send(phone)
    simulator.wait(to=phone, account=simulator.account(job.tenant_id).sid)
    make_older(job, timedelta(seconds=6))

    assert polling.poll() == 1

    job.refresh_from_db()
    assert (job.state, job.error_code) == (state, code)
    event = DeliveryEvent.objects.get(job_id=job.pk)
    assert (event.state, event.callback_id) == (state, None)
    assert polling.poll() == 0


def test_the_answer_belongs_to_the_attempt_whose_message_it_is(send, simulator):
    job = send("+12025550151")
    simulator.wait(to=job.recipient, account=simulator.account(job.tenant_id).sid)
    Attempt.objects.create(
        job_id=job.id,
        number=2,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        started_at=timezone.now(),
        outcome="unknown",
    )
    Job.objects.filter(pk=job.pk).update(attempts=2, state="sent")
    make_older(job, timedelta(seconds=6))

    assert polling.poll() == 1

    job.refresh_from_db()
    assert (job.state, job.error_code) == ("undelivered", "30003")
    assert DeliveryEvent.objects.get(job_id=job.pk).attempt == 1
    doubtful = Attempt.objects.get(job_id=job.pk, number=2)
    assert (doubtful.outcome, doubtful.provider_id) == ("unknown", "")


def test_who_says_that_it_will_never_know_is_asked_no_more(drain, simulator):
    place = make_place()
    jobs = [
        make_job(destination=place, recipient=to) for to in (SILENT, "+12025550122")
    ]
    drain()
    simulator.wait(count=2, account=simulator.account(place.tenant_id).sid)
    for job in jobs:
        make_older(job, timedelta(minutes=20))

    assert polling.poll() == 2
    Job.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    assert polling.poll() == 0

    assert [Job.objects.get(pk=job.pk).state for job in jobs] == ["sent", "delivered"]
    words = DeliveryEvent.objects.order_by("status").values_list("status", flat=True)
    assert list(words) == ["delivered", "delivery_unconfirmed"]


def test_it_is_not_asked_sooner_than_five_seconds(send):
    send("+12025550122")
    assert polling.poll() == 0


def test_with_an_address_callbacks_get_fifteen_minutes(send, settings):
    job = send("+12025550123")
    settings.LEADRAILS_PUBLIC_URL = "https://leads.example.com"
    make_older(job, timedelta(minutes=14))
    assert polling.poll() == 0
    make_older(job, timedelta(minutes=16))
    assert polling.poll() == 1


def test_the_gaps_grow_and_asking_ends(send):
    job = send("+12025550124")
    make_older(job, timedelta(minutes=10))
    jobs = Job.objects.filter(pk=job.pk)

    assert polling._take()
    assert not polling._take(), "asked just now"
    jobs.update(asked_at=timezone.now() - timedelta(minutes=4))
    assert not polling._take(), "6 minutes old when last asked, 4 minutes ago"
    jobs.update(asked_at=timezone.now() - timedelta(minutes=5, seconds=1))
    assert polling._take(), "5 minutes old when last asked, 5 minutes ago"
    make_older(job, timedelta(hours=37))
    jobs.update(asked_at=None)
    assert not polling._take()


@pytest.mark.parametrize("age", [timedelta(seconds=6), timedelta(hours=3)])
def test_a_provider_that_does_not_answer_is_asked_again_soon(
    send, simulator, settings, age
):
    job = send("+12025550125")
    make_older(job, age)
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    assert polling.poll() == 0
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    assert polling.poll() == 0, "not at once"

    pass_by(job, polling.SOON)

    assert polling.poll() == 1


def pass_by(job, time):
    """As if `time` had passed."""
    job.refresh_from_db()
    job.accepted_at -= time
    job.asked_at -= time
    job.save(update_fields=["accepted_at", "asked_at"])


def test_many_are_asked_over_few_connections(send, simulator, monkeypatch):
    monkeypatch.setattr(polling, "CONNECTIONS", 2)
    jobs = [send(f"+120255501{number:02}") for number in range(26, 32)]
    for job in jobs:
        make_older(job, timedelta(seconds=6))
    assert polling.poll() == len(jobs)


@pytest.fixture
def failed(send, simulator):
    """A job that was told of a failure long ago; the provider knows better since."""

    def make(phone, ago):
        job = send(phone)
        simulator.wait(to=phone, account=simulator.account(job.tenant_id).sid)
        Job.objects.filter(pk=job.pk).update(
            state="undelivered",
            reason="not_delivered",
            error_code="30008",
            changed_at=timezone.now() - ago,
        )
        return job

    return make


LONG_AGO = timedelta(hours=1, minutes=1)


def test_a_failure_that_was_taken_back_unheard_is_learnt(failed):
    job = failed("+12025550126", LONG_AGO)

    assert polling.poll() == 1

    job.refresh_from_db()
    assert (job.state, job.delivered_at is not None) == ("delivered", True)
    assert polling.poll() == 0


def test_a_failure_is_asked_about_once_more_and_no_more(failed):
    job = failed("+12025550151", LONG_AGO)

    assert polling.poll() == 1

    job.refresh_from_db()
    assert (job.state, job.is_end_confirmed) == ("undelivered", True)
    Job.objects.update(asked_at=None)
    assert polling.poll() == 0


@pytest.mark.parametrize("ago", [timedelta(minutes=59), timedelta(hours=37)])
def test_a_failure_is_not_asked_about_too_soon_or_for_ever(failed, ago):
    failed("+12025550151", ago)
    assert polling.poll() == 0


def test_a_question_about_a_failure_that_got_no_answer_is_asked_again(failed, settings):
    job = failed("+12025550127", LONG_AGO)
    url = settings.LEADRAILS_SIMULATOR_URL
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    assert polling.poll() == 0
    settings.LEADRAILS_SIMULATOR_URL = url
    assert polling.poll() == 0, "asked just now"
    Job.objects.update(asked_at=timezone.now() - polling.SOON)

    assert polling.poll() == 1

    job.refresh_from_db()
    assert job.state == "delivered"


def test_failures_are_asked_about_after_what_has_no_end_yet(failed, send, monkeypatch):
    failed("+12025550128", LONG_AGO)
    waiting = send("+12025550129")
    make_older(waiting, timedelta(seconds=6))
    monkeypatch.setattr(polling, "LIMIT", 1)

    assert polling.poll() == 1

    waiting.refresh_from_db()
    assert waiting.asked_at is not None
    assert polling.poll() == 1
    assert polling.poll() == 0


def test_a_provider_that_refuses_to_tell_is_not_asked_again_soon(send):
    job = send("+12025550133")
    make_older(job, timedelta(hours=1))
    Job.objects.filter(pk=job.pk).update(provider_id="SM" + "0" * 32)

    assert polling.poll() == 0

    pass_by(job, polling.SOON)
    assert polling.poll() == 0
    job.refresh_from_db()
    assert timezone.now() - job.asked_at < timedelta(minutes=1)
