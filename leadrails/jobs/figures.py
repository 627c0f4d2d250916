"""The figures of the overview, out of counters: never a count over the jobs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leadrails import statements
from leadrails.core import ids
from leadrails.core.states import State
from leadrails.jobs import tallies
from leadrails.jobs.models import Job
from leadrails.jobs.tallies import Binned
from leadrails.leads.models import Lead
from leadrails.tenants.models import Tenant
from leadrails.ui.states import look_of

SAMPLE = 2000  # jobs that the speed is taken from


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time up to now, and the spans that its chart shows."""

    slug: str
    word: str | Promise
    title: str | Promise
    length: timedelta
    span: timedelta
    label: str
    """How a span is named, for strftime."""


PERIODS = {
    period.slug: period
    for period in (
        Period(
            "24h",
            _("24 h"),
            _("last 24 h"),
            timedelta(hours=24),
            timedelta(hours=1),
            "%H:%M",
        ),
        Period(
            "7d",
            _("7 days"),
            _("last 7 days"),
            timedelta(days=7),
            timedelta(hours=6),
            "%a %H:%M",
        ),
        Period(
            "30d",
            _("30 days"),
            _("last 30 days"),
            timedelta(days=30),
            timedelta(days=1),
            "%d %b",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the jobs of a period, by span, destination and state."""

    period: Period
    spans: list[datetime]
    counts: list[Binned]

    def states(self) -> Counter[str]:
        states: Counter[str] = Counter()
        for count in self.counts:
            states[count.what] += count.number
        return states

    def buckets(self) -> list[dict[str, Any]]:
        """For the stacked chart: how many of each tone in each span."""
        tones: dict[datetime, Counter[str]] = {}
        for count in self.counts:
            tone = look_of(count.what).tone
            tones.setdefault(count.bin, Counter())[tone] += count.number
        return [
            {"label": span.strftime(self.period.label), **tones.get(span, Counter())}
            for span in self.spans
        ]

    def tones_of(self, destination: UUID) -> Counter[str]:
        tones: Counter[str] = Counter()
        for count in self.counts:
            if count.about_id == destination:
                tones[look_of(count.what).tone] += count.number
        return tones

    def course_of(self, destination: UUID) -> list[int]:
        """Jobs in each span, for the sparkline."""
        found: Counter[datetime] = Counter()
        for count in self.counts:
            if count.about_id == destination:
                found[count.bin] += count.number
        return [found[span] for span in self.spans]


def figures_of(tenant: Tenant, period: Period, now: datetime) -> Figures:
    zone = timezone.get_current_timezone_name()
    since = hour_of(now - period.length)
    counts = tallies.read_binned(
        tenant.pk, *State, since=since, span=period.span, zone=zone
    )
    return Figures(period, _spans(period, since, now), counts)


def _spans(period: Period, since: datetime, now: datetime) -> list[datetime]:
    """The starts of the spans on the local clock, as the database bins them."""
    first = _local(since)
    midnight = first.replace(hour=0, minute=0)
    at = midnight + (first - midnight) // period.span * period.span
    spans = []
    while at <= _local(now):
        spans.append(at)
        at += period.span
    return spans


def _local(at: datetime) -> datetime:
    return timezone.localtime(at).replace(tzinfo=None)


def leads_today(tenant: Tenant, now: datetime) -> int:
    midnight = timezone.localtime(now).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    # Where midnight is not at a full hour of UTC, its first part is counted apart.
    full = hour_of(midnight + timedelta(hours=1, microseconds=-1))
    first = Lead.objects.for_tenant(tenant).filter(
        id__gte=ids.uuid7_floor(midnight), id__lt=ids.uuid7_floor(full)
    )
    begun = first.count() if full > midnight else 0
    counts = tallies.read(tenant.pk, tallies.LEAD, since=full)
    return begun + sum(count.number for count in counts)


def held_now(tenant: Tenant) -> int:
    return sum(count.number for count in tallies.read(tenant.pk, State.HELD))


def speeds(tenant: Tenant, since: datetime) -> list[float]:
    """
    Seconds from lead to acceptance, ascending; an id carries the lead's time.

    Of the newest jobs since then, SAMPLE at most.
    """
    accepted = (
        Job.objects.for_tenant(tenant)
        .filter(
            id__gte=ids.uuid7_floor(since),
            accepted_at__isnull=False,
            replay_of=None,
            parent_id=None,
        )
        .order_by("-id")
        .values_list("lead_id", "accepted_at")[:SAMPLE]
    )
    return sorted(
        max((at - ids.time_of(lead_id)).total_seconds(), 0.0)
        for lead_id, at in accepted
        if at is not None
    )


def percentile(ascending: list[float], share: float) -> float | None:
    """The nearest rank: a value that was measured, not one in between."""
    if not ascending:
        return None
    return ascending[min(int(share * len(ascending)), len(ascending) - 1)]


# One look into the queue's index for each destination, however long the queue is.
_OLDEST = """
SELECT place, (SELECT due_at FROM jobs_queueentry entry
  WHERE entry.destination_id = place AND NOT entry.is_bulk
    AND lease_until IS NULL AND due_at <= now()
  ORDER BY due_at LIMIT 1)
FROM unnest(%(places)s::uuid[]) AS place
"""


def waiting_since(places: Iterable[UUID]) -> dict[UUID, datetime]:
    """Since when the oldest message that is due waits, where one does."""
    rows = statements.run(_OLDEST, {"places": list(places)})
    return {place: since for place, since in rows if since is not None}


def hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
