"""Thousands of callbacks, lost, late, repeated and in any order: the end is known."""

import io
from random import Random
from urllib.parse import urlsplit

import pytest
from django.core.handlers.wsgi import WSGIHandler

from destinations.providers.simulated import account_sid
from tests.bench.data import FAST, fill
from tests.make import make_source, make_tenant
from tests.webhooks.history import (
    AT_ONCE,
    LOSE_ALL,
    deal,
    differences,
    disorder,
    make_older,
    make_ways,
    phones,
    read_histories,
    told_whole,
)
from webhooks.polling import LIMIT, poll
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGES, CALLBACKS, ROUND = 300, 2000, 400


@pytest.fixture
def sent(drain, simulator, settings):
    """Histories of messages by all ways, each of them over."""
    settings.LEADRAILS_PUBLIC_URL = "http://127.0.0.1:8000"
    tenant = make_tenant()
    ways, account = make_ways(tenant, **FAST), account_sid(tenant.id)
    source, people = make_source(tenant), phones(MESSAGES, Random(5))
    for way, mine in deal(people, ways):
        fill(way, source, mine)
    simulator.faults(**LOSE_ALL, **AT_ONCE)
    try:
        drain()
        # Not for all: what another test left may be underway for hours.
        simulator.wait_until_over(60, account=account)
    finally:
        simulator.clear_faults()
    return read_histories(simulator.ledger_path, {account})


def post_all(posts):
    """In rounds, between which the worker has its turn."""
    application, statuses = WSGIHandler(), set()
    for number, post in enumerate(posts):
        application(environ(post), lambda status, _: statuses.add(status)).close()
        if number % ROUND == 0:
            process_callbacks()
    process_callbacks()
    assert statuses == {"204 No Content"}


def environ(post):
    parts = urlsplit(post.url)
    headers = {
        name.upper().replace("-", "_"): text for name, text in post.headers().items()
    }
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": parts.path,
        "QUERY_STRING": "",
        "SERVER_NAME": parts.hostname,
        "SERVER_PORT": str(parts.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": parts.netloc,
        "CONTENT_TYPE": headers.pop("CONTENT_TYPE"),
        "CONTENT_LENGTH": str(len(post.body)),
        **{f"HTTP_{name}": text for name, text in headers.items()},
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(post.body),
    }


def test_thousands_of_callbacks_end_where_the_provider_is(sent):
    assert {len(history.sid) for history in sent} == {34, 36}, "of both providers"
    first, late = disorder(sent, CALLBACKS, Random(7))
    post_all(first)
    assert differences(sent, first), "some are lost or late"
    post_all(late)
    assert differences(told_whole(sent, first + late), first + late) == []
    make_older()
    while poll() == LIMIT:
        pass
    assert differences(sent, first + late) == []
