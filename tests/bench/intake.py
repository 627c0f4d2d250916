"""
What it costs to take a lead in, beside an empty view on the same server.

One lead makes two jobs; signature, idempotency key, nonce and routing trail are all
there, and the disk has it before the answer. Both servers are granian with one
process, as LeadRails starts it. CPU is the web server's; what PostgreSQL spends is a
figure of its own. Nobody sends meanwhile: a listener on Redis stands in for the drain.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import redis
from django.conf import settings

from leadrails import statements
from leadrails.embedded.ports import take_port
from leadrails.embedded.process import Program
from tests.bench.client import Answered, post_all
from tests.bench.data import Place, make_place
from tests.bench.leads import make_requests
from tests.bench.measure import cpu_seconds, median, percentile
from tests.bench.report import Figure
from tests.bench.world import Size, World

LEADS = 2000
EMPTY = 6000
ROWS = 2000
AT_ONCE = 8
TARGET = 6.0
TARGET_P50, TARGET_P99 = 2.0, 8.0

INSERT = "INSERT INTO bench_row (text) VALUES (%(text)s)"
MAKE_TABLE = """
CREATE TABLE IF NOT EXISTS bench_row (id bigserial PRIMARY KEY, text text)
"""


def measure(world: World, size: Size) -> Iterator[Figure]:
    place = make_place(destinations=2)
    statements.run(MAKE_TABLE)
    port = take_port()
    empty_url = f"http://127.0.0.1:{port.number}"
    web, bare = world.need(world.web(), empty(world, empty_url))
    with heard():
        crowd = size.interleave(
            {
                "leads": partial(
                    take_leads, world, web.pid, place, size.of(LEADS, least=200)
                ),
                "empty": partial(
                    ask_empty, empty_url, bare.pid, size.of(EMPTY, least=800)
                ),
                "rows": partial(insert_rows, world, size.of(ROWS, least=300)),
            },
        )
        alone = size.interleave(
            {
                "leads": partial(take_one_by_one, world, place, size.of(LEADS // 4)),
                "empty": partial(ask_one_by_one, empty_url, size.of(LEADS // 4)),
            },
        )
    port.release()
    yield from cpu_figures(crowd, size)
    yield from time_figures(alone, size)


def cpu_figures(
    found: dict[str, list[tuple[float, float]]], size: Size
) -> Iterator[Figure]:
    value = median(web for web, _ in found["leads"])
    limit = median(web for web, _ in found["empty"])
    yield Figure(
        name="intake_cpu_per_lead",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="empty Django view, same server; ratio = value / limit",
        ratio=value / limit,
        target=TARGET,
        met=value / limit <= TARGET,
        runs=size.runs,
    )
    value = median(database for _, database in found["leads"])
    limit = median(database for _, database in found["rows"])
    yield Figure(
        name="intake_postgresql_cpu_per_lead",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="one row inserted and committed; ratio = value / limit",
        ratio=value / limit,
        target=None,
        met=None,
        runs=size.runs,
    )


def time_figures(found: dict[str, list[list[float]]], size: Size) -> Iterator[Figure]:
    targets = (("p50", 0.5, TARGET_P50), ("p99", 0.99, TARGET_P99))
    for name, share, target in targets:
        value = median(percentile(run, share) for run in found["leads"])
        limit = median(percentile(run, share) for run in found["empty"])
        yield Figure(
            name=f"intake_{name}_one_client",
            value=value,
            unit="ms",
            limit=limit,
            limit_is="empty Django view, same server; target is of the value",
            ratio=value / limit,
            target=target,
            met=value <= target,
            runs=size.runs,
        )


def empty(world: World, url: str) -> Program:
    """The same server with the least of applications."""
    web = world.web()
    argv = ["tests.bench.empty:application" if ":" in w else w for w in web.argv]
    argv[argv.index("--port") + 1] = url.rpartition(":")[2]

    def is_ready(_process: object) -> bool:
        try:
            return post_all(url, [request_to(url)], at_once=1)[0].status == 200
        except OSError:
            return False

    env = {k: v for k, v in web.env.items() if k != "DJANGO_SETTINGS_MODULE"}
    return replace(web, name="empty", argv=argv, env=env, ready=is_ready)


def request_to(url: str) -> bytes:
    return f"GET / HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\n\r\n".encode()


@contextmanager
def heard() -> Iterator[None]:
    """As while a drain is at work: nudges are heard and no task is made of them."""
    from leadrails.jobs.wake import channel, drain_waker

    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as ear:
        ear.subscribe(channel(drain_waker.queue))
        ear.get_message(timeout=5)
        yield


def take_leads(world: World, pid: int, place: Place, count: int) -> tuple[float, float]:
    """CPU milliseconds per lead: of the web server, of PostgreSQL."""
    requests = make_requests(world.web_url, [place], count)
    web, database = cpu_seconds(pid), cpu_seconds(world.database_pid)
    answers = post_all(world.web_url, [r.raw for r in requests], at_once=AT_ONCE)
    found = (cpu_seconds(pid) - web, cpu_seconds(world.database_pid) - database)
    check(answers, 202)
    clear()
    return found[0] / count * 1000, found[1] / count * 1000


def ask_empty(url: str, pid: int, count: int) -> tuple[float, float]:
    before = cpu_seconds(pid)
    answers = post_all(url, [request_to(url)] * count, at_once=AT_ONCE)
    check(answers, 200)
    return (cpu_seconds(pid) - before) / count * 1000, 0.0


def insert_rows(world: World, count: int) -> tuple[float, float]:
    before = cpu_seconds(world.database_pid)
    for number in range(count):
        statements.run(INSERT, {"text": f"row {number}"})
    return 0.0, (cpu_seconds(world.database_pid) - before) / count * 1000


def take_one_by_one(world: World, place: Place, count: int) -> list[float]:
    """Milliseconds of each lead, one client."""
    requests = make_requests(world.web_url, [place], count)
    answers = post_all(world.web_url, [r.raw for r in requests], at_once=1)
    check(answers, 202)
    clear()
    return [answer.ms for answer in answers]


def ask_one_by_one(url: str, count: int) -> list[float]:
    answers = post_all(url, [request_to(url)] * count, at_once=1)
    check(answers, 200)
    return [answer.ms for answer in answers]


def check(answers: Sequence[Answered], status: int) -> None:
    assert {answer.status for answer in answers} == {status}


def clear() -> None:
    """Nobody sends what was taken in."""
    assert statements.run("DELETE FROM jobs_queueentry RETURNING 1"), "no job was made"
