"""Pages of sources: where leads come from, how to post them, and the settings."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadrails.leads import sources
from leadrails.leads.models import SigningKey, Source, Workflow
from leadrails.leads.services import SAMPLE_PHONE
from leadrails.leads.source_facts import Activity, activity_of, leads_by_hour
from leadrails.leads.source_forms import (
    KeyForm,
    NewSourceForm,
    SourceSettingsForm,
    WorkflowForm,
    type_label,
)
from leadrails.leads.source_script import sending_script, shell_script
from leadrails.routing.models import Route
from leadrails.tenants.doors import (
    TenantRequest,
    is_first_run,
    member_required,
    read_id,
)
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error
from leadrails.ui.asking import asked_text
from leadrails.ui.paging import page_of


@require_safe
@member_required()
def source_list(request: TenantRequest) -> HttpResponse:
    is_revoked = "revoked" in request.GET
    found = Source.objects.for_tenant(request.tenant)
    found = found.filter(status="revoked") if is_revoked else found.listed()
    text = asked_text(request.GET)
    named = found.filter(name__icontains=text) if text else found
    page = page_of(
        list(named.order_by("name", "id").values_list("id", flat=True)),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    activity = activity_of(request.tenant, page.rows, now=timezone.now())
    shown = found.filter(pk__in=page.rows).order_by("name", "id")
    rows = [(row, type_label(row), activity[row.id]) for row in shown]
    context = {
        "page": page,
        "text": text,
        "rows": rows,
        "is_revoked": is_revoked,
        "may_edit": request.role.covers(Role.ADMIN),
    }
    return render(request, "sources/source_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def source_new(request: TenantRequest) -> HttpResponse:
    initial = {"country": request.tenant.country}
    form = NewSourceForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            source = sources.create_source(
                request.tenant, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            if is_first_run(request):
                return redirect("overview", tenant=request.tenant.slug)
            messages.success(request, _("The source is made. Now issue a signing key."))
            return to_settings(request, source)
    status = 422 if form.errors else 200
    return render(request, "sources/source_new.html", {"form": form}, status=status)


@require_safe
@member_required()
def source_detail(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    keys = _keys(found)
    active = next((key for key in keys if key.revoked_at is None), None)
    activity = activity_of(request.tenant, [found.id], now=timezone.now())
    context = {
        "activity": activity.get(found.id, Activity()),
        "hours": leads_by_hour(found, now=timezone.now()),
        "keys": keys,
        "type": type_label(found),
        **posting_context(request, found, active),
    }
    return render_source(request, found, "detail", context)


def posting_context(
    request: TenantRequest, source: Source, key: SigningKey | None
) -> dict[str, Any]:
    """Return the endpoint and the script that posts to it with `key`."""
    base = settings.LEADRAILS_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    endpoint = f"{base}/v1/lead-events"
    values = {
        "endpoint": endpoint,
        "client_id": request.tenant.public_id,
        "source_id": source.public_id,
        "key_id": key.public_id if key else "",
        "site_url": source.allowed_site_url,
    }
    return {
        "endpoint": endpoint,
        "script": sending_script(**values),
        "shell_script": shell_script(**values),
        "has_key": key is not None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@member_required()
def source_settings(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    may_edit = request.role.covers(Role.ADMIN)
    if request.method == "POST" and not may_edit:
        raise PermissionDenied
    form = _source_form(request, found, is_bound=request.method == "POST")
    if request.method == "POST" and form.is_valid():
        try:
            sources.update_source(found, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The source is saved."))
            return to_settings(request, found)
    return _render_settings(request, found, form=form)


@require_POST
@member_required(Role.ADMIN)
def workflow_new(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    form = WorkflowForm(request.POST, prefix="workflow")
    if form.is_valid():
        try:
            workflow = sources.add_workflow(
                found, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            message = _("The workflow “%(name)s” is added.")
            messages.success(request, message % {"name": workflow.name})
            return to_settings(request, found)
    return _render_settings(request, found, workflow_form=form)


def _source_form(
    request: TenantRequest, source: Source, *, is_bound: bool = False
) -> SourceSettingsForm:
    is_listed = source.status != Source.Status.REVOKED
    initial = {
        "name": source.name,
        "allowed_site_url": source.allowed_site_url,
        "country": source.country,
        "hourly_ceiling": source.hourly_ceiling,
        "silent_after": source.silent_hours,
    }
    return SourceSettingsForm(
        request.POST if is_bound else None,
        initial=initial,
        may_edit=is_listed and request.role.covers(Role.ADMIN),
    )


def _render_settings(
    request: TenantRequest,
    source: Source,
    *,
    form: SourceSettingsForm | None = None,
    workflow_form: WorkflowForm | None = None,
) -> HttpResponse:
    form = form or _source_form(request, source)
    workflow_form = workflow_form or WorkflowForm(prefix="workflow")
    routes = list(
        Route.objects.for_tenant(request.tenant)
        .listed()
        .filter(source=source)
        .select_related("destination", "workflow")
        .order_by("priority", "id")[:50]
    )
    user = request.user
    context = {
        "form": form,
        "workflow_form": workflow_form,
        "key_form": KeyForm(),
        "keys": _keys(source),
        "workflows": Workflow.objects.filter(source=source).order_by("id"),
        "routes": routes,
        "has_route": any(route.status == Route.Status.ACTIVE for route in routes),
        "is_live": any(not route.destination.is_simulated for route in routes),
        "has_phone": bool(user.phone and user.phone_confirmed_at),
        "sample_phone": SAMPLE_PHONE,
    }
    is_refused = bool(form.errors or workflow_form.errors)
    status = 422 if is_refused else 200
    return render_source(request, source, "settings", context, status=status)


def render_source(
    request: TenantRequest,
    source: Source,
    tab: str,
    context: dict[str, Any],
    *,
    template: str = "",
    status: int = 200,
) -> HttpResponse:
    is_revoked = source.status == Source.Status.REVOKED
    context |= {
        "source": source,
        "tab": tab,
        "is_revoked": is_revoked,
        "may_edit": request.role.covers(Role.ADMIN) and not is_revoked,
        "may_operate": request.role.covers(Role.OPERATOR) and not is_revoked,
    }
    template = template or f"sources/source_{tab}.html"
    return render(request, template, context, status=status)


def find_source(request: TenantRequest, source: str) -> Source:
    found = Source.objects.for_tenant(request.tenant)
    return get_object_or_404(found, pk=read_id(Source.prefix, source))


def to_settings(request: TenantRequest, source: Source) -> HttpResponse:
    slug = request.tenant.slug
    return redirect("sources:settings", tenant=slug, source=source.public_id)


def _keys(source: Source) -> list[SigningKey]:
    """Active ones first, the newest on top."""
    keys = SigningKey.objects.filter(source=source).order_by("-id")
    return sorted(keys, key=lambda key: key.revoked_at is not None)
