"""Pages of jobs: what is stuck, why, and whose move it is."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from destinations.models import Destination
from destinations.providers import errors
from leadrails import lists
from leadrails.contacts.replies import replies_from
from leadrails.core import ids
from leadrails.core.reasons import EXPLANATIONS, REASONS, Move, Reason
from leadrails.core.states import (
    ABORTABLE,
    FAILED,
    REPLAYABLE,
    STUCK,
    SUCCEEDED,
    State,
)
from leadrails.jobs import gates, services
from leadrails.jobs.filters import active_filters, chosen_states, narrowed, parts_of
from leadrails.jobs.links import link
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.jobs.timeline import Story, steps_of
from leadrails.leads.models import Lead, Source
from leadrails.routing.models import Route
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui.paging import KeysetPage, keyset_page
from leadrails.ui.states import look_of


@require_safe
@member_required()
def job_list(request: TenantRequest) -> HttpResponse:
    query = request.GET
    places = {
        place.id: place
        for place in Destination.objects.for_tenant(request.tenant).order_by("name")
    }
    page = keyset_page(
        narrowed(
            Job.objects.list_for_tenant(request.tenant).listed(),
            query,
            request.tenant.country,
        ),
        after=query.get("after"),
        before=query.get("before"),
        parts=parts_of(query),
        by=lists.ORDER,
        read=lists.select,
    )
    chosen = chosen_states(query)
    context = {
        "page": page,
        "rows": _rows(request, page, places),
        "active": active_filters(query, places.values()),
        "is_first_page": not (query.get("after") or query.get("before")),
        "destinations": places.values(),
        "chosen": query,
        "states": [(s, look_of(s).word, s in chosen) for s in State],
        "presets": _presets(request, chosen),
        "acts": _acts_on_many(request, chosen),
    }
    is_poll = "HX-Request" in request.headers
    template = "jobs/_job_rows.html" if is_poll else "jobs/job_list.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _rows(
    request: TenantRequest, page: KeysetPage[Job], places: dict[Any, Destination]
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
            "destination": places.get(job.destination_id),
            "reason": REASONS.get(job.reason, ""),
            "code": "" if job.state in SUCCEEDED else job.error_code,
        }
        for job in page
    ]


def _acts_on_many(request: TenantRequest, chosen: list[str]) -> dict[str, str]:
    """Where what the filter finds can be replayed or canceled, if it can be."""
    if not request.role.covers(Role.OPERATOR):
        return {}
    query = request.GET.copy()
    for gone in ("after", "before"):
        query.pop(gone, None)
    acts = {"replay_many": REPLAYABLE, "cancel_many": ABORTABLE}
    if query.get("reason") == Reason.RESTORED_BACKUP:
        acts["release_many"] = frozenset({State.HELD})
    return {
        name: f"{link(request.tenant, f'jobs:{name}')}?{query.urlencode()}"
        for name, states in acts.items()
        if states.intersection(chosen)
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


@require_safe
@member_required()
def job_detail(request: TenantRequest, job: str) -> HttpResponse:
    found = _find(request, job)
    story = _story(request, found)
    kind = found.destination.kind
    can_act = request.role.covers(Role.OPERATOR)
    context = {
        "job": found,
        "lead": story.lead,
        "reason": EXPLANATIONS.get(found.reason),
        "move": _move(found.reason),
        "error": _error(found, kind),
        "has_arrived": found.state in SUCCEEDED,
        "steps": steps_of(story, tenant=request.tenant),
        "attempts": [
            (attempt, _pretty(attempt.request), _pretty(attempt.response))
            for attempt in story.attempts
        ],
        "events": [(event, _pretty(event.payload)) for event in story.events],
        "replay_of": ids.encode(Job.prefix, found.replay_of) if found.replay_of else "",
        "planned_for": _planned_for(found),
        "is_waiting": found.state in (State.QUEUED, State.RETRYING, State.HELD),
        "shut": gates.why_shut(found.destination) if _is_due(found) else None,
        "can_replay": can_act and found.state in REPLAYABLE,
        "can_cancel": can_act and found.state in ABORTABLE,
        "replies": replies_from(request.tenant, found.recipient, job=found.id),
        "cannot_be_called_back": not settings.LEADRAILS_PUBLIC_URL,
    }
    return render(request, "jobs/job_detail.html", context)


def _error(job: Job, kind: str) -> errors.ErrorInfo | None:
    """The last failure, unless the message arrived after all."""
    if not job.error_code or job.state in SUCCEEDED:
        return None
    return errors.lookup(kind, job.error_code)


def _planned_for(job: Job) -> datetime | None:
    """When the provider is to send it, if not at once."""
    planned = (job.message or {}).get("send_at")
    return datetime.fromisoformat(planned) if planned else None


def _is_due(job: Job) -> bool:
    """Whether it would be sent now if nothing kept its destination back."""
    is_next = job.state in (State.QUEUED, State.RETRYING)
    return is_next and (job.due_at is None or job.due_at <= timezone.now())


def _find(request: TenantRequest, job: str) -> Job:
    jobs = Job.objects.for_tenant(request.tenant).select_related("destination")
    return get_object_or_404(jobs, pk=read_id(Job.prefix, job))


def _story(request: TenantRequest, job: Job) -> Story:
    """Lead, source and route may be gone: retention deletes the old ones."""
    tenant = request.tenant
    attempts = Attempt.objects.for_tenant(tenant).filter(job_id=job.id)
    events = DeliveryEvent.objects.for_tenant(tenant).filter(job_id=job.id)
    routes = Route.objects.for_tenant(tenant)
    return Story(
        job=job,
        lead=Lead.objects.for_tenant(tenant).filter(pk=job.lead_id).first(),
        source=Source.objects.for_tenant(tenant).filter(pk=job.source_id).first(),
        route=routes.filter(pk=job.route_id).first() if job.route_id else None,
        attempts=list(attempts.order_by("number")),
        events=list(events.order_by("received_at")),
    )


def _move(reason: str) -> str:
    explanation = EXPLANATIONS.get(reason)
    if explanation is None:
        return ""
    return {
        Move.YOURS: _("Your move"),
        Move.OURS: _("LeadRails' move"),
        Move.PROVIDERS: _("The provider's move"),
        Move.NOBODYS: _("Nobody's move"),
    }[explanation.move]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def job_replay(request: TenantRequest, job: str) -> HttpResponse:
    found = _find(request, job)
    if request.method != "POST":
        return render(request, "jobs/job_replay.html", {"job": found})
    try:
        replay = services.replay_job(found, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _to_job(request, found)
    messages.success(request, _("The job is queued again; this is the new one."))
    return _to_job(request, replay)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def job_cancel(request: TenantRequest, job: str) -> HttpResponse:
    found = _find(request, job)
    if request.method != "POST":
        return render(request, "jobs/job_cancel.html", {"job": found})
    if services.cancel_job(found, actor=request.user):
        messages.success(request, _("The job is canceled; nothing is sent."))
    else:
        messages.warning(
            request, _("It was too late: the job is being sent, or it is over already.")
        )
    return _to_job(request, found)


def _to_job(request: TenantRequest, job: Job) -> HttpResponse:
    return redirect("jobs:detail", tenant=request.tenant.slug, job=job.public_id)
