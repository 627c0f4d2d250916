"""
Every list as a person opens it, in a workspace with a million jobs.

Each page is asked of Django itself, from the session to the last byte, its older page
too; the limit is the same page of a workspace with sixty jobs. What a page asks the
database and how long it is are told for the worst of all.
"""

import itertools
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from re import search
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leadrails import partitions, statements
from tests import fill, make
from tests.bench.data import FAST, Place, analyze, make_place, next_phone
from tests.bench.data import fill as queue_jobs
from tests.bench.measure import median, percentile
from tests.bench.report import Figure, say
from tests.bench.world import Size, World

JOBS = 1_000_000
AGE = timedelta(days=30)
CHUNK = 100_000
TIMES = 10  # that a page is asked, a run
TARGET, QUERIES, BYTES = 100.0, 6, 60_000

PAGES = {
    "overview": "",
    "overview_30d": "?period=30d",
    "leads": "leads/",
    "leads_by_name": "leads/?q=Nobody",
    "leads_by_phone": "leads/?q=%2B12022000042",
    "jobs": "jobs/",
    "jobs_delivered": "jobs/?state=delivered",
    "jobs_dead": "jobs/?state=dead",
    "jobs_of_two_states": "jobs/?state=dead&state=sent",
    "jobs_held": "jobs/?state=held",
    "jobs_by_error": "jobs/?q=30003",
    "jobs_by_an_unknown_error": "jobs/?q=30999",
    "jobs_of_a_destination": "jobs/?destination={destination}",
    "dead_jobs_of_a_destination": "jobs/?destination={destination}&state=dead",
    "jobs_of_a_source": "jobs/?source={source}",
    "jobs_of_an_idle_source": "jobs/?source={idle_source}",
    "jobs_of_a_day": "jobs/?from={since}&to={until}",
    "jobs_of_a_source_and_day": "jobs/?source={source}&from={since}&to={until}",
    "jobs_of_an_idle_source_and_day": (
        "jobs/?source={idle_source}&from={since}&to={until}"
    ),
    "replay_all": "jobs/replay",
    "replay_all_dead": "jobs/replay?state=dead",
    "cancel_all": "jobs/cancel",
    "conversations": "conversations/",
    "alerts": "alerts/",
    "suppressions": "suppressions/",
    "suppressions_by_phone": "suppressions/?q=%2B12022000042",
    "audit": "settings/audit/",
    "audit_of_an_act": "settings/audit/?action=act.7",
    "destinations": "destinations/",
    "sources": "sources/",
    "search": "search?q=Nobody",
    "search_by_phone": "search?q=%2B12022000042",
}
OF_SOURCES = ("jobs_of_a_source", "jobs_of_an_idle_source")
"""One query more than other lists: how far back the page may look for them."""
NOT_LISTS = ("overview", "replay", "cancel", "search", *OF_SOURCES)
"""They gather from several places, so six queries are not asked of them."""
PREVIEWS = ("replay", "cancel")
"""They count up to ten thousand jobs, before an act that takes seconds: no target."""

# As one workspace may have them after a year.
OTHERS = """
INSERT INTO tenants_auditentry (id, tenant_id, actor_id, actor_name, action, subject,
  subject_name, details, at)
SELECT pg_temp.uuid7(%(origin)s + n, n, 'audit'), %(tenant)s, NULL, '',
  'act.' || n %% 40, '', 'Number ' || n, '{}', now()
FROM generate_series(1, %(rows)s) n;
INSERT INTO contacts_suppression (id, tenant_id, phone, reason, source, note,
  created_at)
SELECT pg_temp.uuid7(%(origin)s + n, n, 'stop'), %(tenant)s, '+1202' || 2000000 + n,
  'manual', 'ui', '', now() FROM generate_series(1, %(rows)s) n;
"""
COUNT = """
DELETE FROM jobs_tallychange;
DELETE FROM jobs_tally;
INSERT INTO jobs_tally (tenant_id, what, hour, about_id, number)
SELECT tenant_id, state, leadrails_hour_of(id), destination_id, count(*)
FROM jobs_job GROUP BY 1, 2, 3, 4
UNION ALL
SELECT tenant_id, 'lead', leadrails_hour_of(id), source_id, count(*)
FROM leads_lead GROUP BY 1, 2, 3, 4
"""


def measure(world: World, size: Size) -> Iterator[Figure]:
    full = make_full(size.of(JOBS, least=2_000))
    small = make_place(destinations=5)
    queue_jobs(small.destinations[0], small.source, [next_phone() for _ in range(60)])
    analyze()
    visitors = {"full": Visitor(full), "small": Visitor(small)}
    for name, path in PAGES.items():
        yield page_figure(name, path, visitors, size)
    yield from cost_figures(visitors["full"])


def page_figure(
    name: str, path: str, visitors: "dict[str, Visitor]", size: Size
) -> Figure:
    """The 95th percentile of the page and the older one, in milliseconds."""
    works = {
        who: partial(visitor.visit, path, size.of(TIMES, least=2))
        for who, visitor in visitors.items()
    }
    found = size.interleave(works)
    value = median(percentile(run, 0.95) for run in found["full"])
    limit = median(percentile(run, 0.95) for run in found["small"])
    return Figure(
        name=f"page_{name}_p95",
        value=value,
        unit="ms",
        limit=limit,
        limit_is="the same page of 60 jobs; target is of the value",
        ratio=value / limit,
        target=None if name.startswith(PREVIEWS) else TARGET,
        met=None if name.startswith(PREVIEWS) else value <= TARGET,
        runs=size.runs,
    )


def cost_figures(visitor: "Visitor") -> Iterator[Figure]:
    costs = {name: visitor.cost(path) for name, path in PAGES.items()}
    lists = {
        name: cost for name, cost in costs.items() if not name.startswith(NOT_LISTS)
    }
    for place, (unit, target) in enumerate((("queries", QUERIES), ("bytes", BYTES))):
        worst = max(lists, key=lambda name: lists[name][place])
        value = lists[worst][place]
        yield Figure(
            name=f"list_pages_{unit}",
            value=value,
            unit=unit,
            limit=None,
            limit_is=f"the most that a list costs: {worst}",
            ratio=None,
            target=target,
            met=value <= target,
        )


def make_full(jobs: int) -> Place:
    """A workspace with `jobs` jobs of the last month, as many leads, and the rest."""
    place = make_place(destinations=5, **FAST)
    now, began = timezone.now(), time.monotonic()
    partitions.ensure(now=now - AGE, ahead=0)
    fill.prepare()
    filling = fill.Filling(
        origin=now - AGE, step=AGE / (jobs + 1), due=jobs - jobs // 50
    )
    for statement in (fill.JOBS, fill.LEADS, fill.QUEUE):
        for start in range(0, jobs, CHUNK):
            filling.run(statement, start, min(start + CHUNK, jobs) - 1)
    with connection.cursor() as cursor:
        others = {
            "tenant": place.source.tenant_id,
            "rows": jobs // 5,
            "origin": int((now - AGE).timestamp() * 1000),
        }
        for statement in OTHERS.split(";\n")[:-1]:
            cursor.execute(statement, others)
        cursor.execute(COUNT)
        cursor.execute("VACUUM")
    say(f"filled after {time.monotonic() - began:.0f} s")
    return place


class Visitor:
    """An owner with a browser, in one workspace."""

    def __init__(self, place: Place) -> None:
        tenant = place.source.tenant
        self.base = f"/t/{tenant.slug}/"
        middle = timezone.now() - AGE / 2
        self.words = {
            "destination": place.destinations[0].public_id,
            "source": place.source.public_id,
            "idle_source": make.make_source(tenant, name="Idle").public_id,
            "since": f"{middle:%Y-%m-%dT%H:%M}",
            "until": f"{middle + timedelta(days=1):%Y-%m-%dT%H:%M}",
        }
        self.client = Client(headers={"host": "127.0.0.1"})
        self.client.force_login(make.make_user(tenant))
        self.get("")  # the first page of a session notes the workspace in it

    def get(self, path: str) -> Any:
        url = self.base + path.format(**self.words)
        answer = self.client.get(url)
        assert answer.status_code == 200, f"{url} answered {answer.status_code}"
        return answer

    def visit(self, path: str, times: int) -> list[float]:
        """Milliseconds of each visit; each second one is to the older page, if any."""
        older = search(r'href="[^"]*[?&;](after=[^"&]+)"', self.get(path).text)
        behind = f"{path}{'&' if '?' in path else '?'}{older[1]}" if older else path
        spent = []
        for page in itertools.islice(itertools.cycle((path, behind)), times):
            began = time.perf_counter()
            self.get(page)
            spent.append((time.perf_counter() - began) * 1000)
        return spent

    def cost(self, path: str) -> tuple[int, int]:
        """(queries, bytes) of one visit."""
        run, prepared = statements.run, []

        def counted(*args: Any, **named: Any) -> list[Any]:
            prepared.append(args)
            return run(*args, **named)

        with (
            patch.object(statements, "run", counted),
            CaptureQueriesContext(connection) as seen,
        ):
            answer = self.get(path)
        return len(seen) + len(prepared), len(answer.content)
