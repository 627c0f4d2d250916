"""Marketing waits for the morning where its person is; what was asked for does not."""

from datetime import datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from destinations.cache import find_destinations
from leadrails.core.children import Cause
from leadrails.jobs import prepare, queue
from leadrails.jobs.children import make_child
from leadrails.jobs.limits import (
    change_destination,
    change_quiet_hours,
    change_workspace,
)
from leadrails.jobs.models import Job, QueueEntry
from leadrails.jobs.services import replay_job
from leadrails.leads.trial import send_test_event
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db(transaction=True)
WASHINGTON = ZoneInfo("America/New_York")  # where +1 202 is, the leads' number


def hours_around_now():
    """(from, to) in which it is quiet in Washington, and the moment they end."""
    now = datetime.now(WASHINGTON)
    ends = (now + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    begins = (now - timedelta(hours=2)).time().replace(microsecond=0)
    return begins, ends.time(), ends


@pytest.fixture
def tenant():
    begins, ends, _at = hours_around_now()
    return make_tenant(quiet_from=begins, quiet_to=ends, quiet_by_law=False)


def make_marketing(tenant, **fields):
    return make_destination(tenant, purpose="marketing", **fields)


def state_of(job):
    job.refresh_from_db()
    return job.state, job.reason


@pytest.mark.parametrize(
    ("purpose", "quiet", "state"),
    [
        ("marketing", "workspace", "held"),
        ("marketing", "never", "accepted"),
        ("transactional", "workspace", "accepted"),
        ("transactional", "always", "held"),
        ("transactional", "own", "accepted"),  # of which it is not the hour
    ],
)
def test_what_is_not_asked_for_waits_until_the_quiet_hours_end(
    drain, tenant, purpose, quiet, state
):
    later = (datetime.now(WASHINGTON) + timedelta(hours=3)).time()
    latest = (datetime.now(WASHINGTON) + timedelta(hours=4)).time()
    place = make_destination(
        tenant, purpose=purpose, quiet=quiet, quiet_from=later, quiet_to=latest
    )
    job = make_job(destination=place)

    drain()

    assert state_of(job)[0] == state
    if state == "held":
        _begins, _ends, at = hours_around_now()
        assert job.reason == "quiet_hours"
        assert job.due_at == QueueEntry.objects.get(job_id=job.id).due_at == at


def test_workers_hear_of_changed_hours_and_send_what_waits(drain, tenant):
    kept, own = make_marketing(tenant), make_marketing(tenant, quiet="always")
    source = make_source(tenant)
    jobs = [
        make_job(make_lead(source, phone=phone), place)
        for phone, place in (("+12025550101", kept), ("+12025550102", own))
    ]
    drain()
    assert {state_of(job) for job in jobs} == {("held", "quiet_hours")}

    change_destination(own, actor=None, quiet="never")
    drain()
    assert [state_of(job)[0] for job in jobs] == ["held", "accepted"]

    change_quiet_hours(
        tenant, quiet_from=None, quiet_to=None, quiet_by_law=True, actor=None
    )
    drain()
    assert [state_of(job)[0] for job in jobs] == ["accepted", "accepted"]


def test_workers_hear_of_another_time_zone_of_the_workspace(drain, tenant):
    """It is that of people whose own is not known."""
    place = make_marketing(tenant)
    job = make_job(make_lead(make_source(tenant), phone="+12025550101"), place)
    drain()
    waits = QueueEntry.objects.get(job_id=job.id).due_at
    assert waits > timezone.now()
    assert find_destinations([place.pk])[place.pk].quiet_hours.home == "UTC"
    asked = {"name": tenant.name, "country": tenant.country, "actor": None}

    change_workspace(tenant, time_zone="Asia/Tokyo", **asked)

    assert find_destinations([place.pk])[place.pk].quiet_hours.home == "Asia/Tokyo"
    assert QueueEntry.objects.get(job_id=job.id).due_at <= timezone.now()
    drain()
    assert state_of(job) == ("held", "quiet_hours")


def test_who_decided_by_the_old_hours_looks_again(tenant):
    place = make_marketing(tenant)
    job = make_job(destination=place)
    worker = uuid4()
    claimed = queue.claim(10, worker).jobs
    batch = prepare.prepare(claimed, find_destinations([place.pk]))
    change_quiet_hours(
        tenant, quiet_from=None, quiet_to=None, quiet_by_law=True, actor=None
    )

    queue.put_aside(batch.asides, worker)

    assert state_of(job) == ("held", "quiet_hours")
    assert QueueEntry.objects.get(job_id=job.id).due_at <= timezone.now()


def test_deciding_asks_the_database_nothing(tenant, django_assert_num_queries):
    place = make_marketing(tenant)
    for number in range(5):
        make_job(make_lead(make_source(tenant), phone=f"+1202555010{number}"), place)
    claimed = queue.claim(10, uuid4()).jobs
    places = find_destinations([place.pk])

    with django_assert_num_queries(0):
        batch = prepare.prepare(claimed, places)

    assert len(batch.asides) == 5


def test_time_to_live_does_not_run_until_the_morning(tenant):
    life = timedelta(minutes=30)
    place = make_marketing(tenant, time_to_live=life, recipient_template="+12025550100")
    source = make_source(tenant)
    make_route(source, place)
    _begins, _ends, at = hours_around_now()

    lead = send_test_event(source, actor=make_user(tenant), now=timezone.now())
    fresh = Job.objects.get(lead=lead)
    dead = make_job(make_lead(source), place, state="dead", reason="expired")
    replay = replay_job(dead, actor=None)

    assert abs(fresh.expires_at - at - life) < timedelta(seconds=5)
    assert replay.expires_at == at + life
    child = make_child(fresh.id, tenant_id=tenant.id, cause=Cause.FOLLOW_UP)
    assert Job.objects.get(pk=child.id).expires_at == at + life


def test_an_admin_sets_them_and_others_look(client, tenant):
    admin, viewer = make_user(tenant, "admin"), make_user(tenant, "viewer")
    url = reverse("settings:workspace_quiet", kwargs={"tenant": tenant.slug})
    client.force_login(viewer)
    assert client.post(url, {"quiet_from": "22:00"}).status_code == 403
    client.force_login(admin)

    refused = client.post(url, {"quiet_from": "22:00", "quiet_to": ""})
    saved = client.post(url, {"quiet_from": "22:00", "quiet_to": "07:30"})

    assert refused.status_code == 422
    assert "Give both times." in refused.content.decode()
    assert saved.status_code == 302
    tenant.refresh_from_db()
    assert (tenant.quiet_from, tenant.quiet_to) == (time(22), time(7, 30))
    assert not tenant.quiet_by_law


def test_a_destination_with_hours_of_its_own_needs_both(tenant):
    place = make_marketing(tenant)
    client = Client()
    client.force_login(make_user(tenant))
    kwargs = {"tenant": tenant.slug, "destination": place.public_id}
    url = reverse("destinations:edit", kwargs=kwargs)
    form = client.get(url).context["form"]
    data = {
        name: form[name].value() or "" for name in form.fields if form[name].value()
    } | {"quiet": "own", "quiet_from": "22:00", "quiet_to": ""}

    refused = client.post(url, data)
    saved = client.post(url, data | {"quiet_to": "06:00"})

    assert (refused.status_code, saved.status_code) == (422, 302)
    assert refused.context["form"].errors["quiet_to"] == ["Give both times."]
    place.refresh_from_db()
    assert place.quiet_hours.ends == time(6)
    page = client.get(reverse("destinations:detail", kwargs=kwargs)).content.decode()
    assert "22:00 to 06:00 where the person is" in page
