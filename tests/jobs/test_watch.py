"""Each alert of the watch: the real condition opens it, and its end closes it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from destinations.services import revoke_destination
from leadrails.alerts.models import Alert
from leadrails.core import ids
from leadrails.jobs import gates, watch
from leadrails.jobs.answers import Answer
from leadrails.jobs.models import Attempt, Gate, Job, QueueEntry
from leadrails.jobs.services import cancel_job, replay_job, resume_destination
from tests.jobs.test_drain import job_to
from tests.jobs.test_gates import answered, claim, jobs_for
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def destination():
    return make_destination(max_attempts=3)


def look(age=timedelta(minutes=1)):
    """Let the watch see what happened, `age` ago as far as alerts know."""
    Alert.objects.update(last_at=timezone.now() - age)
    watch.watch()


def is_open(kind, **fields):
    return Alert.objects.open().filter(kind=kind, **fields).exists()


US = [202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219]


def send(drain, destination, ending, count, *, skip=0):
    """Messages to `count` people, of whom the simulator makes what `ending` says."""
    source = make_source(destination.tenant)
    jobs = [
        make_job(make_lead(source, phone=f"+1{area}55501{ending}"), destination)
        for area in US[skip : skip + count]
    ]
    drain()
    return jobs


# Failure rate --------------------------------------------------------------------


def test_many_refused_numbers_open_the_failure_rate_and_good_ones_close_it(
    drain, destination
):
    send(drain, destination, "58", 9)
    look()
    assert not is_open("failure_rate"), "nine may be an accident"

    send(drain, destination, "58", 1, skip=9)
    look()
    alert = Alert.objects.get(kind="failure_rate")
    assert (alert.cause, alert.failures) == ("21211", 10)
    assert alert.details == {"failed": 10, "of": 10}
    assert alert.destination_id == destination.id
    assert Job.objects.get(pk=alert.job_id).error_code == "21211"

    make_delivered(destination, 41)
    look()
    assert is_open("failure_rate"), "a fifth opens it, a tenth keeps it open"

    make_delivered(destination, 50)
    look()
    alert.refresh_from_db()
    assert alert.resolved_at is not None
    assert alert.resolved_by is None


def make_delivered(destination, count):
    source = make_source(destination.tenant)
    for _ in range(count):
        make_job(make_lead(source), destination, state="delivered")


def test_what_was_just_accepted_does_not_dilute_failures(drain, destination):
    send(drain, destination, "58", 10)
    source = make_source(destination.tenant)
    fresh = [
        make_job(
            make_lead(source), destination, state="accepted", accepted_at=timezone.now()
        )
        for _ in range(60)
    ]
    look()
    assert is_open("failure_rate")

    old = timezone.now() - timedelta(minutes=6)
    Job.objects.filter(pk__in=[job.pk for job in fresh[:50]]).update(accepted_at=old)
    Job.objects.filter(pk__in=[job.pk for job in fresh]).update(accepted_at=old)
    make_delivered(destination, 40)
    look()
    assert not is_open("failure_rate")


@pytest.mark.parametrize(
    "reason", ["carrier_filtered", "opted_out", "expired", "replaced"]
)
def test_what_has_its_own_alert_is_no_part_of_the_failure_rate(destination, reason):
    source = make_source(destination.tenant)
    for _ in range(20):
        make_job(make_lead(source), destination, state="dead", reason=reason)
    look()
    assert not is_open("failure_rate")


def test_failures_of_test_events_and_of_long_ago_do_not_count(destination):
    source = make_source(destination.tenant)
    for _ in range(20):
        failed = {"state": "undelivered", "reason": "not_delivered"}
        make_job(make_lead(source), destination, is_test=True, **failed)
        old = make_lead(source, id=ids.uuid7_floor(timezone.now() - timedelta(hours=2)))
        make_job(old, destination, **failed)
        old.delete()
    look()
    assert not is_open("failure_rate")


def test_one_destinations_failures_are_not_anothers(drain, destination):
    other = make_destination(destination.tenant)
    send(drain, destination, "58", 10)
    make_delivered(other, 10)
    look()
    assert is_open("failure_rate", destination_id=destination.id)
    assert not is_open("failure_rate", destination_id=other.id)


def test_an_alert_that_comes_back_remembers(drain, destination):
    send(drain, destination, "58", 10)
    look()
    Job.objects.update(state="delivered", reason="")
    look()
    assert not is_open("failure_rate")

    Job.objects.update(state="undelivered", reason="not_delivered")
    look()
    alert = Alert.objects.get(kind="failure_rate")
    assert (alert.times_opened, alert.failures) == (2, 20)


def test_looking_again_counts_nothing_twice(drain, destination):
    send(drain, destination, "58", 10)
    for _ in range(3):
        look()
    alert = Alert.objects.get(kind="failure_rate")
    assert (alert.failures, alert.times_opened) == (10, 1)


# Filtered ------------------------------------------------------------------------


def test_filtered_messages_close_their_alert_when_others_pass(destination):
    source = make_source(destination.tenant)
    filtered = {"state": "undelivered", "reason": "carrier_filtered"}
    jobs = [make_job(make_lead(source), destination, **filtered) for _ in range(5)]
    note_filtered(jobs[-1])
    look()
    assert is_open("destination_config_failed", cause="carrier_filtered")

    make_delivered(destination, 96)
    look()
    assert is_open("destination_config_failed"), "it has never delivered"

    type(destination).objects.update(delivered_once=True)
    look()
    assert not is_open("destination_config_failed")


def note_filtered(job):
    from leadrails.jobs.effects import note_filtered

    since = ids.uuid7_floor(timezone.now() - timedelta(hours=1))
    Job.objects.update(accepted_at=timezone.now())
    note_filtered(
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        since=since,
    )


def test_filtered_messages_do_not_hide_behind_a_refused_account(drain, destination):
    refuse(destination)
    send(drain, destination, "01", 1)
    source = make_source(destination.tenant)
    filtered = {"state": "undelivered", "reason": "carrier_filtered"}
    note_filtered(make_job(make_lead(source), destination, **filtered))
    assert Alert.objects.filter(kind="destination_config_failed").count() == 2


# Queue age -----------------------------------------------------------------------


def wait(destination, age):
    past = timezone.now() - age
    jobs = QueueEntry.objects.filter(destination_id=destination.id)
    jobs.update(due_at=past)


def test_a_message_that_waits_too_long_opens_an_alert_until_the_queue_moves(
    drain, destination
):
    job = job_to("+12025550101", destination=destination)
    look()
    assert not is_open("queue_age")

    wait(destination, timedelta(minutes=6))
    look()
    alert = Alert.objects.get(kind="queue_age")
    assert (alert.cause, alert.details) == ("nobody_sends", {"minutes": 6})
    assert (alert.job_id, alert.failures) == (job.id, 1)

    wait(destination, timedelta(minutes=3))
    look()
    assert is_open("queue_age"), "half the objective closes it"

    drain()
    look()
    assert not is_open("queue_age")


def test_the_objective_is_the_destinations_own(destination):
    job_to("+12025550101", destination=destination)
    wait(destination, timedelta(minutes=6))
    type(destination).objects.update(queue_objective=timedelta(minutes=10))
    look()
    assert not is_open("queue_age")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"openings": 1, "open_until": timedelta(seconds=9)}, "circuit_open"),
        ({"slowed_until": timedelta(seconds=9)}, "rate_limited"),
        ({"free_at": timedelta(seconds=9)}, "rate_is_low"),
        ({}, "nobody_sends"),
    ],
)
def test_the_card_names_what_holds_messages_up(destination, fields, cause):
    job_to("+12025550101", destination=destination)
    wait(destination, timedelta(minutes=6))
    now = timezone.now()
    times = {k: now + v if isinstance(v, timedelta) else v for k, v in fields.items()}
    Gate.objects.create(
        destination_id=destination.id, tenant_id=destination.tenant_id, **times
    )
    look()
    assert Alert.objects.get(kind="queue_age").cause == cause


def test_time_behind_a_ceiling_counts(drain, destination):
    type(destination).objects.update(hourly_ceiling=1)
    send(drain, destination, "01", 2)
    held = Job.objects.get(state="held")
    look()
    assert not is_open("queue_age")

    old = timezone.now() - timedelta(minutes=6)
    Job.objects.filter(pk=held.pk).update(changed_at=old)
    look()
    assert Alert.objects.get(kind="queue_age").cause == "destination_ceiling"

    assert cancel_job(held, actor=None)
    look()
    assert not is_open("queue_age")
    assert not is_open("ceiling_reached")


def test_time_between_tries_counts(drain, destination):
    (job,) = send(drain, destination, "80", 1)
    job.refresh_from_db()
    assert job.state == "retrying"
    old = timezone.now() - timedelta(minutes=6)
    Attempt.objects.filter(job_id=job.id).update(started_at=old)
    Gate.objects.all().delete()
    look()
    assert Alert.objects.get(kind="queue_age").cause == "rate_limited"


@pytest.mark.parametrize("status", ["paused", "revoked"])
def test_what_waits_for_a_person_is_not_late(destination, status):
    job_to("+12025550101", destination=destination)
    wait(destination, timedelta(hours=1))
    type(destination).objects.update(status=status)
    look()
    assert not is_open("queue_age")


def test_replays_wait_on_purpose(destination):
    job_to("+12025550101", destination=destination)
    wait(destination, timedelta(hours=1))
    QueueEntry.objects.update(is_bulk=True)
    look()
    assert not is_open("queue_age")


# Provider outage -----------------------------------------------------------------


def shut(*destinations):
    """Five calls of each have no answer; the first of them may be a probe."""
    for destination in destinations:
        jobs_for(destination, 5)
    leased = [job for _ in destinations for job in claim(50).jobs]
    gates.note([answered(job, Answer.NONE) for job in leased])


def test_two_silent_destinations_are_an_outage_of_their_provider():
    one, two = make_destination(), make_destination()
    shut(one)
    look()
    assert not is_open("provider_outage"), "one may be back at the next call"

    shut(two)
    look()
    alerts = Alert.objects.open().filter(kind="provider_outage")
    tenants = set(alerts.values_list("tenant_id", "scope"))
    scope = "provider:twilio_sms:simulated"
    assert tenants == {(one.tenant_id, scope), (two.tenant_id, scope)}
    assert {alert.destination_id for alert in alerts} == {None}

    gates.note([answered(job, Answer.GIVEN) for job in revived(one, two)])
    look()
    assert not is_open("provider_outage")
    assert not is_open("circuit_open")


def revived(*destinations):
    for destination in destinations:
        jobs_for(destination, 1)
    Gate.objects.update(open_until=timezone.now(), free_at=None)
    jobs = [job for _ in destinations for job in claim(50).jobs]
    assert {job.destination_id for job in jobs} == {d.id for d in destinations}
    return jobs


def test_the_only_destination_is_an_outage_when_its_probe_fails_too():
    only = make_destination()
    shut(only)
    gates.note([answered(job, Answer.NONE) for job in revived(only)])
    look()
    assert is_open("provider_outage", tenant_id=only.tenant_id)

    Gate.objects.update(open_until=timezone.now() - timedelta(minutes=16))
    look()
    assert not is_open("provider_outage"), "nobody has asked for long"


def test_a_provider_that_answers_most_is_not_down():
    places = [make_destination() for _ in range(5)]
    shut(*places[:2])
    for place in places[2:]:
        jobs_for(place, 1)
    gates.note([answered(job, Answer.GIVEN) for job in claim(50).jobs])
    look()
    assert not is_open("provider_outage")


# Rows outside every month --------------------------------------------------------


def test_a_row_from_a_wrong_clock_opens_an_alert_until_it_is_gone():
    tenant = make_tenant()
    source = make_source(tenant)
    long_ago = ids.uuid7_floor(timezone.now() - timedelta(days=900))
    lead = make_lead(source, id=long_ago)
    make_lead(make_source())
    look()
    alert = Alert.objects.get(kind="stray_rows")
    assert (alert.tenant_id, alert.scope) == (tenant.id, "table:leads_lead")
    assert alert.details == {"rows": 1}

    lead.delete()
    look()
    assert not is_open("stray_rows")


# What jobs open ------------------------------------------------------------------


def test_dead_letters_close_when_each_is_replayed_with_success(drain, destination):
    jobs = [job_to("+12025550101", destination=destination) for _ in range(2)]
    Job.objects.update(expires_at=timezone.now())
    drain()
    look()
    assert Alert.objects.get(kind="dead_letters").failures == 2

    replay_job(jobs[0], actor=None)
    look()
    assert is_open("dead_letters")

    replay = replay_job(jobs[1], actor=None)
    Job.objects.filter(pk=replay.pk).update(expires_at=timezone.now())
    drain()
    look()
    assert is_open("dead_letters"), "its replay is a dead letter itself"

    replay.refresh_from_db()
    replay_job(replay, actor=None)
    drain()
    look()
    assert not is_open("dead_letters")


def test_dead_letters_are_forgotten_after_a_week(drain, destination):
    job_to("+12025550101", destination=destination)
    Job.objects.update(expires_at=timezone.now())
    drain()
    Job.objects.update(changed_at=timezone.now() - timedelta(days=8))
    look()
    assert not is_open("dead_letters")


def test_a_failure_of_this_moment_keeps_its_alert_open(drain, destination):
    """It may be newer than what the watch sees."""
    job_to("+12025550101", destination=destination)
    Job.objects.update(expires_at=timezone.now())
    drain()
    Job.objects.update(state="delivered", reason="")
    watch.watch()
    assert is_open("dead_letters")
    look()
    assert not is_open("dead_letters")


def test_unknown_outcomes_close_when_none_is_left(destination):
    from leadrails.jobs.doubts import undecided
    from leadrails.jobs.effects import apply_effects

    job = job_to("+12025550101", destination=destination, state="unknown")
    (due,) = claim(1).jobs
    apply_effects(
        undecided(due, delay=None).effects,
        tenant_id=job.tenant_id,
        destination_id=destination.id,
        job_id=job.id,
        recipient=job.recipient,
    )
    look()
    assert is_open("outcome_unknown")

    Job.objects.update(state="delivered")
    look()
    assert not is_open("outcome_unknown")


def test_a_sources_ceiling_closes_when_nothing_waits_for_it(drain, destination):
    source = make_source(destination.tenant, hourly_ceiling=1)
    for _ in range(2):
        make_job(make_lead(source), destination)
    drain()
    look()
    assert is_open("source_ceiling", source_id=source.id)

    type(source).objects.update(hourly_ceiling=None)
    QueueEntry.objects.update(due_at=timezone.now())
    drain()
    look()
    assert not is_open("source_ceiling")


@pytest.mark.parametrize("kind", ["ceiling_reached", "recipient_ceiling"])
def test_a_ceiling_closes_when_nothing_waits_for_it(drain, destination, kind):
    limit = {"ceiling_reached": "hourly_ceiling"}.get(kind, "daily_per_recipient")
    type(destination).objects.update(**{limit: 1})
    for _ in range(2):
        job_to("+12025550101", destination=destination)
    drain()
    look()
    assert is_open(kind)

    type(destination).objects.update(**{limit: 5})
    QueueEntry.objects.update(due_at=timezone.now())
    drain()
    look()
    assert not is_open(kind)


def refuse(destination):
    """Take the right token away."""
    from destinations.credentials import seal_credentials

    sealed = seal_credentials(destination, {"auth_token": "0" * 32})
    type(destination).objects.filter(pk=destination.pk).update(credentials=sealed)


def test_a_refused_account_closes_with_resume(drain, destination):
    good = destination.credentials
    refuse(destination)
    send(drain, destination, "01", 1)
    look()
    assert is_open("destination_config_failed")

    type(destination).objects.update(credentials=good)
    destination.refresh_from_db()
    resume_destination(destination, actor=None)
    assert not is_open("destination_config_failed")


def test_a_late_refusal_of_a_mended_account_closes_when_it_sends(drain, destination):
    refuse(destination)
    send(drain, destination, "01", 1)
    type(destination).objects.update(status="active")
    look()
    assert is_open("destination_config_failed"), "nothing was accepted since"

    source = make_source(destination.tenant)
    fields = {"state": "accepted", "accepted_at": timezone.now()}
    make_job(make_lead(source), destination, **fields)
    look()
    assert not is_open("destination_config_failed")


def test_a_country_closes_when_it_is_held_no_longer(drain):
    job = job_to("+12025550160")
    drain()
    look()
    alert = Alert.objects.get(kind="country_not_enabled")
    assert alert.scope.endswith(":US")
    assert alert.resolved_at is None

    type(job.destination).objects.update(held_countries=[])
    look()
    assert not is_open("country_not_enabled")


def test_the_alerts_of_a_deleted_destination_close(drain, destination):
    send(drain, destination, "58", 10)
    look()
    assert is_open("failure_rate")
    revoke_destination(destination, actor=None)
    look()
    assert not Alert.objects.open().exists()


def test_a_check_that_fails_does_not_stop_the_others(destination, monkeypatch, caplog):
    monkeypatch.setattr(watch.sql, "STRAY", "SELECT nonsense")
    job_to("+12025550101", destination=destination)
    Alert.objects.create(
        tenant=destination.tenant,
        kind="dead_letters",
        destination_id=destination.id,
        opened_at=timezone.now(),
        last_at=timezone.now(),
    )
    look()
    assert not is_open("dead_letters")
    assert "a check of the watch failed" in caplog.text


def test_only_one_watch_at_a_time_keeps_a_kind(drain, destination):
    import threading

    send(drain, destination, "58", 10)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext('alert watch failure_rate'))")

        def other():
            watch.watch()
            connection.close()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert not is_open("failure_rate")
        cursor.execute("SELECT pg_advisory_unlock_all()")
    look()
    assert is_open("failure_rate")
