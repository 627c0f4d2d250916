"""Jobs that other jobs bring about: one for each cause, and through every gate."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from leadrails.contacts.models import Suppression
from leadrails.core.children import Cause
from leadrails.jobs import bulk, tallies
from leadrails.jobs.children import TooManyInARow, child_id, make_child
from leadrails.jobs.models import Attempt, Job, QueueEntry
from leadrails.jobs.services import replay_job
from tests.make import let_seconds_pass, make_destination, make_job, make_tenant

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = {"body": "Plain words"}


@pytest.fixture
def parent():
    return make_job(state="undelivered", reason="not_delivered")


def child_of(parent, cause=Cause.FALLBACK, **fields):
    fields = {"message": WORDS, "tenant_id": parent.tenant_id, **fields}
    return make_child(parent.id, cause=cause, **fields)


def test_a_child_goes_to_its_parents_person_with_its_own_words(drain, parent):
    Job.objects.update(is_test=True)
    child = Job.objects.get(pk=child_of(parent).id)
    assert (child.state, child.parent_id, child.cause) == (
        "queued",
        parent.id,
        "fallback",
    )
    assert child.is_test
    assert child.expires_at - child.created_at == child.destination.time_to_live

    let_seconds_pass(3)
    drain()

    child.refresh_from_db()
    assert child.state == "accepted"
    sent = Attempt.objects.get(job_id=child.id).request
    assert sent == {"to": parent.recipient, "given": True, **WORDS}
    assert not tallies.differences(now=timezone.now())


def test_a_child_waits_for_no_earlier_message_of_its_lead(drain, parent):
    """Its parent may be in doubt just now."""
    ids = (UUID(int=number) for number in count())
    later = next(n for n in ids if child_id(parent.id, Cause.REPLY, n) > parent.id)
    child = child_of(parent, Cause.REPLY, rule_id=later)
    let_seconds_pass(3)
    Job.objects.filter(pk=parent.pk).update(state="unknown", changed_at=timezone.now())
    drain()
    assert Job.objects.get(pk=child.id).state == "accepted"


def test_there_is_one_child_for_a_cause_and_rule_however_many_try(parent):
    place, tries = Barrier(6), range(6)

    def make(_):
        place.wait()
        try:
            return child_of(parent)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(make, tries))

    assert len({child.id for child in made}) == 1
    assert sorted(child.is_new for child in made) == [False] * 5 + [True]
    assert QueueEntry.objects.filter(job_id=made[0].id).count() == 1
    assert Job.objects.count() == 2
    assert not tallies.differences(now=timezone.now())
    assert child_of(parent, rule_id=parent.id).is_new


def test_a_child_that_was_not_committed_never_was(parent):
    with transaction.atomic():
        child_of(parent)
        transaction.set_rollback(True)
    assert Job.objects.count() == 1
    assert child_of(parent).is_new


def test_a_stop_between_parent_and_child_stops_the_child(drain, parent):
    child = child_of(parent)
    Suppression.objects.create(
        tenant=parent.tenant, phone=parent.recipient, reason="opted_out"
    )
    drain()
    found = Job.objects.get(pk=child.id)
    assert (found.state, found.reason) == ("skipped", "opted_out")


def test_children_stay_in_their_workspace(parent):
    foreign = make_destination(make_tenant())
    for wrong in ({"tenant_id": foreign.tenant_id}, {"destination_id": foreign.id}):
        with pytest.raises(LookupError):
            child_of(parent, **wrong)
    assert Job.objects.count() == 1


def test_children_of_children_come_to_an_end(parent):
    last = parent
    for _ in range(3):
        made = child_of(last, Cause.FOLLOW_UP)
        last = Job.objects.get(pk=made.id)
    with pytest.raises(TooManyInARow):
        child_of(last, Cause.FOLLOW_UP)
    assert child_of(last, Cause.REPLY).is_new


def test_what_a_fallback_went_in_place_of_is_not_replayed_too(parent):
    child = Job.objects.get(pk=child_of(parent).id)
    with pytest.raises(ValidationError, match="in its place"):
        replay_job(parent, actor=None)

    Job.objects.filter(pk=child.pk).update(state="dead", reason="expired")
    found = bulk.replayable(Job.objects.for_tenant(parent.tenant), until=timezone.now())
    assert list(found) == [child]
    child.refresh_from_db()
    again = replay_job(child, actor=None)
    assert again.message == child.message
