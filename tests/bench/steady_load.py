"""
From the 202 to the provider while 200 leads a second come in for a minute.

Everything runs as in production, on the same machine as the client and the provider.
"""

from collections.abc import Iterator

from tests.bench.data import make_place
from tests.bench.measure import median, percentile
from tests.bench.report import Figure
from tests.bench.speed_to_lead import post
from tests.bench.world import Size, World

PER_SECOND = 200.0
SECONDS = 60.0
WARM_UP = 200  # leads
PLACES = 10
TARGETS = {"p95": (0.95, 120.0), "p99": (0.99, 500.0)}


def measure(world: World, size: Size) -> Iterator[Figure]:
    places = [make_place() for _ in range(PLACES)]
    world.provider.answer_after(0)
    count = round(PER_SECOND * size.seconds(SECONDS))
    world.need(world.web(), world.drain(), world.worker())
    if size.warm_up:
        post(world, places, min(count, WARM_UP), PER_SECOND)
    runs = [post(world, places, count, PER_SECOND) for _ in range(size.runs)]
    for name, (share, target) in TARGETS.items():
        value = median(percentile([w.after_answer for w in r], share) for r in runs)
        limit = median(percentile([w.answered for w in r], share) for r in runs)
        yield Figure(
            name=f"accepted_to_provider_{name}_at_200_a_second",
            value=value,
            unit="ms",
            limit=limit,
            limit_is="the 202 itself, same leads; target is of the value",
            ratio=value / limit,
            target=target,
            met=value <= target,
            runs=size.runs,
        )
