import pytest
from django.test import Client
from django.urls import reverse

from destinations.callbacks import status_url
from destinations.credentials import open_credentials, seal_credentials
from leadrails import statements
from leadrails.alerts.models import Alert
from leadrails.core import ids
from leadrails.jobs.models import Job
from tests.make import make_destination, make_job
from tests.webhooks.twilio import form, make_sent_job, post
from webhooks.models import RawCallback
from webhooks.services import process_callbacks

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)


def test_a_signed_callback_is_stored_and_answered_at_once(client):
    job = make_sent_job()
    answer = post(client, job, form("delivered"))
    assert (answer.status_code, answer.content) == (204, b"")
    raw = RawCallback.objects.get()
    assert (raw.tenant_id, raw.job_id, raw.attempt) == (job.tenant_id, job.id, 1)
    assert (bytes(raw.body), raw.is_signed) == (form("delivered"), True)
    assert raw.processed_at is None
    assert Job.objects.get(pk=job.pk).state == "accepted"
    assert process_callbacks() == 1
    assert Job.objects.get(pk=job.pk).state == "delivered"


def test_the_stored_url_does_not_let_its_reader_report(client):
    job = make_sent_job()
    post(client, job, form("sent"))
    mac = status_url(job.destination_id, job.id, 1).rpartition("/")[2]
    assert mac not in RawCallback.objects.get().url


def test_the_url_is_the_one_that_providers_are_given():
    job = make_job()
    url = status_url(job.destination_id, job.id, 3)
    *_, version, mac = url.split("/")
    assert url.endswith(
        reverse(
            "webhooks:status",
            args=[
                ids.encode("dst", job.destination_id),
                job.public_id,
                3,
                int(version),
                mac,
            ],
        )
    )


def test_a_callback_in_place_of_another_job_is_not_found(client):
    job, other = make_sent_job(), make_sent_job()
    mine = status_url(job.destination_id, job.id, 1)
    foreign = [
        mine[:-1] + ("A" if mine[-1] != "A" else "B"),
        mine.replace(job.public_id, other.public_id),
        mine.replace(job.destination.public_id, other.destination.public_id),
        mine.replace(f"{job.public_id}/1/", f"{job.public_id}/2/"),
        mine.replace(f"{job.public_id}/1/1/", f"{job.public_id}/1/9/"),
        mine.replace(f"{job.public_id}/1/", f"{job.public_id}/{10**30}/"),
        mine.replace(job.public_id, job.public_id.lower()),
        mine.replace("dst_", "job_"),
    ]
    answers = [post(client, job, form("delivered"), url=url) for url in foreign]
    assert [answer.status_code for answer in answers] == [404] * len(foreign)
    assert not RawCallback.objects.exists()


def test_a_wrong_signature_is_refused_and_raises_an_alert(client):
    job = make_sent_job()
    answer = post(client, job, form("delivered"), token="f" * 32)
    assert answer.status_code == 403
    assert not RawCallback.objects.exists()
    alert = Alert.objects.get()
    assert (alert.kind, alert.tenant_id) == ("signature_failures", job.tenant_id)
    assert alert.scope == f"destination:{job.destination.public_id}"


def test_a_token_holds_from_its_change_on_and_no_longer(client):
    job = make_sent_job()
    place = job.destination
    old, new = open_credentials(place)["auth_token"], "e" * 32
    assert post(client, job, form("sent"), token=old).status_code == 204
    place.credentials = seal_credentials(place, {"auth_token": new})
    place.save()
    assert post(client, job, form("delivered"), token=old).status_code == 403
    assert RawCallback.objects.count() == 1
    assert post(client, job, form("delivered"), token=new).status_code == 204


def test_of_a_destination_that_is_remembered_nothing_is_asked(client, monkeypatch):
    job, run, asked = make_sent_job(), statements.run, []

    def counted(statement, *args, **kwargs):
        asked.append(statement)
        return run(statement, *args, **kwargs)

    monkeypatch.setattr(statements, "run", counted)
    for _ in range(2):
        assert post(client, job, form("sent")).status_code == 204
    assert len(asked) == 3, "the first asks for the version; both store"


def test_without_a_token_the_mac_is_enough(client):
    destination = make_destination(credentials={"api_key_secret": "x" * 32})
    job = make_sent_job(destination=destination)
    answer = post(client, job, form("delivered"), token="anything")
    assert answer.status_code == 204
    assert RawCallback.objects.get().is_signed is False


def test_a_huge_body_is_refused(client):
    job = make_sent_job()
    body = form("delivered", Padding="x" * 64 * 1024)
    assert post(client, job, body).status_code == 413
    assert not RawCallback.objects.exists()


def test_only_posts_are_taken(client):
    job = make_sent_job()
    path = status_url(job.destination_id, job.id, 1).removeprefix(
        "http://127.0.0.1:8000"
    )
    assert client.get(path).status_code == 405


def test_a_destination_that_is_gone_is_not_found(client):
    job = make_sent_job()
    url = status_url(ids.uuid7(), job.id, 1)
    assert post(client, job, form("delivered"), url=url).status_code == 404


def test_a_callback_is_kept_although_the_credentials_cannot_be_read(client):
    job = make_sent_job()
    url = status_url(job.destination_id, job.id, 1)
    job.destination.credentials = bytes(len(job.destination.credentials))
    job.destination.save()

    answer = post(client, job, form("delivered"), url=url, token="x" * 32)

    assert answer.status_code == 204
    assert RawCallback.objects.get().is_signed is False
