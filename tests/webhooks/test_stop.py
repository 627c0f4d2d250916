"""STOP while a backlog goes out: what is queued already is not sent either."""

import time
from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from destinations.callbacks import addresses
from destinations.models import Destination
from leadrails.jobs.models import Attempt, Job, QueueEntry
from tests import fill
from tests.fill import Filling
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant
from tests.webhooks.twilio import inbound, post_message

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, STOPPING = 30, 10  # those who say stop are last in the queue
OTHERS = 400  # of another workspace, sent as fast as can be meanwhile
SLOW, FAST = 1, 200  # messages per second, before and after
WITHIN = 1.0  # seconds


@pytest.fixture
def backlog():
    """Of another workspace: it keeps the drain at work."""
    place = make_destination(make_tenant(), messages_per_second=1_000)
    make_source(place.tenant)
    filling = Filling(
        origin=timezone.now() - timedelta(minutes=5),
        step=timedelta(milliseconds=10),
        due=0,
    )
    fill.prepare()
    for statement in (fill.LEADS, fill.JOBS, fill.QUEUE):
        filling.run(statement, 0, OTHERS - 1)
    return place


def test_nothing_is_sent_a_second_after_stop(backlog, drain, simulator, settings):
    place = make_destination(make_tenant(), messages_per_second=SLOW)
    source = make_source(place.tenant)
    phones = [f"+1202555{1000 + number}" for number in range(PEOPLE)]
    for phone in phones:
        make_job(make_lead(source, phone=phone), place)
    settings.LEADRAILS_PUBLIC_URL = "http://127.0.0.1:8000"
    url = addresses(place).incoming
    settings.LEADRAILS_PUBLIC_URL = ""
    stopped_at = {}

    def run():
        try:
            while QueueEntry.objects.exists():
                drain()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    others = Attempt.objects.filter(destination_id=backlog.id)
    while not others.exists() or others.count() == Attempt.objects.count():
        time.sleep(0.01)
    before = others.count()
    settings.LEADRAILS_PUBLIC_URL = "http://127.0.0.1:8000"
    for number, phone in enumerate(reversed(phones[-STOPPING:])):
        body = inbound("STOP", sid=f"SM{number:032x}", sender=phone)
        assert post_message(Client(), place, body, url=url).status_code == 200
        stopped_at[phone] = time.time()
    assert others.count() > before, "the drain had nothing else to do"
    Destination.objects.filter(pk=place.pk).update(messages_per_second=FAST)
    thread.join()

    sent = {
        message["to"]: message["received_at"] / 1000
        for message in simulator.ledger(account=place.config["account_sid"])
    }
    late = {
        phone for phone, at in stopped_at.items() if sent.get(phone, 0) > at + WITHIN
    }
    started = {
        job.recipient: Attempt.objects.get(job_id=job.id).started_at.timestamp()
        for job in Job.objects.filter(destination=place, attempts__gt=0)
    }
    assert [p for p, at in stopped_at.items() if started.get(p, 0) > at] == []
    mine = Job.objects.filter(destination=place)
    ended = dict(mine.values_list("recipient", "reason"))
    spared = stopped_at.keys() - sent.keys()
    assert late == set()
    assert spared, "all of them were sent before they said stop"
    assert {ended[phone] for phone in spared} == {"opted_out"}
    assert sent.keys() | spared == set(phones)
