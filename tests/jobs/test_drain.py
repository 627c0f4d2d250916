"""The drain against a real PostgreSQL and the real simulator process."""

import time
from threading import Thread

import pytest
from django.db import connection
from django.utils import timezone

from destinations.models import Destination
from leadrails.alerts.models import Alert
from leadrails.contacts.models import Suppression
from leadrails.jobs import drain as drain_module
from leadrails.jobs import queue
from leadrails.jobs.drain import STOP_GRACE
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Attempt, Job, QueueEntry
from leadrails.jobs.services import cancel_job, release_country, resume_destination
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


def job_to(phone, **fields):
    destination = fields.pop("destination", None) or make_destination(
        make_tenant(), allowed_countries=["US", "GB", "RU"], max_attempts=3
    )
    lead = make_lead(make_source(destination.tenant), phone=phone)
    return make_job(lead, destination, **fields)


def test_a_due_job_is_sent_once(drain, simulator):
    job = job_to("+12025550101")

    drain()

    job.refresh_from_db()
    assert (job.state, job.attempts, job.reason) == ("accepted", 1, "")
    assert job.message["body"] == "Hi Ann, thanks. Reply STOP to opt out."
    assert job.provider_id.startswith("SM")
    assert not QueueEntry.objects.filter(job_id=job.id).exists()
    account = simulator.account(job.tenant_id).sid
    messages = simulator.ledger(to="+12025550101", account=account)
    assert [m["sid"] for m in messages] == [job.provider_id]
    attempt = Attempt.objects.get(job_id=job.id)
    assert (attempt.outcome, attempt.http_status) == ("accepted", 201)


@pytest.mark.parametrize(
    ("fields", "state", "reason"),
    [
        ({"status": "paused"}, "held", "destination_paused"),
        ({"status": "revoked"}, "skipped", "destination_revoked"),
        ({"allowed_countries": ["GB"]}, "skipped", "country_not_allowed"),
        ({"held_countries": ["US"]}, "held", "country_not_enabled"),
        ({"hourly_ceiling": 0}, "held", "destination_ceiling"),
        ({"body_template": "{% for x in y %}{% endfor %}"}, "dead", "template_error"),
        ({"body_template": "  "}, "dead", "template_error"),
    ],
)
def test_policy_keeps_a_job_from_being_sent(drain, simulator, fields, state, reason):
    job = job_to("+12025550102", destination=make_destination(**fields))

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason, job.attempts) == (state, reason, 0)
    assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []
    assert QueueEntry.objects.filter(job_id=job.id).exists() == (state == "held")


def test_a_suppressed_person_is_not_messaged(drain):
    job = job_to("+12025550103")
    Suppression.objects.create(
        tenant=job.tenant, phone=job.recipient, reason="opted_out"
    )

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason) == ("skipped", "opted_out")


def test_wrong_credentials_pause_the_destination_behind_one_alert(drain, simulator):
    destination = make_destination(credentials={"auth_token": "0" * 32})
    jobs = [job_to("+12025550104", destination=destination) for _ in range(3)]

    drain()

    destination.refresh_from_db()
    assert (destination.status, destination.pause_reason) == ("paused", "20003")
    assert {j.state for j in Job.objects.filter(id__in=[j.id for j in jobs])} == {
        "held"
    }
    alert = Alert.objects.for_tenant(destination.tenant).get()
    assert alert.kind == "destination_config_failed"


def test_a_resumed_destination_sends_what_waited(drain):
    job = job_to("+12025550105", destination=make_destination(status="paused"))
    drain()

    assert resume_destination(job.destination, actor=None) == 1
    drain()

    job.refresh_from_db()
    assert job.state == "accepted"


def test_a_forbidden_country_waits_for_its_owner(drain, simulator):
    job = job_to("+79161234567")
    drain()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("held", "country_not_enabled")
    assert Destination.objects.get(pk=job.destination_id).held_countries == ["RU"]
    assert Alert.objects.for_tenant(job.tenant).get().kind == "country_not_enabled"

    assert release_country(job.destination, "RU", actor=None) == 1
    assert Alert.objects.for_tenant(job.tenant).open().count() == 0


def test_an_opt_out_writes_a_suppression(drain, simulator):
    job = job_to("+15005550004")

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason, job.error_code) == ("dead", "opted_out", "21610")
    assert Suppression.objects.get(tenant=job.tenant).phone == "+15005550004"


def test_an_unreachable_provider_is_tried_again_later(drain, settings):
    settings.LEADRAILS_SIMULATOR_URL = "http://127.0.0.1:9"
    job = job_to("+12025550106")

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason, job.attempts) == ("retrying", "not_reached", 1)
    entry = QueueEntry.objects.get(job_id=job.id)
    assert entry.lease_until is None
    assert abs((entry.due_at - job.due_at).total_seconds()) < 1


def test_a_lost_answer_is_found_and_never_sent_again(drain, simulator):
    job = job_to("+12025550107")
    account = simulator.account(job.tenant_id).sid
    simulator.faults(probabilities={"answer_lost": 1})
    try:
        drain()
    finally:
        simulator.clear_faults()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("unknown", "outcome_unknown")

    make_due(job)
    drain()

    job.refresh_from_db()
    assert job.state in ("accepted", "sent", "delivered")
    [message] = simulator.ledger(account=account)
    assert (message["sid"], job.attempts) == (job.provider_id, 1)


def test_a_message_that_was_never_taken_is_sent_after_two_looks(drain, simulator):
    job = job_to("+12025550108")
    account = simulator.account(job.tenant_id).sid
    simulator.faults(probabilities={"reset": 1})
    try:
        drain()
    finally:
        simulator.clear_faults()
    states = []
    for _ in range(3):
        make_due(job)
        drain()
        job.refresh_from_db()
        states.append(job.state)

    assert states[0] == "unknown"
    assert states[-1] == "accepted"
    assert job.attempts == 2
    assert len(simulator.ledger(account=account)) == 1


def test_the_jobs_of_a_dead_worker_are_taken_over(drain):
    worker = "00000000-0000-0000-0000-000000000001"
    untouched, doubtful = job_to("+12025550109"), job_to("+12025550110")
    Job.objects.filter(pk=doubtful.pk).update(state="sending", attempts=1)
    Attempt.objects.create(
        job_id=doubtful.id,
        number=1,
        tenant_id=doubtful.tenant_id,
        destination_id=doubtful.destination_id,
        started_at=doubtful.created_at,
    )
    QueueEntry.objects.update(lease_until=doubtful.created_at, worker=worker)

    assert queue.reap() == (2, 1, 0)

    untouched.refresh_from_db()
    doubtful.refresh_from_db()
    assert (untouched.state, doubtful.state) == ("queued", "unknown")
    assert doubtful.reason == "worker_lost"


def test_a_drain_takes_over_from_the_dead_without_beat(drain, monkeypatch):
    monkeypatch.setattr(drain_module, "HEARTBEAT_EVERY", 0.05)
    job = job_to("+12025550113")
    dead = "00000000-0000-0000-0000-000000000001"
    QueueEntry.objects.update(lease_until=job.created_at, worker=dead)

    loop = SenderLoop(linger=1)
    loop.run()
    loop.close()

    job.refresh_from_db()
    assert job.state == "accepted"


def test_claims_are_fair_between_tenants():
    busy, quiet = make_destination(), make_destination()
    for _ in range(30):
        job_to("+12025550111", destination=busy)
    job_to("+12025550112", destination=quiet)

    claimed = queue.claim(10, "00000000-0000-0000-0000-000000000002")

    served = [job.destination_id for job in claimed.jobs]
    assert quiet.id in served
    assert served.count(busy.id) >= 5


def test_two_claims_never_overlap():
    destination = make_destination()
    for _ in range(20):
        job_to("+12025550113", destination=destination)
    first = queue.claim(10, "00000000-0000-0000-0000-000000000003")
    second = queue.claim(20, "00000000-0000-0000-0000-000000000004")

    assert not {j.id for j in first.jobs} & {j.id for j in second.jobs}
    assert len(first.jobs) + len(second.jobs) == 20


def test_a_waiting_job_can_be_canceled_and_is_not_sent(drain, simulator):
    job = job_to("+12025550114")

    assert cancel_job(job, actor=None)
    drain()

    job.refresh_from_db()
    assert (job.state, job.attempts) == ("canceled", 0)
    assert not cancel_job(job, actor=None)


def test_a_job_that_cannot_be_understood_does_not_stop_the_others(drain):
    broken = job_to("+12025550101", message={})
    others = [job_to("+12025550102"), job_to("+12025550103")]

    drain()

    broken.refresh_from_db()
    assert (broken.state, broken.reason) == ("dead", "template_error")
    assert broken.attempts == 0
    assert Alert.objects.filter(kind="dead_letters", job_id=broken.id).exists()
    for job in others:
        job.refresh_from_db()
        assert job.state == "accepted"


def test_credentials_that_cannot_be_read_pause_their_destination(drain, simulator):
    job = job_to("+12025550101")
    mine = Destination.objects.filter(pk=job.destination_id)
    sealed = bytes(mine.get().credentials)
    mine.update(credentials=b"sealed by another key")

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason) == ("held", "destination_paused")
    assert mine.get().status == "paused"
    assert Alert.objects.filter(kind="destination_config_failed").exists()
    mine.update(credentials=sealed)
    resume_destination(mine.get(), actor=None)
    drain()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("accepted", 2)


def test_a_job_in_doubt_waits_while_credentials_cannot_be_read(drain):
    job = job_to("+12025550168")
    drain()
    mine = Destination.objects.filter(pk=job.destination_id)
    sealed = bytes(mine.get().credentials)
    mine.update(credentials=b"sealed by another key", updated_at=timezone.now())
    make_due(job)

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason) == ("unknown", "outcome_unknown")
    assert QueueEntry.objects.get(job_id=job.id).lease_until is None
    mine.update(credentials=sealed, updated_at=timezone.now())
    make_due(job)
    drain()
    job.refresh_from_db()
    assert job.state in ("accepted", "sent", "delivered")


def make_due(job):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE jobs_queueentry SET due_at = now() WHERE job_id = %s", [job.id]
        )


def test_a_drain_that_is_stopped_cuts_off_calls_that_hang(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = ""
    loop = SenderLoop()
    job = job_to("+12025550169")
    running = Thread(target=loop.run)
    running.start()
    account = simulator.account(job.tenant_id).sid
    simulator.wait(account=account)

    began = time.monotonic()
    loop.stop()
    running.join(30)
    loop.close()

    assert not running.is_alive()
    assert time.monotonic() - began < STOP_GRACE + 2
    job.refresh_from_db()
    assert (job.state, job.reason) == ("unknown", "outcome_unknown")
    attempt = Attempt.objects.get(job_id=job.id)
    assert (attempt.outcome, attempt.finished_at is None) == ("unknown", False)


def test_nothing_is_sent_once_the_lease_may_be_over(drain, simulator, settings):
    settings.LEADRAILS_LEASE_SECONDS = 0
    job = job_to("+12025550115")

    drain()

    job.refresh_from_db()
    assert (job.state, job.reason, job.attempts) == ("retrying", "not_reached", 1)
    assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []


def test_a_look_that_found_no_provider_does_not_count(drain, simulator, settings):
    job = job_to("+12025550117")
    account = simulator.account(job.tenant_id).sid
    simulator.faults(probabilities={"reset": 1})
    drain()
    simulator.clear_faults()
    looks = []
    for url in ("http://127.0.0.1:9", simulator.url):
        settings.LEADRAILS_SIMULATOR_URL = url
        make_due(job)
        drain()
        looks.append(Attempt.objects.get(job_id=job.id).response["looks"])

    assert looks == [0, 1]
    job.refresh_from_db()
    assert job.state == "unknown"
    assert simulator.ledger(account=account) == []


def test_a_frozen_process_holds_its_locks_no_longer_than_a_lease(settings):
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == (f"{settings.LEADRAILS_LEASE_SECONDS}s",)
