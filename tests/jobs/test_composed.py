"""Pictures, templates and plans of a destination, from a job to the provider."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.utils import timezone

from destinations.cache import find_destinations
from destinations.providers import simulated
from leadrails.jobs import queue
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Attempt, Job
from leadrails.jobs.prepare import prepare
from leadrails.jobs.sending import NEXT_SCHEDULE, _send_at
from tests.make import make_destination, make_job, make_tenant
from webhooks.polling import poll

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def drained(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    loop = SenderLoop(linger=0)

    def run(job):
        loop.run()
        job.refresh_from_db()
        return job

    yield run
    loop.close()


def make_place(**config):
    tenant = make_tenant()
    sid = simulated.account_sid(tenant.id)
    own = {"account_sid": sid, "from_number": simulated.SAMPLE_SENDER}
    return make_destination(tenant, config={**own, **config})


def test_a_picture_leaves_with_the_text(drained, simulator):
    place = make_place(media_urls="https://h.example/{{ lead.full_name }}.png\n")
    place.body_template = "Hi"
    place.save()
    broken = drained(make_job(destination=place))
    place.config["media_urls"] = "https://h.example/a.png\n{{ custom_fields.none }}"
    place.save()
    job = drained(make_job(destination=place))

    assert (broken.state, broken.reason) == ("dead", "template_error")
    assert "“https://h.example/Ann Lee.png” is not" in broken.error_message
    (row,) = simulator.ledger(account=place.config["account_sid"])
    assert (row["media"], row["body"]) == (["https://h.example/a.png"], "Hi")
    assert (job.state, job.encoding, job.segments) == ("accepted", "MMS", 1)
    assert job.message["media"] == ["https://h.example/a.png"]
    assert Attempt.objects.get(job_id=job.id).request == job.message


def test_segments_are_those_of_what_leaves():
    """Smart Encoding makes it GSM-7, and the prefix of a trial account is sent, too."""
    place = make_place(smart_encoded="true")
    place.body_template = "“" + "a" * 130 + "”"
    place.verification = {"prefix": "Sent from your Twilio trial account - "}
    place.save()
    make_job(destination=place)

    jobs = queue.claim(1, UUID(int=1)).jobs
    (start,) = prepare(jobs, find_destinations([place.id])).starts

    assert start.message["body"] == place.body_template
    assert (start.encoding, start.segments) == ("GSM-7", 2)


def test_a_planned_message_waits_at_the_provider(drained, simulator):
    tenant = make_tenant()
    sid = simulated.account_sid(tenant.id)
    service = simulated.sibling_sid("MG", sid)
    config = {
        "account_sid": sid,
        "messaging_service_sid": service,
        "send_after": "60",
    }
    place = make_destination(tenant, config=config)

    job = drained(make_job(destination=place))

    (row,) = simulator.ledger(account=sid)
    assert row["status"] == "scheduled"
    at = datetime.fromisoformat(job.message["send_at"])
    assert timedelta(minutes=59) < at - job.accepted_at < timedelta(minutes=61)
    # Nobody asks for it, or calls its callbacks late, before its time has come.
    long_ago = timezone.now() - timedelta(minutes=30)
    mine = Job.objects.filter(pk=job.pk)
    mine.update(accepted_at=long_ago)
    assert poll() == 0
    mine.update(message={**job.message, "send_at": long_ago.isoformat()})
    assert poll() == 1


@pytest.mark.parametrize(
    ("minutes_ago", "is_planned"), [(10, False), (-1, True), (-30, True)]
)
def test_a_late_retry_is_sent_at_once_or_as_soon_as_can_be(minutes_ago, is_planned):
    now = timezone.now()
    planned = now - timedelta(minutes=minutes_ago)
    job = SimpleNamespace(clock=now)
    start = SimpleNamespace(job=job, message={"send_at": planned.isoformat()})

    at = _send_at(start)

    assert (at is not None) == is_planned
    if at:
        assert at == max(planned, now + NEXT_SCHEDULE)
