"""Whatever is posted to the endpoints: an answer of 2xx or 4xx, and nothing is lost."""

import os
from urllib.parse import parse_qs, quote, urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from destinations.callbacks import addresses, status_url
from destinations.credentials import open_credentials
from destinations.providers.twilio_signature import Form
from leadrails.contacts.models import InboundMessage
from leadrails.jobs.models import DeliveryEvent
from tests.webhooks.twilio import SID, form, inbound, make_sent_job
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

HOST = "http://127.0.0.1:8000"
FIELDS = (
    *("MessageSid", "SmsSid", "MessageStatus", "SmsStatus", "From", "To", "Body"),
    *("ErrorCode", "RawDlrDoneDate", "OptOutType", "NumMedia", "MediaUrl0", "Price"),
    *("PriceUnit", "NumSegments", "Latitude", "Longitude", "ChannelMetadata", "Új"),
    *("ButtonText", "ButtonPayload", "MessagingServiceSid", "ChannelStatusMessage"),
)


def encoded(pairs, errors="replace"):
    return urlencode(pairs, errors=errors).encode()


words = st.sampled_from(
    [
        *(SID, "delivered", "received", "failed", "STOP", "START", "+12025550100"),
        *("30007", "rcs:+12025550100", "-0.0075", "nan", "1e99999999", "\0"),
        *("\ud800", '{"a":[{}]}', ""),
    ]
)
values = st.one_of(words, st.text(max_size=60))
forms = st.lists(st.tuples(st.sampled_from(FIELDS), values), max_size=12)
bodies = st.one_of(
    forms.map(lambda pairs: encoded(pairs, errors="surrogatepass")),
    forms.map(lambda pairs: form("sent") + b"&" + encoded(pairs)),
    forms.map(lambda pairs: inbound() + b"&" + encoded(pairs)),
    st.binary(max_size=300),
    st.text(max_size=100).map(lambda text: f'{{"MessageSid": "{text}'.encode()),
    st.just(b"[" * 20_000),
    st.just(b'{"a":' * 10_000),
)
FORM = "application/x-www-form-urlencoded"
types = st.sampled_from([FORM, FORM, "application/json", "multipart/form-data", ""])
many = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "50")),
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)


@pytest.fixture
def job(db):
    return make_sent_job()


@pytest.fixture
def client():
    """Raises what a server would answer with 500."""
    return Client()


def send(client, url, body, content_type, token):
    params = Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))
    signed = RequestValidator(token).compute_signature(url, params)
    return client.post(
        url.removeprefix(HOST),
        body,
        content_type=content_type,
        headers={"X-Twilio-Signature": signed},
    )


def work_off_all():
    """All but what failed and waits for its next try."""
    process_callbacks()
    waiting = RawCallback.objects.filter(processed_at=None)
    assert not waiting.filter(tries=0).exists()
    for raw in waiting:
        assert raw.error.startswith(("ValueError: ", "NotOurs: ")), raw.error


@many
@given(bodies, types, st.booleans())
@example(inbound("\0STOP\0"), FORM, True)
def test_anything_may_be_posted_for_a_sender(
    job, client, body, content_type, is_signed
):
    token = open_credentials(job.destination)["auth_token"]
    before = RawCallback.objects.count()

    answer = send(
        client,
        addresses(job.destination).incoming,
        body,
        content_type,
        token if is_signed else "f" * 32,
    )

    assert answer.status_code in (200, 204, 400, 403)
    kept = RawCallback.objects.count() - before
    assert kept == (answer.status_code in (200, 204))
    if kept:
        raw = RawCallback.objects.order_by("-id").first()
        assert bytes(raw.body) == body
        if raw.kind == "inbound":
            assert raw.processed_at, raw.error
    work_off_all()


@many
@given(bodies, types)
@example(form("delivered", ChannelStatusMessage="\0"), FORM)
def test_anything_may_be_posted_of_an_attempt(job, client, body, content_type):
    token = open_credentials(job.destination)["auth_token"]
    url = status_url(job.destination_id, job.id, 1)
    before = RawCallback.objects.count()

    answer = send(client, url, body, content_type, token)

    assert answer.status_code in (204, 403)
    assert RawCallback.objects.count() - before == (answer.status_code == 204)
    work_off_all()


@many
@given(st.text(max_size=60), st.sampled_from(["get", "post", "put"]))
def test_any_address_is_found_or_not(job, client, text, method):
    written = quote(text, safe="", errors="replace")
    known = f"/webhooks/status/{job.destination.public_id}/{job.public_id}"
    for path in (
        f"/webhooks/messages/{written}/incoming",
        f"/webhooks/status/{written}/{written}/1/1/{written}",
        f"{known}/99999999999999999999/99999999999/{written}",
    ):
        answer = getattr(client, method)(path, headers={"X-Twilio-Signature": written})
        assert answer.status_code in (404, 405)


@many
@given(st.text(max_size=200))
def test_any_query_may_be_asked(job, client, query):
    path = addresses(job.destination).incoming.removeprefix(HOST)
    answer = client.get(f"{path}?{quote(query, safe='=&%+', errors='replace')}")

    assert answer.status_code in (400, 403)


def test_the_examples_reach_what_they_are_for(job, client):
    """Else all of them might be refused at the door."""
    token = open_credentials(job.destination)["auth_token"]
    body = inbound("Hi", ChannelMetadata='{"a":[{}]}', Latitude="nan", Price="nan")
    url = addresses(job.destination).incoming
    assert send(client, url, body, FORM, token)
    assert InboundMessage.objects.get().kind == "text"
    url = status_url(job.destination_id, job.id, 1)
    send(client, url, form("sent", Price="1e99999999"), FORM, token)
    work_off_all()
    assert DeliveryEvent.objects.get().status == "sent"
