"""Acts on a source: test event, pause and revoke, keys and workflows."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadrails.leads import sources
from leadrails.leads.models import Lead, SigningKey, Source, Workflow
from leadrails.leads.source_forms import KeyForm, WorkflowForm
from leadrails.leads.source_trial import run_trial, trial_of
from leadrails.leads.source_views import (
    find_source,
    posting_context,
    render_source,
    to_settings,
)
from leadrails.tenants.doors import (
    TenantRequest,
    is_first_run,
    member_required,
    read_id,
)
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error


@require_POST
@member_required(Role.OPERATOR)
def test_event(request: TenantRequest, source: str) -> HttpResponse:
    """With scripts the answer is the result's fragment, else the lead's page."""
    found = find_source(request, source)
    is_fragment = "HX-Request" in request.headers
    try:
        lead = run_trial(found, actor=request.user)
    except ValidationError as error:
        if is_fragment:
            context = {"problem": " ".join(error.messages)}
            return render(request, "sources/_test_problem.html", context, status=422)
        messages.error(request, " ".join(error.messages))
        return to_settings(request, found)
    if is_fragment:
        return _test_result(request, found, lead)
    if is_first_run(request):
        return redirect("overview", tenant=request.tenant.slug)
    if lead.job_count:
        messages.success(request, _("The test event is on its way."))
    else:
        messages.warning(
            request, _("The test event is stored, but it took no route: see why below.")
        )
    return redirect("leads:detail", tenant=request.tenant.slug, lead=lead.public_id)


@require_safe
@member_required()
def test_result(request: TenantRequest, source: str, lead: str) -> HttpResponse:
    """The fragment that shows a test event's jobs and asks again until they settle."""
    found = find_source(request, source)
    leads = Lead.objects.for_tenant(request.tenant).filter(source=found, is_test=True)
    one = get_object_or_404(leads, pk=read_id(Lead.prefix, lead))
    return _test_result(request, found, one)


def _test_result(request: TenantRequest, source: Source, lead: Lead) -> HttpResponse:
    context = {"source": source, "trial": trial_of(lead, now=timezone.now())}
    return render(request, "sources/_test_result.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def source_pause(request: TenantRequest, source: str) -> HttpResponse:
    done = _("The source is paused; its leads are kept, nothing is sent.")
    return _change(request, source, "pause", sources.pause_source, done)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def source_resume(request: TenantRequest, source: str) -> HttpResponse:
    done = _("The source is active again.")
    return _change(request, source, "resume", sources.resume_source, done)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def source_revoke(request: TenantRequest, source: str) -> HttpResponse:
    done = _("The source is revoked for good.")
    return _change(request, source, "revoke", sources.revoke_source, done)


def _change(
    request: TenantRequest,
    source: str,
    act: str,
    change: Callable[..., Source],
    done: str,
) -> HttpResponse:
    found = find_source(request, source)
    if request.method != "POST":
        context: dict[str, Any] = {"source": found}
        if act == "revoke":
            keys = SigningKey.objects.active().filter(source=found)
            context["key_count"] = keys.count()
        return render(request, f"sources/source_{act}.html", context)
    try:
        change(found, actor=request.user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)
    return to_settings(request, found)


@require_POST
@never_cache
@member_required(Role.ADMIN)
def key_issue(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    form = KeyForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Reload the page and try again."))
        return to_settings(request, found)
    try:
        key, secret = sources.issue_signing_key(
            found, actor=request.user, **form.cleaned_data
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return to_settings(request, found)
    # Shown in this answer and nowhere else, so there is no redirect.
    context = {"key": key, "secret": secret, **posting_context(request, found, key)}
    template = "sources/key_issued.html"
    return render_source(request, found, "settings", context, template=template)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def key_revoke(request: TenantRequest, source: str, key: str) -> HttpResponse:
    found = find_source(request, source)
    keys = SigningKey.objects.filter(source=found).select_related("tenant")
    one = get_object_or_404(keys, pk=read_id(SigningKey.prefix, key))
    if request.method == "POST":
        sources.revoke_signing_key(one, actor=request.user)
        messages.success(request, _("The signing key is revoked."))
        return to_settings(request, found)
    others = SigningKey.objects.active().filter(source=found).exclude(pk=one.pk)
    context = {"source": found, "key": one, "is_last": not others.exists()}
    return render(request, "sources/key_revoke.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def workflow_rename(request: TenantRequest, source: str, workflow: str) -> HttpResponse:
    found, one = _find_workflow(request, source, workflow)
    before = one.name
    form = WorkflowForm(request.POST or None, initial={"name": before})
    if request.method == "POST" and form.is_valid():
        try:
            sources.rename_workflow(one, actor=request.user, **form.cleaned_data)
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The workflow is renamed."))
            return to_settings(request, found)
    context = {"form": form, "before": before}
    template = "sources/workflow_rename.html"
    status = 422 if form.errors else 200
    return render_source(
        request, found, "settings", context, template=template, status=status
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def workflow_pause(request: TenantRequest, source: str, workflow: str) -> HttpResponse:
    found, one = _find_workflow(request, source, workflow)
    if request.method != "POST":
        context = {"source": found, "workflow": one}
        return render(request, "sources/workflow_pause.html", context)
    sources.pause_workflow(one, actor=request.user)
    messages.success(request, _("The workflow is paused."))
    return to_settings(request, found)


@require_POST
@member_required(Role.OPERATOR)
def workflow_resume(request: TenantRequest, source: str, workflow: str) -> HttpResponse:
    found, one = _find_workflow(request, source, workflow)
    sources.resume_workflow(one, actor=request.user)
    messages.success(request, _("The workflow is active again."))
    return to_settings(request, found)


def _find_workflow(
    request: TenantRequest, source: str, workflow: str
) -> tuple[Source, Workflow]:
    found = find_source(request, source)
    workflows = Workflow.objects.filter(source=found).select_related("tenant", "source")
    pk = read_id(Workflow.prefix, workflow)
    return found, get_object_or_404(workflows, pk=pk)
