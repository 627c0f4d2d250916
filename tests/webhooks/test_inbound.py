"""Messages from people, through the real endpoint."""

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.utils import timezone
from twilio.request_validator import RequestValidator

from destinations.callbacks import addresses
from destinations.credentials import open_credentials
from leadrails.alerts.models import Alert
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.jobs.models import Job, QueueEntry
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant
from tests.webhooks.twilio import SID, form, inbound, make_sent_job, post_message
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db
OTHER_SID = "SM" + "2" * 32
THIRD_SID = "SM" + "3" * 32


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def job():
    return make_sent_job()


def stopped(place):
    return Suppression.objects.for_tenant(place.tenant_id).in_force()


def test_a_reply_is_kept_and_tied_to_lead_and_job(client, job):
    answer = post_message(client, job.destination, inbound("Call me", Extra="new"))

    assert (answer.status_code, answer["Content-Type"][:8]) == (200, "text/xml")
    assert answer.content.endswith(b"<Response></Response>")
    message = InboundMessage.objects.get()
    assert (message.job_id, message.lead_id) == (job.id, job.lead_id)
    assert (message.tenant_id, message.destination_id) == (
        job.tenant_id,
        job.destination_id,
    )
    assert (message.body, message.kind, message.channel) == ("Call me", "text", "sms")
    assert (message.phone, message.recipient) == ("+12025550100", "+15555550100")
    assert message.raw["Extra"] == "new"
    raw = RawCallback.objects.get()
    assert (raw.kind, raw.is_signed) == ("inbound", True)
    assert raw.processed_at
    assert message.callback_id == raw.id
    assert job.destination.inbound_secret not in raw.url


def test_a_message_that_comes_twice_is_kept_once(client, job):
    for more in ({}, {"ErrorCode": "11200", "ErrorUrl": "https://x.example"}):
        answer = post_message(client, job.destination, inbound("Hi", **more))
        assert answer.status_code == 200

    message = InboundMessage.objects.get()
    assert message.error_code == "11200"
    assert RawCallback.objects.exclude(processed_at=None).count() == 2


def test_stop_takes_effect_before_it_is_answered(client, job):
    post_message(client, job.destination, inbound("Stop."))

    row = stopped(job).get()
    assert (row.phone, row.reason) == ("+12025550100", "opted_out")
    assert row.source == InboundMessage.objects.get().public_id


@pytest.mark.parametrize(
    ("channel", "sender", "to", "more"),
    [
        ("sms", "+12025550100", "+15555550100", {"MessagingServiceSid": "MG1"}),
        ("rcs", "rcs:+12025550100", "rcs:acme_agent", {"OptOutType": "STOP"}),
        ("rcs", "+12025550100", "rcs:acme_agent", {}),
        ("whatsapp", "whatsapp:+12025550100", "whatsapp:+15555550100", {}),
    ],
)
def test_numbers_services_and_senders_are_heard_alike(
    client, job, channel, sender, to, more
):
    body = inbound("STOP", sender=sender, To=to, **more)
    for name in ("incoming", "status"):
        assert post_message(client, job.destination, body, name=name).content

    message = InboundMessage.objects.get()
    assert (message.channel, message.job_id) == (channel, job.id)
    assert stopped(job).get().phone == "+12025550100"


def test_an_account_may_have_its_own_words(client, job):
    post_message(client, job.destination, inbound("Basta", OptOutType="STOP"))

    assert stopped(job).count() == 1
    assert InboundMessage.objects.get().is_answered


def test_start_lifts_what_stop_has_stopped(client, job):
    post_message(client, job.destination, inbound("STOP"))
    post_message(client, job.destination, inbound("START", sid=OTHER_SID))

    assert not stopped(job).exists()
    row = Suppression.objects.get()
    assert row.lifted_because == InboundMessage.objects.last().public_id


def test_an_old_stop_that_comes_again_does_not_undo_a_start(client, job):
    post_message(client, job.destination, inbound("STOP"))
    post_message(client, job.destination, inbound("START", sid=OTHER_SID))
    post_message(client, job.destination, inbound("STOP", ErrorCode="11200"))

    assert not stopped(job).exists()


@pytest.mark.parametrize("reason", ["manual", "blocked"])
def test_start_does_not_lift_what_others_have_stopped(client, job, reason):
    Suppression.objects.create(tenant=job.tenant, phone="+12025550100", reason=reason)
    post_message(client, job.destination, inbound("START"))

    assert stopped(job).get().reason == reason


@pytest.mark.parametrize("word", ["HELP", "Hello", "STOP PLEASE"])
def test_other_words_stop_nothing(client, job, word):
    post_message(client, job.destination, inbound(word))

    assert not stopped(job).exists()


def test_a_sentence_that_asks_for_no_more_waits_for_a_person(client, job):
    post_message(client, job.destination, inbound("please stop texting me"))
    post_message(client, job.destination, inbound("thanks", sid=OTHER_SID))

    assert [m.body for m in InboundMessage.objects.all().to_review()] == [
        "please stop texting me"
    ]


def test_stop_stops_one_workspace_only(client, job):
    theirs = make_sent_job()
    post_message(client, job.destination, inbound("STOP"))

    assert not stopped(theirs).exists()


def test_stop_brings_what_waits_to_its_end(client, job):
    lead = make_lead(make_source(job.tenant))
    waiting = make_job(lead, job.destination, state="held", reason="quiet_hours")
    elsewhere = make_job(
        make_lead(make_source(job.tenant), phone="+12025550199"), job.destination
    )
    foreign = make_destination()
    theirs = make_job(make_lead(make_source(foreign.tenant)), foreign)
    assert theirs.recipient == waiting.recipient
    later = timezone.now() + timedelta(hours=3)
    QueueEntry.objects.update(due_at=later)

    post_message(client, job.destination, inbound("STOP"))

    assert QueueEntry.objects.get(job_id=waiting.id).due_at < timezone.now()
    for other in (elsewhere, theirs):
        assert QueueEntry.objects.get(job_id=other.id).due_at == later


def test_a_reply_names_the_message_that_it_answers(client, job):
    other = make_sent_job(lead=make_lead(make_source(job.tenant)))
    Job.objects.filter(pk=job.pk).update(provider_id=OTHER_SID)
    body = inbound("That one", OriginalRepliedMessageSid=OTHER_SID)
    post_message(client, other.destination, body)

    assert InboundMessage.objects.get().job_id == job.id


def test_the_same_destination_comes_first_then_the_newest(client, job):
    newer = make_sent_job(
        lead=make_lead(make_source(job.tenant)),
        destination=make_destination(job.tenant),
    )
    post_message(client, job.destination, inbound("One"))
    third = make_destination(job.tenant)
    post_message(client, third, inbound("Two", sid=OTHER_SID))

    tied = dict(InboundMessage.objects.values_list("body", "job_id"))
    assert tied == {"One": job.id, "Two": newer.id}


def test_of_destinations_with_one_sender_who_wrote_last_is_answered(client, job):
    newer = make_sent_job(
        lead=make_lead(make_source(job.tenant)),
        destination=make_destination(job.tenant),
    )
    Job.objects.update(sender="+15555550100")
    post_message(client, job.destination, inbound("To whom?"))

    message = InboundMessage.objects.get()
    assert (message.job_id, message.destination_id) == (newer.id, newer.destination_id)


def offering(postback, **fields):
    """A message by RCS with a card, on which one can answer."""
    reply = {"kind": "reply", "label": "Yes", "postback": postback}
    if not postback:  # then the label comes back
        del reply["postback"]
    rich = {"cards": [{"title": "Hi", "suggestions": [reply]}]}
    return {"message": {"to": "+12025550100", "body": "Hi", "rich": rich}, **fields}


def test_a_tap_answers_the_last_message_that_offered_it(client, job):
    now = timezone.now()
    sent = [
        make_sent_job(
            lead=make_lead(make_source(job.tenant)),
            destination=make_destination(job.tenant),
            **offering(postback),
        )
        for postback in ("yes_1", "yes_1", "yes_2", "", "no")
    ]
    for age, each in enumerate(reversed(sent)):
        at = now - timedelta(minutes=age)
        Job.objects.filter(pk=each.pk).update(accepted_at=at)

    for number, postback in enumerate(("yes_1", "yes_2", "Yes", '"yes_1"', "$tapped")):
        more = {"ButtonText": "Yes", "ButtonPayload": postback}
        body = inbound("Yes", sid=f"SM{number:032}", **more)
        post_message(client, job.destination, body)

    tied = InboundMessage.objects.order_by("id").values_list("job_id", flat=True)
    expected = [sent[1].id, sent[2].id, sent[3].id, job.id, job.id]
    assert list(tied) == expected


def test_a_lead_that_was_never_messaged_is_found_by_its_number(client):
    lead = make_lead()
    place = make_destination(lead.tenant)
    post_message(client, place, inbound("Hello?"))

    message = InboundMessage.objects.get()
    assert (message.job_id, message.lead_id) == (None, lead.id)


def test_a_stranger_is_kept_too(client):
    place = make_destination()
    post_message(client, place, inbound("Who is this?", sender="12345"))

    message = InboundMessage.objects.get()
    assert (message.job_id, message.lead_id, message.phone) == (None, None, "")
    assert message.sender == "12345"


@pytest.mark.parametrize(("fetches", "state"), [(True, "waiting"), (False, "link")])
def test_files_are_fetched_or_left_as_links(client, job, settings, fetches, state):
    settings.LEADRAILS_FETCH_MEDIA = fetches
    body = inbound(
        "",
        NumMedia="2",
        MediaUrl0="https://api.twilio.com/a",
        MediaContentType0="image/png",
        MediaUrl1="https://api.twilio.com/b",
    )
    post_message(client, job.destination, body)

    files = InboundMedia.objects.order_by("position")
    assert [(f.url[-1], f.content_type, f.state) for f in files] == [
        ("a", "image/png", state),
        ("b", "", state),
    ]


@pytest.mark.parametrize(
    ("word", "answer"),
    [("STOP", "no more messages"), ("START", "subscribed again"), ("help", "STOP")],
)
def test_short_codes_are_answered_for_by_us(client, job, word, answer):
    said = post_message(client, job.destination, inbound(word, To="55501"))

    text = ET.fromstring(said.content).findtext("Message")
    assert text.startswith(f"{job.tenant.name}: ")
    assert answer in text


@pytest.mark.parametrize(
    "more", [{}, {"MessagingServiceSid": "MG1"}, {"OptOutType": "STOP"}]
)
def test_where_the_provider_answers_we_do_not(client, job, more):
    to = "55501" if more else "+15555550100"
    said = post_message(client, job.destination, inbound("STOP", To=to, **more))

    assert len(ET.fromstring(said.content)) == 0
    assert stopped(job).exists()


# The address --------------------------------------------------------------------


def test_a_status_may_come_to_either_address(client, job):
    for name, status in (("status", "sent"), ("incoming", "delivered")):
        answer = post_message(client, job.destination, form(status), name=name)
        assert answer.status_code == 204
    while process_callbacks():
        pass

    job.refresh_from_db()
    assert (job.state, InboundMessage.objects.count()) == ("delivered", 0)


def test_a_message_may_come_to_the_address_of_statuses(client, job):
    answer = post_message(client, job.destination, inbound("STOP"), name="status")

    assert answer.status_code == 200
    assert stopped(job).exists()


def test_a_status_of_a_message_that_is_not_ours_is_let_go(client, job):
    body = form("delivered", sid=THIRD_SID)
    post_message(client, job.destination, body, name="status")
    for _ in range(5):
        RawCallback.objects.update(received_at=timezone.now() - timedelta(hours=1))
        process_callbacks()

    assert RawCallback.objects.get().processed_at
    assert not Alert.objects.exists()


def test_a_status_of_another_workspaces_message_moves_nothing(client, job):
    place = make_destination()
    post_message(client, place, form("delivered"), name="status")
    process_callbacks()

    assert Job.objects.get(pk=job.pk).state == "accepted"
    assert Job.objects.get(pk=job.pk).provider_id == SID


def test_a_wrong_signature_is_refused(client, job):
    answer = post_message(client, job.destination, inbound("STOP"), token="f" * 32)

    assert answer.status_code == 403
    assert not RawCallback.objects.exists()
    assert Alert.objects.get().kind == "signature_failures"


@pytest.mark.parametrize("secret", ["wrong", "x" * 32, "%00" * 20, "ü" * 20])
def test_a_wrong_secret_finds_nothing(client, secret):
    make_destination()
    assert client.post(f"/webhooks/messages/{secret}/incoming").status_code == 404


def test_a_changed_secret_holds_for_a_day(client, job):
    place, url = job.destination, addresses(job.destination).incoming
    place.inbound_secret_previous = place.inbound_secret
    place.inbound_secret, place.inbound_secret_set_at = "n" * 32, timezone.now()
    place.save()
    assert post_message(client, place, inbound("A"), url=url).status_code == 200

    place.inbound_secret_set_at -= timedelta(days=1)
    place.save()
    assert post_message(client, place, inbound("B"), url=url).status_code == 404


@pytest.mark.parametrize("status", ["paused", "revoked"])
def test_a_destination_that_sends_no_more_still_hears_stop(client, job, status):
    type(job.destination).objects.update(status=status)
    post_message(client, job.destination, inbound("STOP"))

    assert stopped(job).exists()


@pytest.mark.parametrize("method", ["get", "put"])
def test_a_number_may_be_set_to_other_methods(client, job, method):
    body = inbound("STOP").decode()
    url = addresses(job.destination).incoming
    token = open_credentials(job.destination)["auth_token"]
    if method == "get":
        path, data = f"{url}?{body}", {}
        signed = RequestValidator(token).compute_signature(path, {})
    else:
        from urllib.parse import parse_qsl

        path, data = url, {"data": body, "content_type": FORM}
        signed = RequestValidator(token).compute_signature(url, dict(parse_qsl(body)))
    path = path.removeprefix("http://127.0.0.1:8000")
    answer = getattr(client, method)(
        path, **data, headers={"X-Twilio-Signature": signed}
    )

    assert answer.status_code == 200
    assert stopped(job).exists()


FORM = "application/x-www-form-urlencoded"


def test_nothing_in_a_request_is_a_mistake_of_its_sender(client, job):
    url = addresses(job.destination).incoming
    path = url.removeprefix("http://127.0.0.1:8000")
    token = open_credentials(job.destination)["auth_token"]
    signed = RequestValidator(token).compute_signature(url, {})
    answer = client.post(
        path, b"", content_type=FORM, headers={"X-Twilio-Signature": signed}
    )
    assert answer.status_code == 400


def test_a_message_waits_for_the_worker_when_it_cannot_be_understood(
    client, job, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError("not now")

    with monkeypatch.context() as broken:
        broken.setattr("webhooks.batch.record_inbound", fail)
        answer = post_message(client, job.destination, inbound("STOP"))
    assert answer.status_code == 200
    assert RawCallback.objects.get().tries == 1

    RawCallback.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    process_callbacks()

    assert stopped(job).exists()


def test_a_message_is_kept_although_the_credentials_cannot_be_read(client, job):
    place = job.destination
    sealed, place.credentials = place.credentials, bytes(len(place.credentials))
    place.save()
    answer = post_message(client, place, inbound("STOP"), token="x" * 32)
    assert answer.status_code == 200
    assert RawCallback.objects.get().processed_at is None

    place.credentials = sealed
    place.save()
    RawCallback.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    process_callbacks()

    assert stopped(job).exists()


def test_another_workspaces_jobs_are_not_tied(client, job):
    place = make_destination(make_tenant())
    post_message(client, place, inbound("Hi"))

    message = InboundMessage.objects.get()
    assert (message.job_id, message.lead_id) == (None, None)
