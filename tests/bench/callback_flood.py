"""
100,000 status callbacks at 500 a second, and whether each message ends as it did.

Messages are sent to the simulator through the drain. It loses all their callbacks, so
that a client can post what its ledger says of them: each several times, in any order,
a share at the very end. What never comes is asked for. All processes are those of
`make demo`, on the same machine as the client.

What is wrong is counted in each run and told on standard error.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any
from urllib.parse import urlsplit

from destinations.providers.simulated import account_sid
from leadrails import statements
from leadrails.embedded import programs
from leadrails.embedded.ports import take_port
from tests.bench.client import post_paced
from tests.bench.data import FAST, fill
from tests.bench.measure import median, percentile
from tests.bench.report import Figure, say
from tests.bench.world import Size, World

CALLBACKS, MESSAGES = 100_000, 20_000
PER_SECOND = 500.0
TENANTS = 10
RUNS = 3  # of five minutes each
TARGET_MS = 100.0
PATIENCE = 60.0  # seconds until something happens next
TOLD = 20  # differences

MakeWays = Callable[..., list[Any]]

UNSENT = "SELECT count(*) FROM jobs_queueentry"
UNREAD = "SELECT count(*) FROM webhooks_rawcallback WHERE processed_at IS NULL"
JOBS = "SELECT count(*) FROM jobs_job WHERE tenant_id = ANY(%(tenants)s)"
WAITS = """
SELECT extract(epoch FROM processed_at - received_at)::float * 1000
FROM webhooks_rawcallback WHERE tenant_id = ANY(%(tenants)s)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Milliseconds of each callback: to its answer, and until it was worked off."""

    answers: list[float]
    waits: list[float]
    wrong: list[str]


class Flood:
    """
    Args:
        make_ways: makes the destinations of a workspace; by default one for each way
            in which messages go.
    """

    def __init__(
        self, world: World, size: Size, make_ways: MakeWays | None = None
    ) -> None:
        from tests.simulator.server import Simulator
        from tests.webhooks import history

        self._world = world
        self._make_ways = make_ways or history.make_ways
        self._each = size.of(MESSAGES // TENANTS)  # messages of a tenant
        self._callbacks = size.of(CALLBACKS, least=1000)
        self._random = Random(7)
        port, ledger = take_port(), world.stack.ledger
        simulator = programs.simulator(world.env, port=port.number, ledger=ledger)
        self._simulator = Simulator(ledger, world.env["LEADRAILS_SIMULATOR_SECRET"])
        self._simulator.url = f"http://127.0.0.1:{port.number}"
        env = {"LEADRAILS_SIMULATOR_URL": self._simulator.url}
        world.need(
            simulator, world.web(), world.drain("drain", **env), world.worker(**env)
        )

    def run(self) -> Run:
        from tests.webhooks import history

        ways = self._send()
        accounts = {account_sid(way.tenant_id) for way in ways}
        histories = history.read_histories(self._simulator.ledger_path, accounts)
        tenants = {"tenants": [way.tenant_id for way in ways]}
        [(jobs,)] = _rows(JOBS, tenants)
        assert len(histories) == jobs, f"{len(histories)} of {jobs} were sent"
        first, late = history.disorder(histories, self._callbacks, self._random)
        posts = [*first, *late]
        say(f"{len(histories)} messages, {len(posts)} callbacks")
        answers = post_at_pace(self._world.web_url, posts)
        _wait_for_none(lambda: _count(UNREAD), "callbacks are unread")
        waits = [wait for (wait,) in _rows(WAITS, tenants)]
        wrong = [
            f"{answer.status} was answered" for answer in answers if answer.status > 299
        ]
        # Those first whose every callback came: nobody was asked about them.
        wrong += history.differences(history.told_whole(histories, posts), posts)
        history.make_older()
        wrong += _what_stays_wrong(lambda: history.differences(histories, posts))
        for text in wrong[:TOLD]:
            say(text)
        return Run([answer.ms for answer in answers], waits, wrong)

    def _send(self) -> list[Any]:
        """Have messages sent, and return by which ways once each came to its end."""
        from leadrails.jobs.wake import drain_waker
        from tests.make import make_source, make_tenant
        from tests.webhooks import history

        self._simulator.faults(**history.LOSE_ALL, **history.AT_ONCE)
        ways = []
        for _ in range(TENANTS):
            tenant = make_tenant()
            source, mine = make_source(tenant), self._make_ways(tenant, **FAST)
            people = history.phones(self._each, self._random)
            for way, theirs in history.deal(people, mine):
                fill(way, source, theirs)
            ways += mine
        drain_waker.wake()
        _wait_for_none(lambda: _count(UNSENT), "messages are unsent")
        self._simulator.wait_until_over(PATIENCE)
        self._simulator.clear_faults()
        # What so many messages at once leave to clean up is not the callbacks'.
        statements.run("VACUUM (ANALYZE)")
        return ways


def measure(world: World, size: Size) -> Iterator[Figure]:
    flood = Flood(world, size)
    runs = [flood.run() for _ in range(min(size.runs, RUNS))]
    yield from figures("callback", runs)


def figures(what: str, runs: Sequence[Run]) -> Iterator[Figure]:
    value = median(percentile(run.answers, 0.99) for run in runs)
    limit = median(percentile(run.answers, 0.5) for run in runs)
    yield Figure(
        name=f"{what}_answer_p99_at_500_a_second",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="half of the answers come within; target is of the value",
        ratio=value / limit,
        target=TARGET_MS,
        met=value <= TARGET_MS,
        runs=len(runs),
    )
    value = median(percentile(run.waits, 0.99) for run in runs)
    limit = median(percentile(run.waits, 0.5) for run in runs)
    yield Figure(
        name=f"{what}_worked_off_p99_at_500_a_second",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="half of them are; both from when it was stored",
        ratio=value / limit,
        target=None,
        met=None,
        runs=len(runs),
    )
    wrong = sum(len(run.wrong) for run in runs)
    yield Figure(
        name=f"{what}_flood_wrong",
        value=wrong,
        unit="lost, refused, or another state than the provider's",
        limit=None,
        limit_is="there is none; all runs together",
        ratio=None,
        target=0,
        met=wrong == 0,
        runs=len(runs),
    )


def post_at_pace(url: str, posts: Sequence[Any]) -> list[Any]:
    requests = [partial(_request, post) for post in posts]
    # Looking for garbage among them all would take longer than an answer.
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        return post_paced(url, requests, per_second=PER_SECOND)
    finally:
        gc.enable()
        gc.unfreeze()


def _request(post: Any) -> bytes:
    parts = urlsplit(post.url)
    headers = {
        "Host": parts.netloc,
        **post.headers(),
        "Content-Length": len(post.body),
    }
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + post.body


def _rows(query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _count(query: str) -> int:
    [(count,)] = _rows(query)
    return count


def _wait_for_none(count: Callable[[], int], what: str) -> None:
    """However long it takes, but they must become fewer."""
    least, seen_at = count(), time.monotonic()
    while least:
        time.sleep(0.2)
        if (now := count()) < least:
            least, seen_at = now, time.monotonic()
        assert time.monotonic() - seen_at < PATIENCE, f"{least} {what}"


def _what_stays_wrong(differences: Callable[[], list[str]]) -> list[str]:
    """In the end; the provider is asked every few seconds."""
    found, seen_at = differences(), time.monotonic()
    while found and time.monotonic() - seen_at < PATIENCE:
        time.sleep(2)
        if len(now := differences()) < len(found):
            found, seen_at = now, time.monotonic()
    return found
