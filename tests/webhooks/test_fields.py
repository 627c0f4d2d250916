"""What a status callback may be posted as, and all that is kept of it."""

import hashlib
import itertools
import json

import pytest
from django.test import Client
from twilio.request_validator import RequestValidator

from destinations.callbacks import addresses, status_url
from leadrails.contacts.models import Suppression
from leadrails.jobs.models import DeliveryEvent, Job
from tests.make import make_destination
from tests.webhooks.twilio import (
    SID,
    form,
    inbound,
    make_sent_job,
    post_message,
    report,
)
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db
NEW, OLD = "a" * 32, "b" * 32
RCS = {
    "From": "rcs:acme_agent",
    "To": "rcs:+12025550100",
    "ChannelPrefix": "rcs",
    "ChannelInstallSid": "XE" + "1" * 32,
    "MessagingServiceSid": "MG" + "1" * 32,
}


def test_every_field_of_a_callback_is_kept():
    job = make_sent_job()
    body = form(
        "undelivered",
        "30005",
        RawDlrDoneDate="2611212210",
        ChannelStatusMessage="no such handset",
        EventType="FAILED",
        Future="x" * 3_000,
        **RCS,
    )
    report(job, body)

    kept = DeliveryEvent.objects.get()
    assert kept.payload == {
        "sender": "rcs:acme_agent",
        "done_date": "2611212210",
        "ChannelPrefix": "rcs",
        "ChannelInstallSid": RCS["ChannelInstallSid"],
        "MessagingServiceSid": RCS["MessagingServiceSid"],
        "ChannelStatusMessage": "no such handset",
        "EventType": "FAILED",
        "Future": "x" * 1_000,
    }
    assert (kept.status, kept.error) == ("undelivered (rcs)", "30005")
    assert bytes(RawCallback.objects.get().body) == body


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_sender_is_whoever_carried_it_furthest(order):
    job = make_sent_job()
    bodies = [
        form("queued", From="rcs:acme_agent"),
        form("sent", From="rcs:acme_agent"),
        form("delivered", From="+15555550100", NumSegments="2"),
    ]
    job = report(job, *(bodies[place] for place in order))

    assert (job.sender, job.segments, job.state) == ("+15555550100", 2, "delivered")


def test_a_price_that_a_callback_brings_is_kept():
    job = report(make_sent_job(), form("delivered", Price="-0.0079", PriceUnit="USD"))

    assert (str(job.price), job.price_unit) == ("-0.007900", "USD")


def test_an_opt_out_told_by_a_callback_is_one():
    job = make_sent_job()
    job = report(job, form("failed", "21610"))

    row = Suppression.objects.for_tenant(job.tenant_id).in_force().get()
    assert (row.phone, row.reason) == (job.recipient, "opted_out")
    assert row.source == job.public_id
    post_message(Client(), job.destination, inbound("START", sender=job.recipient))
    assert not Suppression.objects.in_force().exists()


# Ways of posting ----------------------------------------------------------------


def post(url, body, token, *, media_type="application/x-www-form-urlencoded", **params):
    host = "/".join(url.split("/")[:3])
    headers = {}
    if token:
        signed = RequestValidator(token).compute_signature(url, params)
        headers["X-Twilio-Signature"] = signed
    path = url.removeprefix(host)
    return Client().post(path, body, content_type=media_type, headers=headers)


@pytest.fixture
def job():
    tokens = {"auth_token": NEW, "auth_token_previous": OLD}
    return make_sent_job(destination=make_destination(credentials=tokens))


def fields(status="delivered"):
    return {"MessageSid": SID, "MessageStatus": status, "To": "+12025550100"}


@pytest.mark.parametrize("base", ["https://leads.example:8443", "http://[::1]:8000"])
@pytest.mark.parametrize("query", ["", "?a=1&b=%7E"])
@pytest.mark.parametrize(("token", "status"), [(NEW, 204), (OLD, 204), ("c" * 32, 403)])
def test_forms_are_believed_as_they_were_signed(
    job, settings, base, query, token, status
):
    settings.LEADRAILS_PUBLIC_URL = base
    url = status_url(job.destination_id, job.id, 1) + query

    assert post(url, form("delivered"), token, **fields()).status_code == status


def test_json_is_believed_by_the_hash_in_its_address(job):
    body = json.dumps(fields()).encode()
    digest = hashlib.sha256(body).hexdigest()
    url = f"{status_url(job.destination_id, job.id, 1)}?bodySHA256={digest}"
    asked = {"media_type": "application/json"}

    assert post(url, body + b" ", NEW, **asked).status_code == 403
    assert post(url, body, NEW, **asked).status_code == 204
    process_callbacks()
    assert Job.objects.get(pk=job.pk).state == "delivered"


def test_a_message_may_be_json_too(job):
    said = {"MessageSid": SID, "From": "+12025550100", "Body": "STOP", "NumMedia": 0}
    body = json.dumps(said).encode()
    digest = hashlib.sha256(body).hexdigest()
    url = f"{addresses(job.destination).incoming}?bodySHA256={digest}"

    assert post(url, body, NEW, media_type="application/json").status_code == 200
    assert Suppression.objects.in_force().get().phone == "+12025550100"


def test_without_the_header_nothing_is_believed(job):
    url = status_url(job.destination_id, job.id, 1)

    assert post(url, form("delivered"), "").status_code == 403
    assert not RawCallback.objects.exists()
