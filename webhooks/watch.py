"""The watch over callbacks: none comes, or they come with a wrong signature."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from leadrails.alerts.watching import Key, Problem, close_cured, keep
from leadrails.core.ids import uuid7_floor
from leadrails.jobs.effects import scope_of
from leadrails.jobs.watch import KEPT, rows, run_checks, span
from webhooks.batch import CALLBACKS_GIVEN_UP
from webhooks.polling import FIRST_WHEN_OVERDUE
from webhooks.services import SIGNATURE_FAILURES

CALLBACKS_SILENT = "callbacks_silent"
MESSAGES_TO_JUDGE = "messages_to_judge"
ENOUGH_ASKED_FOR = 3  # messages whose end no callback told
LOOKED_AT = timedelta(days=1)
# Overdue messages are asked for one by one: leave them the time.
OVERDUE = FIRST_WHEN_OVERDUE + timedelta(minutes=1)
GOOD_HOUR = timedelta(hours=1)
GOOD_DAY = timedelta(days=1)

# Of each destination that sent lately: its newest overdue messages, and, if we had to
# ask for their ends, its newest ones of all. One look by index for each.
_SILENT = "callbacks_silent"
ENOUGH_ASKED_FOR = 3  # messages whose end no callback told
LOOKED_AT = timedelta(days=1)
# Overdue messages are asked for one by one: leave them the time.
OVERDUE = FIRST_WHEN_OVERDUE + timedelta(minutes=1)
GOOD_HOUR = timedelta(hours=1)

# Of each destination that sent lately: its newest overdue messages, and, if their ends
# had to be asked for, its newest ones of all. One look by index for each.
_SILENT = """
WITH place AS (
  SELECT place.id, place.tenant_id, false AS was_open
  FROM destinations_destination place
  JOIN jobs_gate gate ON gate.destination_id = place.id
  WHERE place.status = 'active' AND gate.free_at > now() - %(looked_at)s
  UNION ALL
  SELECT destination_id, tenant_id, true FROM alerts_alert
  WHERE resolved_at IS NULL AND kind = %(kind)s AND destination_id IS NOT NULL
)
SELECT place.tenant_id, place.id, overdue.asked, overdue.called + newest.called,
  overdue.example,
  EXISTS (SELECT FROM alerts_alert alert
    WHERE alert.tenant_id = place.tenant_id AND alert.destination_id = place.id
      AND alert.kind = %(signature_failures)s AND alert.resolved_at IS NULL) AS is_told
FROM place CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE is_asked) AS asked, count(called) AS called,
    (array_agg(id ORDER BY id DESC))[1] AS example
  FROM (
    SELECT job.id, (SELECT 1 FROM webhooks_rawcallback call
        WHERE call.job_id = job.id AND call.id BETWEEN %(since)s AND %(until)s
        LIMIT 1) AS called,
      job.asked_at IS NOT NULL AND EXISTS (SELECT FROM jobs_deliveryevent event
        WHERE event.job_id = job.id AND event.callback_id IS NULL) AS is_asked
    FROM (
      SELECT id, asked_at,
        greatest(accepted_at, (message->>'send_at')::timestamptz) AS accepted_at
      FROM jobs_job
      WHERE jobs_job.tenant_id = place.tenant_id AND destination_id = place.id
        AND id BETWEEN %(since)s AND %(overdue)s
      ORDER BY id DESC LIMIT 200) job
    WHERE job.accepted_at < now() - %(overdue_after)s
    ORDER BY job.id DESC LIMIT 5) message) overdue
CROSS JOIN LATERAL (
  SELECT count(called) AS called FROM (
    SELECT (SELECT 1 FROM webhooks_rawcallback call
        WHERE call.job_id = job.id AND call.id BETWEEN %(since)s AND %(until)s
        LIMIT 1) AS called
    FROM jobs_job job
    WHERE job.tenant_id = place.tenant_id AND job.destination_id = place.id
      AND job.id BETWEEN %(overdue)s AND %(until)s
      AND (overdue.asked >= %(enough)s OR place.was_open)
    ORDER BY job.id DESC LIMIT 20) message) newest
WHERE overdue.asked >= %(enough)s OR place.was_open
"""

_TO_JUDGE = """
SELECT tenant_id, count(*) FROM contacts_inboundmessage
WHERE wants_review AND reviewed_at IS NULL GROUP BY tenant_id
"""

_BELIEVED_SINCE = """last_at < now() - %(good_hour)s AND (
  SELECT 1 FROM (
    SELECT job.id FROM jobs_job job
    WHERE job.tenant_id = alert.tenant_id
      AND job.destination_id = alert.destination_id
      AND job.id BETWEEN %(oldest)s AND %(until)s
    ORDER BY job.id DESC LIMIT 200) recent,
  LATERAL (
    SELECT received_at FROM webhooks_rawcallback call
    WHERE call.job_id = recent.id AND call.id BETWEEN %(oldest)s AND %(until)s
    ORDER BY call.id DESC LIMIT 1) call
  WHERE call.received_at > alert.last_at LIMIT 1) = 1"""


def check_silence() -> None:
    """Messages end, and only our own questions tell: callbacks do not get here."""
    if not settings.LEADRAILS_PUBLIC_URL:
        keep(CALLBACKS_SILENT, lambda _: ())
        return
    now = timezone.now()
    parameters = {
        **span(now, LOOKED_AT),
        "overdue": uuid7_floor(now - OVERDUE),
        "overdue_after": OVERDUE,
        "looked_at": LOOKED_AT,
        "kind": CALLBACKS_SILENT,
        "enough": ENOUGH_ASKED_FOR,
        "signature_failures": SIGNATURE_FAILURES,
    }
    found = rows(_SILENT, parameters)
    keep(CALLBACKS_SILENT, lambda were_open: _silent(found, were_open))


def _silent(found: list[Any], were_open: frozenset[Key]) -> Iterator[Problem]:
    for tenant, place, asked, called, example, is_told in found:
        scope = scope_of(place)
        is_new = asked >= ENOUGH_ASKED_FOR and not is_told
        if not called and (is_new or (tenant, scope) in were_open):
            yield Problem(
                tenant_id=tenant,
                scope=scope,
                destination_id=place,
                job_id=example,
                count=max(asked, 1),
            )


def check_signatures() -> None:
    """A callback is believed again, and none came with a wrong signature since."""
    bounds = span(timezone.now(), KEPT)
    parameters = {
        "oldest": bounds["since"],
        "until": bounds["until"],
        "good_hour": GOOD_HOUR,
    }
    close_cured([SIGNATURE_FAILURES], _BELIEVED_SINCE, parameters)


def check_given_up() -> None:
    """All callbacks of a day could be matched."""
    parameters = {"good_day": GOOD_DAY}
    close_cured([CALLBACKS_GIVEN_UP], "last_at < now() - %(good_day)s", parameters)


def check_judged() -> None:
    """Nobody waits for a person to read whether they want no more messages."""
    keep(MESSAGES_TO_JUDGE, lambda _: map(_to_judge, rows(_TO_JUDGE, {})))


def _to_judge(row: Any) -> Problem:
    tenant, count = row
    return Problem(
        tenant_id=tenant, scope="messages", count=count, details={"messages": count}
    )


def watch() -> None:
    run_checks((check_silence, check_signatures, check_given_up, check_judged))
