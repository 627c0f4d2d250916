import io
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leadrails import integrity, partitions, retention
from leadrails.core import ids
from leadrails.jobs import tallies
from leadrails.jobs.models import Attempt, DeliveryEvent, Job, QueueEntry
from leadrails.jobs.services import replay_job
from leadrails.leads.models import Lead
from leadrails.retention import CALLBACKS, LEADS
from tests.make import make_destination, make_job, make_lead, make_source
from webhooks.models import RawCallback

MARCH = datetime(2024, 3, 1, tzinfo=UTC)
APRIL = datetime(2024, 4, 1, tzinfo=UTC)
MAY = datetime(2024, 5, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 15, tzinfo=UTC)


def id_at(at: datetime) -> UUID:
    return ids.uuid7_beside(ids.uuid7_floor(at))


@pytest.fixture
def source(db):
    partitions.ensure(now=MARCH, ahead=1)
    return make_source()


def make_old_job(source, at=MARCH + timedelta(days=3), state="delivered", **fields):
    """A job with a lead, an attempt, a report and a callback of that time."""
    lead = make_lead(source, id=id_at(at), received_at=at, job_count=1)
    destination = make_destination(source.tenant)
    job = make_job(lead, destination, state=state, created_at=at, **fields)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant_id=job.tenant_id,
        destination_id=destination.id,
        started_at=at,
    )
    DeliveryEvent.objects.create(
        job_id=job.id,
        provider_id="SM1",
        status="delivered",
        error="",
        tenant_id=job.tenant_id,
        attempt=1,
        received_at=at,
    )
    make_callback(job, at, processed_at=at)
    return job


def make_callback(job, at, **fields):
    return RawCallback.objects.create(
        id=id_at(at),
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        attempt=1,
        kind="status",
        url="/",
        body=b"",
        is_signed=True,
        received_at=at,
        **fields,
    )


def counts():
    models = (Lead, Job, Attempt, DeliveryEvent, RawCallback)
    return [model.objects.count() for model in models]


def kept(months):
    return [line for month in months for line in month.kept_by]


def test_a_month_goes_with_all_that_lies_in_it(source):
    make_old_job(source)
    newer = make_old_job(source, APRIL)
    months = retention.drop(LEADS, before=APRIL) + retention.drop(
        CALLBACKS, before=APRIL
    )
    assert [str(month) for month in months] == [
        "leads and jobs, 2024-03",
        "raw callbacks, 2024-03",
    ]
    assert kept(months) == []
    assert counts() == [1, 1, 1, 1, 1]
    assert Job.objects.get() == newer
    assert not any(
        partitions.exists(f"{parent}_y2024m03") for parent in partitions.PARENTS
    )
    assert retention.drop(LEADS, before=APRIL) == []


@pytest.mark.parametrize("state", ["queued", "held", "sending", "retrying", "unknown"])
def test_a_month_with_an_unsettled_job_stays_and_says_which(source, state):
    job = make_old_job(source, state=state, reason="destination_paused")
    settled = make_old_job(source)
    months = retention.drop(LEADS, before=APRIL)
    assert kept(months) == [f"{job.public_id} ({state})"]
    assert set(Job.objects.all()) == {job, settled}


def test_an_open_job_keeps_its_month_even_without_a_queue_entry(source):
    job = make_old_job(source, state="unknown")
    QueueEntry.objects.all().delete()
    assert kept(retention.drop(LEADS, before=APRIL)) == [f"{job.public_id} (unknown)"]


def test_a_replay_of_an_old_job_keeps_its_month_until_it_is_over(source):
    replay = replay_job(
        make_old_job(source, state="dead", reason="expired"), actor=None
    )
    assert kept(retention.drop(LEADS, before=APRIL)) == [f"{replay.public_id} (queued)"]
    QueueEntry.objects.all().delete()
    just_now = timezone.now()
    Job.objects.filter(pk=replay.pk).update(state="accepted", accepted_at=just_now)
    months = retention.drop(LEADS, before=APRIL)
    assert kept(months) == [f"{replay.public_id} (accepted)"]
    long_ago = just_now - timedelta(days=4)
    Job.objects.filter(pk=replay.pk).update(accepted_at=long_ago)
    assert kept(retention.drop(LEADS, before=APRIL)) == []
    assert Job.objects.count() == 0


def test_what_was_added_after_the_first_look_is_seen_under_the_lock(
    source, monkeypatch
):
    """The first look reads the whole month, so it cannot hold the locks."""
    job = make_old_job(source, state="dead", reason="expired")
    monkeypatch.setattr(
        retention,
        "crash_here",
        lambda name: name == "drop_before_locks" and replay_job(job, actor=None),
    )
    (month,) = retention.drop(LEADS, before=APRIL)
    assert len(month.kept_by) == 1
    assert Job.objects.count() == 2


def test_many_that_keep_a_month_are_not_all_named(source):
    for _ in range(7):
        make_old_job(source, state="held", reason="destination_paused")
    found = kept(retention.drop(LEADS, before=APRIL))
    assert len(found) == 6
    assert found[-1] == "and more"


def test_an_unread_callback_keeps_its_month(source):
    job = make_old_job(source)
    callback = make_callback(job, MARCH)
    months = retention.drop(CALLBACKS, before=APRIL)
    assert kept(months) == [f"{callback.public_id} (unread)"]
    RawCallback.objects.update(processed_at=NOW)
    assert kept(retention.drop(CALLBACKS, before=APRIL)) == []
    assert RawCallback.objects.count() == 0


def test_rows_of_a_wrong_clock_go_too_when_they_are_old_enough(source):
    make_old_job(source, datetime(1999, 1, 1, tzinfo=UTC))
    future = make_lead(source, id=id_at(datetime(2099, 1, 1, tzinfo=UTC)))
    months = retention.drop(LEADS, before=APRIL)
    assert str(months[-1]) == "leads and jobs, rows of a wrong clock"
    assert counts()[:4] == [1, 0, 0, 0]
    assert Lead.objects.get() == future


def test_counts_of_a_month_go_with_it(source):
    make_old_job(source)
    newer = make_old_job(source, APRIL)
    retention.drop(LEADS, before=APRIL)
    found = tallies.read(source.tenant_id, "delivered", tallies.LEAD)
    assert {count.hour for count in found} == {ids.hour_of(newer.id)}


def test_a_rehearsal_changes_nothing(source):
    make_old_job(source)
    (month,) = retention.drop(LEADS, before=APRIL, is_rehearsal=True)
    assert kept([month]) == []
    assert counts() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("point", "passes"),
    [
        ("drop_before_locks", 1),
        *(("drop_after_table", passes) for passes in (1, 2, 3, 4)),
        ("drop_before_commit", 1),
        ("drop_after_commit", 1),
    ],
)
def test_a_drop_that_is_cut_short_leaves_all_or_nothing(
    source, monkeypatch, point, passes
):
    class Killed(BaseException):
        pass

    left = [passes]

    def crash(name):
        left[0] -= name == point
        if left[0] == 0:
            raise Killed

    make_old_job(source)
    monkeypatch.setattr(retention, "crash_here", crash)
    with pytest.raises(Killed):
        retention.drop(LEADS, before=APRIL)
    rest = 0 if point == "drop_after_commit" else 1
    assert counts()[:4] == [rest] * 4
    monkeypatch.setattr(retention, "crash_here", lambda name: None)
    retention.drop(LEADS, before=APRIL)
    assert counts()[:4] == [0] * 4


def test_settings_say_what_is_kept(source, settings):
    settings.LEADRAILS_KEEP_MONTHS = 3
    settings.LEADRAILS_KEEP_CALLBACK_MONTHS = 1
    assert retention.bounds(now=NOW) == [(LEADS, MARCH), (CALLBACKS, MAY)]
    settings.LEADRAILS_KEEP_CALLBACK_MONTHS = 0
    assert retention.bounds(now=NOW) == [(LEADS, MARCH), (CALLBACKS, MARCH)]
    settings.LEADRAILS_KEEP_MONTHS = 0
    assert retention.bounds(now=NOW) == []


def test_a_year_of_months_is_counted_over_new_year():
    assert retention.cutoff(now=NOW, keep=6) == datetime(2023, 12, 1, tzinfo=UTC)
    assert retention.cutoff(now=NOW, keep=0) == datetime(2024, 6, 1, tzinfo=UTC)


def test_beat_drops_what_is_too_old(source, settings):
    settings.LEADRAILS_KEEP_MONTHS, settings.LEADRAILS_KEEP_CALLBACK_MONTHS = 3, 1
    make_old_job(source)
    newer = make_old_job(source, APRIL)
    retention.drop_old(now=datetime(2024, 7, 15, tzinfo=UTC))
    assert counts() == [1, 1, 1, 1, 0]
    assert Job.objects.get() == newer


def run_command(*arguments):
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("drop_partitions", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return out.getvalue(), err.getvalue() + str(error)
    return out.getvalue(), err.getvalue()


def test_the_command_tells_what_it_drops_and_what_stays(source):
    job = make_old_job(source, state="held", reason="destination_paused")
    make_old_job(source, APRIL)
    out, _ = run_command("--before", "2024-05", "--dry-run")
    assert "Would drop leads and jobs, 2024-04." in out
    assert Job.objects.count() == 2
    out, err = run_command("--before", "2024-05")
    assert "Dropped leads and jobs, 2024-04." in out
    assert f"Kept leads and jobs, 2024-03: {job.public_id} (held)." in err
    assert "1 month(s) stay" in err
    assert Job.objects.get() == job


def test_the_command_keeps_the_present_month(source):
    _, err = run_command("--before", "2999-01")
    assert "is not over" in err
    _, err = run_command("--before", "2024-13")
    assert "write a month like 2026-05" in err


@pytest.mark.django_db(transaction=True)
def test_checks_find_what_lost_its_place():
    def found():
        return {f.what: f.count for f in integrity.check() if f.count}

    partitions.ensure(now=MARCH, ahead=1)
    source = make_source()
    job = make_old_job(source, timezone.now())
    assert found() == {}
    Job.objects.all().delete()
    assert found() == {
        "leads that lost their jobs": 1,
        "attempts without their job": 1,
        "provider's reports without their job": 1,
    }
    Lead.objects.all().delete()
    make_job(make_lead(source), state="queued")
    QueueEntry.objects.update(job_id=job.id)
    Lead.objects.all().delete()
    make_lead(source, id=id_at(datetime(1999, 1, 1, tzinfo=UTC)))
    assert found() == {
        "attempts without their job": 1,
        "provider's reports without their job": 1,
        "jobs without their lead": 1,
        "open jobs without a queue entry": 1,
        "queue entries without an open job": 1,
        "rows of a wrong clock in leads_lead": 1,
        "counts that differ from the rows": 1,
    }
    with pytest.raises(CommandError, match="7 check"):
        call_command("check_data", stdout=io.StringIO())
    with connection.cursor() as cursor:
        for parent in partitions.PARENTS:
            cursor.execute(f"DROP TABLE {parent}_y2024m03, {parent}_y2024m04")
