"""What an outcome means beyond its own job: pauses, holds, suppressions, alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from destinations.contents import forget_content
from destinations.models import Destination
from destinations.services import pause_destination
from leadrails.alerts.services import open_alert
from leadrails.contacts.models import Suppression
from leadrails.contacts.services import suppress
from leadrails.core import ids
from leadrails.core.delivery import (
    CONFIG_FAILED,
    Effect,
    HoldCountry,
    OpenAlert,
    PauseDestination,
    RemakeContent,
    Suppress,
)
from leadrails.core.policy import ALERTING
from leadrails.core.reasons import Reason
from leadrails.core.states import State
from leadrails.jobs.models import Job

DEAD_LETTERS = "dead_letters"
OUTCOME_UNKNOWN = "outcome_unknown"
CEILING_REACHED = "ceiling_reached"
SOURCE_CEILING = "source_ceiling"
RECIPIENT_CEILING = "recipient_ceiling"

# Ends that the tenant can do something about; one bad number is nobody's problem.
ALERTING_ENDS = frozenset(
    {
        Reason.EXPIRED,
        Reason.ATTEMPTS_EXHAUSTED,
        Reason.TEMPLATE_ERROR,
        Reason.MESSAGE_REFUSED,
    }
)
# Failures that are no part of a destination's failure rate: they have their own alerts,
# are the person's wish, or have a message that stands for them.
TOLD_ELSEWHERE = sorted(
    {*ALERTING_ENDS, Reason.CARRIER_FILTERED, Reason.OPTED_OUT, Reason.REPLACED}
)
# One kind each, so that a person's ceiling does not hide behind the destination's.
_HOLD_KINDS = {
    Reason.DESTINATION_CEILING: CEILING_REACHED,
    Reason.SOURCE_CEILING: SOURCE_CEILING,
    Reason.RECIPIENT_CEILING: RECIPIENT_CEILING,
}


def apply_effects(
    effects: Iterable[Effect],
    *,
    tenant_id: UUID,
    destination_id: UUID,
    job_id: UUID,
    recipient: str,
    error_code: str = "",
    attempt_started_at: datetime | None = None,
) -> None:
    """
    Carry out what `decide` and `decide_report` ask for. Every effect may be repeated.

    A pause asked for by an attempt that began before the destination was last
    changed is stale news: somebody has mended it since.
    """
    for effect in effects:
        match effect:
            case PauseDestination():
                _pause(destination_id, error_code or effect.cause, attempt_started_at)
            case HoldCountry():
                _hold_country(destination_id, effect.country)
            case RemakeContent():
                forget_content(destination_id, effect.content, now=timezone.now())
                mine = Job.objects.for_tenant(tenant_id).filter(pk=job_id)
                # Nothing was sent, so it may be written once more.
                mine.filter(state=State.RETRYING).update(message=None)
            case Suppress():
                suppress(
                    tenant_id=tenant_id,
                    phone=recipient,
                    reason=Suppression.Reason.OPTED_OUT,
                    source=ids.encode("job", job_id),
                )
            case OpenAlert():
                where = effect.scope.removeprefix("destination").lstrip(":")
                open_alert(
                    tenant_id=tenant_id,
                    kind=effect.kind,
                    scope=scope_of(destination_id, where),
                    cause=error_code or effect.cause,
                    destination_id=destination_id,
                    job_id=job_id,
                    details={"reason": effect.cause},
                )


def note_end(
    reason: str, *, tenant_id: UUID, destination_id: UUID, job_id: UUID
) -> None:
    """Open the alert of a job that ended as a dead letter, where one helps."""
    if reason in ALERTING_ENDS:
        open_alert(
            tenant_id=tenant_id,
            kind=DEAD_LETTERS,
            scope=scope_of(destination_id),
            cause=reason,
            destination_id=destination_id,
            job_id=job_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A job that is made to wait; `is_fresh` if it did not wait before."""

    tenant_id: UUID
    destination_id: UUID
    source_id: UUID
    job_id: UUID
    reason: str
    is_fresh: bool


def note_holds(held: Iterable[Held]) -> None:
    """
    Open one alert per place and reason that someone should hear of.

    The place is the destination, or the source whose ceiling it is. In a fixed order,
    so that two drains at the same alerts do not block each other.
    """
    causes: dict[tuple[str, str], list[Held]] = {}
    for job in held:
        if job.reason in ALERTING:
            is_source = job.reason == Reason.SOURCE_CEILING
            place = scope_of_source(job.source_id) if is_source else None
            scope = place or scope_of(job.destination_id)
            causes.setdefault((scope, job.reason), []).append(job)
    for (scope, reason), jobs in sorted(causes.items()):
        is_source = reason == Reason.SOURCE_CEILING
        open_alert(
            tenant_id=jobs[0].tenant_id,
            kind=_HOLD_KINDS[Reason(reason)],
            scope=scope,
            cause=reason,
            destination_id=None if is_source else jobs[0].destination_id,
            source_id=jobs[0].source_id if is_source else None,
            job_id=jobs[-1].job_id,
            failures=sum(job.is_fresh for job in jobs),
        )


_FILTERED = """
SELECT count(*), count(*) FILTER (WHERE reason = %(reason)s) FROM (
  SELECT reason FROM jobs_job
  WHERE tenant_id = %(tenant)s AND destination_id = %(destination)s
    AND id >= %(since)s AND accepted_at IS NOT NULL
  ORDER BY id DESC LIMIT 1000) recent
"""
FILTERED_AT_LEAST = 5
FILTERED_SHARE = 0.10


def note_filtered(
    *, tenant_id: UUID, destination_id: UUID, job_id: UUID, since: UUID
) -> None:
    """
    Open `destination_config_failed` when carriers filter a destination's messages.

    One filtered message is an accident; five that are a tenth of the last hour's
    are a cause, and so is the first one of a destination that never delivered.

    Args:
        since: the smallest id of the hour that is looked at.
    """
    delivered_once = Destination.objects.filter(
        pk=destination_id, delivered_once=True
    ).exists()
    with connection.cursor() as cursor:
        cursor.execute(
            _FILTERED,
            {
                "reason": Reason.CARRIER_FILTERED,
                "tenant": tenant_id,
                "destination": destination_id,
                "since": since,
            },
        )
        sent, filtered = cursor.fetchone()
    is_frequent = filtered >= FILTERED_AT_LEAST and filtered >= FILTERED_SHARE * sent
    if is_frequent or not delivered_once:
        open_alert(
            tenant_id=tenant_id,
            kind=CONFIG_FAILED,
            # Of its own: the destination may be refused for another cause as well.
            scope=scope_of(destination_id, Reason.CARRIER_FILTERED),
            cause=Reason.CARRIER_FILTERED,
            destination_id=destination_id,
            job_id=job_id,
            details={"filtered": filtered, "sent": sent},
        )


def scope_of(destination_id: UUID, where: str = "") -> str:
    """Return an alert's scope, e.g. `destination:dst_…` or `destination:dst_…:GB`."""
    scope = f"destination:{ids.encode('dst', destination_id)}"
    return f"{scope}:{where.removeprefix('country:')}" if where else scope


def scope_of_source(source_id: UUID) -> str:
    return f"source:{ids.encode('src', source_id)}"


def _pause(destination_id: UUID, cause: str, started_at: datetime | None) -> None:
    destination = Destination.objects.filter(pk=destination_id).first()
    if destination is None:
        return
    if started_at is not None and started_at < destination.updated_at:
        return
    pause_destination(destination, reason=cause, actor=None)


def _hold_country(destination_id: UUID, country: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE destinations_destination SET held_countries = "
            "array_append(held_countries, %(country)s::varchar) "
            "WHERE id = %(id)s AND NOT held_countries @> ARRAY[%(country)s::varchar]",
            {"id": destination_id, "country": country},
        )
