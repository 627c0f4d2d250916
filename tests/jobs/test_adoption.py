"""Several jobs to one person in doubt at once: each message settles one of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from destinations.providers.base import FoundMessage
from leadrails.jobs import queue
from leadrails.jobs.adoption import Contested, adopt
from leadrails.jobs.models import Attempt, Job, QueueEntry
from tests.make import (
    let_seconds_pass,
    make_destination,
    make_job,
    make_lead,
    make_source,
    make_tenant,
)

WORKER = "00000000-0000-0000-0000-000000000001"
PHONE = "+12025550116"


def make_doubtful(tenant, body, state="unknown", **fields):
    """A job whose only attempt came to nobody knows what."""
    place = make_destination(tenant, body_template=body)
    job = make_job(
        make_lead(make_source(tenant), phone=PHONE),
        place,
        state=state,
        attempts=1,
        message={"to": PHONE, "body": body},
        **fields,
    )
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant_id=tenant.id,
        destination_id=place.id,
        started_at=timezone.now(),
    )
    return job


def due(job):
    """The job as a drain that looks for its message has it."""
    past = timezone.now() - timedelta(minutes=1)
    QueueEntry.objects.update(lease_until=None, due_at=past)
    (found,) = [each for each in queue.claim(50, WORKER).jobs if each.id == job.id]
    return found


def message(sid, body):
    return FoundMessage(
        provider_id=sid,
        to=PHONE,
        sender="+15555550100",
        body=body,
        created_at=timezone.now(),
        update=None,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bodies", [("one", "two"), ("same", "same")])
def test_one_message_settles_one_of_two_doubts(simulator, drain, bodies):
    tenant = make_tenant()
    jobs = []
    for body, fault in zip(bodies, ["reset", "answer_lost"], strict=True):
        place = make_destination(tenant, body_template=body)
        jobs.append(make_job(make_lead(make_source(tenant), phone=PHONE), place))
        simulator.faults(probabilities={fault: 1})
        drain()
        let_seconds_pass(3)
    simulator.clear_faults()
    for _ in range(4):
        let_seconds_pass(60)
        drain()

    messages = simulator.ledger(account=simulator.account(tenant.id).sid)
    settled = [Job.objects.get(pk=job.pk) for job in jobs]
    assert {job.state for job in settled} <= {"accepted", "sent", "delivered"}
    assert sorted(m["body"] for m in messages) == sorted(bodies)
    bodies_by_id = {m["sid"]: m["body"] for m in messages}
    assert [bodies_by_id.pop(job.provider_id) for job in settled] == list(bodies)


@pytest.mark.django_db
def test_a_message_is_adopted_once():
    tenant = make_tenant()
    first, second = (make_doubtful(tenant, "same") for _ in range(2))
    found = [message("SM1", "same")]
    one, other = due(first), due(second)

    assert adopt(one, found).provider_id == "SM1"
    assert adopt(one, found).provider_id == "SM1"  # and again after a crash
    assert adopt(other, found) is None


@pytest.mark.django_db
def test_the_text_of_another_doubtful_job_is_not_taken():
    tenant = make_tenant()
    ours = due(make_doubtful(tenant, "ours"))
    make_doubtful(tenant, "theirs")

    assert adopt(ours, [message("SM1", "theirs")]) is None
    found = [message("SM1", "theirs"), message("SM2", "changed by the provider")]
    assert adopt(ours, found).provider_id == "SM2"


@pytest.mark.django_db
def test_nothing_is_decided_while_another_call_may_own_the_message():
    tenant = make_tenant()
    ours = due(make_doubtful(tenant, "ours"))
    make_doubtful(tenant, "ours", state="sending")

    with pytest.raises(Contested):
        adopt(ours, [message("SM1", "ours")])
    assert Job.objects.get(pk=ours.id).provider_id == ""


@pytest.mark.django_db
def test_our_own_text_is_ours_whatever_else_is_sent():
    tenant = make_tenant()
    ours = due(make_doubtful(tenant, "ours"))
    make_doubtful(tenant, "theirs", state="sending")

    found = [message("SM1", "from a trial - ours"), message("SM2", "ours")]
    assert adopt(ours, found).provider_id == "SM2"


@pytest.mark.django_db
def test_a_callback_that_came_first_is_not_overwritten():
    ours = due(job := make_doubtful(make_tenant(), "ours"))
    Job.objects.filter(pk=job.pk).update(state="delivered", provider_id="SM1")

    with pytest.raises(Contested):
        adopt(ours, [message("SM2", "ours")])
    assert Job.objects.get(pk=job.pk).provider_id == "SM1"
