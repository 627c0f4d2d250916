"""
What a job costs to send, beside a bare loop that only posts.

The drain claims, renders, checks, writes attempts, sends and settles in this process;
the provider is another one. Both figures are CPU of this process per job, over fresh
connections, as many for the one as for the other.
"""

import asyncio
import time
from collections.abc import Iterator

from tests.bench.data import Place, fill_places, make_place
from tests.bench.measure import median
from tests.bench.report import Figure
from tests.bench.world import Size, World

JOBS = 2000
PLACES = 10
IN_FLIGHT = 200
TARGET = 0.6
FORM = {
    "To": "+12025550100",
    "From": "+15555550100",
    "Body": "Hi Ann, thanks for asking about plumbing. Reply STOP to opt out.",
    "StatusCallback": "http://127.0.0.1:8000/webhooks/status/" + "x" * 120,
    "ValidityPeriod": "14400",
}


def measure(world: World, size: Size) -> Iterator[Figure]:
    from leadrails.start import settle_memory

    settle_memory()  # as every worker does
    count = size.of(JOBS)
    places = [make_place() for _ in range(PLACES)]
    world.provider.answer_after(0)
    found = size.interleave(
        {
            "drain": lambda: drain(places, count),
            "bare": lambda: post_bare(world.provider.url, count),
        },
    )
    cpu, limit = median(found["drain"]), median(found["bare"])
    yield Figure(
        name="dispatch_cpu_per_job",
        value=cpu,
        unit="ms",
        limit=limit,
        limit_is="bare aiohttp loop, no database; ratio = limit / value",
        ratio=limit / cpu,
        target=TARGET,
        met=limit / cpu >= TARGET,
        runs=size.runs,
    )


def drain(places: list[Place], count: int) -> float:
    """Send `count` jobs; CPU milliseconds of this process per job."""
    from django.test import override_settings

    from leadrails.jobs.loop import SenderLoop
    from leadrails.jobs.models import Job

    fill_places(places, count)
    before = Job.objects.filter(state="accepted").count()
    loop = SenderLoop(linger=0.3)
    with override_settings(LEADRAILS_DRAIN_IN_FLIGHT=IN_FLIGHT):
        cpu = time.process_time()
        loop.run()
        found = (time.process_time() - cpu) / count * 1000
    loop.close()
    sent = Job.objects.filter(state="accepted").count() - before
    assert sent == count, f"{sent} of {count} were sent"
    return found


def post_bare(url: str, count: int) -> float:
    """Post as much with nothing around it; CPU milliseconds per post."""
    import aiohttp

    async def post_all() -> float:
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        async with aiohttp.ClientSession(connector=connector) as session:
            gate = asyncio.Semaphore(IN_FLIGHT)

            async def post() -> None:
                async with gate, session.post(f"{url}/Messages.json", data=FORM) as a:
                    assert a.status == 201
                    await a.json()

            cpu = time.process_time()
            await asyncio.gather(*(post() for _ in range(count)))
            return (time.process_time() - cpu) / count * 1000

    return asyncio.run(post_all())
