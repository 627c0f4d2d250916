"""A restored backup sends nothing by itself."""

from datetime import timedelta

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.jobs import lineage, lineage_sql, queue
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Attempt, Job, Lineage, QueueEntry
from leadrails.jobs.prepare import prepare
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = "00000000-0000-0000-0000-000000000001"


def make_waiting(state="queued", phone="+12025550101", **fields):
    destination = make_destination(make_tenant())
    lead = make_lead(make_source(destination.tenant), phone=phone)
    return make_job(lead, destination, state=state, **fields)


def execute(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def go_back(beats=1):
    """What a restore in place does: the row is as it was, the witness is not."""
    execute("UPDATE jobs_lineage SET beats = beats - %s", beats)


def live_for(beats=3):
    for _ in range(beats):
        lineage.beat()


def state_of(job):
    job.refresh_from_db()
    return job.state, job.reason


def test_a_new_installation_and_a_running_one_hold_nothing(drain):
    assert not Lineage.objects.exists()
    job = make_waiting()

    drain()
    live_for(3)

    assert state_of(job) == ("accepted", "")
    assert Lineage.objects.get().beats == 3
    assert not Alert.objects.exists()


def test_a_database_that_went_back_in_time_sends_nothing(drain, simulator):
    live_for(3)
    jobs = [make_waiting(), make_waiting("retrying", reason="not_reached", attempts=0)]
    go_back()

    drain()

    for job in jobs:
        assert state_of(job) == ("held", "restored_backup")
        assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []
        alert = Alert.objects.for_tenant(job.tenant).get()
        assert (alert.kind, alert.failures) == ("restored_backup", 1)
        entry = QueueEntry.objects.get(job_id=job.id)
        assert entry.due_at > timezone.now() + timedelta(days=6)


def test_what_is_made_after_the_restore_is_sent(drain):
    live_for(3)
    old = make_waiting()
    later = timezone.now() + lineage.MARGIN + timedelta(minutes=1)
    new = make_waiting(created_at=later, phone="+12025550102")
    go_back()

    drain()

    assert state_of(old) == ("held", "restored_backup")
    assert state_of(new) == ("accepted", "")


def test_what_the_witness_saw_bounds_what_may_be_old(drain):
    """The database's last beat was long ago; it was used for long after that."""
    live_for(3)
    lineage._remember(Lineage.objects.get().id, 99, timezone.now())
    execute("UPDATE jobs_lineage SET beat_at = now() - interval '3 days'")
    job = make_waiting(created_at=timezone.now() - timedelta(hours=1))

    drain()

    assert state_of(job) == ("held", "restored_backup")


def test_a_restore_is_noticed_once(drain):
    live_for(3)
    first = make_waiting()
    go_back()
    assert lineage.check() == 1
    second = make_waiting(phone="+12025550102")

    live_for(2)
    drain()

    assert lineage.check() == 0
    assert state_of(first) == ("held", "restored_backup")
    assert state_of(second) == ("accepted", "")


@pytest.mark.parametrize("url", ["flushed", "redis://127.0.0.1:9/0"])
def test_a_witness_that_forgot_or_is_away_proves_nothing(drain, settings, url):
    live_for(3)
    job = make_waiting()
    if url == "flushed":
        key = lineage._key(Lineage.objects.get().id)
        assert redis.Redis.from_url(settings.REDIS_URL).delete(key) == 1
    else:
        settings.REDIS_URL = url

    lineage.beat()
    drain()

    assert state_of(job) == ("accepted", "")


def test_a_late_word_does_not_make_the_witness_forget():
    live_for(1)
    name = Lineage.objects.get().id
    lineage._remember(name, 7, timezone.now())
    lineage._remember(name, 5, timezone.now())
    assert lineage._recall(name).beats == 7


def test_what_is_in_doubt_is_asked_about_as_ever(drain, simulator):
    job = make_waiting(phone="+12025550168")  # the answer is lost
    drain()
    assert state_of(job)[0] == "unknown"
    live_for(3)
    go_back()
    assert lineage.check() == 0
    QueueEntry.objects.update(due_at=timezone.now())

    drain()

    job.refresh_from_db()
    assert job.provider_id
    assert job.attempts == 1
    assert not Alert.objects.exists()


def test_a_drain_that_outlives_the_restore_looks_when_it_connects_again(
    drain, simulator
):
    live_for(3)
    drain()  # its connections are open and were looked at
    job = make_waiting()
    go_back()
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    drain()

    assert state_of(job) == ("held", "restored_backup")
    assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []


def test_a_claim_that_was_made_before_cannot_be_started(drain):
    job = make_waiting()
    (due,) = queue.claim(10, WORKER).jobs
    assert lineage.hold() == 1

    batch = prepare([due], {due.destination_id: job.destination})
    assert queue.start(batch.starts, WORKER) == set()
    assert not Attempt.objects.exists()


@pytest.fixture
def copy_of_database():
    """Switch to a copy of the database, as `pg_restore` into a new one makes it."""
    original = connection.settings_dict["NAME"]
    copy = f"{original}_copy"

    def use(name, *statements):
        connection.close()
        connection.settings_dict["NAME"] = name
        for statement in statements:
            execute(statement)

    def switch():
        use(
            "postgres",
            f'DROP DATABASE IF EXISTS "{copy}"',
            f'CREATE DATABASE "{copy}" TEMPLATE "{original}"',
        )
        use(copy)

    yield switch
    use("postgres", f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')
    use(original)


def test_a_copy_of_the_database_sends_nothing(copy_of_database, simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = ""
    live_for(2)
    name = Lineage.objects.get().id
    job = make_waiting()
    copy_of_database()

    loop = SenderLoop(linger=0)
    loop.run()
    loop.close()

    assert state_of(job) == ("held", "restored_backup")
    assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []
    assert Lineage.objects.get().id != name  # or the two would confuse the witness
    assert lineage.check() == 0


def test_an_ordinary_role_may_look():
    (is_super,) = execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    row = lineage._look()
    assert is_super == (False,)
    assert all(row[f"{part}_now"] for part in lineage_sql.PLACE)


def test_a_host_that_hides_its_place_is_told_by_the_rest(monkeypatch):
    lineage.check()
    monkeypatch.setattr(lineage_sql, "LOOK", "SELECT no_such_function()")
    job = make_waiting()
    assert lineage.check() == 0
    Lineage.objects.update(database=42)
    assert lineage.check() == 1
    assert state_of(job) == ("held", "restored_backup")


@pytest.mark.parametrize("part", lineage_sql.PLACE)
def test_each_part_of_the_place_tells(part):
    job = make_waiting()
    lineage.check()
    Lineage.objects.update(**{part: "0000000F" if part == "timeline" else 42})

    assert lineage.check() == 1
    assert state_of(job) == ("held", "restored_backup")


def test_a_person_holds_and_releases_by_command(drain, capsys):
    jobs = [make_waiting(phone=f"+1202555010{number}") for number in range(3)]

    call_command("hold_restored")
    drain()
    assert {state_of(job) for job in jobs} == {("held", "restored_backup")}
    call_command("release_restored", jobs[0].tenant.slug)
    call_command("release_restored", "--all", "--dry-run")
    drain()
    assert [state_of(job)[0] for job in jobs] == ["accepted", "held", "held"]
    call_command("release_restored", "--all")
    drain()

    assert {state_of(job) for job in jobs} == {("accepted", "")}
    said = capsys.readouterr().out
    assert "3 job(s) are on hold" in said
    assert "Would release 2" in said
    assert Alert.objects.open().count() == 3
    lineage.beat()
    assert Alert.objects.open().count() == 0
    with pytest.raises(CommandError, match="no workspace nobody"):
        call_command("release_restored", "nobody")
    with pytest.raises(CommandError, match="--all"):
        call_command("release_restored")


def test_what_is_released_too_late_is_not_sent(drain, simulator):
    job = make_waiting(expires_at=timezone.now() - timedelta(minutes=1))
    lineage.hold()
    drain()
    assert state_of(job) == ("held", "restored_backup")

    call_command("release_restored", "--all")
    drain()

    assert state_of(job) == ("dead", "expired")
    assert simulator.ledger(account=simulator.account(job.tenant_id).sid) == []


def test_many_are_held_by_one_statement_and_an_alert_each_tenant():
    jobs = [make_waiting() for _ in range(2)]
    for _ in range(4):
        make_job(jobs[0].lead, jobs[0].destination)

    assert lineage.hold() == 6

    counts = Alert.objects.order_by("failures").values_list("failures", flat=True)
    assert list(counts) == [1, 5]
    assert Job.objects.filter(state="held").count() == 6
