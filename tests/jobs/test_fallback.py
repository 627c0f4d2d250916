"""LeadRails' own fallback: one plain text when RCS does not arrive, and never both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Thread
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.utils import timezone

from destinations.pages import Recent, recent_jobs
from leadrails.contacts.models import Suppression
from leadrails.core.children import Cause
from leadrails.core.states import State
from leadrails.jobs import overdue, tallies
from leadrails.jobs.children import child_id, make_child
from leadrails.jobs.models import Attempt, Deadline, Job, QueueEntry
from leadrails.jobs.sending import _message
from leadrails.jobs.services import replay_job
from tests.jobs.test_rcs import make_telnyx
from tests.make import (
    let_seconds_pass,
    make_destination,
    make_job,
    make_lead,
    make_source,
    make_tenant,
)
from tests.webhooks.twilio import form, make_sent_job, report, store
from webhooks import batch
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+12025550100"
RICH = {"to": NUMBER, "body": "Plain words", "channel": "rcs", "rich": {"text": "Hi"}}
PLAIN = {"to": NUMBER, "body": "Plain words", "given": True}
SID = "SM" + "7" * 32  # the text's
UNREACHABLE = form("undelivered", "63036")


@pytest.fixture
def place():
    place = make_destination(make_tenant())
    config = {"channel": "rcs", "fallback": "leadrails", "fallback_after": "60"}
    place.config |= config
    place.save()
    return place


@pytest.fixture
def job(place):
    """With the provider, but as if nobody had noted it yet."""
    return make_sent_job("sending", destination=place, message=RICH)


def child_of(job):
    return Job.objects.filter(pk=child_id(job.pk, Cause.FALLBACK)).first()


def deadlines(job):
    return set(Deadline.objects.filter(job_id=job.pk).values_list("kind", flat=True))


def start(job):
    """As a worker leaves it that waits for the provider's answer."""
    QueueEntry.objects.filter(job_id=job.pk).delete()
    Job.objects.filter(pk=job.pk).update(state="sending", attempts=1)
    Attempt.objects.create(
        job_id=job.pk,
        number=1,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        started_at=timezone.now(),
    )
    return job


def let_time_be_up():
    Deadline.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    return overdue.sweep()


def test_a_message_that_rcs_cannot_bring_goes_as_a_plain_text(job):
    report(job, form("sent"))
    job = report(job, UNREACHABLE)
    assert job.state == "undelivered"
    assert job.channel == "rcs"

    assert overdue.sweep() == 1
    assert overdue.sweep() == 0
    child = child_of(job)
    assert (child.state, child.cause, child.parent_id) == (
        "queued",
        "fallback",
        job.pk,
    )
    assert child.message == PLAIN
    assert child.expires_at == job.expires_at
    assert child.channel == ""
    assert not child.is_possible_duplicate
    assert not Deadline.objects.exists()
    assert not tallies.differences(now=timezone.now())


def test_without_a_word_of_delivery_the_text_goes_when_time_is_up(job):
    report(job, form("sent"))
    due = Deadline.objects.get(job_id=job.pk).due_at
    assert due - timezone.now() > timedelta(seconds=50)
    assert overdue.sweep() == 0

    assert let_time_be_up() == 1
    assert child_of(job).state == "queued"


def test_of_what_is_sent_later_the_time_counts_from_then(job):
    later = timezone.now() + timedelta(hours=1)
    Job.objects.update(message=RICH | {"send_at": later.isoformat()})
    report(job, form("scheduled"))
    assert Deadline.objects.get().due_at == later + timedelta(minutes=1)


def test_what_a_callback_is_at_is_looked_at_by_the_next_sweep(job):
    report(job, form("sent"))
    assert sweep_while_held(job) == 0
    assert let_time_be_up() == 1
    text = start(child_of(job))
    report(text, form("sent", sid=SID))

    report(job, form("delivered"))
    assert sweep_while_held(text) == 1
    assert deadlines(job) == {"recall"}
    let_time_be_up()
    assert child_of(job).is_possible_duplicate


def sweep_while_held(job):
    """As beat does while something else is at a job."""

    def sweep():
        count = let_time_be_up()
        connection.close()
        return count

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        Job.objects.select_for_update().get(pk=job.pk)
        return other.submit(sweep).result()


def test_one_that_breaks_keeps_no_other_waiting_and_is_tried_again(
    job, place, monkeypatch
):
    def make_or_break(parent_id, **child):
        if parent_id == job.pk:
            Job.objects.filter(pk=job.pk).update(destination=None)
        return make_child(parent_id, **child)

    other = make_sent_job("sending", destination=place, message=RICH)
    report(job, form("sent"))
    report(other, form("sent"))
    with monkeypatch.context() as broken:
        broken.setattr(overdue, "make_child", make_or_break)
        assert let_time_be_up() == 2
    assert (child_of(job), child_of(other).state) == (None, "queued")

    assert overdue.sweep() == 0
    assert let_time_be_up() == 1
    assert child_of(job).state == "queued"


def test_a_further_word_of_the_provider_gives_rcs_no_more_time(job):
    report(job, form("queued"))
    soon = timezone.now() + timedelta(seconds=5)
    Deadline.objects.update(due_at=soon)
    report(job, form("sent"))
    assert Deadline.objects.get(job_id=job.pk).due_at == soon


@pytest.mark.parametrize("word", ["delivered", "read"])
def test_what_arrives_in_time_has_no_deadline_any_more(job, word):
    job = report(job, form("sent"))
    assert deadlines(job) == {"fallback"}
    report(job, form(word))
    assert not Deadline.objects.exists()


@pytest.mark.parametrize(
    ("code", "is_mended"), [("21610", False), ("30006", False), ("30007", True)]
)
def test_only_what_a_text_can_mend_is_mended_by_one(job, code, is_mended):
    """Neither a STOP nor a landline."""
    report(job, form("undelivered", code))
    overdue.sweep()
    assert (child_of(job) is not None) is is_mended


def test_where_the_rich_message_may_have_arrived_both_say_so_at_once(job):
    job = report(job, form("undelivered", "30410"))
    assert job.reason == "carrier_timeout"
    overdue.sweep()
    job.refresh_from_db()
    assert job.is_possible_duplicate
    assert child_of(job).is_possible_duplicate


def test_what_is_out_of_time_has_no_text(job):
    report(job, form("sent"))
    Job.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert let_time_be_up() == 1
    assert child_of(job) is None
    assert not Deadline.objects.exists()


def test_a_late_delivery_stops_the_text_that_was_not_started(job):
    report(job, form("sent"))
    let_time_be_up()
    report(job, form("delivered"))
    overdue.sweep()

    child = child_of(job)
    assert (child.state, child.reason) == ("canceled", "not_needed")
    assert not QueueEntry.objects.filter(job_id=child.pk).exists()
    job.refresh_from_db()
    assert not job.is_possible_duplicate
    assert not Deadline.objects.exists()
    assert not tallies.differences(now=timezone.now())


@pytest.mark.parametrize("is_text_first", [True, False])
def test_when_both_arrive_both_say_so(job, is_text_first):
    report(job, form("sent"))
    let_time_be_up()
    child = start(child_of(job))
    words = [
        (child, form("delivered", sid=SID)),
        (job, form("delivered")),
    ]
    for about, word in words if is_text_first else reversed(words):
        report(about, word)
        overdue.sweep()
    for about in (job, child):
        about.refresh_from_db()
        assert about.state == "delivered"
        assert about.is_possible_duplicate
    assert not Deadline.objects.exists()


def test_a_text_in_a_workers_hands_is_asked_about_again(job):
    report(job, form("sent"))
    let_time_be_up()
    QueueEntry.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    report(job, form("delivered"))
    overdue.sweep()
    assert child_of(job).state == "queued"
    assert deadlines(job) == {"recall"}

    QueueEntry.objects.update(lease_until=None)
    let_time_be_up()
    assert child_of(job).state == "canceled"


def test_a_stop_in_between_stops_the_text(drain, job):
    report(job, UNREACHABLE)
    Suppression.objects.create(tenant=job.tenant, phone=NUMBER, reason="opted_out")
    overdue.sweep()
    drain()
    assert child_of(job).reason == "opted_out"


def test_what_waits_for_another_try_by_rcs_gives_way_to_the_text(job):
    report(job, form("sent"))
    job = report(job, form("failed", "30001"))
    assert job.state == "retrying"
    let_time_be_up()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("canceled", "replaced")
    assert not QueueEntry.objects.filter(job_id=job.pk).exists()
    assert child_of(job).state == "queued"


def test_what_a_text_stands_for_counts_as_no_failure(job):
    def counted():
        tallies.fold()
        assert not tallies.differences(now=timezone.now())
        since = timezone.now() - timedelta(hours=2)
        found = tallies.read(job.tenant_id, *State, since=since)
        return {count.what: count.number for count in found}

    report(job, UNREACHABLE)
    assert counted() == {"undelivered": 1}
    overdue.sweep()
    assert counted() == {"queued": 1}
    report(job, UNREACHABLE)
    job.refresh_from_db()
    assert (job.state, job.reason) == ("undelivered", "replaced")
    assert recent_jobs(job.tenant_id, [job.destination_id]) == {
        job.destination_id: Recent(others=1)
    }
    report(job, form("delivered"))
    job.refresh_from_db()
    assert (job.state, job.reason) == ("delivered", "")
    assert counted() == {"delivered": 1, "queued": 1}


def test_what_fails_after_its_text_was_made_has_it_for_it(job):
    report(job, form("sent"))
    let_time_be_up()
    assert child_of(job).state == "queued"
    assert report(job, UNREACHABLE).reason == "recipient_refused"
    overdue.sweep()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("undelivered", "replaced")
    assert Job.objects.filter(cause="fallback").count() == 1


def test_two_sweeps_make_one_text(job):
    report(job, UNREACHABLE)

    def sweep():
        overdue.sweep()
        connection.close()

    sweeps = [Thread(target=sweep) for _ in range(4)]
    for thread in sweeps:
        thread.start()
    for thread in sweeps:
        thread.join()
    assert Job.objects.filter(cause="fallback").count() == 1
    assert not Deadline.objects.exists()


def test_messages_that_fall_back_by_the_provider_cost_nothing_here(place):
    place.config["fallback"] = ""
    place.save()
    job = make_sent_job("sending", destination=place, message=RICH)
    report(job, form("sent"), UNREACHABLE)
    assert not Deadline.objects.exists()


def test_a_text_that_was_sent_again_by_a_person_stays_that_text(job):
    report(job, UNREACHABLE)
    overdue.sweep()
    Job.objects.filter(cause="fallback").update(state="dead", reason="expired")
    QueueEntry.objects.all().delete()
    again = child_of(job)
    for _time in range(2):
        again = replay_job(again, actor=None)
        assert again.message == PLAIN
        Job.objects.filter(pk=again.pk).update(state="dead", reason="expired")
        QueueEntry.objects.all().delete()


class Killed(BaseException):
    """Nobody catches it; what was not committed is gone with the connection."""


@pytest.mark.parametrize(
    ("module", "point"),
    [
        (batch, "callback_before_commit"),
        (batch, "callback_after_commit"),
        (overdue, "overdue_before_commit"),
    ],
)
def test_kills_between_the_steps_lose_nothing_and_double_nothing(
    job, module, point, monkeypatch
):
    def work():
        process_callbacks()
        overdue.sweep()

    def die(name):
        if name == point:
            raise Killed

    store(job, UNREACHABLE)
    with monkeypatch.context() as armed:
        armed.setattr(module, "crash_here", die)
        with pytest.raises(Killed):
            work()
    work()

    assert child_of(job).state == "queued"
    assert Job.objects.count() == 2
    assert QueueEntry.objects.count() == 1
    assert not Deadline.objects.exists()
    assert not tallies.differences(now=timezone.now())


def test_rcs_is_tried_no_longer_than_the_text_waits_and_the_text_to_its_end(job):
    about = SimpleNamespace(
        id=job.pk,
        destination_id=job.destination_id,
        clock=job.created_at,
        expires_at=job.created_at + timedelta(hours=4),
    )
    start = SimpleNamespace(job=about, number=1, message=RICH)
    for kept, seconds in ((RICH, 60), (PLAIN, 4 * 3600)):
        assert _message(start, job.destination, kept).validity_seconds == seconds


def test_a_phone_that_never_confirms_gets_the_text_from_the_simulator(drain, simulator):
    """RCS is given as long as the text waits, so that it cannot come much later."""
    place, account = make_telnyx(simulator, channel="rcs", fallback="leadrails")
    phone = "+12125550184"  # has RCS, and never confirms
    job = make_job(make_lead(make_source(place.tenant), phone=phone), place)
    drain()
    (deadline,) = Deadline.objects.filter(job_id=job.pk)
    assert 110 < (deadline.due_at - timezone.now()).total_seconds() < 121

    let_time_be_up()
    let_seconds_pass(3)
    drain()

    child, job = child_of(job), Job.objects.get(pk=job.pk)
    assert (job.channel, child.channel) == ("rcs", "")
    assert (job.state, child.state) == ("accepted", "accepted")
    rows = simulator.wait(account=account, count=2, until=lambda _row: True)
    texts = [row["body"] for row in rows]
    assert "Plain words" in texts
