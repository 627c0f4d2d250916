"""
What a status callback costs: to store it, and to work it off.

Storing calls the WSGI application as the web server does. Working off takes batches,
as the worker does when many come; each callback then moves a job, writes an event and
ends its own row. The limits are bare prepared statements that write as much.
"""

import io
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from leadrails import statements
from leadrails.core import ids
from tests.bench.data import make_place
from tests.bench.measure import median
from tests.bench.report import Figure
from tests.bench.world import Size, World

BARE_INSERT = """
INSERT INTO webhooks_rawcallback (id, tenant_id, destination_id, job_id, attempt, kind,
  url, headers, body, is_signed, received_at, processed_at, tries, error)
VALUES (%(id)s, %(tenant)s, %(destination)s, %(job)s, 1, 'status', %(url)s, '{}',
  %(body)s, true, now(), now(), 0, '')
"""
BARE_UPDATE = "UPDATE jobs_job SET changed_at = now() WHERE id = ANY(%(ids)s)"
JOBS = 200  # two callbacks each
PLACES = 5
TARGET_MS = 2.0
FORM = "application/x-www-form-urlencoded"


def measure(world: World, size: Size) -> Iterator[Figure]:
    ways = [make_place().destinations[0] for _ in range(PLACES)]
    posts = [_posts(ways, size.of(JOBS)) for _ in range(size.runs + 1)]
    waiting = iter(posts)
    found = size.interleave(
        {
            "stored": lambda: timed(partial(_store, next(waiting))),
            "bare": lambda: timed(partial(_insert_bare, posts[0])),
        },
    )
    value, limit = median(found["stored"]), median(found["bare"])
    yield Figure(
        name="callback_store",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="one bare prepared INSERT, committed; ratio = value / limit",
        ratio=value / limit,
        target=None,
        met=None,
        runs=size.runs,
    )


def update_figure(ways: list[Any], size: Size) -> Figure:
    """Time to work one callback off, as one of a batch."""
    found = size.interleave(
        {
            "update": partial(_update, ways, size.of(JOBS)),
            "bare": partial(_update_bare, ways, size.of(JOBS)),
        },
    )
    value, limit = median(found["update"]), median(found["bare"])
    return Figure(
        name="callback_update",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="a bare UPDATE of as many jobs at once; target is of the value",
        ratio=value / limit,
        target=TARGET_MS,
        met=value <= TARGET_MS,
        runs=size.runs,
    )


def timed(work: Callable[[], int]) -> float:
    """Milliseconds of each thing done; `work` returns how many."""
    began = time.perf_counter()
    count = work()
    return (time.perf_counter() - began) / count * 1000


def _sent_jobs(ways: list[Any], count: int) -> list[Any]:
    from tests.make import make_lead, make_source
    from tests.webhooks.twilio import make_sent_job

    leads = [make_lead(make_source(way.tenant)) for way in ways]
    places = [n % len(ways) for n in range(count)]
    return [make_sent_job(lead=leads[n], destination=ways[n]) for n in places]


def _posts(ways: list[Any], count: int) -> list[tuple[Any, dict[str, Any]]]:
    """Jobs with a `sent` and a `delivered` of each, signed, in any order."""
    from twilio.request_validator import RequestValidator

    from destinations.callbacks import status_url
    from destinations.credentials import open_credentials
    from tests.webhooks.twilio import form

    posts = []
    for job in _sent_jobs(ways, count):
        url = status_url(job.destination_id, job.id, 1)
        validator = RequestValidator(open_credentials(job.destination)["auth_token"])
        for status in ("sent", "delivered"):
            body = form(status, AccountSid="AC" + "0" * 32, From="+15555550100")
            signature = validator.compute_signature(url, dict(parse_qsl(body.decode())))
            posts.append((job, _environ(url, body, signature)))
    random.Random(7).shuffle(posts)
    return posts


def _environ(url: str, body: bytes, signature: str) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": urlsplit(url).path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_USER_AGENT": "TwilioProxy/1.1",
        "HTTP_X_TWILIO_SIGNATURE": signature,
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "body": body,
    }


def _store(posts: list[tuple[Any, dict[str, Any]]]) -> int:
    from django.core.handlers.wsgi import WSGIHandler

    application = WSGIHandler()
    statuses: list[str] = []
    for _, post in posts:
        given = {**post, "wsgi.input": io.BytesIO(post["body"])}
        application(given, lambda status, _: statuses.append(status)).close()
    assert {status[:3] for status in statuses} == {"204"}, set(statuses)
    return len(posts)


def _insert_bare(posts: list[tuple[Any, dict[str, Any]]]) -> int:
    for job, post in posts:
        statements.run(
            BARE_INSERT,
            {
                "id": ids.uuid7(),
                "tenant": job.tenant_id,
                "destination": job.destination_id,
                "job": job.id,
                "url": f"http://127.0.0.1:8000{post['PATH_INFO']}",
                "body": post["body"],
            },
        )
    return len(posts)


def _update(ways: list[Any], count: int) -> float:
    from leadrails.jobs.models import DeliveryEvent, Job
    from tests.webhooks.twilio import form, store
    from webhooks.services import process_callbacks

    process_callbacks()  # what other figures have stored
    jobs = _sent_jobs(ways, count)
    for job in jobs:
        for status in ("sent", "delivered"):
            store(job, form(status))
    spent = timed(process_callbacks)
    keys = [job.id for job in jobs]
    assert not Job.objects.filter(id__in=keys).exclude(state="delivered").exists()
    assert DeliveryEvent.objects.filter(job_id__in=keys).count() == 2 * count
    return spent


def _update_bare(ways: list[Any], count: int) -> float:
    from webhooks.services import BATCH

    keys = [job.id for job in _sent_jobs(ways, count)]

    def update() -> int:
        for start in range(0, len(keys), BATCH):
            statements.run(BARE_UPDATE, {"ids": keys[start : start + BATCH]})
        return len(keys)

    return timed(update)
