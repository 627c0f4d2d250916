"""What pages say of rows that retention dropped."""

import pytest
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.jobs.models import Job
from leadrails.jobs.services import replay_job
from leadrails.leads.models import Lead
from tests.make import make_job, make_lead


@pytest.fixture
def gone(world):
    """A job that is named in an alert and in the audit log, and is gone."""
    job = make_job(make_lead(world.source), world.destination, state="canceled")
    replay_job(job, actor=None)
    now = timezone.now()
    Alert.objects.create(
        tenant=world.tenant,
        kind="dead_letters",
        scope="x",
        opened_at=now,
        last_at=now,
        job_id=job.id,
        destination_id=world.destination.id,
    )
    Job.objects.all().delete()
    Lead.objects.all().delete()
    return job


@pytest.mark.parametrize("view", ["detail", "replay", "cancel"])
def test_a_job_that_is_gone_is_not_found(view, gone, enter, url):
    page = url(f"jobs:{view}", job=gone.public_id)
    assert enter(gone.tenant).get(page).status_code == 404


def test_a_lead_that_is_gone_is_not_found(gone, enter, url):
    page = url("leads:detail", lead=gone.lead.public_id)
    assert enter(gone.tenant).get(page).status_code == 404


def test_an_alert_outlasts_its_example(gone, enter, url):
    answer = enter(gone.tenant).get(url("alerts:list"))
    assert answer.status_code == 200
    (card,) = answer.context["cards"]
    assert "Example job" not in [act["label"] for act in card["acts"]]


def test_the_audit_log_outlasts_what_it_tells_of(gone, enter, url):
    answer = enter(gone.tenant).get(url("settings:audit"))
    assert gone.public_id in answer.content.decode()


def test_the_first_page_needs_no_jobs(gone, enter, url):
    assert enter(gone.tenant).get(url("overview")).status_code == 200
