"""
Keep alerts in step with what is measured, and close what has cured itself.

Whoever measures says which problems of a kind are there now. What is new opens, what
goes on keeps its figures fresh, what is gone closes: all in one transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from leadrails.alerts.models import Alert
from leadrails.alerts.services import open_alert

Key = tuple[UUID, str]
"""Tenant and scope: with the kind, they name a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is wrong just now. `details` are the figures that pages show."""

    tenant_id: UUID
    scope: str
    cause: str = ""
    destination_id: UUID | None = None
    source_id: UUID | None = None
    job_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)
    count: int = 1


Look = Callable[[frozenset[Key]], Iterable[Problem]]


def keep(kind: str, look: Look) -> None:
    """
    Open, refresh and close the alerts of a kind.

    Args:
        look: gets the problems that are open, and returns those that are there.

    If somebody else is at the same kind just now, nothing is done.
    """
    with transaction.atomic():
        if not _is_my_turn(kind):
            return
        rows = {(row.tenant_id, row.scope): row for row in _open_rows(kind)}
        found = {(item.tenant_id, item.scope): item for item in look(frozenset(rows))}
        for key, problem in sorted(found.items()):
            if key in rows:
                _refresh(rows[key], problem)
            else:
                _open(kind, problem)
        gone = [row.pk for key, row in rows.items() if key not in found]
        if gone:
            still = Alert.objects.open().filter(pk__in=gone)
            still.update(resolved_at=timezone.now())


def close_cured(kinds: Iterable[str], cured: str, parameters: Mapping[str, Any]) -> int:
    """
    Close alerts whose cause is gone; return how many.

    An alert that counted a failure within the last ten seconds stays: what caused it
    may be newer than what this statement sees. One that somebody writes to just now
    stays as well, so that two who need several do not block each other.

    Args:
        cured: an SQL condition on `alert`.
    """
    statement = f"""
    WITH cured AS (
      SELECT id FROM alerts_alert alert
      WHERE resolved_at IS NULL AND kind = ANY(%(kinds)s)
        AND last_at < now() - interval '10 seconds' AND ({cured})
      FOR UPDATE SKIP LOCKED
    )
    UPDATE alerts_alert alert SET resolved_at = now() FROM cured
    WHERE alert.id = cured.id
    """  # noqa: S608 - constants of ours
    with connection.cursor() as cursor:
        cursor.execute(statement, {**parameters, "kinds": list(kinds)})
        return int(cursor.rowcount)


def _is_my_turn(kind: str) -> bool:
    with connection.cursor() as cursor:
        lock = "SELECT pg_try_advisory_xact_lock(hashtext(%s))"
        cursor.execute(lock, [f"alert watch {kind}"])
        (is_mine,) = cursor.fetchone()
    return bool(is_mine)


def _open_rows(kind: str) -> Iterable[Alert]:
    return Alert.objects.open().filter(kind=kind)


def _open(kind: str, problem: Problem) -> None:
    open_alert(
        tenant_id=problem.tenant_id,
        kind=kind,
        scope=problem.scope,
        cause=problem.cause,
        destination_id=problem.destination_id,
        source_id=problem.source_id,
        job_id=problem.job_id,
        details=problem.details,
        failures=problem.count,
    )


def _refresh(row: Alert, problem: Problem) -> None:
    if (row.details, row.cause) == (problem.details, problem.cause[:60]):
        return
    Alert.objects.open().filter(pk=row.pk).update(
        details=problem.details,
        cause=problem.cause[:60],
        job_id=problem.job_id or row.job_id,
        failures=max(row.failures, problem.count),
        last_at=timezone.now(),
    )
