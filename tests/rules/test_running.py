"""What a rule does when somebody taps or writes, through the real endpoint."""

import json

import pytest

from leadrails.alerts import outbox
from leadrails.alerts.models import Alert, Delivery
from leadrails.alerts.services import open_alert
from leadrails.contacts.models import InboundMessage, Suppression
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead
from leadrails.rules import acts, services
from leadrails.rules.models import Pending, Run
from leadrails.rules.outcomes import Act
from leadrails.rules.running import MAX_TRIES, run_waiting
from tests.alerts.conftest import past
from tests.make import make_destination, make_lead, make_source
from tests.webhooks.twilio import inbound, post_message

pytestmark = pytest.mark.django_db
DONE = {"state": "done", "why": ""}


def later():
    """Let what is tried again be due."""
    Pending.objects.update(due_at=past())
    return run_waiting()


def open_alerts():
    return list(Alert.objects.filter(resolved_at=None).values_list("kind", "cause"))


def test_a_tap_tags_sends_and_calls_once_however_often_it_is_posted(
    job, make_rule, make_channel, answer, receiver
):
    channel = make_channel(hears_alerts=False)
    other = make_destination(job.tenant)
    rule = make_rule(
        words=[],
        postback="book:",
        is_prefix=True,
        tag="wants a visit",
        send_by=other,
        send_text="Thanks {{ first_name }}, when?",
        channel=channel,
    )
    for _ in range(2):
        answer("Book", "book:17", sid="SM" + "7" * 32)
        run_waiting()
        answer("Book", "book:17", sid="SM" + "7" * 32, ErrorCode="11200")
        run_waiting()
        outbox.run()

    run = Run.objects.get()
    assert [act | DONE for act in run.acts] == run.acts
    assert [act["act"] for act in run.acts] == ["tag", "send", "call"]
    assert (run.rule, run.by, run.is_failed) == (rule, "postback", False)
    assert Lead.objects.get(pk=job.lead_id).tags == ["wants a visit"]
    child = Job.objects.get(parent_id=job.id)
    assert (child.id, child.cause, child.destination) == (run.job_id, "reply", other)
    words = {"to": "+12025550100", "body": "Thanks Ann, when?", "given": True}
    assert child.message == words
    (got,) = receiver.received
    told = json.loads(got.body)
    message = InboundMessage.objects.get()
    assert got.headers["webhook-id"] == f"msg_{run.delivery_id.hex}"
    assert told["type"] == "reply.matched"
    assert told["data"]["message"]["postback"] == "book:17"
    assert told["data"]["message"]["id"] == message.public_id
    assert told["data"]["person"] == {"phone": "+12025550100", "name": "Ann Lee"}
    assert told["data"]["job_id"] == job.public_id
    assert not Pending.objects.exists()


def test_each_answer_is_answered_and_each_rule_hears_it(job, make_rule, answer):
    first = make_rule(send_by=job.destination)
    second = make_rule(words=["yes please", "yes"], tag="warm")
    make_rule(words=["No"], tag="cold")
    make_rule(tag="elsewhere", destination=make_destination(job.tenant))
    answer("Yes!")
    answer("yes")
    answer("Perhaps")
    assert run_waiting() == 3

    ran = Run.objects.order_by("message", "rule").values_list("rule", flat=True)
    assert list(ran) == [first.pk, second.pk] * 2
    children = Job.objects.filter(parent_id=job.id)
    assert children.count() == 2
    assert {child.message for child in children} == {None}  # the destination's own
    assert Lead.objects.get(pk=job.lead_id).tags == ["warm"]
    assert Run.objects.last().acts == [
        {"act": "tag", "state": "needless", "why": "has_tag"}
    ]


def test_two_rules_send_one_message_each_and_none_by_what_was_removed(
    job, make_rule, answer
):
    gone = make_destination(job.tenant, status="revoked")
    for place in (job.destination, job.destination, gone):
        make_rule(send_by=place)
    answer("Yes")
    run_waiting()

    assert Job.objects.filter(parent_id=job.id).count() == 2
    whys = [run.acts[0]["why"] for run in Run.objects.order_by("id")]
    assert whys == ["", "", "place_gone"]


def test_without_an_active_rule_nothing_is_written(job, make_rule, answer):
    paused, deleted = make_rule(tag="a"), make_rule(tag="b")
    services.pause(paused, actor=None)
    services.delete(deleted, actor=None)
    answer("Yes")

    assert not Pending.objects.exists()


def test_a_rule_that_is_paused_does_nothing_beside_one_that_is_not(
    job, make_rule, answer
):
    paused, active = make_rule(tag="a"), make_rule(tag="b")
    services.pause(paused, actor=None)
    answer("Yes")
    run_waiting()

    assert [run.rule for run in Run.objects.all()] == [active]


def test_who_wants_no_more_is_sent_nothing_and_nobody_is_alarmed(
    job, make_rule, answer
):
    make_rule(words=["No thanks"], suppresses=True)
    make_rule(words=["No thanks"], send_by=job.destination)
    answer("No, thanks")
    run_waiting()

    row = Suppression.objects.get()
    message = InboundMessage.objects.get()
    assert (row.phone, row.source) == (message.phone, message.public_id)
    assert [run.acts[0]["why"] for run in Run.objects.order_by("id")] == [
        "",
        "said_stop",
    ]
    assert not Job.objects.exclude(pk=job.pk).exists()
    assert not open_alerts()


def test_what_fails_is_told_once_and_the_rest_is_done(
    job, make_rule, make_channel, answer
):
    channel = make_channel()
    rule = make_rule(tag="warm", channel=channel)
    channel.status = "paused"
    channel.save()
    answer()
    run_waiting()

    run = Run.objects.get()
    assert run.is_failed
    assert [act["state"] for act in run.acts] == ["done", "failed"]
    assert open_alerts() == [("reply_rule_failed", "channel_off")]
    services.update_rule(
        rule,
        actor=None,
        **{name: getattr(rule, name) for name in services.FIELDS} | {"channel": None},
    )
    assert not open_alerts()


def test_whoever_was_never_messaged_cannot_be_answered(client, job, make_rule, answer):
    make_rule(send_by=job.destination, tag="warm")
    answer(From="+12025550177")
    run_waiting()

    acts = Run.objects.get().acts
    assert [act["why"] for act in acts] == ["no_lead", "no_job"]
    assert open_alerts() == [("reply_rule_failed", "no_lead")]


def test_a_lead_that_was_never_messaged_is_tagged(job, make_rule, answer):
    lead = make_lead(make_source(job.tenant), phone="+12025550177")
    make_rule(tag="warm")
    answer(From=lead.phone)
    run_waiting()

    assert Lead.objects.get(pk=lead.pk).tags == ["warm"]


def test_a_rule_that_breaks_is_tried_again_and_holds_up_no_other(
    job, make_rule, answer, monkeypatch
):
    broken = make_rule(suppresses=True, tag="warm")
    make_rule(tag="hot")

    def broke(_doing):
        raise RuntimeError("a bug of ours")

    monkeypatch.setitem(acts._DO, Act.SUPPRESS, broke)
    answer()
    run_waiting()

    assert Lead.objects.get(pk=job.lead_id).tags == ["hot"]
    assert run_waiting() == 0  # it waits
    for _ in range(MAX_TRIES):
        later()

    assert not Pending.objects.exists()
    run = Run.objects.get(rule=broken)
    assert {act["why"] for act in run.acts} == {"broke"}
    assert Lead.objects.get(pk=job.lead_id).tags == ["hot"]
    assert open_alerts() == [("reply_rule_failed", "broke")]


def test_a_rule_that_broke_goes_on_once_it_is_mended(
    job, make_rule, answer, monkeypatch
):
    make_rule(tag="warm")
    with monkeypatch.context() as broken:
        broken.setitem(acts._DO, Act.TAG, lambda _doing: 1 / 0)
        answer()
        run_waiting()
    later()

    assert Lead.objects.get(pk=job.lead_id).tags == ["warm"]
    assert not open_alerts()


def test_a_webhook_that_never_takes_it_is_an_alert(
    job, make_rule, make_channel, answer, receiver
):
    channel = make_channel(hears_alerts=False)
    make_rule(channel=channel)
    receiver.statuses["/hook"] = 410
    answer()
    run_waiting()
    outbox.run()

    assert Delivery.objects.get(is_call=True).state == "dead"
    assert open_alerts() == [("reply_webhook_failed", "")]
    assert Run.objects.get().delivery.answer.startswith("410")
    receiver.statuses.clear()
    answer()
    run_waiting()
    outbox.run()
    assert not open_alerts()


def test_a_channel_for_calls_alone_hears_of_no_alert(job, make_channel, receiver):
    make_channel(hears_alerts=False)
    open_alert(tenant_id=job.tenant_id, kind="dead_letters", scope="workspace")
    outbox.run()

    assert not receiver.received


def test_a_message_of_another_workspace_meets_no_rule(job, make_rule, client):
    make_rule(tag="warm")
    place = make_destination()
    make_lead(make_source(place.tenant))
    post_message(client, place, inbound("Yes"))
    run_waiting()

    assert not Run.objects.exists()
    assert not Lead.objects.exclude(tags=[]).exists()


def test_an_alert_of_a_rule_ends_when_it_goes_well(job, make_rule, answer):
    make_rule(tag="warm")
    answer(From="+12025550177")
    run_waiting()
    assert open_alerts()
    answer()
    run_waiting()

    assert not open_alerts()
