"""A limit that is raised lets go at once what only the old one held."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from destinations.forms import DestinationForm
from leadrails.jobs.limits import change_destination
from leadrails.jobs.models import Gate, Job, QueueEntry
from leadrails.leads.sources import update_source
from tests.make import make_destination, make_job, make_lead, make_source, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place():
    return make_destination(hourly_ceiling=10, daily_per_recipient=2)


def make_held(place, reason, **fields):
    later = timezone.now() + timedelta(minutes=40)
    job = make_job(
        destination=place, state="held", reason=reason, due_at=later, **fields
    )
    QueueEntry.objects.filter(job_id=job.id).update(due_at=later)
    return job


def is_due(job):
    job.refresh_from_db()
    is_now = QueueEntry.objects.get(job_id=job.id).due_at <= timezone.now()
    assert is_now == (job.state == "queued") == (job.due_at is None)
    return is_now


REASONS = ["destination_ceiling", "recipient_ceiling", "destination_paused"]


@pytest.mark.parametrize(
    ("changes", "released"),
    [
        ({"hourly_ceiling": 11}, "destination_ceiling"),
        ({"daily_per_recipient": 3}, "recipient_ceiling"),
        ({"hourly_ceiling": 9, "daily_per_recipient": 1}, None),
        ({"name": "Another"}, None),
    ],
)
def test_a_higher_ceiling_lets_go_what_it_held(place, changes, released):
    jobs = {reason: make_held(place, reason) for reason in REASONS}
    others = [make_held(make_destination(), reason) for reason in REASONS]

    change_destination(place, actor=None, **changes)

    assert [reason for reason in REASONS if is_due(jobs[reason])] == (
        [released] if released else []
    )
    assert not any(is_due(job) for job in others)


def test_what_a_drain_holds_is_left_to_it(place):
    job = make_held(place, "destination_ceiling")
    until = timezone.now() + timedelta(seconds=15)
    QueueEntry.objects.filter(job_id=job.id).update(lease_until=until)
    change_destination(place, actor=None, hourly_ceiling=100)
    entry = QueueEntry.objects.get(job_id=job.id)
    assert (entry.lease_until, entry.due_at > timezone.now()) == (until, True)


def test_the_page_of_a_destination_lets_go_too(place, client):
    job = make_held(place, "destination_ceiling")
    form = DestinationForm(
        tenant=place.tenant,
        kind=place.kind,
        is_simulated=place.is_simulated,
        destination=place,
    )
    names = [name for name in form.fields if not name.startswith("remove_")]
    data = {name: form[name].value() or "" for name in names}
    data |= {"hourly_ceiling": 100, "allowed_countries": "US, GB"}
    client.force_login(make_user(place.tenant, "owner"))
    kwargs = {"tenant": place.tenant.slug, "destination": place.public_id}
    answer = client.post(reverse("destinations:edit", kwargs=kwargs), data)
    assert answer.status_code == 302
    assert is_due(job)


@pytest.mark.parametrize("ceiling", [None, 100])
def test_a_source_without_its_ceiling_lets_go(place, ceiling):
    source = make_source(place.tenant, hourly_ceiling=5)
    job = make_job(
        make_lead(source), place, state="held", reason="source_ceiling", due_at=None
    )
    other = make_held(place, "source_ceiling")
    update_source(
        source,
        name=source.name,
        allowed_site_url="",
        country="US",
        actor=None,
        hourly_ceiling=ceiling,
    )
    job.refresh_from_db()
    assert job.state == "queued"
    assert not is_due(other)


@pytest.mark.parametrize(("rate", "seconds"), [(400, 50), (100, 200), (200, 100)])
def test_a_new_rate_counts_for_what_was_claimed_at_the_old_one(place, rate, seconds):
    Gate.objects.create(
        destination_id=place.pk,
        tenant_id=place.tenant_id,
        free_at=timezone.now() + timedelta(seconds=100),
    )
    change_destination(place, actor=None, messages_per_second=rate)
    left = (Gate.objects.get().free_at - timezone.now()).total_seconds()
    assert seconds - 5 < left <= seconds


def test_lowering_a_ceiling_sends_nothing_away(place):
    job = make_held(place, "destination_ceiling")
    change_destination(place, actor=None, hourly_ceiling=1)
    assert not is_due(job)
    assert Job.objects.get().state == "held"
