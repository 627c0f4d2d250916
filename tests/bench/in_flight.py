"""
One drain process, answers after 150 ms, 1,000 calls in flight: how many a second?

Ten destinations of ten tenants may send 2,000 messages a second each and have 1,000
calls in flight, so that only the process's own limit of 1,000 holds it back. The
process is the one that production starts, a Celery worker.
"""

import time
from collections.abc import Iterator, Sequence

from tests.bench.data import Place, fill_places, make_place
from tests.bench.measure import median, memory_mb
from tests.bench.report import Figure
from tests.bench.world import PATIENCE, Size, World

JOBS = 30_000
PLACES = 10
IN_FLIGHT = 1000
ANSWER = 0.15  # seconds
TARGET, TARGET_MB = 0.6, 130.0
MIDDLE = (0.15, 0.9)
"""The part of the messages between which the pace is read: all are under way."""


def measure(world: World, size: Size) -> Iterator[Figure]:
    places = [make_place() for _ in range(PLACES)]
    world.provider.answer_after(ANSWER)
    count = size.of(JOBS, least=200)
    drain, _ = world.need(world.drain(), world.worker())
    if size.warm_up:
        send(world, places, min(count, IN_FLIGHT * 2))
    runs = [send(world, places, count, drain.pid) for _ in range(size.runs)]
    value, limit = median(pace for pace, _ in runs), IN_FLIGHT / ANSWER
    yield Figure(
        name="one_process_1000_in_flight",
        value=value,
        unit="messages/s",
        limit=limit,
        limit_is="1,000 in flight / 0.15 s; ratio = value / limit",
        ratio=value / limit,
        target=TARGET,
        met=value / limit >= TARGET,
        runs=size.runs,
    )
    memory = median(peak for _, peak in runs)
    yield Figure(
        name="one_process_memory",
        value=memory,
        unit="MB",
        limit=None,
        limit_is="none: proportional set size, the highest while 1,000 are in flight",
        ratio=None,
        target=TARGET_MB,
        met=memory <= TARGET_MB,
        runs=size.runs,
    )


def send(
    world: World, places: Sequence[Place], count: int, pid: int = 0
) -> tuple[float, float]:
    """Messages a second in the middle of `count`, and the highest memory in MB."""
    from leadrails.jobs.wake import drain_waker

    world.provider.calls()
    with world.frozen("drain"):
        fill_places(places, count)
    drain_waker.wake()
    sizes = [0.0]

    def look() -> None:
        if pid:
            sizes.append(memory_mb(pid))

    world.provider.wait_for(count, look)
    wait_until_settled()
    return pace(sorted(at for at, _ in world.provider.calls())), max(sizes)


def pace(arrivals: Sequence[float], middle: tuple[float, float] = MIDDLE) -> float:
    first, last = (round(share * (len(arrivals) - 1)) for share in middle)
    return (last - first) / (arrivals[last] - arrivals[first])


def wait_until_settled() -> None:
    from leadrails.jobs.models import QueueEntry

    deadline = time.monotonic() + PATIENCE
    while QueueEntry.objects.exists():
        assert time.monotonic() < deadline, "not all jobs were settled"
        time.sleep(0.05)
