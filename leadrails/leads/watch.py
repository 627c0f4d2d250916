"""The watch over sources: one that should post has fallen silent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from leadrails.alerts.watching import Problem, keep
from leadrails.jobs.effects import scope_of_source
from leadrails.jobs.watch import rows, run_checks, span

SOURCE_SILENT = "source_silent"
LONGEST_SILENCE = timedelta(days=60)

# Test leads are our own: they do not prove that the source still posts.
_SILENT = """
SELECT source.tenant_id, source.id, now() - heard.at AS silence
FROM leads_source source, LATERAL (
  SELECT greatest(source.watched_from, source.created_at, (
    SELECT received_at FROM leads_lead lead
    WHERE lead.tenant_id = source.tenant_id AND lead.source_id = source.id
      AND lead.id BETWEEN %(since)s AND %(until)s AND NOT lead.is_test
    ORDER BY lead.id DESC LIMIT 1)) AS at) heard
WHERE source.silent_after IS NOT NULL AND source.status = 'active'
  AND now() - heard.at > source.silent_after
"""

_CLOSE_OF_REVOKED = """
UPDATE alerts_alert SET resolved_at = now() WHERE id IN (
  SELECT alert.id FROM alerts_alert alert
  JOIN leads_source source ON source.id = alert.source_id
  WHERE alert.resolved_at IS NULL AND source.status = 'revoked'
  FOR UPDATE OF alert SKIP LOCKED)
"""


def check_silence() -> None:
    found = rows(_SILENT, span(timezone.now(), LONGEST_SILENCE))
    keep(SOURCE_SILENT, lambda _: _silent(found))


def _silent(found: list[Any]) -> Iterator[Problem]:
    for tenant, source, silence in found:
        yield Problem(
            tenant_id=tenant,
            scope=scope_of_source(source),
            source_id=source,
            details={"hours": int(silence.total_seconds() // 3600)},
        )


def check_revoked() -> None:
    """What is wrong with a source that is no more concerns nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_OF_REVOKED)


def watch() -> None:
    run_checks((check_silence, check_revoked))
