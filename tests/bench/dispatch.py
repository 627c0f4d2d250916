"""
What a job costs to send, beside a bare loop that only posts.

Run it with servers of its own, from the root of the project:

    .venv/bin/python -m leadrails.embedded servers \
        .venv/bin/python -m tests.bench.dispatch

The drain claims, renders, checks, writes attempts, sends and settles in this process;
the provider is another one. Both figures are CPU of this process per job, medians of
interleaved runs; `ratio` is the share that the bare loop has of the drain.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from tests.bench.callbacks import own_database

PLACES = 10
FORM = {
    "To": "+12025550100",
    "From": "+15555550100",
    "Body": "Hi Ann, thanks for asking about plumbing. Reply STOP to opt out.",
    "StatusCallback": "http://127.0.0.1:8000/webhooks/status/" + "x" * 120,
    "ValidityPeriod": "14400",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    with own_database(), provider() as url:
        print(json.dumps(measure(url, arguments.jobs, arguments.runs)))


@contextmanager
def provider(delay: float = 0.0) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.provider", str(delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def measure(url: str, count: int, runs: int) -> dict[str, Any]:
    from django.conf import settings

    settings.LEADRAILS_SIMULATOR_URL = url
    drains, bare = [], []
    for run in range(runs + 1):
        make_jobs(count, run)
        drains.append(drain(count))
        bare.append(post_bare(url, count))
    # The first run warms connections, prepared statements and caches.
    cpu, wall = median(drains[1:], 0), median(drains[1:], 1)
    limit, limit_wall = median(bare[1:], 0), median(bare[1:], 1)
    return {
        "name": "dispatch_cpu_per_job",
        "value": round(cpu, 3),
        "unit": "ms",
        "limit": round(limit, 3),
        "limit_is": "bare aiohttp loop, no database",
        "ratio": round(limit / cpu, 2),
        "target": 0.6,
        "met": limit / cpu >= 0.6,
        "wall": {"drain": round(wall, 3), "bare": round(limit_wall, 3)},
        "runs": runs,
    }


def make_jobs(count: int, run: int) -> None:
    from django.utils import timezone

    from leadrails.core import ids
    from leadrails.jobs.models import Job, QueueEntry
    from leadrails.leads.models import Lead
    from tests.make import make_destination, make_lead, make_source

    now = timezone.now()
    places = [
        make_destination(
            messages_per_second=1000,
            max_in_flight=1000,
            hourly_ceiling=1_000_000,
            allowed_countries=["US"],
        )
        for _ in range(PLACES)
    ]
    first = [make_lead(make_source(place.tenant)) for place in places]
    leads, jobs = [], []
    for number in range(count):
        place, like = places[number % PLACES], first[number % PLACES]
        lead_id = ids.uuid7()
        phone = f"+1202{2_000_000 + run * count + number:07}"
        leads.append(
            Lead(
                id=lead_id,
                tenant_id=like.tenant_id,
                source_id=like.source_id,
                workflow_id=like.workflow_id,
                received_at=now,
                idempotency_key=str(lead_id),
                phone=phone,
                event=like.event,
            )
        )
        jobs.append(
            Job(
                id=ids.uuid7_beside(lead_id),
                tenant_id=like.tenant_id,
                lead_id=lead_id,
                source_id=like.source_id,
                destination_id=place.id,
                recipient=phone,
                state="queued",
                created_at=now,
                changed_at=now,
                expires_at=now + place.time_to_live,
            )
        )
    Lead.objects.bulk_create(leads, batch_size=1000)
    Job.objects.bulk_create(jobs, batch_size=1000)
    QueueEntry.objects.bulk_create(
        [
            QueueEntry(
                job_id=job.id,
                tenant_id=job.tenant_id,
                destination_id=job.destination_id,
                due_at=now,
            )
            for job in jobs
        ],
        batch_size=1000,
    )


def drain(count: int) -> tuple[float, float]:
    """(CPU, wall) in milliseconds per job."""
    from leadrails.jobs.loop import SenderLoop
    from leadrails.jobs.models import Job

    before = Job.objects.filter(state="accepted").count()
    loop = SenderLoop(linger=0.3)
    wall, cpu = time.perf_counter(), time.process_time()
    loop.run()
    found = (
        (time.process_time() - cpu) / count * 1000,
        (time.perf_counter() - wall) / count * 1000,
    )
    loop.close()
    sent = Job.objects.filter(state="accepted").count() - before
    assert sent == count, f"{sent} of {count} were sent"
    return found


def post_bare(url: str, count: int) -> tuple[float, float]:
    import aiohttp

    async def post_all() -> tuple[float, float]:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1000)
        ) as session:
            gate = asyncio.Semaphore(200)

            async def post() -> None:
                async with gate, session.post(f"{url}/Messages.json", data=FORM) as a:
                    assert a.status == 201
                    await a.json()

            wall, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*(post() for _ in range(count)))
            return (
                (time.process_time() - cpu) / count * 1000,
                (time.perf_counter() - wall) / count * 1000,
            )

    return asyncio.run(post_all())


def median(found: list[tuple[float, float]], place: int) -> float:
    return statistics.median(pair[place] for pair in found)


if __name__ == "__main__":
    main()
