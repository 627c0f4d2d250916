"""
The watch: alerts that no single job tells, and the ends of those that jobs opened.

Small checks, each one statement over all tenants and one transaction. A check that
fails is logged, and the others go on.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from leadrails import partitions
from leadrails.alerts.watching import Key, Problem, close_cured, keep
from leadrails.core import thresholds
from leadrails.core.delivery import CONFIG_FAILED, COUNTRY_FAILED
from leadrails.core.ids import uuid7_floor
from leadrails.core.reasons import Reason
from leadrails.jobs import effects
from leadrails.jobs import watch_sql as sql
from leadrails.jobs.effects import scope_of

log = logging.getLogger(__name__)

FAILURE_RATE = "failure_rate"
QUEUE_AGE = "queue_age"
PROVIDER_OUTAGE = "provider_outage"
STRAY_ROWS = "stray_rows"

WINDOW = timedelta(hours=1)  # of leads' arrival, whose messages are judged together
KEPT = timedelta(days=60)  # older jobs are not looked through; replays are as old
FAILED = thresholds.Share(floor=10, opens_at=0.20, closes_below=0.10)
FILTERED = thresholds.Share(
    floor=effects.FILTERED_AT_LEAST,
    opens_at=effects.FILTERED_SHARE,
    closes_below=effects.FILTERED_SHARE / 2,
)


def run_checks(checks: tuple[Callable[[], None], ...]) -> None:
    for check in checks:
        try:
            check()
        except Exception:
            log.exception("a check of the watch failed", extra={"check": check})


def rows(statement: str, parameters: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def span(now: datetime, back: timedelta) -> dict[str, UUID]:
    """The ids of jobs whose lead came within `back`, for the statements."""
    ahead = timedelta(hours=1)  # clocks differ
    return {"since": uuid7_floor(now - back), "until": uuid7_floor(now + ahead)}


def _kept(now: datetime) -> dict[str, UUID]:
    bounds = span(now, KEPT)
    return {"oldest": bounds["since"], "until": bounds["until"]}


# What is measured ----------------------------------------------------------------


def check_failures() -> None:
    """Too many messages of a destination fail, or are filtered no longer."""
    parameters = {
        **span(timezone.now(), WINDOW),
        "floor": FAILED.floor,
        "failure_rate": FAILURE_RATE,
        "config_failed": CONFIG_FAILED,
        "filtered": Reason.CARRIER_FILTERED.value,
        "told": effects.TOLD_ELSEWHERE,
    }
    found = rows(sql.FAILURES, parameters)
    keep(FAILURE_RATE, lambda were_open: _failing(found, were_open))
    passed = [
        place
        for _, place, delivered_once, _, filtered, decided, _, _ in found
        if delivered_once and not FILTERED.is_wrong(filtered, decided, was_wrong=True)
    ]
    close_cured(
        [CONFIG_FAILED],
        "alert.cause = %(filtered)s AND alert.destination_id = ANY(%(passed)s)",
        {"filtered": Reason.CARRIER_FILTERED.value, "passed": passed},
    )


def _failing(found: list[Any], were_open: frozenset[Key]) -> Iterator[Problem]:
    for tenant, place, _, failed, _, decided, cause, example in found:
        scope = scope_of(place)
        if FAILED.is_wrong(failed, decided, was_wrong=(tenant, scope) in were_open):
            yield Problem(
                tenant_id=tenant,
                scope=scope,
                cause=cause,
                destination_id=place,
                job_id=example,
                details={"failed": failed, "of": decided},
                count=failed,
            )


def check_queue_age() -> None:
    """The oldest message of a destination waits longer than its objective."""
    ceilings = [effects.CEILING_REACHED, effects.SOURCE_CEILING]
    parameters = {**_kept(timezone.now()), "ceilings": ceilings}
    found = rows(sql.WAITING, parameters)
    keep(QUEUE_AGE, lambda were_open: _late(found, were_open))


def _late(found: list[Any], were_open: frozenset[Key]) -> Iterator[Problem]:
    for tenant, place, waited, objective, example, cause, late in found:
        scope = scope_of(place)
        was_late = (tenant, scope) in were_open
        if thresholds.is_late(waited, objective, was_late=was_late):
            minutes = int(waited.total_seconds() // 60)
            yield Problem(
                tenant_id=tenant,
                scope=scope,
                cause=cause,
                destination_id=place,
                job_id=example,
                details={"minutes": minutes},
                count=max(late, 1),
            )


def check_outages() -> None:
    """A provider answers none of those who call it, or hardly any."""
    found = rows(sql.SILENT, {})
    keep(PROVIDER_OUTAGE, lambda were_open: _outages(found, were_open))


def _outages(found: list[Any], were_open: frozenset[Key]) -> Iterator[Problem]:
    # It is one provider, whoever's alert tells it: new tenants join while it lasts.
    scopes = {scope for _, scope in were_open}
    for tenant, kind, is_simulated, silent, used, longest, mine in found:
        scope = f"provider:{kind}{':simulated' if is_simulated else ''}"
        was_outage = scope in scopes
        if thresholds.is_outage(silent, used, longest, was_outage=was_outage):
            yield Problem(
                tenant_id=tenant,
                scope=scope,
                cause="no_answer",
                details={"destinations": mine},
                count=mine,
            )


def check_partitions() -> None:
    """A row that no month took: it came with a wrong clock."""
    found = [
        (table, *row)
        for table, key in partitions.PARENTS.items()
        for row in rows(sql.STRAY.format(table=table, key=key), {})
    ]
    keep(STRAY_ROWS, lambda _: _strays(found))


def _strays(found: list[Any]) -> Iterator[Problem]:
    for table, tenant, count, _ in found:
        scope = f"table:{table}"
        details = {"rows": count}
        yield Problem(tenant_id=tenant, scope=scope, details=details, count=count)


# What cures itself ---------------------------------------------------------------

_CURES = (
    ([effects.DEAD_LETTERS], sql.ALL_REPLAYED),
    ([effects.OUTCOME_UNKNOWN], sql.NONE_UNKNOWN),
    ([effects.CEILING_REACHED], sql.NONE_HELD_BY_DESTINATION),
    ([effects.RECIPIENT_CEILING], sql.NONE_HELD_BY_RECIPIENT),
    ([effects.SOURCE_CEILING], sql.NONE_HELD_BY_SOURCE),
    ([CONFIG_FAILED], sql.ACCEPTED_SINCE),
    ([COUNTRY_FAILED], sql.COUNTRY_NOT_HELD),
)


def check_cures() -> None:
    """Close what jobs opened and is over."""
    parameters = {
        **_kept(timezone.now()),
        "ends": [str(reason) for reason in effects.ALERTING_ENDS],
        "filtered": Reason.CARRIER_FILTERED.value,
    }
    for kinds, cured in _CURES:
        close_cured(kinds, cured, parameters)
    with connection.cursor() as cursor:
        cursor.execute(sql.CLOSE_OF_DELETED)


CHECKS = (check_failures, check_queue_age, check_outages, check_partitions, check_cures)


def watch() -> None:
    run_checks(CHECKS)
