"""Telnyx's webhooks from the wire to the job, the suppression and the file."""

import json
from itertools import permutations

import pytest
from django.test import Client

from leadrails.alerts.models import Alert
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.jobs.models import DeliveryEvent, Job
from tests.make import make_tenant, make_user
from tests.webhooks.telnyx import (
    MESSAGE,
    make_place,
    make_sent_job,
    post,
    post_message,
    signed,
    status,
    written,
)
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db
STOPPED = ("40300", "Blocked due to STOP message")


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def told(client, job, *bodies) -> Job:
    for body in bodies:
        assert post(client, job, body).status_code == 204
    while process_callbacks():
        pass
    return Job.objects.get(pk=job.pk)


def test_a_callback_is_answered_first_and_understood_after(client):
    job = make_sent_job()

    answer = post(client, job, status("delivered"))

    assert (answer.status_code, answer.content) == (204, b"")
    assert RawCallback.objects.get().is_signed
    assert Job.objects.get(pk=job.pk).state == "accepted"
    assert process_callbacks() == 1
    assert Job.objects.get(pk=job.pk).state == "delivered"


@pytest.mark.parametrize("how", ["stranger", "old", "other body", "no header"])
def test_a_callback_that_telnyx_did_not_sign_now_is_refused(client, how):
    job, body = make_sent_job(), status("delivered")
    headers = {
        "stranger": signed(job.destination, body, account=f"AC{'0' * 32}"),
        "old": signed(job.destination, body, at=1_700_000_000),
        "other body": signed(job.destination, status("sent")),
        "no header": {"User-Agent": "nobody"},
    }[how]

    assert post(client, job, body, headers=headers).status_code == 403
    assert not RawCallback.objects.exists()
    assert Alert.objects.get().kind == "signature_failures"


def test_either_key_signs_while_the_pair_is_changed(client):
    stranger = f"AC{'0' * 32}"
    old, tenant = make_place(), make_tenant()
    keys = {"public_key_previous": old.config["public_key"]}
    job = make_sent_job(destination=make_place(tenant=tenant, config=keys))
    body = status("sent")
    by_old = signed(old, body)

    assert post(client, job, body, headers=by_old).status_code == 204
    assert post(client, job, body).status_code == 204
    by_stranger = signed(old, body, account=stranger)
    assert post(client, job, body, headers=by_stranger).status_code == 403


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["scheduled"], "accepted"),
        (["queued"], "accepted"),
        (["sending"], "accepted"),
        (["sent"], "sent"),
        (["sent", "delivery_unconfirmed"], "sent"),
        (["sent", "delivered"], "delivered"),
        (["sent", "delivered", "read"], "read"),
        (["sent", "delivery_failed"], "undelivered"),
        (["sent", "delivery_failed", "delivered"], "delivered"),
        (["something_new"], "accepted"),
    ],
)
def test_statuses_count_in_any_order_and_however_often(client, words, state):
    for order in list(permutations(words))[:3]:
        job = make_sent_job()
        bodies = [status(word) for word in order]
        copies = [status(word, attempt=4) for word in order]

        job = told(client, job, *bodies, *copies, *reversed(bodies))

        assert job.state == state
        events = DeliveryEvent.objects.filter(job_id=job.id)
        assert sorted(events.values_list("status", flat=True)) == sorted(words)


def test_the_pages_say_what_telnyx_means(client):
    job = told(client, make_sent_job(), status("delivery_unconfirmed"))
    client.force_login(make_user(job.tenant))
    slug, place = job.tenant.slug, job.destination.public_id

    page = client.get(f"/t/{slug}/jobs/{job.public_id}/").content.decode()
    advanced = client.get(f"/t/{slug}/destinations/{place}/advanced/").content.decode()

    assert "The carrier never said whether it arrived" in page
    assert "This provider keeps no list that could be asked." in advanced


def test_a_read_receipt_keeps_its_time_and_so_does_the_delivery_after_it(client):
    job = told(client, make_sent_job(), status("read", kind="message.read"))
    assert (job.state, job.sent_at, job.delivered_at) == ("read", None, None)
    read_at = job.read_at

    job = told(client, job, status("delivered"), status("sent", kind="message.sent"))

    assert (job.state, job.read_at) == ("read", read_at)
    assert job.sent_at <= job.delivered_at <= read_at


def test_a_failure_before_sending_is_tried_again_and_one_after_it_never(client):
    busy = ("40011", "Too fast")
    before = told(client, make_sent_job(), status("sending_failed", busy))
    after = told(client, make_sent_job(), status("delivery_failed", busy))

    assert (before.state, before.reason) == ("retrying", "provider_busy")
    assert (after.state, after.error_code) == ("undelivered", "40011")


def test_a_lost_answer_is_settled_by_the_callback_that_brings_its_attempt(client):
    job = make_sent_job("unknown")

    job = told(client, job, status("sent", kind="message.sent"))

    assert (job.state, job.provider_id) == ("sent", MESSAGE)


def test_a_block_for_stop_suppresses_and_another_block_does_not(client):
    other = told(
        client, make_sent_job(), status("delivery_failed", ("40300", "Unreachable"))
    )
    assert (other.state, Suppression.objects.count()) == ("undelivered", 0)

    told(client, make_sent_job(), status("sending_failed", STOPPED))

    assert Suppression.objects.get().phone == "+12025550100"


def test_a_status_may_also_come_to_the_profiles_address(client):
    job = make_sent_job()

    assert post_message(client, job.destination, status("delivered")).status_code == 204
    process_callbacks()

    assert Job.objects.get(pk=job.pk).state == "delivered"


def test_a_click_on_a_short_link_is_kept_and_changes_nothing(client):
    job = make_sent_job()
    click = {"record_type": "link_clicked", "message_id": MESSAGE, "url": "https://x/"}
    body = json.dumps({"data": click}).encode()

    post_message(client, job.destination, body)
    process_callbacks()

    assert Job.objects.get(pk=job.pk).state == "accepted"
    assert DeliveryEvent.objects.get(job_id=job.id).status == "link_clicked"


@pytest.mark.parametrize(
    "said",
    [
        written("Stop", autoresponse_type="STOP"),
        written("ARRET", autoresponse_type="STOP"),
        written("opt-out"),
        written("", body={"text": "STOP"}),
        written(
            "", body={"suggestion_response": {"text": "Stop", "postback_data": "s"}}
        ),
    ],
)
def test_stop_is_in_force_before_it_is_answered_and_start_lifts_it(client, said):
    place = make_place()

    for _ in range(2):  # the second is the failover's copy
        assert post_message(client, place, said).status_code == 200
    assert InboundMessage.objects.get().opt_out == "stop"
    mine = Suppression.objects.for_tenant(place.tenant).in_force()
    assert mine.get().phone == "+12025550100"

    post_message(client, place, written("START", autoresponse_type="START"))
    assert not mine.exists()
    assert post_message(client, place, said).status_code == 200
    assert not mine.exists()  # an old STOP that comes again


def test_a_reply_of_any_kind_is_kept_with_what_it_answers(client):
    job = make_sent_job()
    file = {
        "file_name": "photo.jpg",
        "file_uri": "https://files.example/photo.jpg?expires=60",
        "mime_type": "image/jpeg",
    }
    bodies = [
        written("Hello"),
        written("", body={"user_file": {"payload": file}}),
        written("", body={"location": {"latitude": 38.2, "longitude": -85.7}}),
        written(
            "", body={"suggestion_response": {"text": "Yes", "postback_data": "y"}}
        ),
    ]

    for body in bodies:
        assert post_message(client, job.destination, body).status_code == 200

    kept = list(InboundMessage.objects.order_by("id"))
    assert [(m.kind, m.channel) for m in kept] == [
        ("text", "sms"),
        ("media", "rcs"),
        ("location", "rcs"),
        ("button", "rcs"),
    ]
    assert {m.job_id for m in kept} == {job.id}
    assert kept[3].content["button"]["payload"] == "y"
    media = InboundMedia.objects.get()
    assert (media.name, media.due_at) == ("photo.jpg", kept[1].received_at)


@pytest.mark.parametrize(
    ("came_from", "forwarded", "trusted", "code"),
    [
        ("192.76.120.193", "", False, 204),
        ("192.76.120.223", "", False, 204),
        ("192.76.120.224", "", False, 403),
        ("::ffff:192.76.120.200", "", False, 204),
        ("10.0.0.1", "192.76.120.200", False, 403),
        ("10.0.0.1", "192.76.120.200", True, 204),
        ("10.0.0.1", "192.76.120.200, 8.8.8.8", True, 403),
        ("not an address", "", False, 403),
    ],
)
def test_the_network_of_callbacks_is_checked_where_the_operator_wants_it(
    client, settings, came_from, forwarded, trusted, code
):
    settings.LEADRAILS_CHECK_CALLBACK_NETWORKS = True
    settings.LEADRAILS_TRUSTED_PROXY = trusted
    live = make_sent_job(destination=make_place(is_simulated=False))
    places = {"REMOTE_ADDR": came_from, "HTTP_X_FORWARDED_FOR": forwarded}

    assert post(client, live, status("sent"), **places).status_code == code
    assert post(client, make_sent_job(), status("sent"), **places).status_code == 204


def test_networks_are_not_checked_unless_the_operator_wants_it(client):
    live = make_sent_job(destination=make_place(is_simulated=False))

    assert post(client, live, status("sent"), REMOTE_ADDR="8.8.8.8").status_code == 204
