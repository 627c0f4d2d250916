"""What a job costs in a drain, beside what it costs as a Celery task of its own."""

import sys
import time
from collections.abc import Iterator
from functools import partial

from leadrails.embedded import programs
from leadrails.embedded.process import Process, Program
from tests.bench import dispatch
from tests.bench.data import Place, fill_places, make_place
from tests.bench.measure import cpu_seconds, median
from tests.bench.report import Figure
from tests.bench.world import Size, World

JOBS = 2000
TASKS = 400
PLACES = 10
TARGET = 12.0
QUEUE = "bench"


def measure(world: World, size: Size) -> Iterator[Figure]:
    count, tasks = size.of(JOBS), size.of(TASKS)
    places = [make_place() for _ in range(PLACES)]
    world.provider.answer_after(0)
    (process,) = world.need(worker(world))
    found = size.interleave(
        {
            "drain": partial(dispatch.drain, places, count),
            "task": partial(send_by_tasks, world, process, places, tasks),
        },
    )
    cpu, limit = median(found["drain"]), median(found["task"])
    yield Figure(
        name="dispatch_cpu_beside_celery_task",
        value=cpu,
        unit="ms",
        limit=limit,
        limit_is="one Celery task per job, cached twilio client; ratio = limit / value",
        ratio=limit / cpu,
        target=TARGET,
        met=limit / cpu >= TARGET,
        runs=size.runs,
    )


def worker(world: World) -> Program:
    command = [sys.executable, "-m", "celery", "--quiet", "-A"]
    command += ["tests.bench.task_per_job", "worker", "-n", "bench@%h", "-Q", QUEUE]
    return Program(
        name="bench",
        argv=[*command, "-P", "prefork", "-c", "2", "-l", "INFO", *programs.CALM],
        env=world.env,
        ready=lambda process: process.is_announced,
        ready_words=programs.CELERY_READY,
    )


def send_by_tasks(
    world: World, process: Process, places: list[Place], count: int
) -> float:
    """CPU milliseconds of the worker and its children per job."""
    from leadrails.jobs.models import Job, QueueEntry
    from tests.bench.task_per_job import send_one

    fill_places(places, count)
    jobs = list(QueueEntry.objects.values_list("job_id", flat=True))
    assert len(jobs) == count
    world.provider.calls()
    before = cpu_seconds(process.pid)
    for job_id in jobs:
        send_one.apply_async((str(job_id),), queue=QUEUE)
    world.provider.wait_for(count)
    # The last ones have yet to be written down.
    while Job.objects.filter(pk__in=jobs).exclude(state="accepted").exists():
        time.sleep(0.05)
    return (cpu_seconds(process.pid) - before) / count * 1000
