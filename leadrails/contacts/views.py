"""Pages of conversations: what people wrote back, and what it asks for."""

import json
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leadrails.contacts import answering, services
from leadrails.contacts.forms import AnswerForm
from leadrails.contacts.models import InboundMedia, InboundMessage
from leadrails.contacts.replies import listed, named, replies_of
from leadrails.contacts.thread import thread_of, words_of
from leadrails.jobs.models import Job
from leadrails.jobs.resend import look_of
from leadrails.leads.models import Lead
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui import live
from leadrails.ui.paging import keyset_page

MOST_COUNTED = 100  # messages that wait for a person


@require_safe
@member_required()
def message_list(request: TenantRequest) -> HttpResponse:
    mine = InboundMessage.objects.for_tenant(request.tenant)
    is_review = "review" in request.GET
    page = keyset_page(
        named(mine.to_review() if is_review else mine).defer("raw"),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    return live.answer(
        request,
        "contacts/message_list.html",
        "contacts/_message_rows.html",
        lambda: {
            "page": page,
            "rows": listed(request.tenant, page),
            "is_review": is_review,
            **tabs_of(request),
        },
        shown=live.seen(page),
        is_live=live.is_first_page(request),
    )


def tabs_of(request: TenantRequest) -> dict[str, Any]:
    """What the tabs of all pages under Conversations need."""
    mine = InboundMessage.objects.for_tenant(request.tenant).to_review()
    return {"to_review": len(mine.values_list("pk")[:MOST_COUNTED])}


@require_safe
@member_required()
def message_detail(request: TenantRequest, message: str) -> HttpResponse:
    return _detail_page(request, _find(request, message))


def _detail_page(
    request: TenantRequest,
    found: InboundMessage,
    form: AnswerForm | None = None,
    look: dict[str, Any] | None = None,
) -> HttpResponse:
    stopped = services.suppressed(request.tenant.pk, [found.phone])
    jobs = Job.objects.for_tenant(request.tenant).select_related("destination")
    job = jobs.filter(pk=found.job_id).first() if found.job_id else None
    context = {
        "message": found,
        "reply": replies_of(request.tenant, [found])[0],
        "lead": Lead.objects.for_tenant(request.tenant).filter(pk=found.lead_id).first()
        if found.lead_id
        else None,
        "job": job,
        "answers": words_of(job) if job else "",
        "suppression": stopped.get(found.phone),
        "is_to_review": found.wants_review and found.reviewed_at is None,
        "raw": json.dumps(found.raw, indent=2, ensure_ascii=False),
        "thread": thread_of(request.tenant, found.phone),
        "may_operate": request.role.covers(Role.OPERATOR),
        "way": answering.way_to(found, now=timezone.now()),
        "form": form or AnswerForm(),
        **(look or {}),
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "contacts/message_detail.html", context, status=status)


@require_POST
@member_required(Role.OPERATOR)
def message_answer(request: TenantRequest, message: str) -> HttpResponse:
    """Send an answer; or show how it would look, beside the box or on the page."""
    found, form = _find(request, message), AnswerForm(request.POST)
    is_part = "HX-Request" in request.headers
    if is_part or "look" in request.POST:
        look = _look(found, request.POST.get("body", ""))
        if is_part:
            return render(request, "jobs/_resend_look.html", look)
        return _detail_page(
            request, found, AnswerForm(initial=request.POST.dict()), look
        )
    if form.is_valid():
        given, now = form.cleaned_data, timezone.now()
        try:
            answering.answer(found, **given, actor=request.user, now=now)
        except ValidationError as error:
            form.add_error("body", error)
        else:
            said = _("Your answer is queued; it stands in the conversation.")
            messages.success(request, said)
            return redirect(
                "conversations:detail",
                tenant=request.tenant.slug,
                message=found.public_id,
            )
    return _detail_page(request, found, form)


def _look(message: InboundMessage, body: str) -> dict[str, Any]:
    way = answering.way_to(message, now=timezone.now())
    if way.job is None or way.place is None:
        return {}
    composed = answering.composed(way, body)
    return {"job": way.job, **look_of(composed, way.place, way.job.recipient)}


@require_POST
@member_required(Role.OPERATOR)
def message_review(request: TenantRequest, message: str) -> HttpResponse:
    """Whether a message asks for no more, as a person reads it."""
    found = _find(request, message)
    stops = request.POST.get("stops") == "yes"
    services.note_reviewed(found, stops=stops, actor=request.user, now=timezone.now())
    if stops:
        said = _("Nothing more is sent to %(phone)s.") % {"phone": found.phone}
    else:
        said = _("Noted: the person may still be messaged.")
    messages.success(request, said)
    return redirect(
        "conversations:detail", tenant=request.tenant.slug, message=found.public_id
    )


@require_safe
@member_required()
def media_file(request: TenantRequest, media: str) -> HttpResponse:
    """A file that a person sent: pictures are shown, all else is only saved."""
    found = get_object_or_404(
        InboundMedia.objects.for_tenant(request.tenant),
        pk=read_id(InboundMedia.prefix, media),
    )
    if found.data is None:
        raise Http404
    name = found.name or f"{found.public_id}{found.ending}"
    header = content_disposition_header(not found.is_image, name)
    return HttpResponse(
        bytes(found.data),
        content_type=found.content_type
        if found.is_safe
        else "application/octet-stream",
        headers={
            "Content-Disposition": header or "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, max-age=86400",
        },
    )


def _find(request: TenantRequest, message: str) -> InboundMessage:
    mine = InboundMessage.objects.for_tenant(request.tenant).select_related("tenant")
    return get_object_or_404(mine, pk=read_id(InboundMessage.prefix, message))
