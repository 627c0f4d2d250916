"""From an alert that opens to what a receiver on a socket gets."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from leadrails.alerts import channels, outbox
from leadrails.alerts.models import Alert, AlertEvent, Channel, Delivery, Notice, Try
from leadrails.alerts.services import close_alerts, open_alert
from leadrails.contacts.services import suppress
from leadrails.jobs.models import Attempt, Job, Tally, TallyChange
from leadrails.tenants.models import Membership, Role
from tests.alerts.conftest import past
from tests.mail.smtp_server import MailServer
from tests.make import make_destination, make_tenant, make_user
from tests.simulator.receiver import HANG_UP

DOCS = Path(__file__).parents[2] / "docs/alerts.md"


def said(receiver):
    return [json.loads(got.body)["type"] for got in receiver.received]


def states():
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_a_webhook_is_told_each_turn_of_an_alert_once(make, happen, receiver):
    make()
    happen()
    happen()  # one more failure of the same problem is no news
    outbox.run()
    happen(over=True)
    outbox.run()
    happen()
    outbox.run()
    assert said(receiver) == ["alert.opened", "alert.cured", "alert.reopened"]
    outbox.run()
    AlertEvent.objects.update(is_told=False)  # as if the mark had been lost
    outbox.run()
    assert len(receiver.received) == 3


def test_the_sample_of_the_docs_verifies_what_is_sent(make, happen, receiver):
    channel = make()
    happen()
    outbox.run()
    (got,) = receiver.received
    sample_of = r"```python\n(import base64.*?)```"
    (sample,) = re.findall(sample_of, DOCS.read_text(), re.DOTALL)
    scope = {}
    exec(sample, scope)

    headers = {name.lower(): value for name, value in got.headers.items()}
    payload = scope["read_alert"](channel.key, headers, got.body)

    assert payload["data"]["workspace"]["name"] == "Acme"
    alert = payload["data"]["alert"]
    assert alert["severity"] == "severe"
    assert alert["id"] == Alert.objects.get().public_id
    assert alert["url"].endswith(f"/alerts/{alert['id']}/")
    for spoiled in (
        {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)},
        {"webhook-id": "msg_other"},
    ):
        with pytest.raises(ValueError, match="webhook"):
            scope["read_alert"](channel.key, headers | spoiled, got.body)
    with pytest.raises(ValueError, match="webhook"):
        scope["read_alert"](channel.key, headers, got.body + b" ")


def test_a_refusal_for_now_is_tried_again_under_the_same_id(
    make, happen, receiver, later
):
    channel = make()
    receiver.answers = [503, HANG_UP]
    happen()
    outbox.run()
    assert outbox.run() == 0  # not due yet
    assert [later(), later(), later()] == [1, 1, 0]
    assert states() == ["sent"]
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 1
    assert len({got.body for got in receiver.received}) == 1
    log = Try.objects.order_by("number").values_list("outcome", flat=True)
    assert list(log) == ["not_sent", "unknown", "sent"]
    assert Try.objects.get(number=1).answer == "503"
    channel.refresh_from_db()
    assert channel.succeeded_at
    assert channel.failing_since is None


def test_a_dead_delivery_shows_on_its_channel_and_makes_no_alert(
    make, happen, receiver, later
):
    channel = make()
    receiver.answers = [500] * 20
    happen()
    outbox.run()
    while later():
        pass
    assert len(receiver.received) == outbox.RETRY.max_attempts
    assert states() == ["dead"]
    channel.refresh_from_db()
    assert channel.failing_since
    assert channel.failure == "500"
    assert Alert.objects.count() == 1

    receiver.answers = []
    happen(over=True)
    outbox.run()
    channel.refresh_from_db()
    assert channel.failing_since is None


def test_what_is_older_goes_first(make, happen, receiver, later):
    make()
    receiver.answers = [500]
    happen()
    outbox.run()
    happen(over=True)
    outbox.run()
    assert said(receiver) == ["alert.opened"]
    later()
    assert said(receiver) == ["alert.opened", "alert.opened", "alert.cured"]


def test_slack_is_not_told_twice_when_its_answer_is_lost(make, happen, receiver, later):
    channel = make("slack")
    receiver.answers = [HANG_UP]
    happen()
    outbox.run()
    later()
    assert states() == ["unknown"]
    (got,) = receiver.received
    text = json.loads(got.body)["text"]
    assert text.startswith("*<http://127.0.0.1:8000/t/")
    assert "Severe: Messages of this workspace were given up" in text
    channel.refresh_from_db()
    assert "No usable answer" in channel.failure


def test_slack_that_is_gone_is_given_up_at_once(make, happen, receiver):
    make("slack")
    receiver.answers = [404]
    happen()
    outbox.run()
    assert states() == ["dead"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"least": "severe"}, ["dead_letters"]),
        ({"least": "warning"}, ["dead_letters", "queue_age"]),
        ({"least": "notice"}, ["dead_letters", "queue_age", "stray_rows"]),
        ({"least": "notice", "kinds": ["queue_age"]}, ["queue_age"]),
    ],
)
def test_a_channel_hears_what_it_asked_for(fields, told, make, happen, receiver):
    make(**fields)
    for kind in ("dead_letters", "queue_age", "stray_rows"):
        happen(kind)
    outbox.run()
    for kind in ("dead_letters", "queue_age", "stray_rows"):
        happen(kind, over=True)
    outbox.run()
    heard = [json.loads(got.body) for got in receiver.received]
    kinds = [got["data"]["alert"]["kind"] for got in heard]
    assert sorted(kinds[: len(told)]) == told
    assert sorted(kinds[len(told) :]) == told  # and of the end of just these


def test_of_what_comes_and_goes_one_hears_less(make, happen, receiver):
    make("webhook")
    for over in (False, True, False, True, False, True):
        happen(over=over)
        outbox.run()
    happen("queue_age")  # another alert is told at once
    outbox.run()

    (collected,) = Delivery.objects.filter(is_digest=True)
    assert collected.notices.count() == 3
    assert timedelta(minutes=25) < collected.due_at - timezone.now()
    assert Delivery.objects.filter(is_digest=False, state="sent").count() == 4

    Delivery.objects.filter(pk=collected.pk).update(due_at=past())
    outbox.run()

    assert len(receiver.received) == 5
    happened = json.loads(receiver.received[-1].body)["data"]
    events = happened.get("alert", happened)
    assert [event["what"] for event in events["events"]] == [
        "cured",
        "reopened",
        "cured",
    ]


def test_quiet_hours_end_with_one_digest(make, happen, receiver, quiet):
    channel = make(least="notice")
    quiet(channel, on=True)
    happen("dead_letters")
    outbox.run()
    happen("queue_age")
    happen("dead_letters", over=True)
    assert outbox.run() == 0
    (digest,) = Delivery.objects.all()
    assert timedelta(minutes=55) < digest.due_at - timezone.now() < timedelta(hours=1)

    quiet(channel, on=False)
    Delivery.objects.update(due_at=past())
    outbox.run()

    (got,) = receiver.received
    payload = json.loads(got.body)
    assert payload["type"] == "alerts.digest"
    first, second = payload["data"]["alerts"]
    assert [event["what"] for event in first["events"]] == ["opened", "cured"]
    assert (first["state"], second["state"]) == ("closed", "open")
    happen("queue_age", over=True)
    outbox.run()
    assert said(receiver)[1:] == ["alert.cured"]


def test_severe_ones_may_come_in_quiet_hours(make, happen, receiver, quiet):
    quiet(make(wakes=True), on=True)
    happen("queue_age")
    happen("dead_letters")
    outbox.run()
    (got,) = receiver.received
    assert json.loads(got.body)["data"]["alert"]["kind"] == "dead_letters"


def test_whoever_is_paused_or_too_new_hears_nothing(make, happen, receiver):
    paused, removed = make(name="a"), make(name="b")
    happen()
    channels.pause(paused, actor=None)
    channels.remove(removed, actor=None)
    fresh = make(name="c")
    Channel.objects.filter(pk=fresh.pk).update(created_at=timezone.now())
    outbox.run()
    assert receiver.received == []
    removed.refresh_from_db()
    assert bytes(removed.secret) == b""


def test_owners_and_admins_get_severe_ones_by_mail(
    tenant, happen, mailoutbox, settings
):
    people = {role: make_user(tenant, role) for role in Role}
    stranger = make_user()
    Membership.objects.update(created_at=past())
    happen("dead_letters")
    happen("queue_age")
    outbox.run()
    to = sorted(address for mail in mailoutbox for address in mail.to)
    assert to == sorted(people[role].email for role in (Role.ADMIN, Role.OWNER))
    assert stranger.email not in to
    mail = mailoutbox[0]
    assert mail.subject == ("[Acme] Severe: Messages of this workspace were given up")
    assert "were given up\n\nLeadRails tried and stopped" in mail.body
    assert "\n\nWhat to do: " in mail.body
    assert "settings/channels/mine" in mail.body

    people[Role.ADMIN].memberships.all().delete()
    happen("dead_letters", over=True)
    outbox.run()
    assert [mail.to for mail in mailoutbox[2:]] == [[people[Role.OWNER].email]]


def test_an_owner_of_two_workspaces_is_told_of_both(tenant, mailoutbox):
    other = make_tenant(name="Other")
    owner = make_user(tenant)
    Membership.objects.create(tenant=other, user=owner, role=Role.OWNER)
    Membership.objects.update(created_at=past())
    for place in (tenant, other):
        open_alert(tenant_id=place.pk, kind="dead_letters", scope="workspace")
        outbox.run()
        close_alerts(
            tenant_id=place.pk,
            kind="dead_letters",
            scope="workspace",
            now=timezone.now(),
        )
    outbox.run()
    heads = sorted(mail.subject.partition("]")[0] for mail in mailoutbox)
    assert heads == ["[Acme", "[Acme", "[Other", "[Other"]


def test_a_mail_server_on_a_socket_takes_it_or_says_why_not(
    make, happen, settings, later
):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    make("email", address="ops@acme.example")
    try:
        server.answers["MAIL"] = "451 Try later"
        happen()
        outbox.run()
        assert Try.objects.get().answer == "451 Try later"
        server.answers.clear()
        later()
        (mail,) = server.taken
        pk = Delivery.objects.get().pk
        assert str(pk) in mail["Message-ID"]
        assert "given up" in mail.get_body(["html"]).get_content()
        server.answers["RCPT"] = "550 No such person"
        happen(over=True)
        outbox.run()
    finally:
        server.close()
    assert states() == ["sent", "dead"]
    assert Channel.objects.get().failure == "550 No such person"


@pytest.mark.django_db(transaction=True)
def test_an_sms_is_no_leads_job_and_respects_a_stop(tenant, make, happen, drain):
    destination = make_destination(tenant)
    phone = "+12025550123"
    channel = make("sms", address=phone, destination_id=destination.pk)
    happen()
    outbox.run()
    assert states() == ["sent"]
    assert Try.objects.get().answer.startswith("The provider took it (SM")
    for model in (Job, Attempt, Tally, TallyChange):
        assert not model.objects.exists()

    suppress(tenant_id=tenant.pk, phone=phone, reason="opted_out")
    happen(over=True)
    outbox.run()
    assert states() == ["sent", "dead"]
    channel.refresh_from_db()
    assert channel.failure.startswith("This person asked for no more messages")


def test_what_is_rolled_back_is_not_told(make, happen, receiver):
    make()
    with transaction.atomic():
        happen()
        transaction.set_rollback(True)
    outbox.run()
    assert receiver.received == []


@pytest.mark.parametrize(("kind", "state"), [("webhook", "sent"), ("slack", "unknown")])
def test_a_worker_that_dies_leaves_its_delivery_to_others(
    kind, state, make, happen, receiver
):
    make(kind)
    happen()
    outbox.fan_out(now=timezone.now())
    outbox.claim()  # and dead
    outbox.run()
    assert receiver.received == []
    Delivery.objects.update(lease_until=past())
    outbox.run()
    Delivery.objects.filter(state="waiting").update(due_at=past())
    outbox.run()
    assert states() == [state]
    assert len(receiver.received) == (state == "sent")


@pytest.mark.django_db(transaction=True)
def test_many_workers_tell_everybody_once(tenant, make, happen, receiver):
    for number in range(6):
        make(name=f"hook {number}")
    for number in range(5):
        happen(scope=f"destination:{number}")
    ready = threading.Barrier(4)

    def work():
        ready.wait()
        try:
            while outbox.run():
                pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        for done in [workers.submit(work) for _ in range(4)]:
            done.result()
    outbox.run()
    assert set(states()) == {"sent"}
    assert len(receiver.received) == Notice.objects.count() == 30
    assert len({got.headers["webhook-id"] for got in receiver.received}) == 30
