"""Many callbacks at once: what each does is what it would have done alone."""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.contacts.models import Suppression
from leadrails.core import ids
from leadrails.jobs.models import Attempt, DeliveryEvent, Gate, Job, QueueEntry
from tests.make import make_destination, make_lead, make_source, make_tenant
from tests.webhooks.test_services import in_thread
from tests.webhooks.twilio import form, make_sent_job, store
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

FIRST_ID = ids.uuid7()
LIVES = [
    ["queued", "sent", "delivered"],
    ["sent", "delivered", "read"],
    ["sending", "sent", "undelivered"],
    ["queued", "sent", "failed"],
    ["queued", "martian"],
]
CODES = {"undelivered": "30005", "failed": "30001"}


def make_jobs(count, state="accepted"):
    destination = make_destination(make_tenant())
    lead = make_lead(make_source(destination.tenant))
    return [
        make_sent_job(state, lead=lead, destination=destination) for _ in range(count)
    ]


def store_all(reports):
    """Store callbacks whose ids have the order in which they are given."""
    RawCallback.objects.bulk_create(
        RawCallback(
            id=UUID(int=FIRST_ID.int + number),
            tenant_id=job.tenant_id,
            destination_id=job.destination_id,
            job_id=job.id,
            attempt=1,
            kind="status",
            body=body,
            is_signed=True,
            received_at=timezone.now(),
        )
        for number, (job, body) in enumerate(reports)
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statuses", "final", "is_contradicted"),
    [
        (("sent", "delivered"), "delivered", False),
        (("delivered", "sent"), "delivered", False),
        (("undelivered", "delivered"), "delivered", True),
        (("delivered", "undelivered"), "delivered", False),
        (("failed", "delivered"), "delivered", True),
        (("delivered", "failed"), "delivered", False),
        (("failed", "sent"), "retrying", False),
        (("sent", "failed"), "retrying", False),
    ],
)
@pytest.mark.parametrize("start", ["accepted", "sending"])
def test_two_reports_of_a_job_count_one_after_the_other(
    statuses, final, is_contradicted, start
):
    (job,) = make_jobs(1, start)
    store_all((job, form(status, CODES.get(status, ""))) for status in statuses)
    assert process_callbacks() == 2
    job.refresh_from_db()
    assert (job.state, job.is_contradicted) == (final, is_contradicted)
    assert DeliveryEvent.objects.count() == 2
    assert QueueEntry.objects.exists() == (final == "retrying")


@pytest.mark.django_db
def test_a_report_twice_in_a_batch_is_kept_once():
    (job,) = make_jobs(1)
    store_all([(job, form("sent"))] * 3)
    assert process_callbacks() == 3
    assert DeliveryEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", [Job, QueueEntry])
def test_a_locked_job_keeps_no_other_of_its_batch_waiting(table):
    jobs = make_jobs(5, "sending")
    for job in jobs:
        store(job, form("sent"))
        store(job, form("delivered"))
    done = []
    with transaction.atomic():
        table.objects.select_for_update().get(pk=jobs[2].pk)
        thread = in_thread(lambda: done.append(process_callbacks()))
        thread.join(10)
        assert done == [8]
    left = RawCallback.objects.filter(processed_at=None)
    assert [(raw.job_id, raw.tries, raw.error) for raw in left] == [
        (jobs[2].id, 0, "")
    ] * 2
    assert Job.objects.get(pk=jobs[2].pk).state == "sending"
    assert process_callbacks() == 2
    assert set(Job.objects.values_list("state", flat=True)) == {"delivered"}


REFUSE_ONE_EVENT = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'this one hurts'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON jobs_deliveryevent FOR EACH ROW
  WHEN (NEW.status = 'poison') EXECUTE FUNCTION refuse()
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("poison", "error"),
    [
        (b"nonsense", "not a status callback"),
        # Found by the database alone, when the whole batch is being written.
        (form("poison"), "this one hurts"),
    ],
)
def test_one_poisoned_callback_among_fifty_fails_alone(poison, error):
    with connection.cursor() as cursor:
        cursor.execute(REFUSE_ONE_EVENT)
    jobs = make_jobs(50)
    reports = [(job, form("delivered")) for job in jobs]
    reports[20] = (jobs[20], poison)
    reports[30] = (jobs[30], form("failed", "21610"))
    store_all(reports)
    assert process_callbacks() == 50
    (failed,) = RawCallback.objects.filter(processed_at=None)
    assert (failed.job_id, failed.tries) == (jobs[20].id, 1)
    assert error in failed.error
    assert Job.objects.filter(state="delivered").count() == 48
    assert DeliveryEvent.objects.count() == 49
    assert Job.objects.get(pk=jobs[20].pk).state == "accepted"
    assert Job.objects.get(pk=jobs[30].pk).state == "undelivered"
    assert Suppression.objects.count() == 1


@pytest.mark.django_db
def test_many_filtered_messages_of_a_batch_open_one_alert():
    jobs = make_jobs(6)
    store_all((job, form("undelivered", "30007")) for job in jobs)
    process_callbacks()
    alert = Alert.objects.get()
    assert (alert.cause, alert.details) == (
        "carrier_filtered",
        {"filtered": 6, "sent": 6},
    )


def final_rows(jobs):
    """What must not depend on order or repetition, by the place in `jobs`."""
    rows = []
    for job in Job.objects.filter(pk__in=[job.pk for job in jobs]).order_by("pk"):
        events = DeliveryEvent.objects.filter(job_id=job.pk).order_by("status")
        attempt = Attempt.objects.get(job_id=job.pk)
        entry = QueueEntry.objects.filter(job_id=job.pk).first()
        has_times = [
            bool(at) for at in (job.accepted_at, job.delivered_at, job.read_at)
        ]
        rows.append(
            (
                (job.state, job.reason, job.provider_id, job.sender, job.segments),
                (job.error_code, job.error_message, job.price, job.price_unit),
                (job.is_contradicted, job.is_possible_duplicate, *has_times),
                (attempt.outcome, attempt.provider_id),
                entry and (entry.due_at == job.due_at, entry.lease_until),
                [(e.provider_id, e.status, e.error, e.state) for e in events],
            )
        )
    return rows


def reports_of(jobs):
    facts = {"From": "+15555550100", "NumSegments": "2", "PriceUnit": "USD"}
    for number, job in enumerate(sorted(jobs, key=lambda job: job.pk)):
        for status in LIVES[number % len(LIVES)]:
            body = form(status, CODES.get(status, ""), Price="-0.0079", **facts)
            yield job, body


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_500_callbacks_doubled_and_shuffled_end_as_they_do_in_order(seed):
    start = ("accepted", "sending", "unknown")[seed]
    orderly, shuffled = make_jobs(180, start), make_jobs(180, start)
    reports = list(reports_of(orderly))
    assert len(reports) >= 500
    store_all(reports)
    assert process_callbacks() == len(reports)
    RawCallback.objects.all().delete()

    doubled = list(reports_of(shuffled)) * 2
    random.Random(seed).shuffle(doubled)
    store_all(doubled)
    while process_callbacks(limit=130):
        pass
    assert not RawCallback.objects.exclude(error="").exists()
    assert not RawCallback.objects.filter(processed_at=None).exists()
    assert final_rows(shuffled) == final_rows(orderly)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["30001", "14107", "30022"])
def test_too_many_messages_slow_their_destination_down_once(code):
    jobs = make_jobs(3)
    (other,) = make_jobs(1)
    for place in (jobs[0].destination, other.destination):
        Gate.objects.create(destination_id=place.id, tenant_id=place.tenant_id)
    reports = [(job, form("failed", code)) for job in jobs]
    store_all([*reports, (other, form("failed", "30008"))])

    assert process_callbacks() == 4

    slowed = Gate.objects.get(destination_id=jobs[0].destination_id)
    left = (slowed.slowed_until - timezone.now()).total_seconds()
    assert (slowed.share, 0 < left <= 10) == (0.5, True)
    assert Gate.objects.get(destination_id=other.destination_id).slowed_until is None


@pytest.mark.django_db
def test_what_was_sent_before_the_rate_was_lowered_does_not_lower_it_again():
    (job,) = make_jobs(1)
    ended = timezone.now() - timedelta(seconds=5)
    Gate.objects.create(
        destination_id=job.destination_id,
        tenant_id=job.tenant_id,
        share=0.5,
        slowed_until=ended,
    )
    Attempt.objects.update(started_at=ended - timedelta(seconds=1))
    store_all([(job, form("failed", "30001"))])
    assert process_callbacks() == 1
    gate = Gate.objects.get()
    assert (gate.share, gate.slowed_until) == (0.5, ended)
