"""
From a source's request to the provider, when little happens: beside the 202 itself.

Everything runs as in production: web, drain, worker with its sweeps. Twelve leads a
second come in, each from another person.
"""

from collections.abc import Iterator, Sequence

from tests.bench.client import post_paced
from tests.bench.data import Place, make_place
from tests.bench.leads import Way, follow, make_requests
from tests.bench.measure import median, percentile
from tests.bench.report import Figure
from tests.bench.world import Size, World

LEADS = 60
PER_SECOND = 12.0
TARGETS = {"p50": (0.5, 5.0), "p95": (0.95, 15.0)}
"""Shares, and milliseconds that the provider may be called after the 202."""


def measure(world: World, size: Size) -> Iterator[Figure]:
    places = [make_place() for _ in range(4)]
    world.provider.answer_after(0)
    count = size.of(LEADS)
    world.need(world.web(), world.drain(), world.worker())
    if size.warm_up:
        post(world, places, count, PER_SECOND)
    runs = [post(world, places, count, PER_SECOND) for _ in range(size.runs)]
    for name, (share, extra) in TARGETS.items():
        value = median(percentile([w.arrived for w in run], share) for run in runs)
        limit = median(percentile([w.answered for w in run], share) for run in runs)
        yield Figure(
            name=f"speed_to_lead_{name}",
            value=value,
            unit="ms",
            limit=limit,
            limit_is=f"the 202 itself; target = limit + {extra:g} ms",
            ratio=value / limit,
            target=limit + extra,
            met=value <= limit + extra,
            runs=size.runs,
        )


def post(
    world: World, places: Sequence[Place], count: int, per_second: float
) -> list[Way]:
    """Post `count` leads at a steady pace and follow each to the provider."""
    requests = make_requests(world.web_url, places, count)
    world.provider.calls()
    raw = [request.raw for request in requests]
    answers = post_paced(world.web_url, raw, per_second=per_second)
    world.provider.wait_for(count)
    return follow(requests, answers, world.provider.calls())
