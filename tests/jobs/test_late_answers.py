"""Answers that come when nobody waits for them any more, and doubts settled."""

from datetime import timedelta

import pytest
from django.utils import timezone

from destinations.providers import twilio_messages
from destinations.providers.base import FoundMessage
from leadrails.core.states import State
from leadrails.jobs import doubts, queue
from leadrails.jobs.models import Attempt, Job, QueueEntry
from leadrails.jobs.queue import Result
from leadrails.jobs.services import cancel_job
from tests.jobs.test_adoption import due, make_doubtful
from tests.make import make_tenant
from tests.webhooks.twilio import SID, form, report

pytestmark = pytest.mark.django_db


def settle(job, **fields):
    defaults = {"number": 1, "reason": "", "duration": timedelta(seconds=1)}
    queue.settle([Result(job=job, **{**defaults, **fields})])


def receipt(job):
    settle(job, state=State.ACCEPTED, outcome="accepted", provider_id=SID)


@pytest.fixture
def absent():
    """A job whose message was not found, with what its lost worker knows of it."""
    job = make_doubtful(make_tenant(), "one")
    known = due(job)
    queue.settle([doubts.absent(known, job.destination)])
    return known


def job_of(known):
    return Job.objects.get(pk=known.id)


def test_a_late_receipt_stops_what_was_to_be_sent_again(absent):
    assert job_of(absent).state == "retrying"
    receipt(absent)
    job = job_of(absent)
    assert (job.state, job.reason, job.provider_id) == ("accepted", "", SID)
    assert not QueueEntry.objects.filter(job_id=job.pk).exists()
    assert not job.is_possible_duplicate


def test_a_late_receipt_outranks_a_cancel(absent):
    assert cancel_job(job_of(absent), actor=None)
    receipt(absent)
    assert job_of(absent).state == "accepted"


def test_a_receipt_after_the_next_attempt_began_labels_the_job(absent):
    Job.objects.filter(pk=absent.id).update(state="sending", attempts=2)
    receipt(absent)
    job = job_of(absent)
    assert (job.state, job.is_possible_duplicate) == ("sending", True)
    assert QueueEntry.objects.filter(job_id=job.pk).exists()


def test_the_receipt_of_what_the_provider_failed_does_not_stop_its_retry():
    job = make_doubtful(make_tenant(), "one", "sending")
    known = due_now(job)
    assert report(job, form("failed", "30001")).state == "retrying"
    receipt(known)
    assert job_of(known).state == "retrying"
    assert QueueEntry.objects.filter(job_id=job.pk, lease_until=None).exists()


def due_now(job):
    """As the drain that makes the call has it."""
    Job.objects.filter(pk=job.pk).update(state="unknown")
    known = due(job)
    Job.objects.filter(pk=job.pk).update(state="sending")
    return known


@pytest.mark.parametrize(
    ("status", "code", "state", "reason"),
    [
        ("queued", "", "accepted", ""),
        ("delivered", "", "delivered", ""),
        ("undelivered", "30007", "undelivered", "carrier_filtered"),
        ("failed", "30001", "retrying", "provider_busy"),
    ],
)
def test_an_adopted_message_counts_as_its_callback_would(status, code, state, reason):
    jobs = [make_doubtful(make_tenant(), "one") for _ in range(2)]
    update = twilio_messages.callback(form(status, code))
    message = FoundMessage(
        provider_id=SID,
        to=jobs[0].recipient,
        sender=None,
        body="one",
        created_at=timezone.now(),
        update=update,
    )
    known = due(jobs[0])
    queue.settle([doubts.adopted(known, message, jobs[0].destination)])
    report(jobs[1], form(status, code))

    ends = [
        (job.state, job.reason, job.error_code, job.provider_id)
        for job in (job_of(known), Job.objects.get(pk=jobs[1].pk))
    ]
    assert ends[0] == ends[1]
    assert ends[0][:2] == (state, reason)


def test_an_attempt_keeps_the_code_of_an_unclear_answer():
    job = make_doubtful(make_tenant(), "one", "sending")
    known = due_now(job)
    settle(
        known,
        state=State.UNKNOWN,
        reason="outcome_unknown",
        outcome="unknown",
        error_code="20500",
        error_message="The provider failed",
        delay=timedelta(0),
    )
    queue.settle([doubts.undecided(known, delay=timedelta(0))])
    attempt = Attempt.objects.get(job_id=job.pk)
    assert (attempt.error_code, attempt.error_message) == (
        "20500",
        "The provider failed",
    )
