from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import OperationalError, connection

from leadrails import partitions
from leadrails.core import ids
from leadrails.jobs.models import Attempt, Job
from leadrails.leads.models import Lead
from tests.make import make_job, make_lead, make_source

pytestmark = pytest.mark.django_db

FAR = datetime(2031, 5, 17, 12, tzinfo=UTC)
MONTH = datetime(2031, 5, 1, tzinfo=UTC)
PARTITIONS = [f"{parent}_y2031m05" for parent in partitions.PARENTS]


def id_at(at: datetime) -> UUID:
    return ids.uuid7_beside(ids.uuid7_floor(at))


def tables_of(model) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT tableoid::regclass::text FROM {model._meta.db_table}"
        )
        return {name for (name,) in cursor.fetchall()}


def test_a_month_is_made_once():
    assert partitions.ensure(now=FAR, ahead=0) == PARTITIONS
    assert partitions.ensure(now=FAR, ahead=0) == []


def test_a_year_ends_in_december():
    made = partitions.ensure(now=datetime(2031, 12, 31, tzinfo=UTC), ahead=1)
    assert "jobs_job_y2031m12" in made
    assert "jobs_job_y2032m01" in made


def test_rows_that_waited_in_default_move_to_their_month():
    lead = make_lead(make_source(), id=id_at(FAR))
    job = make_job(lead)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant=job.tenant,
        destination_id=job.destination_id,
        started_at=FAR,
    )
    assert tables_of(Job) == {"jobs_job_default"}
    assert partitions.ensure(now=FAR, ahead=1)
    assert tables_of(Job) == {"jobs_job_y2031m05"}
    assert tables_of(Lead) == {"leads_lead_y2031m05"}
    assert tables_of(Attempt) == {"jobs_attempt_y2031m05"}
    assert Job.objects.get(pk=job.pk).recipient == job.recipient


def test_what_is_of_another_month_stays_in_default():
    make_lead(make_source(), id=id_at(datetime(2031, 6, 1, tzinfo=UTC)))
    partitions.ensure(now=FAR, ahead=0)
    assert tables_of(Lead) == {"leads_lead_default"}


def test_a_partition_made_of_default_has_all_that_its_sisters_have():
    make_job(make_lead(make_source(), id=id_at(FAR)))
    partitions.ensure(now=FAR, ahead=0)  # moves a row of jobs, not of callbacks
    partitions.ensure(now=datetime(2031, 6, 1, tzinfo=UTC), ahead=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, count(*) FROM pg_indexes"
            " WHERE tablename LIKE 'jobs_job_y2031m0%%' GROUP BY 1"
        )
        counts = dict(cursor.fetchall())
        cursor.execute(
            "SELECT conrelid::regclass::text, count(*) FROM pg_constraint"
            " WHERE conrelid::regclass::text LIKE 'jobs_job_y2031m0%%' GROUP BY 1"
        )
        checks = dict(cursor.fetchall())
    assert counts["jobs_job_y2031m05"] == counts["jobs_job_y2031m06"] > 5
    assert checks["jobs_job_y2031m05"] == checks["jobs_job_y2031m06"] >= 4


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_does_not_come_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(partitions, "_LOCK_TRIES", 2)
    tries = []

    def change(cursor):
        tries.append(cursor)
        if len(tries) == 1:
            raise OperationalError("canceling statement due to lock timeout")
        return "done"

    assert partitions.patiently(change, what="a test") == "done"


@pytest.mark.django_db(transaction=True)
def test_a_change_gives_way_when_its_table_is_in_use(monkeypatch):
    monkeypatch.setattr(partitions, "_LOCK_TRIES", 2)
    parameters = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(
        **{n: parameters[n] for n in names if n in parameters}
    ) as other:
        other.execute("LOCK TABLE jobs_job IN ROW EXCLUSIVE MODE")
        with pytest.raises(OperationalError, match="lock timeout"):
            partitions.ensure(now=FAR, ahead=0)
    assert not partitions.exists("jobs_job_y2031m05")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE leads_lead_y2031m05")
