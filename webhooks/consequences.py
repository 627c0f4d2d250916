"""What reports mean beyond their own jobs, in the same transaction as their moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from destinations.models import Destination
from leadrails.core.delivery import ErrorClass
from leadrails.core.ids import uuid7_floor
from leadrails.core.reports import ReportDecision
from leadrails.core.states import SUCCEEDED
from leadrails.jobs.effects import apply_effects, note_filtered
from webhooks.reports import Case, Report

FILTER_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Consequence:
    """A report that was news, and what was decided on it."""

    report: Report
    case: Case
    decision: ReportDecision


def follow_up(consequences: Iterable[Consequence]) -> None:
    """
    Carry out effects in the order of the reports.

    Per destination, one look at filtered messages and one mark of the first success
    serve a whole batch.
    """
    filtered: set[UUID] = set()
    delivered: set[UUID] = set()
    for item in consequences:
        update, place = item.report.update, item.report.destination
        if item.decision.effects:
            _apply(item)
        is_filtered = update.error_class is ErrorClass.CARRIER_FILTERED
        if is_filtered and place.id not in filtered:
            filtered.add(place.id)
            _note_filtered(item)
        is_first = not place.delivered_once and place.id not in delivered
        if is_first and update.status in SUCCEEDED:
            delivered.add(place.id)
            Destination.objects.filter(pk=place.id, delivered_once=False).update(
                delivered_once=True
            )


def _apply(item: Consequence) -> None:
    report, job = item.report, item.case.job
    apply_effects(
        item.decision.effects,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        recipient=job.recipient,
        error_code=report.update.error_code or "",
        attempt_started_at=item.case.attempts[report.number].started_at,
    )


def _note_filtered(item: Consequence) -> None:
    job = item.case.job
    note_filtered(
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        since=uuid7_floor(job.clock - FILTER_WINDOW),
    )
