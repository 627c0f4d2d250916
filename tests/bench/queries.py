"""
The queries that must stay fast however full the tables are, at a moderate size.

100,000 jobs are due, of 200 tenants; as many are settled. `make bench-10m` asks the
same of ten million rows.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from django.http import QueryDict

from leadrails import lists, statements
from leadrails.jobs import queue, queue_sql
from leadrails.jobs.low_water import LowWater
from tests.bench.callbacks import update_figure
from tests.bench.data import Place, analyze, fill_places, make_place
from tests.bench.measure import median, percentile
from tests.bench.report import Figure
from tests.bench.world import Size, World

TENANTS = 200
DUE = 100_000
ROOM = 200
CLAIMS = 10  # a run
PAGES = 200  # a run
TARGET_CLAIM, TARGET_PAGE = 5.0, 5.0

SETTLE_ALL = """
WITH ended AS (DELETE FROM jobs_queueentry RETURNING job_id)
UPDATE jobs_job SET state = (ARRAY['delivered', 'delivered', 'delivered', 'sent',
    'accepted', 'undelivered', 'dead'])[1 + abs(hashtext(id::text)) % 7],
  reason = 'replaced', attempts = 1 FROM ended WHERE id = job_id
"""
SCATTER = "UPDATE jobs_queueentry SET due_at = now() - random() * interval '1 hour'"
BARE_CLAIM = """
WITH picked AS (
  SELECT job_id FROM jobs_queueentry
  WHERE lease_until IS NULL AND due_at > '1970-01-01 00:00+00' AND due_at <= now()
  ORDER BY due_at LIMIT 200 FOR UPDATE SKIP LOCKED
)
UPDATE jobs_queueentry entry SET lease_until = now() + interval '15 seconds'
FROM picked WHERE entry.job_id = picked.job_id RETURNING entry.job_id
"""
BARE_PAGE = """
SELECT id, state, recipient FROM jobs_job WHERE tenant_id = %(tenant)s
ORDER BY id DESC LIMIT 51
"""
FILTERS = (
    "",
    "state=dead",
    "state=delivered",
    "state=dead&state=undelivered",
    "state=held&state=retrying&state=unknown",
    "state=queued",
    "state=sent&state=read",
    "reason=expired",
    "q=30007",
    "q=SM0123456789abcdef0123456789abcdef",
)


def measure(world: World, size: Size) -> Iterator[Figure]:
    places = [make_place() for _ in range(size.of(TENANTS, least=5))]
    due = size.of(DUE, least=20 * ROOM)
    fill_places(places, due)
    statements.run(SETTLE_ALL)
    fill_places(places, due)
    statements.run(SCATTER)
    start_claiming()
    statements.run("VACUUM")
    analyze()
    yield from claim_figures(size)
    yield page_figure(places, size)
    yield update_figure([place.destinations[0] for place in places[:5]], size)


def start_claiming() -> None:
    """Lanes and gates have rows when they are counted."""
    queue.claim(ROOM, uuid4())
    _end_leased()


def claim_figures(size: Size) -> Iterator[Figure]:
    """Needs a queue with enough due."""
    claims = size.of(CLAIMS, least=2)
    works = {"claim": partial(_claim, claims), "bare": partial(_claim_bare, claims)}
    found = size.interleave(works)
    limit = median(found["bare"][run]["claim"] for run in range(size.runs))
    for name, target in (("claim", TARGET_CLAIM), ("load", None)):
        value = median(run[name] for run in found["claim"])
        yield Figure(
            name=f"{name}_of_{ROOM}",
            value=value,
            unit="ms",
            limit=limit,
            limit_is="lease the 200 oldest, no lanes and no rates; target is of value",
            ratio=value / limit,
            target=target,
            met=None if target is None else value <= target,
            runs=size.runs,
        )


def page_figure(places: Sequence[Place], size: Size) -> Figure:
    """The 95th percentile over tenants and filters, first and later pages."""
    pages = size.of(PAGES)
    found = size.interleave(
        {
            "page": partial(_read_pages, places, pages),
            "bare": partial(_read_bare, places, pages),
        },
    )
    value = median(percentile(run, 0.95) for run in found["page"])
    limit = median(percentile(run, 0.95) for run in found["bare"])
    return Figure(
        name="list_page_p95",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="a bare prepared SELECT of one page; target is of the value",
        ratio=value / limit,
        target=TARGET_PAGE,
        met=value <= TARGET_PAGE,
        runs=size.runs,
    )


def _claim(claims: int) -> dict[str, float]:
    """Median milliseconds of the two statements of a claim, as a drain makes it."""
    worker, mark, spent = uuid4(), LowWater(), []
    queue.is_anything_due(mark)
    for _ in range(claims):
        with watched() as times:
            claim = queue.claim(ROOM, worker, since=mark.at)
        # Whole shares for each tenant may leave a little room.
        assert len(claim.jobs) > ROOM * 0.9, f"{len(claim.jobs)} were claimed"
        spent.append(times)
        _end_leased()
    names = {"claim": queue_sql.CLAIM, "load": queue_sql.LOAD}
    return {
        name: median(times[statement] for times in spent)
        for name, statement in names.items()
    }


def _claim_bare(claims: int) -> dict[str, float]:
    spent = []
    for _ in range(claims):
        with watched() as times:
            assert len(statements.run(BARE_CLAIM)) == ROOM
        spent.append(times[BARE_CLAIM])
        _end_leased()
    return {"claim": median(spent)}


def _end_leased() -> None:
    """As settling does: the next claim finds nothing in flight."""
    statements.run("DELETE FROM jobs_queueentry WHERE lease_until IS NOT NULL")


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Milliseconds of each statement that runs meanwhile."""
    times: dict[str, float] = {}
    run = statements.run

    def timed(statement: str, *args: Any, **named: Any) -> list[Any]:
        began = time.perf_counter()
        rows = run(statement, *args, **named)
        times[statement] = (time.perf_counter() - began) * 1000
        return rows

    with patch.object(statements, "run", timed):
        yield times


def _read_pages(places: Sequence[Place], count: int) -> list[float]:
    from leadrails.jobs.filters import narrowed, parts_of
    from leadrails.jobs.models import Job
    from leadrails.ui.paging import keyset_page

    rng = Random(count)
    older = dict.fromkeys(FILTERS, "")

    def read(query: str) -> Callable[[], Any]:
        tenant = rng.choice(places).source.tenant_id
        jobs = Job.objects.list_for_tenant(tenant).listed()
        asked = QueryDict(query)
        return lambda: keyset_page(
            narrowed(jobs, asked, "US"),
            after=older[query] or None,
            parts=parts_of(asked),
            by=lists.ORDER,
            read=lists.select,
        )

    spent = []
    for query in itertools.islice(itertools.cycle(FILTERS), count):
        work = read(query)
        began = time.perf_counter()
        page = work()
        spent.append((time.perf_counter() - began) * 1000)
        older[query] = page.older  # of another tenant, but of the same times
    return spent


def _read_bare(places: Sequence[Place], count: int) -> list[float]:
    spent = []
    for place in itertools.islice(itertools.cycle(places), count):
        began = time.perf_counter()
        statements.run(BARE_PAGE, {"tenant": place.source.tenant_id})
        spent.append((time.perf_counter() - began) * 1000)
    return spent
