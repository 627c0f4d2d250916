"""Follow-up rules: what they do, when they do not, and their pages."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.contacts.models import Suppression
from leadrails.core import ids
from leadrails.jobs import deadlines, overdue
from leadrails.jobs import follow_up_rules as rules
from leadrails.jobs.models import Deadline, FollowUpRule, Job
from leadrails.leads.models import Lead
from leadrails.tenants.models import AuditEntry, Role
from tests.make import (
    make_destination,
    make_job,
    make_message,
    make_tenant,
    make_user,
)
from tests.webhooks.twilio import form, make_sent_job, report

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+12025550100"
BY_WHATSAPP = {"to": NUMBER, "body": "Hi", "channel": "whatsapp"}
NOW = timezone.now


@pytest.fixture(autouse=True)
def nothing_known():
    deadlines.forget_rules()


@pytest.fixture
def place():
    return make_destination(make_tenant())


@pytest.fixture
def teller(place):
    """A destination that is told what was read."""
    place.config["channel"] = "whatsapp"
    place.save()
    return place


def rule_of(place, watches="not_delivered", action="alert", **fields):
    fields = {"after": timedelta(minutes=5), **fields}
    rule = FollowUpRule(
        tenant=place.tenant,
        destination=place,
        watches=watches,
        action=action,
        **fields,
    )
    return rules.save_rule(rule, actor=None, now=NOW())


def sent(place, *words, **fields):
    job = make_sent_job("sending", destination=place, **fields)
    return report(job, *(form(word) for word in words)) if words else job


def let_time_be_up():
    Deadline.objects.update(due_at=NOW() - timedelta(seconds=1))
    return overdue.sweep()


def children():
    return list(Job.objects.filter(cause="follow_up"))


def test_what_is_not_delivered_in_time_is_followed_by_another_text(place):
    rule_of(place, action="text", body_template="{{ first_name }}, did you get it?")
    job = sent(place, "sent")
    assert overdue.sweep() == 0
    assert let_time_be_up() == 1

    (child,) = children()
    assert child.parent_id == job.id
    words = {"to": NUMBER, "body": "Ann, did you get it?", "given": True}
    assert child.message == words
    assert not Deadline.objects.exists()


def test_what_is_not_read_in_time_goes_through_another_destination(teller):
    other = make_destination(teller.tenant, name="Mail")
    rule_of(teller, "not_read", "destination", target=other)
    job = sent(teller, "sent", message=BY_WHATSAPP)
    assert not Deadline.objects.exists()
    job = report(job, form("delivered"))
    assert job.channel == "whatsapp"
    let_time_be_up()

    (child,) = children()
    assert (child.destination_id, child.message) == (other.id, None)


def test_nothing_goes_to_a_destination_that_is_removed_or_a_person_erased(place):
    other = make_destination(place.tenant)
    rule_of(place, action="destination", target=other)
    rule_of(place, action="text", body_template="Hello?")
    job = sent(place, "sent")
    other.status = "revoked"
    other.save()
    erased = {"erased_at": NOW().isoformat()}
    Lead.objects.filter(pk=job.lead_id).update(event=erased)
    assert let_time_be_up() == 2
    assert not children()


def test_an_alert_names_the_rule_and_closes_with_it(place):
    rule = rule_of(place)
    for _ in range(2):
        sent(place, "sent")
    let_time_be_up()
    alert = Alert.objects.get(kind="follow_up")
    assert alert.failures == 2
    assert alert.scope.endswith(rule.public_id)

    rules.delete_rule(rule, actor=None, now=NOW())
    alert.refresh_from_db()
    assert alert.resolved_at


@pytest.mark.parametrize(
    ("watches", "words"),
    [
        ("not_delivered", ["sent", "delivered"]),
        ("not_delivered", ["read"]),
        ("not_read", ["delivered", "read"]),
        ("not_read", ["sent", "read"]),
        ("not_read", ["undelivered"]),
    ],
)
def test_what_came_in_time_is_not_followed_up(teller, watches, words):
    rule_of(teller, watches)
    job = sent(teller, message=BY_WHATSAPP)
    for word in words:
        report(job, form(word))
    assert not Deadline.objects.exists()


def test_nobody_waits_for_a_text_to_be_read_that_took_the_place_of_rcs(place):
    place.config["channel"] = "rcs"
    place.save()
    rule_of(place, "not_read")
    job = sent(place, message=BY_WHATSAPP | {"channel": "rcs"})
    job = report(job, form("delivered", From="+15555550100"))
    assert (job.state, job.channel) == ("delivered", "sms")
    assert not Deadline.objects.exists()


def test_who_said_stop_and_what_is_tried_again_are_left_alone(place):
    rule_of(place, action="text", body_template="Hello?")
    job = report(sent(place, "sent"), form("failed", "30001"))
    assert job.state == "retrying"
    let_time_be_up()
    assert not children()

    Deadline.objects.all().delete()
    report(sent(place, "sent"), form("undelivered", "21610"))
    let_time_be_up()
    assert Suppression.objects.exists()
    assert not children()


@pytest.mark.parametrize("watches", ["not_delivered", "not_read"])
def test_who_answered_is_not_followed_up(teller, watches):
    """Whatever receipts say, the message was seen."""
    rule_of(teller, watches, action="alert")
    words = ["sent", "delivered"] if watches == "not_read" else ["sent"]
    before, after = (sent(teller, *words, message=BY_WHATSAPP) for _ in range(2))
    ago = ids.uuid7_beside(ids.uuid7_floor(NOW() - timedelta(minutes=1)))
    make_message(before, id=ago)
    assert let_time_be_up() == 2
    assert Alert.objects.get(kind="follow_up").failures == 2

    last = sent(teller, *words, message=BY_WHATSAPP)
    make_message(last, "Yes please")
    assert let_time_be_up() == 1
    assert Alert.objects.get(kind="follow_up").failures == 2
    assert after.recipient == last.recipient


def test_a_follow_up_waits_for_the_plain_text_and_leaves_it_alone(place):
    place.config |= {"channel": "rcs", "fallback": "leadrails"}
    place.save()
    rule = rule_of(place, action="text", body_template="Hello?")
    message = {"to": NUMBER, "body": "Hi", "channel": "rcs", "rich": {"text": "Hi"}}
    job = sent(place, "sent", message=message)
    ago = NOW() - timedelta(seconds=1)
    Deadline.objects.filter(rule_id=rule.id).update(due_at=ago)
    assert overdue.sweep() == 1
    assert not children()
    assert Deadline.objects.filter(job_id=job.id).count() == 2

    let_time_be_up()
    assert not children()
    assert Job.objects.get(parent_id=job.id).cause == "fallback"
    assert not Deadline.objects.exists()


def test_what_runs_out_of_time_unsent_is_followed_up_too(drain, place):
    other = make_destination(place.tenant, name="Other")
    rule_of(place, action="destination", target=other)
    job = make_job(destination=place)
    Job.objects.filter(pk=job.pk).update(expires_at=NOW() - timedelta(seconds=1))
    drain()
    job.refresh_from_db()
    assert (job.state, job.reason) == ("dead", "expired")

    let_time_be_up()
    assert [child.destination_id for child in children()] == [other.id]


def test_a_rule_that_rests_does_nothing_even_for_what_waits_for_it(place):
    rule, _awake = rule_of(place), rule_of(place)
    waiting = Deadline.objects.filter(rule_id=rule.pk)
    sent(place, "sent")
    rules.pause_rule(rule, actor=None, now=NOW())
    assert not waiting.exists()
    sent(place, "sent")
    assert not waiting.exists()
    rules.resume_rule(rule, actor=None)
    sent(place, "sent")
    assert waiting.count() == 1
    acts = AuditEntry.objects.values_list("action", flat=True).order_by("id")
    assert list(acts)[2:] == ["follow_up.paused", "follow_up.resumed"]


def test_follow_ups_of_follow_ups_come_to_an_end(place):
    rule_of(place, action="text", body_template="Hello?")
    job = sent(place, "sent")
    for _ in range(5):
        let_time_be_up()
        job = Job.objects.filter(parent_id=job.id).first()
        if job is None:
            break
        Job.objects.filter(pk=job.pk).update(state="sent", attempts=1)
        deadlines.note([deadlines.Moved(job.id, place, None, "sent", "")])
    assert len(children()) == 3
    assert not Deadline.objects.exists()


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("after", {"after": timedelta(seconds=59)}),
        ("after", {"after": timedelta(days=7)}),
        ("watches", {"watches": "not_read"}),
        ("body_template", {"action": "text"}),
        ("body_template", {"action": "text", "body_template": "{% for %}"}),
        ("target", {"action": "destination"}),
    ],
)
def test_a_rule_that_cannot_hold_is_refused(place, field, fields):
    with pytest.raises(ValidationError) as refused:
        rule_of(place, **fields)
    assert list(refused.value.message_dict) == [field]


def test_a_preview_counts_the_last_messages(place):
    now = NOW()
    times = {"accepted_at": now - timedelta(hours=1), "attempts": 1}
    for minutes in (1, 4, 6, 30):
        at = times["accepted_at"] + timedelta(minutes=minutes)
        make_job(destination=place, state="delivered", delivered_at=at, **times)
    make_job(destination=place, state="undelivered", **times)
    make_job(destination=place)
    rule = FollowUpRule(
        tenant=place.tenant,
        destination=place,
        watches="not_delivered",
        after=timedelta(minutes=5),
    )
    assert rules.preview_rule(rule, now=now) == rules.Preview(seen=5, met=3)


def test_a_preview_passes_over_what_nobody_tells_the_reading_of(teller):
    now = NOW()
    rule = FollowUpRule(
        tenant=teller.tenant,
        destination=teller,
        watches="not_read",
        after=timedelta(minutes=5),
    )
    for channel in ("whatsapp", "sms", ""):
        make_job(
            destination=teller,
            state="delivered",
            delivered_at=now - timedelta(hours=1),
            channel=channel,
        )
    assert rules.preview_rule(rule, now=now) == rules.Preview(seen=1, met=1)


def test_an_admin_makes_tries_changes_and_removes_a_follow_up(place):
    client = Client()
    client.force_login(make_user(place.tenant, Role.ADMIN))
    base = f"/t/{place.tenant.slug}/destinations/{place.public_id}/follow-ups/"
    given = {"watches": "not_delivered", "after": "2", "unit": "hours"}
    given |= {"action": "text", "body_template": "Hello {{ first_name }}?"}

    tried = client.post(f"{base}new/", {**given, "preview": "1"})
    assert b"No message has had so much time yet" in tried.content
    assert not FollowUpRule.objects.exists()

    client.post(f"{base}new/", given)
    rule = FollowUpRule.objects.get()
    assert rule.after == timedelta(hours=2)
    assert b"is not delivered within 2" in client.get(base).content
    page = client.get(f"{base}{rule.public_id}/").content
    assert b"Hello {{ first_name }}?" in page
    assert b"not read" not in page.partition(b"<form")[2].partition(b"<button")[0]

    refused = client.post(
        f"{base}{rule.public_id}/", {**given, "unit": "days", "after": 7}
    )
    assert refused.status_code == 422
    client.post(f"{base}{rule.public_id}/", {**given, "action": "alert"})
    client.post(f"{base}{rule.public_id}/pause/")
    rule.refresh_from_db()
    assert (rule.action, rule.body_template, rule.is_active) == ("alert", "", False)
    client.post(f"{base}{rule.public_id}/delete/")
    assert not FollowUpRule.objects.exists()
