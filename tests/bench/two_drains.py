"""
Two drain processes beside one, answers after 50 ms: do they stand in each other's way?

Each may have 50 calls in flight, so that two of them, PostgreSQL and the provider fit
on two cores together: what is measured is locks and claims, not the lack of a core.
"""

from collections.abc import Iterator

from tests.bench.data import make_place
from tests.bench.in_flight import send
from tests.bench.measure import median
from tests.bench.report import Figure
from tests.bench.world import Size, World

JOBS = 8000  # of one process; two get twice as many
PLACES = 10
IN_FLIGHT = 50
ANSWER = 0.05  # seconds
TARGET = 0.85


def measure(world: World, size: Size) -> Iterator[Figure]:
    places = [make_place() for _ in range(PLACES)]
    world.provider.answer_after(ANSWER)
    count = size.of(JOBS, least=200)
    one, two = (
        world.drain(name, LEADRAILS_DRAIN_IN_FLIGHT=str(IN_FLIGHT))
        for name in ("drain-1", "drain-2")
    )
    alone, both = [], []
    for _ in range(size.runs):
        # Beat's sweeps let whoever is idle join whoever is at work, as in production.
        world.need(one, world.worker())
        send(world, places, count // 4)
        alone.append(send(world, places, count)[0])
        world.need(one, two, world.worker())
        send(world, places, count // 2)  # until the second has joined
        both.append(send(world, places, count * 2)[0])
    value, limit = median(both), 2 * median(alone)
    yield Figure(
        name="two_drain_processes",
        value=value,
        unit="messages/s",
        limit=limit,
        limit_is="2 x one process, 50 in flight each; ratio = value / limit",
        ratio=value / limit,
        target=TARGET,
        met=value / limit >= TARGET,
        runs=size.runs,
    )
