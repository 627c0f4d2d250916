"""The first page of a workspace: is everything well, and if not, where to look."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from destinations.models import Destination
from leadrails.alerts.models import Alert
from leadrails.core.states import FAILED, SUCCEEDED, State
from leadrails.jobs import figures
from leadrails.jobs.figures import PERIODS, Figures
from leadrails.jobs.first_steps import first_steps, newest_delivered
from leadrails.jobs.reading import read_rates
from leadrails.leads.models import Lead
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Tenant
from leadrails.ui.states import look_of

MOST = 25  # destinations of the table
FAILING = 0.8  # share of what arrived, of what reached an end


@require_safe
@member_required()
def overview(request: TenantRequest) -> HttpResponse:
    tenant, now = request.tenant, timezone.now()
    period = PERIODS.get(request.GET.get("period", ""), PERIODS["24h"])
    found = figures.figures_of(tenant, period, now)
    median, slow = figures.speed(tenant, now - period.length) or (None, None)
    rows = _rows(tenant, found, now)
    places = [row["destination"] for row in rows]
    shown = _shown(rows)
    context = {
        "period": period,
        "periods": PERIODS.values(),
        "leads_today": figures.leads_today(tenant, now),
        "median": median,
        "slow": slow,
        "held": figures.held_now(tenant),
        "open_alerts": Alert.objects.for_tenant(tenant).awake(now).count(),
        "buckets": found.buckets(),
        "rows": shown,
        "more": len(rows) - len(shown),
        "read": read_rates(tenant, now - period.length, places),
        "steps": first_steps(tenant, request.role, now),
        "cannot_be_called_back": not settings.LEADRAILS_PUBLIC_URL,
        **_outcomes(found),
    }
    return render(request, "overview/overview.html", context)


@require_safe
@member_required()
def steps(request: TenantRequest) -> HttpResponse:
    """The list of first steps by itself, which asks for itself until it is done."""
    found = first_steps(request.tenant, request.role, timezone.now())
    context = {"steps": found}
    if not found:
        context |= _first_message(request.tenant)
    return render(request, "overview/_first_steps.html", context)


def _first_message(tenant: Tenant) -> dict[str, Any]:
    job = newest_delivered(tenant)
    if job is None or job.delivered_at is None:
        return {}
    lead = Lead.objects.for_tenant(tenant).filter(pk=job.lead_id).first()
    took = job.delivered_at - lead.received_at if lead else None
    return {"job": job, "took": took}


def _outcomes(found: Figures) -> dict[str, Any]:
    states = found.states()
    finished = sum(states[state] for state in SUCCEEDED | FAILED)
    arrived = sum(states[state] for state in SUCCEEDED)
    return {
        "delivered_share": arrived / finished if finished else None,
        "failed": sum(states[state] for state in FAILED),
    }


def _rows(tenant: Tenant, found: Figures, now: datetime) -> list[dict[str, Any]]:
    places = list(
        Destination.objects.for_tenant(tenant)
        .listed()
        .defer("credentials")
        .order_by("name")
    )
    waiting = figures.waiting_since(place.pk for place in places)
    each = found.of_each(place.pk for place in places)
    return [_row(place, each[place.pk], waiting.get(place.pk), now) for place in places]


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By name; of very many those that may need somebody, and the busiest."""
    if len(rows) <= MOST:
        return rows
    rows = sorted(rows, key=lambda row: (not row["is_unwell"], -row["total"]))
    return sorted(rows[:MOST], key=lambda row: row["destination"].name.casefold())


def _row(
    place: Destination, found: Figures, since: datetime | None, now: datetime
) -> dict[str, Any]:
    tones = found.tones()
    waited = now - since if since else None
    finished = tones[look_of(State.DELIVERED).tone] + tones[look_of(State.DEAD).tone]
    share = tones["ok"] / finished if finished else None
    is_late = waited is not None and waited > place.queue_objective
    is_failing = share is not None and share < FAILING
    return {
        "destination": place,
        "tones": dict(tones),
        "total": tones.total(),
        "course": found.course(),
        "waited": waited,
        "is_late": is_late,
        "is_failing": is_failing,
        "is_unwell": place.is_paused or is_late or is_failing,
    }
