"""The first page of a workspace: is everything well, and if not, where to look."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from destinations.models import Destination
from leadrails.alerts.models import Alert
from leadrails.core import ids
from leadrails.core.states import FAILED, SUCCEEDED, State
from leadrails.jobs import tallies
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.jobs.tallies import Count
from leadrails.leads.models import Lead, Source
from leadrails.routing.models import Route
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Tenant
from leadrails.ui.states import look_of

DAY = timedelta(hours=24)
SAMPLE = 2000  # jobs that the speed is taken from

Counts = list[Count]


@require_safe
@member_required()
def overview(request: TenantRequest) -> HttpResponse:
    tenant, now = request.tenant, timezone.now()
    counts = tallies.read(tenant.pk, *State, since=_hour(now - DAY))
    states = _by_state(counts)
    finished = sum(states[state] for state in SUCCEEDED | FAILED)
    delivered = sum(states[state] for state in SUCCEEDED)
    speeds = _speeds(tenant, now)
    places = list(Destination.objects.for_tenant(tenant).listed().order_by("name"))
    steps = _first_steps(tenant, has_destination=bool(places))
    context = {
        "leads_today": _leads_today(tenant, now),
        "delivered_share": delivered / finished if finished else None,
        "median": _percentile(speeds, 0.5),
        "slow": _percentile(speeds, 0.95),
        "held": _by_state(tallies.read(tenant.pk, State.HELD))[State.HELD],
        "failed": sum(states[state] for state in FAILED),
        "open_alerts": Alert.objects.for_tenant(tenant).awake(now).count(),
        "buckets": _buckets(counts, now),
        "rows": [_row(place, counts) for place in places],
        "steps": steps if not all(step["is_done"] for step in steps) else [],
        "cannot_be_called_back": not settings.LEADRAILS_PUBLIC_URL,
    }
    return render(request, "overview/overview.html", context)


def _by_state(counts: Iterable[Count]) -> Counter[str]:
    states: Counter[str] = Counter()
    for count in counts:
        states[count.what] += count.number
    return states


def _leads_today(tenant: Tenant, now: datetime) -> int:
    midnight = timezone.localtime(now).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    # Where midnight is not at a full hour of UTC, its first part is counted apart.
    full = _hour(midnight + timedelta(hours=1, microseconds=-1))
    first = Lead.objects.for_tenant(tenant).filter(
        id__gte=ids.uuid7_floor(midnight), id__lt=ids.uuid7_floor(full)
    )
    begun = first.count() if full > midnight else 0
    counts = tallies.read(tenant.pk, tallies.LEAD, since=full)
    return begun + sum(count.number for count in counts)


def _speeds(tenant: Tenant, now: datetime) -> list[float]:
    """Seconds from lead to acceptance, ascending; an id carries the lead's time."""
    accepted = (
        Job.objects.for_tenant(tenant)
        .filter(
            id__gte=ids.uuid7_floor(now - DAY),
            accepted_at__isnull=False,
            replay_of=None,
        )
        .order_by("-id")
        .values_list("lead_id", "accepted_at")[:SAMPLE]
    )
    return sorted(
        max((at - ids.time_of(lead_id)).total_seconds(), 0.0)
        for lead_id, at in accepted
        if at is not None
    )


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _percentile(ascending: list[float], share: float) -> float | None:
    """The nearest rank: a value that was measured, not one in between."""
    if not ascending:
        return None
    return ascending[min(int(share * len(ascending)), len(ascending) - 1)]


def _buckets(counts: Counts, now: datetime) -> list[dict[str, object]]:
    tones: dict[datetime, Counter[str]] = {}
    for count in counts:
        tone = look_of(count.what).tone
        tones.setdefault(count.hour, Counter())[tone] += count.number
    hours = [_hour(now) - timedelta(hours=back) for back in range(24, -1, -1)]
    return [
        {
            "label": timezone.localtime(hour).strftime("%H:%M"),
            **tones.get(hour, Counter()),
        }
        for hour in hours
    ]


def _row(place: Destination, counts: Counts) -> dict[str, Any]:
    tones: Counter[str] = Counter()
    for count in counts:
        if count.about_id == place.id:
            tones[look_of(count.what).tone] += count.number
    return {"destination": place, "tones": dict(tones), "total": tones.total()}


def _first_steps(tenant: Tenant, *, has_destination: bool) -> list[dict[str, Any]]:
    """What a new workspace still lacks."""
    sources = Source.objects.for_tenant(tenant).listed()
    routes = Route.objects.for_tenant(tenant).listed()
    return [
        {
            "title": _("Create a source"),
            "text": _("It is where leads come from, and holds the key they sign with."),
            "is_done": sources.exists(),
            "url": link(tenant, "sources:list"),
            "action": _("Create a source"),
        },
        {
            "title": _("Create a destination"),
            "text": _("It is a provider account and the message it sends."),
            "is_done": has_destination,
            "url": link(tenant, "destinations:list"),
            "action": _("Create a destination"),
        },
        {
            "title": _("Create a route"),
            "text": _("It says which leads go to which destination."),
            "is_done": routes.exists(),
            "url": link(tenant, "routes:list"),
            "action": _("Create a route"),
        },
        {
            "title": _("Send a test event"),
            "text": _("A sample person; the source's page sends it."),
            "is_done": Lead.objects.for_tenant(tenant).exists(),
            "url": link(tenant, "sources:list"),
            "action": _("Send a test event"),
        },
    ]
