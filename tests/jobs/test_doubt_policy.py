"""What is done in doubt when the provider cannot be asked: the destination says."""

import pytest
from django.db import connection

from leadrails.alerts.models import Alert
from leadrails.jobs.models import Attempt
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def drain_now(simulator, drain):
    """Drain all that waits as if it were due; return the job as it is then."""

    def run(job):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE jobs_queueentry SET due_at = now()")
        drain()
        job.refresh_from_db()
        return job

    yield run
    simulator.clear_faults()


@pytest.fixture
def job_of_silent_provider(simulator):
    """A job whose provider loses its answers, with a key that may send, not read."""

    def make(**fields):
        tenant = make_tenant()
        account = simulator.account(tenant.id)
        simulator.configure(account.sid, key_type="restricted")
        simulator.faults(account=account.sid, probabilities={"answer_lost": 1})
        config = {"account_sid": account.sid, "from_number": account.sender}
        destination = make_destination(
            tenant,
            config={**config, "api_key_sid": account.key_sid},
            credentials={"api_key_secret": account.key_secret},
            **fields,
        )
        lead = make_lead(make_source(tenant), phone="+12025550121")
        return make_job(lead, destination), account.sid

    return make


def test_a_job_in_doubt_waits_for_a_person(
    drain_now, job_of_silent_provider, simulator
):
    job, account = job_of_silent_provider()
    drain_now(job)
    simulator.clear_faults()

    drain_now(job)

    assert (job.state, job.reason, job.attempts) == ("unknown", "outcome_unknown", 1)
    assert not job.is_possible_duplicate
    assert Alert.objects.for_tenant(job.tenant).get().kind == "outcome_unknown"
    assert len(simulator.ledger(account=account)) == 1


def test_a_job_in_doubt_is_sent_again_and_labelled_for_good(
    drain_now, job_of_silent_provider, simulator
):
    job, account = job_of_silent_provider(when_unknown="resend")
    drain_now(job)
    simulator.clear_faults()

    drain_now(job)
    assert (job.state, job.reason) == ("retrying", "sent_again_in_doubt")
    assert not job.is_possible_duplicate  # nothing was sent again yet
    drain_now(job)

    assert (job.state, job.attempts, job.is_possible_duplicate) == ("accepted", 2, True)
    assert len(simulator.ledger(account=account)) == 2
    outcomes = Attempt.objects.filter(job_id=job.id).order_by("number")
    assert [attempt.outcome for attempt in outcomes] == ["unknown", "accepted"]
    assert not Alert.objects.for_tenant(job.tenant).exists()


def test_sending_again_in_doubt_ends_with_the_attempts(
    drain_now, job_of_silent_provider, simulator
):
    job, account = job_of_silent_provider(when_unknown="resend", max_attempts=2)
    for _ in range(4):
        drain_now(job)

    assert (job.state, job.reason, job.attempts) == ("unknown", "outcome_unknown", 2)
    assert job.is_possible_duplicate
    assert Alert.objects.for_tenant(job.tenant).get().kind == "outcome_unknown"
    assert len(simulator.ledger(account=account)) == 2


def test_a_provider_that_can_be_asked_is_asked_whatever_the_policy(
    drain_now, simulator
):
    destination = make_destination(when_unknown="resend")
    lead = make_lead(make_source(destination.tenant), phone="+12025550122")
    job = make_job(lead, destination)
    simulator.faults(probabilities={"answer_lost": 1})
    drain_now(job)
    simulator.clear_faults()

    drain_now(job)

    assert (job.attempts, job.is_possible_duplicate) == (1, False)
    assert job.provider_id


def test_a_retry_of_what_was_not_sent_is_no_duplicate(drain_now, simulator):
    lead = make_lead(phone="+12025550163")  # 429 once
    job = make_job(lead, make_destination(lead.tenant, when_unknown="resend"))
    drain_now(job)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jobs_gate SET slowed_until = NULL")

    drain_now(job)

    assert (job.state, job.attempts, job.is_possible_duplicate) == (
        "accepted",
        2,
        False,
    )
