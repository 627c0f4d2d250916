import threading
import time
from datetime import timedelta

import pytest
import redis
from django.conf import settings as live_settings
from django.db import connection, transaction
from django.utils import timezone

from leadrails import statements
from leadrails.alerts.models import Alert
from leadrails.core import ids
from leadrails.jobs import lineage
from leadrails.jobs.models import Attempt, DeliveryEvent, Job, QueueEntry
from leadrails.jobs.wake import Waker
from tests.webhooks.twilio import form, make_sent_job, report, store
from webhooks import tasks
from webhooks.batch import MAX_TRIES
from webhooks.models import RawCallback
from webhooks.services import process_callbacks
from webhooks.watch import check_given_up


def until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done


def in_thread(function):
    """Run in a thread with a connection of its own."""

    def run():
        try:
            function()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db
def test_headers_that_may_hold_secrets_are_not_stored():
    headers = {"Content-Type": "text/plain", "Authorization": "secret"}
    store(make_sent_job(), form("sent"), headers=headers)
    assert RawCallback.objects.get().headers == {"Content-Type": "text/plain"}


@pytest.mark.django_db
@pytest.mark.parametrize("task", [tasks.process, tasks.sweep])
def test_a_task_works_off_everything(task):
    job = make_sent_job()
    for number in range(60):
        store(job, form(f"word{number}"))
    task()
    assert not RawCallback.objects.filter(processed_at=None).exists()
    assert DeliveryEvent.objects.count() == 60


@pytest.mark.django_db(transaction=True)
def test_one_thread_of_a_process_works_for_all_who_are_asked():
    job = make_sent_job()
    with transaction.atomic():
        statements.run("LOCK TABLE webhooks_rawcallback IN EXCLUSIVE MODE")
        first = in_thread(tasks.process)
        assert until(is_anyone_waiting)
        second = in_thread(tasks.process)
        second.join(5)
        assert not second.is_alive()
        assert first.is_alive()
        store(job, form("delivered"))
    first.join(10)
    assert Job.objects.get(pk=job.pk).state == "delivered"


@pytest.mark.django_db
def test_a_worker_that_is_told_to_stop_claims_no_more(monkeypatch):
    monkeypatch.setattr(tasks, "_is_stopping", threading.Event())
    store(make_sent_job(), form("delivered"))
    tasks.stop_working()
    tasks.process()
    assert process_callbacks(is_stopping=tasks._is_stopping.is_set) == 0
    assert process_callbacks() == 1


def is_anyone_waiting():
    return statements.run("SELECT 1 FROM pg_locks WHERE NOT granted") != []


def test_a_burst_of_callbacks_sends_few_tasks():
    waker = Waker("webhooks.process", "test-burst", quiet=0.1)
    with redis.Redis.from_url(live_settings.REDIS_URL) as broker:
        broker.delete("test-burst")
        end = time.monotonic() + 0.45
        while time.monotonic() < end:
            waker.wake()
        assert 1 <= broker.llen("test-burst") <= 6
        broker.delete("test-burst")


@pytest.mark.django_db
def test_no_more_than_the_limit_is_taken():
    job = make_sent_job()
    for number in range(40):
        store(job, form(f"word{number}"))
    assert process_callbacks(limit=30) == 30
    assert process_callbacks() == 10
    assert process_callbacks() == 0


@pytest.mark.django_db
def test_one_bad_callback_does_not_stop_the_others():
    job = make_sent_job()
    store(job, b"nonsense=+12025550100")
    store(job, form("sent"), job_id=ids.uuid7())
    store(job, form("sent"), attempt=0)
    job = report(job, form("delivered"))
    assert job.state == "delivered"
    failed = RawCallback.objects.filter(processed_at=None).order_by("error")
    assert [raw.tries for raw in failed] == [1, 1, 1]
    assert "no such attempt" in failed[0].error
    assert "no such job" in failed[1].error
    assert "not a status callback" in failed[2].error


@pytest.mark.django_db
def test_a_failing_callback_waits_longer_each_time_and_is_kept_in_the_end():
    store(make_sent_job(), b"nonsense")
    assert [process_callbacks(), process_callbacks()] == [1, 0]
    RawCallback.objects.update(received_at=timezone.now() - timedelta(hours=1))
    tries = sum(process_callbacks() for _ in range(20))
    raw = RawCallback.objects.get()
    assert (tries, raw.tries) == (MAX_TRIES - 1, MAX_TRIES)
    assert raw.processed_at is not None
    assert raw.error.startswith("ValueError")


@pytest.mark.django_db
def test_a_callback_whose_job_is_gone_is_given_up_in_words():
    job = make_sent_job()
    store(job, form("delivered"))
    Job.objects.all().delete()
    an_hour_ago = timezone.now() - timedelta(hours=1)
    RawCallback.objects.update(received_at=an_hour_ago, tries=MAX_TRIES - 1)
    assert process_callbacks() == 1
    raw = RawCallback.objects.get()
    assert raw.error == "LookupError: there is no such job"
    assert raw.processed_at is not None


@pytest.mark.django_db
def test_a_callback_that_comes_before_its_job_is_matched_later():
    job = make_sent_job()
    late = ids.uuid7_beside(job.id)
    store(job, form("delivered"), job_id=late)
    assert process_callbacks() == 1
    raw = RawCallback.objects.get()
    assert (raw.processed_at, raw.tries) == (None, 1)
    Job.objects.filter(pk=job.pk).update(id=late)
    Attempt.objects.filter(job_id=job.pk).update(job_id=late)
    RawCallback.objects.update(received_at=timezone.now() - timedelta(seconds=3))

    assert process_callbacks() == 1

    raw.refresh_from_db()
    assert (raw.processed_at is not None, raw.error) == (True, "")
    assert Job.objects.get(pk=late).state == "delivered"


@pytest.mark.django_db
def test_what_is_given_up_is_told_once_for_each_destination():
    job, other = make_sent_job(), make_sent_job()
    for _ in range(3):
        store(job, form("delivered"), job_id=ids.uuid7())
    store(other, b"nonsense")
    an_hour_ago = timezone.now() - timedelta(hours=1)
    RawCallback.objects.update(received_at=an_hour_ago, tries=MAX_TRIES - 2)
    assert process_callbacks() == 4
    assert not Alert.objects.exists()

    assert process_callbacks() == 4

    alerts = Alert.objects.filter(kind="callbacks_given_up")
    counts = dict(alerts.values_list("destination_id", "failures"))
    assert counts == {job.destination_id: 3, other.destination_id: 1}
    check_given_up()
    assert alerts.open().count() == 2
    alerts.update(last_at=timezone.now() - timedelta(days=1, minutes=1))
    check_given_up()
    assert alerts.open().count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("word", "state"), [("delivered", "delivered"), ("undelivered", "undelivered")]
)
def test_a_restored_backup_learns_what_it_has_forgotten(word, state):
    """What was sent after it was made has callbacks that name attempts to come."""
    job = make_sent_job()
    Attempt.objects.all().delete()
    Job.objects.update(state="queued", attempts=0, provider_id="", accepted_at=None)
    QueueEntry.objects.create(
        job_id=job.id,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        due_at=timezone.now(),
    )
    assert lineage.hold() == 1
    store(job, form("sent"), attempt=2)
    store(job, form(word), attempt=2)

    assert process_callbacks() == 2

    job.refresh_from_db()
    assert (job.state, job.attempts) == (state, 2)
    assert not QueueEntry.objects.exists()
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome) == (2, "accepted")
    assert attempt.provider_id == job.provider_id != ""
    assert attempt.finished_at is not None


@pytest.mark.django_db
def test_what_is_sent_again_while_its_callback_comes_is_labelled():
    job = make_sent_job("sending")
    store(job, form("sent"), attempt=job.attempts + 1)
    process_callbacks()
    job.refresh_from_db()
    assert (job.state, job.is_possible_duplicate) == ("sent", True)


@pytest.mark.django_db
def test_a_callback_for_another_destinations_job_is_not_believed():
    job, other = make_sent_job(), make_sent_job()
    store(other, form("delivered"), job_id=job.id)
    process_callbacks()
    assert Job.objects.get(pk=job.pk).state == "accepted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", [Job, QueueEntry])
def test_a_callback_whose_job_is_locked_waits_its_turn(table):
    job = make_sent_job("sending")
    store(job, form("delivered"))
    done = []
    with transaction.atomic():
        table.objects.select_for_update().get(pk=job.pk)
        thread = in_thread(lambda: done.append(process_callbacks()))
        thread.join(10)
        assert done == [0]
    assert RawCallback.objects.get().tries == 0
    assert process_callbacks() == 1
    assert Job.objects.get(pk=job.pk).state == "delivered"


@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_keep_each_report_once():
    jobs = [make_sent_job("sending") for _ in range(6)]
    for status in ("delivered", "queued", "sent", "delivered", "sent"):
        for job in jobs:
            store(job, form(status))
    threads = [in_thread(process_callbacks) for _ in range(4)]
    for thread in threads:
        thread.join(30)
    tasks.process()
    assert not RawCallback.objects.filter(processed_at=None).exists()
    assert not RawCallback.objects.exclude(error="").exists()
    assert set(Job.objects.values_list("state", flat=True)) == {"delivered"}
    assert DeliveryEvent.objects.count() == 3 * len(jobs)
