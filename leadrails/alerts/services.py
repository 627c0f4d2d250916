"""Open and close problems. One row per tenant, kind and scope while it lasts."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from leadrails.alerts.models import Alert
from leadrails.core import ids

# A problem that comes back within a day re-opens its alert, with its memory.
_OPEN = """
WITH again AS (
  UPDATE alerts_alert SET resolved_at = NULL, resolved_by_id = NULL,
    acknowledged_at = NULL, acknowledged_by_id = NULL, snoozed_until = NULL,
    failures = failures + %(failures)s, times_opened = times_opened + 1,
    opened_at = now(),
    last_at = now(), cause = %(cause)s, job_id = coalesce(%(job)s, job_id),
    details = %(details)s::jsonb
  WHERE id = (SELECT id FROM alerts_alert
      WHERE tenant_id = %(tenant)s AND kind = %(kind)s AND scope = %(scope)s
        AND resolved_at > now() - interval '1 day'
      ORDER BY resolved_at DESC LIMIT 1)
    AND NOT EXISTS (SELECT FROM alerts_alert WHERE tenant_id = %(tenant)s
      AND kind = %(kind)s AND scope = %(scope)s AND resolved_at IS NULL)
  RETURNING id
)
INSERT INTO alerts_alert (id, tenant_id, kind, scope, cause, destination_id, source_id,
  job_id, details, failures, times_opened, opened_at, last_at)
SELECT %(id)s, %(tenant)s, %(kind)s, %(scope)s, %(cause)s, %(destination)s, %(source)s,
  %(job)s, %(details)s::jsonb, greatest(%(failures)s, 1), 1, now(), now()
WHERE NOT EXISTS (SELECT FROM again)
ON CONFLICT (tenant_id, kind, scope) WHERE resolved_at IS NULL DO UPDATE SET
  failures = alerts_alert.failures + %(failures)s, last_at = now(),
  cause = excluded.cause,
  job_id = coalesce(excluded.job_id, alerts_alert.job_id), details = excluded.details
"""


def open_alert(
    *,
    tenant_id: UUID,
    kind: str,
    scope: str,
    cause: str = "",
    destination_id: UUID | None = None,
    source_id: UUID | None = None,
    job_id: UUID | None = None,
    details: dict[str, Any] | None = None,
    failures: int = 1,
) -> None:
    """Open the problem, or count more failures of it. Safe to race."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                "id": ids.uuid7(),
                "tenant": tenant_id,
                "kind": kind,
                "scope": scope[:120],
                "cause": cause[:60],
                "destination": destination_id,
                "source": source_id,
                "job": job_id,
                "details": json.dumps(details or {}),
                "failures": failures,
            },
        )


def close_alerts(*, tenant_id: UUID, kind: str, scope: str, now: datetime) -> int:
    """Close the problem because its cause is gone; return how many were open."""
    cured = Alert.objects.for_tenant(tenant_id).open().filter(kind=kind, scope=scope)
    return cured.update(resolved_at=now)
