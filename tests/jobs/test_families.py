"""A message and those it brought about, told as one story; and what was read."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from leadrails.jobs import deadlines, overdue, receipts, tallies
from leadrails.jobs.models import Deadline, Job, QueueEntry
from tests.make import make_destination, make_job, make_tenant, make_user
from tests.webhooks.twilio import form, make_sent_job, report

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+12025550100"
AGENT = {"From": "rcs:our_agent"}


@pytest.fixture
def place():
    deadlines.forget_rules()
    place = make_destination(make_tenant(), name="Rich")
    place.config |= {"channel": "rcs", "fallback": "leadrails"}
    place.save()
    return place


def rich_job(place, **rich):
    message = {"to": NUMBER, "body": "Plain words", "channel": "rcs"}
    message |= {"version": str(receipts.version_of(place)), "rich": rich}
    return make_sent_job("sending", destination=place, message=message)


def enter(tenant):
    client = Client()
    client.force_login(make_user(tenant))
    return client


def test_a_message_and_its_fallback_are_one_story(place):
    job = rich_job(place, text="Hello")
    report(job, form("sent", **AGENT), form("undelivered", "63036", **AGENT))
    overdue.sweep()
    child = Job.objects.get(parent_id=job.pk)
    QueueEntry.objects.all().delete()
    Job.objects.filter(pk=child.pk).update(
        state="delivered",
        attempts=1,
        delivered_at=timezone.now(),
        price="-0.0079",
        price_unit="USD",
    )
    client = enter(place.tenant)
    pages = {
        row.pk: client.get(f"/t/{place.tenant.slug}/jobs/{row.public_id}/").text
        for row in (job, child)
    }
    for page in pages.values():
        assert "The person was reached by SMS." in page
        assert "0.0079" in page
    assert "A plain text went in its place" in pages[job.pk]
    assert "</b> The person was reached by SMS." in pages[job.pk]
    assert "Check the number" not in pages[job.pk]
    assert "Replay" not in pages[job.pk]
    assert child.public_id in pages[job.pk]
    assert "Goes in place of a rich message" in pages[child.pk]
    assert job.public_id in pages[child.pk]

    both = client.get(f"/t/{place.tenant.slug}/jobs/").text
    assert both.count("so a plain text goes in its place") == 1
    listed = client.get(f"/t/{place.tenant.slug}/jobs/?cause=fallback").text
    assert child.public_id in listed
    assert job.public_id not in listed
    by_rcs = client.get(f"/t/{place.tenant.slug}/jobs/?channel=rcs").text
    assert job.public_id in by_rcs
    assert child.public_id not in by_rcs
    lead = client.get(f"/t/{place.tenant.slug}/leads/{job.lead.public_id}/").text
    assert lead.index(job.public_id) < lead.index(child.public_id)


def test_whose_move_a_failure_is_follows_its_fallback(place):
    job = rich_job(place, text="Hello")
    report(job, form("sent", **AGENT), form("undelivered", "63036", **AGENT))
    client, url = enter(place.tenant), f"/t/{place.tenant.slug}/jobs/{job.public_id}/"
    overdue.sweep()
    page = client.get(url).text
    assert "so a plain text goes in its place" in page
    assert "That text is on its way." in page
    assert "Replay" not in page

    Job.objects.filter(parent_id=job.pk).update(state="dead", reason="expired")
    page = client.get(url).text
    assert "That text failed too" in page
    assert "Replay" in page


@pytest.mark.parametrize("cause", ["follow_up", "reply"])
def test_what_arrived_before_does_not_make_up_for_a_failure(place, cause):
    job = rich_job(place, text="Hello")
    report(job, form("sent", **AGENT), form("delivered", **AGENT))
    failed = {"state": "undelivered", "reason": "recipient_refused"}
    later = make_job(job.lead, place, parent_id=job.pk, cause=cause, **failed)
    url = f"/t/{place.tenant.slug}/jobs/{later.public_id}/"
    page = enter(place.tenant).get(url).text
    assert "Check the number" in page
    assert "Replay" in page


def test_what_the_provider_itself_sent_as_a_text_is_a_text(place):
    place.config["fallback"] = ""
    place.save()
    job = rich_job(place, text="Hello")
    assert report(job, form("sent", **AGENT)).channel == "rcs"
    assert report(job, form("delivered", From="+15555550100")).channel == "sms"
    assert not Deadline.objects.exists()
    assert not receipts.rates(place.tenant_id, timezone.now() - timedelta(hours=1))


def test_the_overview_tells_what_was_read_by_type_message_and_source(place):
    cards = [{"title": "One"}, {"title": "Two"}]
    read = rich_job(place, cards=cards)
    report(read, form("sent", **AGENT), form("delivered", **AGENT))
    report(read, form("read", **AGENT), form("delivered", **AGENT))
    report(rich_job(place, text="Hello"), form("delivered", **AGENT))
    report(make_sent_job(destination=make_destination(place.tenant)), form("delivered"))
    place.body_template = "Other words"
    place.save()
    report(rich_job(place, text="Hello"), form("read", **AGENT))
    tallies.fold()

    found = enter(place.tenant).get(f"/t/{place.tenant.slug}/").context["read"]
    rates = [(str(line.name), line.rate) for line in found.lines]
    shares = {name: (rate.seen, rate.reached) for name, rate in rates}
    assert (found.total.seen, found.total.reached) == (2, 3)
    assert shares["Text by RCS"] == (1, 2)
    assert shares["Carousel by RCS"] == (1, 1)
    assert shares["Rich"] == (2, 3)
    assert shares["Rich: as it is now"] == (1, 1)
    assert shares["Rich: other and earlier messages"] == (1, 2)
    assert [name for name, _rate in rates].count("Web form") == 3
    assert not tallies.differences(now=timezone.now())
