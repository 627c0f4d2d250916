"""What reports mean beyond their own jobs, in the same transaction as their moves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from destinations.models import Destination
from destinations.providers import errors
from leadrails import statements
from leadrails.core.delivery import ErrorClass
from leadrails.core.ids import uuid7_floor
from leadrails.core.reports import ReportDecision
from leadrails.core.states import SUCCEEDED
from leadrails.jobs.effects import apply_effects, note_filtered
from leadrails.jobs.gates import note_overflows
from webhooks import sql
from webhooks.reports import Case, Report

FILTER_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Consequence:
    """A report that was news, and what was decided on it."""

    report: Report
    case: Case
    decision: ReportDecision

    @property
    def is_filtered(self) -> bool:
        return self.report.update.error_class is ErrorClass.CARRIER_FILTERED

    @property
    def is_first_success(self) -> bool:
        is_success = self.report.update.status in SUCCEEDED
        return is_success and not self.report.destination.delivered_once

    @property
    def is_overflow(self) -> bool:
        """The provider took it and then had no room for it: we send too fast."""
        code = self.report.update.error_code or ""
        return errors.is_too_fast(self.report.destination.kind, code)

    @property
    def started_at(self) -> datetime:
        return self.case.attempts[self.report.number].started_at

    @property
    def reaches_further(self) -> bool:
        """Whether it concerns more than its job."""
        return bool(self.decision.effects) or self.is_filtered or self.is_first_success


def follow_up(consequences: Iterable[Consequence]) -> None:
    """
    Carry out effects, those of a destination in the order of its reports.

    Destinations are locked first and in one order, so that two workers at the same
    alerts do not block each other. One look at a destination's filtered messages and
    one mark of its first success serve a whole batch. Gates come last, as where a
    drain settles.
    """
    consequences = list(consequences)
    _follow_up_on_places(consequences)
    started: dict[UUID, datetime] = {}
    for item in consequences:
        if item.is_overflow:
            place = item.report.destination.id
            started[place] = max(item.started_at, started.get(place, item.started_at))
    note_overflows(started)


def _follow_up_on_places(consequences: Iterable[Consequence]) -> None:
    by_place: dict[UUID, list[Consequence]] = {}
    for item in consequences:
        if item.reaches_further:
            by_place.setdefault(item.report.destination.id, []).append(item)
    if not by_place:
        return
    statements.run(sql.LOCK_DESTINATIONS, {"ids": list(by_place)})
    for _, items in sorted(by_place.items()):
        _follow_up_on_one(items)


def _follow_up_on_one(items: Iterable[Consequence]) -> None:
    is_noted = is_marked = False
    for item in items:
        if item.decision.effects:
            _apply(item)
        if item.is_filtered and not is_noted:
            is_noted = True
            _note_filtered(item)
        if item.is_first_success and not is_marked:
            is_marked = True
            place = Destination.objects.filter(pk=item.report.destination.id)
            place.filter(delivered_once=False).update(delivered_once=True)


def _apply(item: Consequence) -> None:
    report, job = item.report, item.case.job
    apply_effects(
        item.decision.effects,
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        recipient=job.recipient,
        error_code=report.update.error_code or "",
        attempt_started_at=item.started_at,
    )


def _note_filtered(item: Consequence) -> None:
    job = item.case.job
    note_filtered(
        tenant_id=job.tenant_id,
        destination_id=job.destination_id,
        job_id=job.id,
        since=uuid7_floor(job.clock - FILTER_WINDOW),
    )
