"""
What a status callback costs: to store it, and to work it off.

Run it with servers of its own, from the root of the project:

    .venv/bin/python -m leadrails.embedded servers \
        .venv/bin/python -m tests.bench.callbacks

It makes a test database, calls the WSGI application as the web server does, and
prints one JSON object. Times are milliseconds per callback: `wall` as they passed,
`cpu` of this process alone. `limit` is what PostgreSQL needs in the same run for one
bare prepared statement that writes as much; `ratio` is wall to wall.
"""

import argparse
import io
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import django
from django.db import connection

BARE_INSERT = """
INSERT INTO webhooks_rawcallback (id, tenant_id, destination_id, job_id, attempt, kind,
  url, headers, body, is_signed, received_at, processed_at, tries, error)
VALUES (%(id)s, %(tenant)s, %(destination)s, %(job)s, 1, 'status', %(url)s, '{}',
  %(body)s, true, now(), now(), 0, '')
"""
BARE_UPDATE = "UPDATE jobs_job SET changed_at = now() WHERE id = ANY(%(ids)s)"
DESTINATIONS = 5
FORM = "application/x-www-form-urlencoded"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--callbacks", type=int, default=2000)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    with own_database():
        print(json.dumps(measure(arguments.callbacks)))


@contextmanager
def own_database() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(count: int) -> dict[str, Any]:
    from webhooks.services import process_callbacks

    jobs = make_jobs(count // 2)
    posts = make_posts(jobs)
    store(posts[:20])  # connections, prepared statements, caches
    process_callbacks()

    storing = timed(lambda: store(posts), len(posts))
    working = timed(process_callbacks, len(posts))
    check(jobs)
    insert_limit = timed(lambda: insert_bare(jobs, posts), len(posts))
    update_limit = timed(lambda: update_bare(jobs), len(jobs))
    return {
        "callbacks": len(posts),
        "store": beside(storing, insert_limit),
        "work_off": beside(working, update_limit),
    }


def make_jobs(count: int) -> list[Any]:
    from tests.make import make_destination, make_lead, make_source, make_tenant
    from tests.webhooks.twilio import make_sent_job

    places = [make_destination(make_tenant()) for _ in range(DESTINATIONS)]
    leads = [make_lead(make_source(place.tenant)) for place in places]
    return [
        make_sent_job(
            lead=leads[n % DESTINATIONS], destination=places[n % DESTINATIONS]
        )
        for n in range(count)
    ]


def make_posts(jobs: list[Any]) -> list[dict[str, Any]]:
    """A `sent` and a `delivered` of each job, signed, in any order."""
    from twilio.request_validator import RequestValidator

    from destinations.callbacks import status_url
    from destinations.credentials import open_credentials
    from tests.webhooks.twilio import form

    posts = []
    for job in jobs:
        url = status_url(job.destination_id, job.id, 1)
        validator = RequestValidator(open_credentials(job.destination)["auth_token"])
        for status in ("sent", "delivered"):
            body = form(status, AccountSid="AC" + "0" * 32, From="+15555550100")
            fields = dict(parse_qsl(body.decode()))
            posts.append(environ(url, body, validator.compute_signature(url, fields)))
    random.Random(7).shuffle(posts)
    return posts


def environ(url: str, body: bytes, signature: str) -> dict[str, Any]:
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


def store(posts: list[dict[str, Any]]) -> None:
    from django.core.handlers.wsgi import WSGIHandler

    application = WSGIHandler()
    statuses: list[str] = []
    for post in posts:
        given = {**post, "wsgi.input": io.BytesIO(post["body"])}
        application(given, lambda status, _: statuses.append(status)).close()
    assert {status[:3] for status in statuses} == {"204"}, set(statuses)


def check(jobs: list[Any]) -> None:
    """All of it really happened."""
    from leadrails.jobs.models import DeliveryEvent, Job
    from webhooks.models import RawCallback

    assert not RawCallback.objects.filter(processed_at=None).exists()
    assert not Job.objects.exclude(state="delivered").exists()
    assert DeliveryEvent.objects.count() == 2 * len(jobs)


def insert_bare(jobs: list[Any], posts: list[dict[str, Any]]) -> None:
    from leadrails import statements
    from leadrails.core import ids

    for number, post in enumerate(posts):
        job = jobs[number // 2]
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


def update_bare(jobs: list[Any]) -> None:
    from leadrails import statements
    from webhooks.services import BATCH

    keys = [job.id for job in jobs]
    for start in range(0, len(keys), BATCH):
        statements.run(BARE_UPDATE, {"ids": keys[start : start + BATCH]})


def timed(work: Callable[[], object], count: int) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall": (time.perf_counter() - wall) / count * 1000,
        "cpu": (time.process_time() - cpu) / count * 1000,
    }


def beside(found: dict[str, float], limit: dict[str, float]) -> dict[str, Any]:
    return {
        "wall": round(found["wall"], 3),
        "cpu": round(found["cpu"], 3),
        "limit": round(limit["wall"], 3),
        "ratio": round(found["wall"] / limit["wall"], 1),
    }


if __name__ == "__main__":
    main()
