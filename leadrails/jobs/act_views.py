"""Acts on one job: replay, edit and send again, cancel."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from destinations.composing import CannotCompose, Composed, compose
from leadrails.core.rendering import TemplateError, lead_fields
from leadrails.jobs import services
from leadrails.jobs.models import Job
from leadrails.jobs.resend import (
    can_resend,
    look_of,
    may_have_arrived,
    resend_job,
)
from leadrails.jobs.views import find_job
from leadrails.leads.models import Lead
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def job_replay(request: TenantRequest, job: str) -> HttpResponse:
    found = find_job(request, job)
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
def job_resend(request: TenantRequest, job: str) -> HttpResponse:
    found, problem = find_job(request, job), ""
    body = request.POST.get("body", "")
    is_look = "look" in request.POST or "HX-Request" in request.headers
    if request.method == "POST" and not is_look:
        try:
            fresh = resend_job(found, body, actor=request.user)
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(request, _("The new text is queued; this is its job."))
            return _to_job(request, fresh)
    elif request.method != "POST":
        body = _first_text(found)
    context = {
        "job": found,
        "body": body,
        "problem": problem,
        "can_resend": can_resend(found),
        "may_have_arrived": may_have_arrived(found),
        **_look(found, body),
    }
    is_part = request.method == "POST" and "HX-Request" in request.headers
    name = "_resend_look" if is_part else "job_resend"
    status = 422 if problem else 200
    return render(request, f"jobs/{name}.html", context, status=status)


def _first_text(job: Job) -> str:
    """What was sent; or, if it never came to that, what the template makes of it."""
    if job.message:
        return str(job.message.get("body", ""))
    lead = Lead.objects.for_tenant(job.tenant_id).filter(pk=job.lead_id).first()
    if lead is None:
        return ""
    fields = lead_fields(lead.event, phone_e164=lead.phone)
    try:
        return compose(job.destination.body_template, {}, fields).body
    except (TemplateError, CannotCompose):
        return ""


def _look(job: Job, body: str) -> dict[str, object]:
    media = tuple((job.message or {}).get("media", ()))
    composed = Composed(body.replace("\r\n", "\n").strip(), media)
    return look_of(composed, job.destination, job.recipient)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def job_cancel(request: TenantRequest, job: str) -> HttpResponse:
    found = find_job(request, job)
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
