"""The pages that ask before many jobs are replayed or canceled."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from destinations.models import Destination
from leadrails.jobs import bulk, filters
from leadrails.jobs.links import link
from leadrails.jobs.models import Job, JobQuerySet
from leadrails.jobs.paces import FASTEST, USUAL, paces_for
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role

KEPT = (
    *("job", "state", "reason", "source", "destination", "cause", "channel"),
    *filters.SPAN,
    "q",
)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def replay_many(request: TenantRequest) -> HttpResponse:
    if request.method != "POST":
        return _ask(request, "jobs/jobs_replay.html", bulk.replayable, _how_fast)
    count = bulk.replay_jobs(
        _wanted(request), **_act(request), per_minute=_per_minute(request)
    )
    words = ngettext(
        "%(n)s job is queued again.", "%(n)s jobs are queued again.", count
    )
    return _done(request, count, words)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def cancel_many(request: TenantRequest) -> HttpResponse:
    if request.method != "POST":
        return _ask(request, "jobs/jobs_cancel.html", bulk.cancelable)
    count = bulk.cancel_jobs(_wanted(request), **_act(request))
    words = ngettext("%(n)s job is canceled.", "%(n)s jobs are canceled.", count)
    return _done(request, count, words)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def release_many(request: TenantRequest) -> HttpResponse:
    """Send what was held because a backup was restored."""
    if request.method != "POST":
        return _ask(request, "jobs/jobs_release.html", bulk.releasable)
    count = bulk.release_jobs(_wanted(request), **_act(request))
    words = ngettext("%(n)s job is released.", "%(n)s jobs are released.", count)
    return _done(request, count, words)


def _ask(
    request: TenantRequest,
    template: str,
    allowed: Callable[..., JobQuerySet],
    more: Callable[[TenantRequest, bulk.Preview, datetime], dict[str, Any]] | None = (
        None
    ),
) -> HttpResponse:
    if "picked" in request.GET and not request.GET.get("job"):
        messages.warning(request, _("Tick the jobs first that this is about."))
        return redirect(_list_url(request))
    now = timezone.now()
    sources, places = filters.named_ends(request.tenant)
    preview = bulk.preview(allowed(_wanted(request), until=now))
    context = {
        **(more(request, preview, now) if more else {}),
        "preview": preview,
        "most": bulk.MOST,
        "until": now.isoformat(),
        "active": filters.active_filters(request.GET, places, sources),
        "list_url": _list_url(request),
    }
    return render(request, template, context)


def _how_fast(
    request: TenantRequest, preview: bulk.Preview, now: datetime
) -> dict[str, Any]:
    places = Destination.objects.for_tenant(request.tenant).filter(
        pk__in=list(preview.places)
    )
    return {
        "paces": paces_for(preview.places, places),
        "unwanted": bulk.preview(bulk.unwanted(_wanted(request), until=now)),
    }


def _per_minute(request: TenantRequest) -> int:
    """Any pace will do: destinations keep their own rates."""
    try:
        return min(max(1, int(request.POST.get("per_minute", ""))), FASTEST)
    except ValueError:
        return USUAL


def _wanted(request: TenantRequest) -> JobQuerySet:
    jobs = Job.objects.for_tenant(request.tenant)
    found = filters.narrowed(jobs, request.GET, request.tenant.country)
    return found.filter(filters.of_source(request.GET))


def _act(request: TenantRequest) -> dict[str, Any]:
    asked = {name: request.GET.getlist(name) for name in KEPT if request.GET.get(name)}
    return {
        "tenant": request.tenant,
        "actor": request.user,
        "until": _until(request),
        "asked": {"filter": asked},
    }


def _until(request: TenantRequest) -> datetime:
    """When the preview was shown: what came later was not agreed to."""
    try:
        shown = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        shown = None
    now = timezone.now()
    return min(shown, now) if shown and timezone.is_aware(shown) else now


def _done(request: TenantRequest, count: int, words: str) -> HttpResponse:
    if count:
        messages.success(request, words % {"n": f"{count:,}"})
    else:
        messages.warning(request, _("There was nothing left to do."))
    return redirect(_list_url(request))


def _list_url(request: TenantRequest) -> str:
    query = QueryDict(mutable=True)
    for name in KEPT:
        if given := [text for text in request.GET.getlist(name) if text]:
            query.setlist(name, given)
    text = query.urlencode()
    return link(request.tenant, "jobs:list") + (f"?{text}" if text else "")
