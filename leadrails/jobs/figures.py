"""The figures of the overview, out of counters: never a count over the jobs."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
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

    def tones(self) -> Counter[str]:
        tones: Counter[str] = Counter()
        for count in self.counts:
            tones[look_of(count.what).tone] += count.number
        return tones

    def course(self) -> list[int]:
        """Jobs in each span, for the sparkline."""
        found: Counter[datetime] = Counter()
        for count in self.counts:
            found[count.bin] += count.number
        return [found[span] for span in self.spans]

    def of_each(self, destinations: Iterable[UUID]) -> "dict[UUID, Figures]":
        counts: dict[UUID, list[Binned]] = {place: [] for place in destinations}
        for count in self.counts:
            if count.about_id in counts:
                counts[count.about_id].append(count)
        return {place: replace(self, counts=mine) for place, mine in counts.items()}


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


# An id carries the time of its lead, in milliseconds. Here, since to carry two thousand
# rows over took most of the page's time. The array and the order name the one index
# that suits small workspaces as well: see `leadrails.lists.Among`.
_SPEED = """
SELECT percentile_disc(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY seconds) FROM (
  SELECT greatest(0, extract(epoch FROM accepted_at)::float
    - ('x' || translate(left(lead_id::text, 13), '-', ''))::bit(48)::bigint / 1e3::float
    ) AS seconds
  FROM jobs_job
  WHERE tenant_id = ANY(ARRAY[%(tenant)s]) AND id >= %(first)s
    AND accepted_at IS NOT NULL AND replay_of IS NULL AND parent_id IS NULL
  ORDER BY tenant_id DESC, id DESC LIMIT %(sample)s
) newest
"""


def speed(tenant: Tenant, since: datetime) -> tuple[float, float] | None:
    """
    Seconds from lead to acceptance, of half and of 95 in 100 of the leads; if any.

    Of the newest jobs since then, SAMPLE at most.
    """
    first = ids.uuid7_floor(since)
    parameters = {"tenant": tenant.pk, "first": first, "sample": SAMPLE}
    ((found,),) = statements.run(_SPEED, parameters)
    return tuple(found) if found else None


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
