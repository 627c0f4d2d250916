"""Alerts about callbacks: what opens them, and what closes them again."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.core import ids
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Gate, Job
from tests.make import make_destination, make_job, make_lead, make_source
from tests.webhooks.twilio import SID, form, make_sent_job, post, report
from webhooks import polling, watch
from webhooks.models import RawCallback

pytestmark = pytest.mark.django_db(transaction=True)

LATE = timedelta(minutes=20)
AREAS = itertools.cycle([202, 203, 205, 206, 207, 208, 209, 210])


@pytest.fixture
def destination(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = "https://leads.example.com"
    destination = make_destination()
    Gate.objects.create(
        destination_id=destination.id,
        tenant_id=destination.tenant_id,
        free_at=timezone.now(),
    )
    return destination


def is_open(kind="callbacks_silent"):
    return Alert.objects.open().filter(kind=kind).exists()


def send_without_callbacks(destination, count, simulator, age=LATE):
    """Messages of a while ago, whose callbacks the simulator loses."""
    source = make_source(destination.tenant)
    then = timezone.now() - age
    jobs = []
    for _ in range(count):
        area = next(AREAS)  # messages to one person would wait for each other
        old = ids.uuid7_beside(ids.uuid7_floor(then))
        lead = make_lead(source, id=old, phone=f"+1{area}5550173")
        jobs.append(make_job(lead, destination))
    loop = SenderLoop(linger=0)
    loop.run()
    loop.close()
    account = simulator.account(destination.tenant_id).sid
    for job in jobs:
        simulator.wait(to=job.recipient, account=account)
    mine = Job.objects.filter(pk__in=[job.pk for job in jobs])
    assert mine.filter(state="accepted").update(accepted_at=then) == count
    return list(mine)


def test_ends_that_only_we_asked_for_open_it_and_a_callback_closes_it(
    destination, simulator
):
    send_without_callbacks(destination, 2, simulator)
    polling.poll()
    watch.watch()
    assert not is_open(), "two may be an accident"

    send_without_callbacks(destination, 1, simulator)
    watch.watch()
    assert not is_open(), "its end is not known yet"
    polling.poll()
    watch.watch()
    alert = Alert.objects.get(kind="callbacks_silent")
    assert (alert.destination_id, alert.resolved_at) == (destination.id, None)

    report(make_sent_job(destination=destination), form("sent", sid=f"{SID[:-1]}1"))
    watch.watch()
    assert not is_open()


def test_one_callback_among_them_is_no_silence(destination, simulator):
    jobs = send_without_callbacks(destination, 4, simulator)
    polling.poll()
    report(Job.objects.get(pk=jobs[0].pk), form("sent", sid=jobs[0].provider_id))
    watch.watch()
    assert not is_open()


def test_callbacks_that_come_again_are_no_silence(destination, simulator):
    send_without_callbacks(destination, 3, simulator)
    polling.poll()
    report(make_sent_job(destination=destination), form("sent"))
    watch.watch()
    assert not is_open()


def test_without_a_public_address_nobody_expects_callbacks(
    destination, simulator, settings
):
    send_without_callbacks(destination, 3, simulator)
    polling.poll()
    watch.watch()
    assert is_open()
    settings.LEADRAILS_PUBLIC_URL = ""
    watch.watch()
    assert not is_open()


def test_wrong_signatures_are_not_called_silence_too(destination, simulator, client):
    (job, *_) = send_without_callbacks(destination, 3, simulator)
    post(client, job, form("delivered"), token="f" * 32)
    polling.poll()
    watch.watch()
    assert is_open("signature_failures")
    assert not is_open()


def test_signature_failures_close_after_a_good_one_and_a_good_hour(client, destination):
    job = make_sent_job(destination=destination)
    post(client, job, form("delivered"), token="f" * 32)
    two_hours_ago = timezone.now() - timedelta(hours=2)
    watch.watch()
    Alert.objects.update(last_at=two_hours_ago)
    watch.watch()
    assert is_open("signature_failures"), "no good one came"

    post(client, job, form("delivered"))
    Alert.objects.update(last_at=timezone.now() - timedelta(minutes=59))
    RawCallback.objects.update(received_at=timezone.now())
    watch.watch()
    assert is_open("signature_failures"), "the last bad one is too fresh"

    Alert.objects.update(last_at=two_hours_ago)
    watch.watch()
    assert not is_open("signature_failures")


def test_a_good_one_before_the_bad_one_closes_nothing(client, destination):
    job = make_sent_job(destination=destination)
    post(client, job, form("sent"))
    RawCallback.objects.update(received_at=timezone.now() - timedelta(hours=3))
    post(client, job, form("delivered"), token="f" * 32)
    Alert.objects.update(last_at=timezone.now() - timedelta(hours=2))
    watch.watch()
    assert is_open("signature_failures")
