"""The list of jobs: what is stuck and why, by whatever one looks for."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from leadrails import lists
from leadrails.core import ids
from leadrails.core.reasons import REASONS, Reason
from leadrails.core.states import (
    ABORTABLE,
    FAILED,
    FINAL,
    REPLAYABLE,
    STUCK,
    SUCCEEDED,
    State,
)
from leadrails.jobs import filters
from leadrails.jobs.families import CAUSES
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role
from leadrails.ui import live
from leadrails.ui.paging import KeysetPage, keyset_page, searched_page
from leadrails.ui.states import look_of

ROWS = 40  # of a page: each says much
LOOK_THROUGH = 10_000  # jobs that one page is searched for those of a source
ACTS_ON_MANY = {
    "replay_many": REPLAYABLE,
    "cancel_many": ABORTABLE,
    "release_many": frozenset({State.HELD}),
}


@require_safe
@member_required()
def job_list(request: TenantRequest) -> HttpResponse:
    query = request.GET
    jobs = Job.objects.list_for_tenant(request.tenant).listed()
    found = filters.narrowed(jobs, query, request.tenant.country)
    how: dict[str, Any] = {
        "after": query.get("after"),
        "before": query.get("before"),
        "parts": filters.parts_of(query),
        "by": lists.ORDER,
        "read": lists.select,
    }
    if wanted := filters.of_source(query):
        page = searched_page(found, wanted, most=LOOK_THROUGH, size=ROWS, **how)
    else:
        page = keyset_page(found, size=ROWS, **how)
    is_over = filters.is_one_job(query) and all(job.state in FINAL for job in page)
    return live.answer(
        request,
        "jobs/job_list.html",
        "jobs/_job_rows.html",
        lambda: _listed(request, page),
        shown=[*live.seen(page), page.ended_at],
        is_live=live.is_first_page(request) and not is_over,
    )


def _listed(request: TenantRequest, page: KeysetPage[Job]) -> dict[str, Any]:
    query, chosen = request.GET, filters.chosen_states(request.GET)
    sources, destinations = filters.named_ends(request.tenant)
    every = _acts_on_many(request)
    return {
        "page": page,
        "rows": _rows(request, page, {end.id: end.name for end in destinations}),
        "looked_through": LOOK_THROUGH if page.ended_at else 0,
        "looked_until": ids.time_of(page.ended_at) if page.ended_at else None,
        "active": filters.active_filters(query, destinations, sources),
        "is_first_page": live.is_first_page(request),
        "sources": sources,
        "destinations": destinations,
        "chosen": query,
        "span": filters.shown_span(query),
        "states": [(s, look_of(s).word, s in chosen) for s in State],
        **filters.kinds_of_jobs(destinations),
        "presets": _presets(request, chosen),
        "every": every,
        "acts": {
            act: url
            for act, url in every.items()
            if ACTS_ON_MANY[act].intersection(chosen)
        },
        "pick": {act: url.partition("?")[0] for act, url in every.items()},
    }


def _rows(
    request: TenantRequest, page: KeysetPage[Job], places: dict[UUID, str]
) -> list[dict[str, Any]]:
    leads = (
        Lead.objects.for_tenant(request.tenant)
        .only("id", "name", "is_test")
        .in_bulk([job.lead_id for job in page])
    )
    return [
        {
            "job": job,
            "lead": leads.get(job.lead_id),
            "destination": places.get(job.destination_id, ""),
            "reason": REASONS.get(job.reason, ""),
            "cause": CAUSES.get(job.cause, ""),
            "code": "" if job.state in SUCCEEDED else job.error_code,
        }
        for job in page
    ]


def _acts_on_many(request: TenantRequest) -> dict[str, str]:
    """Where all that the filters find can be replayed or canceled, on every page."""
    if not request.role.covers(Role.OPERATOR):
        return {}
    query = request.GET.copy()
    for gone in ("after", "before"):
        query.pop(gone, None)
    is_restored = query.get("reason") == Reason.RESTORED_BACKUP
    return {
        act: f"{link(request.tenant, f'jobs:{act}')}?{query.urlencode()}"
        for act in ACTS_ON_MANY
        if is_restored or act != "release_many"
    }


def _presets(request: TenantRequest, chosen: list[str]) -> list[dict[str, Any]]:
    presets = []
    for label, states in (
        (_("All"), frozenset[State]()),
        (_("Stuck"), STUCK),
        (_("Failed"), FAILED),
    ):
        query = request.GET.copy()
        for gone in ("after", "before"):
            query.pop(gone, None)
        query.setlist("state", sorted(states))
        url = f"{request.path}?{query.urlencode()}"
        is_current = set(chosen) == states
        presets.append({"label": label, "url": url, "is_current": is_current})
    return presets
