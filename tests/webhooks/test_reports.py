"""What callbacks make of a job, whatever their order and number."""

import itertools
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from destinations.models import Destination
from leadrails.alerts.models import Alert
from leadrails.contacts.models import Suppression
from leadrails.core.states import State
from leadrails.jobs.models import Attempt, DeliveryEvent, Job, QueueEntry
from tests.make import make_destination
from tests.webhooks.twilio import SID, form, make_sent_job, report
from webhooks.cases import load_cases, write_cases

pytestmark = [pytest.mark.django_db]

OTHER_SID = "SM5111a7ed" + "1" * 24


@pytest.mark.parametrize(
    ("statuses", "final"),
    [
        (("queued", "sent", "delivered"), "delivered"),
        (("sent", "delivered", "read"), "read"),
        (("sent", "undelivered", "delivered"), "delivered"),
        (("sending", "sent", "undelivered"), "undelivered"),
        (("sent", "martian", "delivered"), "delivered"),
    ],
)
@pytest.mark.parametrize("start", ["accepted", "sending", "unknown"])
def test_any_order_and_repetition_gives_the_same_state(statuses, final, start):
    for order in itertools.permutations(statuses):
        job = make_sent_job(start)
        bodies = [form(status) for status in order]
        assert report(job, *bodies, *bodies).state == final, order
        assert DeliveryEvent.objects.filter(job_id=job.id).count() == len(statuses)
        assert not QueueEntry.objects.filter(job_id=job.id).exists()


def test_a_bounce_retries_whatever_came_before_and_after():
    for order in itertools.permutations(["queued", "sent", "failed"]):
        job = make_sent_job()
        bodies = [form(s, "30001" if s == "failed" else "") for s in order]
        job = report(job, *bodies, *bodies)
        assert (job.state, job.error_code) == ("retrying", "30001"), order


def test_a_repeated_callback_changes_nothing():
    job = report(make_sent_job(), form("sent"))
    again = report(job, form("sent"), form("sent"))
    assert again.changed_at == job.changed_at
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_callback_that_beats_the_settle_is_matched_by_its_attempt(state):
    job = report(make_sent_job(state), form("queued"))
    assert (job.state, job.provider_id) == ("accepted", SID)
    assert job.accepted_at is not None
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.provider_id) == ("accepted", SID)
    assert not QueueEntry.objects.exists()


def test_an_attempt_whose_worker_died_is_ended_by_its_callback():
    job = make_sent_job(state="sending")
    report(job, form("delivered"))
    attempt = Attempt.objects.get(job_id=job.id)
    assert attempt.outcome == "accepted"
    assert attempt.finished_at is not None


def test_an_unknown_status_is_kept_and_changes_nothing():
    before = make_sent_job()
    job = report(before, form("martian"))
    assert (job.state, job.changed_at) == ("accepted", before.changed_at)
    event = DeliveryEvent.objects.get()
    assert (event.status, event.state) == ("martian", "")


def test_times_sender_price_and_segments_are_kept():
    facts = {"From": "+15555550100", "NumSegments": "2"}
    job = report(make_sent_job(), form("sent", **facts))
    assert job.sent_at is not None
    job = report(job, form("delivered", Price="-0.0079", PriceUnit="USD"))
    assert (job.sender, job.segments) == ("+15555550100", 2)
    assert (job.price, job.price_unit) == (Decimal("-0.0079"), "USD")
    assert job.sent_at <= job.delivered_at


def test_a_late_report_brings_its_price_but_not_its_state():
    job = report(make_sent_job(), form("delivered"), form("sent", Price="-0.01"))
    assert (job.state, job.price) == ("delivered", Decimal("-0.01"))
    assert job.sent_at == job.delivered_at


def test_a_delivery_after_a_failure_keeps_the_code_and_is_marked():
    job = report(make_sent_job(), form("undelivered", "30005"))
    assert (job.state, job.error_code) == ("undelivered", "30005")
    assert job.reason == "recipient_refused"
    assert job.error_message.endswith(".")
    assert not job.is_contradicted
    job = report(job, form("delivered"))
    assert (job.state, job.reason) == ("delivered", "")
    assert (job.error_code, job.is_contradicted) == ("30005", True)


def test_a_code_that_follows_its_failure_is_added():
    for order in itertools.permutations(["", "21610"]):
        job = make_sent_job()
        job = report(job, *(form("failed", code) for code in order))
        assert (job.state, job.error_code) == ("undelivered", "21610")
        assert job.reason == "opted_out"


def test_the_first_filtered_message_of_a_destination_raises_an_alert():
    job = report(make_sent_job(), form("undelivered", "30007"))
    assert (job.state, job.reason) == ("undelivered", "carrier_filtered")
    alert = Alert.objects.get()
    assert (alert.kind, alert.cause) == (
        "destination_config_failed",
        "carrier_filtered",
    )


def test_one_filtered_message_among_delivered_ones_is_no_alert():
    destination = make_destination()
    report(make_sent_job(destination=destination), form("delivered"))
    assert Destination.objects.get().delivered_once
    job = report(make_sent_job(destination=destination), form("undelivered", "30007"))
    assert job.reason == "carrier_filtered"
    assert not Alert.objects.exists()


def test_five_filtered_messages_raise_an_alert():
    destination = make_destination(delivered_once=True)
    for count in range(1, 6):
        assert not Alert.objects.exists(), count
        report(make_sent_job(destination=destination), form("undelivered", "30007"))
    assert Alert.objects.get().cause == "carrier_filtered"


def test_an_opt_out_that_the_provider_reports_suppresses_the_person():
    job = report(make_sent_job(), form("failed", "21610"))
    assert (job.state, job.reason) == ("undelivered", "opted_out")
    listed = Suppression.objects.get()
    assert (listed.tenant_id, listed.phone) == (job.tenant_id, job.recipient)


@pytest.mark.parametrize("state", ["accepted", "sending", "unknown"])
def test_a_full_queue_at_the_provider_is_retried_later(state):
    job = report(make_sent_job(state), form("failed", "30001"))
    assert (job.state, job.reason) == ("retrying", "provider_busy")
    entry = QueueEntry.objects.get(job_id=job.id)
    wait = entry.due_at - timezone.now()
    assert timedelta(seconds=3) < wait <= timedelta(seconds=10)
    assert (entry.lease_until, job.due_at) == (None, entry.due_at)
    assert entry.destination_id == job.destination_id


def test_the_last_attempt_is_not_retried():
    destination = make_destination(max_attempts=1)
    job = make_sent_job(destination=destination)
    job = report(job, form("failed", "30001"))
    assert (job.state, job.reason) == ("undelivered", "attempts_exhausted")
    assert not QueueEntry.objects.exists()


def test_an_undelivered_message_is_never_sent_again_by_itself():
    job = report(make_sent_job(), form("undelivered", "30003"))
    assert job.state == "undelivered"
    assert not QueueEntry.objects.exists()


def test_a_suspended_account_pauses_the_destination():
    job = report(make_sent_job(), form("failed", "30002"))
    assert (job.state, job.reason) == ("retrying", "destination_paused")
    destination = Destination.objects.get()
    assert (destination.status, destination.pause_reason) == ("paused", "30002")


def second_attempt(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(attempts=2, state="sending")
    Attempt.objects.create(
        job_id=job.id,
        number=2,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        started_at=timezone.now(),
    )


def test_bad_news_of_an_earlier_attempt_leaves_the_later_one_alone():
    job = report(make_sent_job(), form("failed", "30001"))
    second_attempt(job)
    job = report(job, form("undelivered", "30005"), form("sent"))
    assert job.state == "sending"
    job = report(job, form("queued", sid=OTHER_SID), attempt=2)
    assert (job.state, job.provider_id) == ("accepted", OTHER_SID)


@pytest.mark.parametrize("bad", [("undelivered", "30005"), ("failed", "30001")])
@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_job_found_to_be_an_earlier_message_ends_as_that_does(state, bad):
    job = make_sent_job("unknown")
    second_attempt(job)
    Job.objects.filter(pk=job.pk).update(state=state)

    job = report(job, form("sent"))
    assert (job.state, job.provider_id) == ("sent", SID)
    job = report(job, form(*bad))

    # Never sent once more: the latest attempt may have gone out.
    assert (job.state, job.error_code) == ("undelivered", bad[1])
    assert job.is_possible_duplicate
    assert not QueueEntry.objects.exists()
    assert report(job, form("delivered", sid=OTHER_SID), attempt=2).state == "delivered"


def test_good_news_of_an_earlier_attempt_ends_the_job():
    job = report(make_sent_job(), form("failed", "30001"))
    second_attempt(job)
    job = report(job, form("delivered"))
    assert (job.state, job.is_contradicted) == ("delivered", True)
    assert not QueueEntry.objects.exists()


def test_a_later_attempt_whose_worker_died_is_ended_by_news_of_an_earlier_one():
    job = make_sent_job(outcome="unknown")
    second_attempt(job)
    job = report(job, form("delivered"))
    later = Attempt.objects.get(job_id=job.id, number=2)
    assert later.outcome == "unknown"
    assert later.finished_at is not None
    assert job.is_possible_duplicate


def test_what_a_later_attempt_came_to_meanwhile_is_not_unsaid():
    job = make_sent_job(outcome="unknown")
    second_attempt(job)
    case = load_cases([job.id]).cases[job.id]
    settled = {"outcome": "accepted", "provider_id": OTHER_SID}
    Attempt.objects.filter(job_id=job.id, number=2).update(**settled)
    case.attempts[2].outcome = "unknown"
    case.noted.add(2)
    write_cases([case])
    later = Attempt.objects.get(job_id=job.id, number=2)
    assert (later.outcome, later.provider_id) == ("accepted", OTHER_SID)


def test_a_message_that_was_found_absent_and_sent_again_is_marked():
    job = make_sent_job(outcome="absent")
    second_attempt(job)
    assert report(job, form("delivered")).is_possible_duplicate


@pytest.mark.parametrize("state", [s for s in State if s not in ("delivered", "read")])
def test_a_delivery_is_believed_in_every_state(state):
    job = make_sent_job(state, reason="expired")
    assert report(job, form("delivered")).state == "delivered"
    assert not QueueEntry.objects.exists()


def test_forged_values_fit_their_columns():
    body = form(
        "delivered\0" + "x" * 90,
        "9" * 60,
        From="a\0b" * 90,
        Price="1e30",
        PriceUnit="EURO",
        RawDlrDoneDate="\0" * 9,
    )
    job = report(make_sent_job(), body)
    assert (job.state, job.price) == ("accepted", None)
    assert DeliveryEvent.objects.count() == 1
