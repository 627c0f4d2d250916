"""
Another tenant's single leads while one tenant has 100,000 messages waiting.

The flood is spread over ten destinations, which gains it nothing. The other tenant's
leads come by the web like anybody's, eight a second. Windows with and without them
take turns over one backlog, which is filled up before each.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.bench.client import post_paced
from tests.bench.data import fill_places, make_place
from tests.bench.leads import Way, follow, make_requests
from tests.bench.measure import median, percentile
from tests.bench.report import Figure
from tests.bench.world import Size, World

BACKLOG = 100_000
WAYS = 10
WINDOW = 6.0  # seconds
PER_SECOND = 8.0
ANSWER = 0.05  # seconds
TARGET_MS, TARGET_SHARE = 1000.0, 0.95


@dataclass(frozen=True, slots=True)
class Window:
    pace: float
    ways: list[Way]


class Flood:
    def __init__(self, world: World, size: Size) -> None:
        self.world = world
        self.backlog = size.of(BACKLOG, least=6000)
        self.seconds = size.seconds(WINDOW)
        self.one = make_place(destinations=WAYS)
        self.other = make_place()

    def alone(self) -> Window:
        return self._watch([])

    def disturbed(self) -> Window:
        count = max(1, round(PER_SECOND * self.seconds))
        return self._watch(make_requests(self.world.web_url, [self.other], count))

    def _watch(self, requests: list) -> Window:
        self.top_up()
        self._await_calls()
        began = time.time()
        raw = [request.raw for request in requests]
        answers = post_paced(
            self.world.web_url, raw, per_second=PER_SECOND, connections=8
        )
        time.sleep(max(0.0, began + self.seconds - time.time()))
        ended = time.time()
        assert waiting(), "the flood was over before the window"
        phones, calls = {request.phone for request in requests}, []
        deadline = time.monotonic() + 60
        while len({to for _, to in calls} & phones) < len(phones):
            assert time.monotonic() < deadline, "the other tenant's leads do not come"
            calls += self.world.provider.calls()
            time.sleep(0.05)
        calls = calls or self.world.provider.calls()
        sent = sum(began <= at < ended for at, _ in calls)
        own = [(at, to) for at, to in calls if to in phones]
        return Window(sent / (ended - began), follow(requests, answers, own))

    def _await_calls(self) -> None:
        """Until the drain is at the backlog: a short window must not come before."""
        deadline = time.monotonic() + 60
        self.world.provider.calls()
        while not self.world.provider.calls():
            assert time.monotonic() < deadline, "the flood does not come"
            time.sleep(0.01)

    def top_up(self) -> None:
        from leadrails.jobs.wake import drain_waker

        fill_places([self.one], max(0, self.backlog - waiting()))
        drain_waker.wake()


def measure(world: World, size: Size) -> Iterator[Figure]:
    world.provider.answer_after(ANSWER)
    flood = Flood(world, size)
    world.need(world.web(), world.drain(), world.worker())
    found = size.interleave({"alone": flood.alone, "disturbed": flood.disturbed})
    disturbed = found["disturbed"]
    value = median(percentile([w.arrived for w in r.ways], 0.99) for r in disturbed)
    limit = median(percentile([w.answered for w in r.ways], 0.99) for r in disturbed)
    yield Figure(
        name="single_lead_during_flood_p99",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="the 202 itself, same leads; target is of the value",
        ratio=value / limit,
        target=TARGET_MS,
        met=value <= TARGET_MS,
        runs=size.runs,
    )
    value, limit = (
        median(r.pace for r in disturbed),
        median(r.pace for r in found["alone"]),
    )
    yield Figure(
        name="flood_throughput_beside_single_leads",
        value=value,
        unit="messages/s",
        limit=limit,
        limit_is="the flood alone; ratio = value / limit",
        ratio=value / limit,
        target=TARGET_SHARE,
        met=value / limit >= TARGET_SHARE,
        runs=size.runs,
    )


def waiting() -> int:
    from leadrails.jobs.models import QueueEntry

    return QueueEntry.objects.filter(lease_until=None).count()
