"""STOP while a backlog goes out: what is queued already is not sent either."""

import time
from threading import Thread

import pytest
from django.db import connection
from django.test import Client

from destinations.callbacks import addresses
from destinations.models import Destination
from leadrails.jobs.models import Attempt, Job, QueueEntry
from tests.make import make_destination, make_job, make_lead, make_source, make_tenant
from tests.webhooks.twilio import inbound, post_message

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, STOPPING = 30, 10  # those who say stop are last in the queue
SLOW, FAST = 2, 200  # messages per second, before and after
WITHIN = 1.0  # seconds


def test_nothing_is_sent_a_second_after_stop(drain, simulator, settings):
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
            drain()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    while not Attempt.objects.exists():
        time.sleep(0.01)
    settings.LEADRAILS_PUBLIC_URL = "http://127.0.0.1:8000"
    for number, phone in enumerate(phones[-STOPPING:]):
        body = inbound("STOP", sid=f"SM{number:032x}", sender=phone)
        assert post_message(Client(), place, body, url=url).status_code == 200
        stopped_at[phone] = time.time()
    Destination.objects.update(messages_per_second=FAST)
    while QueueEntry.objects.exists():
        drain()
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
        for job in Job.objects.filter(attempts__gt=0)
    }
    assert [p for p, at in stopped_at.items() if started.get(p, 0) > at] == []
    ended = dict(Job.objects.values_list("recipient", "reason"))
    spared = stopped_at.keys() - sent.keys()
    assert late == set()
    assert spared, "all of them were sent before they said stop"
    assert {ended[phone] for phone in spared} == {"opted_out"}
    assert sent.keys() | spared == set(phones)
