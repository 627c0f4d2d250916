"""Pages of a destination: look, make, change. Acts on one are in `acts`."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import select_template
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from destinations import contents, pages, preview, services
from destinations.callbacks import addresses
from destinations.country_field import names_of
from destinations.credentials import shares_sender
from destinations.forms import FIRST_BODY, DestinationForm
from destinations.models import Destination
from destinations.providers.base import Capability
from destinations.providers.registry import PROVIDERS
from destinations.replies import can_connect, connect_replies
from destinations.rich_views import shown_of
from leadrails.core.phone import country_name
from leadrails.core.rendering import AVAILABLE_FIELDS
from leadrails.jobs import gates
from leadrails.jobs.limits import change_destination
from leadrails.routing.models import Route
from leadrails.tenants.doors import TenantRequest, is_first_run, member_required
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error

SIMULATED, LIVE = "simulated", "live"
SOON = 2.0  # seconds; the simulator is beside us, and handsets can wait


@require_http_methods(["GET", "HEAD"])
@member_required(Role.ADMIN)
def destination_new(request: TenantRequest) -> HttpResponse:
    adapters = [
        {
            "kind": provider.kind,
            "label": provider.label,
            "needs": pages.needs_of(provider),
            "can": pages.words_of(provider.capabilities),
        }
        for provider in PROVIDERS.values()
    ]
    context = {"adapters": adapters, "has_simulator": _has_simulator()}
    return render(request, "destinations/destination_new.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def destination_create(request: TenantRequest, kind: str, mode: str) -> HttpResponse:
    is_simulated = mode == SIMULATED
    if kind not in PROVIDERS or mode not in {SIMULATED, LIVE}:
        raise Http404
    if is_simulated and not _has_simulator():
        raise Http404
    form = DestinationForm(
        request.POST or None,
        tenant=request.tenant,
        kind=kind,
        is_simulated=is_simulated,
    )
    if request.method == "POST" and form.is_valid():
        made = _create(request, form)
        if made is not None and is_first_run(request):
            return redirect("overview", tenant=request.tenant.slug)
        if made is not None:
            return redirect(
                "destinations:detail",
                tenant=request.tenant.slug,
                destination=made.public_id,
            )
    return _editor(request, form)


def _create(request: TenantRequest, form: DestinationForm) -> Destination | None:
    """Make it once however often the form is sent; None if it was refused."""
    once: UUID = form.cleaned_data["once"]
    mine = Destination.objects.for_tenant(request.tenant).filter(pk=once)
    if (made := mine.first()) is not None:
        return made
    try:
        made = services.create_destination(
            request.tenant,
            id=once,
            kind=form.kind,
            is_simulated=form.is_simulated,
            actor=request.user,
            **form.settings(),
        )
    except ValidationError as error:
        add_error(form, error)
        return None
    except IntegrityError:
        if (made := mine.first()) is None:
            form.add_error(None, _("Reload the page and try again."))
        return made  # the other of two clicks was faster
    if made.is_simulated:
        connect_replies(made, actor=request.user, timeout=SOON)
    if is_first_run(request):
        return made
    messages.success(
        request,
        _("%(name)s is ready. Check its credentials under Advanced, Verify connection.")
        % {"name": made.name},
    )
    return made


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def destination_edit(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    form = DestinationForm(
        request.POST or None,
        tenant=request.tenant,
        kind=row.kind,
        is_simulated=row.is_simulated,
        destination=row,
    )
    if request.method == "POST" and form.is_valid():
        try:
            change_destination(row, actor=request.user, **form.settings())
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The destination was saved."))
            return redirect(
                "destinations:detail",
                tenant=request.tenant.slug,
                destination=row.public_id,
            )
    return _editor(request, form)


def _editor(request: TenantRequest, form: DestinationForm) -> HttpResponse:
    row, provider = form.destination, PROVIDERS[form.kind]
    leads = preview.latest_leads(request.tenant)
    context = {
        "form": form,
        "destination": row,
        "kind_label": provider.label,
        "is_simulated": form.is_simulated,
        "may_compose": provider.rich_limits is not None,
        "leads": leads,
        "fields": AVAILABLE_FIELDS,
        "custom_fields": preview.custom_fields(leads),
        "preview": preview.preview(
            request.tenant,
            body=str(form["body_template"].value() or ""),
            recipient=str(form["recipient_template"].value() or ""),
            lead_id=request.POST.get("preview_lead", ""),
            leads=leads,
            kind=form.kind,
            config={n: str(form[n].value() or "") for n in form.preview_names()},
            verification=row.verification if row else None,
            destination=row.pk if row else None,
        ),
        "preview_sender": str(form["name"].value() or ""),
        "chosen_lead": request.POST.get("preview_lead", ""),
    }
    status = 422 if form.errors else 200
    return render(request, "destinations/destination_form.html", context, status=status)


@require_POST
@member_required(Role.ADMIN)
def template_preview(request: TenantRequest) -> HttpResponse:
    """The preview beside the editor, or a page of its own without scripts."""
    leads = preview.latest_leads(request.tenant)
    of = request.POST.get("preview_destination", "")
    row = pages.access_destination(request, of) if of else None
    shown = preview.preview(
        request.tenant,
        body=request.POST.get("body_template", FIRST_BODY),
        recipient=request.POST.get("recipient_template", "{{ phone }}"),
        lead_id=request.POST.get("preview_lead", ""),
        leads=leads,
        kind=request.POST.get("preview_kind", ""),
        config=request.POST.dict(),
        verification=row.verification if row else None,
        destination=row.pk if row else None,
    )
    context = {"preview": shown, "preview_sender": request.POST.get("name", "")[:200]}
    is_part = "HX-Request" in request.headers
    name = "_preview" if is_part else "template_preview"
    return render(request, f"destinations/{name}.html", context)


@require_http_methods(["GET", "HEAD"])
@member_required()
def destination_detail(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    leads = preview.latest_leads(request.tenant)
    routes = Route.objects.for_tenant(request.tenant).listed().filter(destination=row)
    shown, _is_readable = pages.settings_of(row)
    lead_id = leads[0].public_id if leads else ""
    shown_text = preview.preview(
        request.tenant,
        body=row.body_template,
        recipient=row.recipient_template,
        lead_id=lead_id,
        leads=leads,
        kind=row.kind,
        config=row.config,
        verification=row.verification,
        destination=row.pk,
    )
    context = {
        "settings": shown,
        "quiet": row.quiet_hours,
        "recent": pages.recent_jobs(request.tenant.pk, [row.pk])[row.pk],
        "waiting": pages.waiting_jobs(row) if row.is_paused else 0,
        "countries": names_of(row.allowed_countries),
        "routes": list(
            routes.select_related("source", "workflow").order_by("priority", "id")
        ),
        "preview": shown_text,
        "preview_lead": leads[0] if leads else None,
        "rich": shown_of(request, row, shown_text, lead_id),
        "agent": pages.agent_name(request.tenant, row),
        "text_sender": pages.text_sender(row),
        "may_compose": PROVIDERS[row.kind].rich_limits is not None,
        "kept": contents.content_of(row),
    }
    return show(request, row, "detail", context)


@require_http_methods(["GET", "HEAD"])
@member_required()
def destination_advanced(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    shown, is_readable = pages.settings_of(row)
    context = {
        "settings": shown,
        "is_readable": is_readable,
        "held": [(code, country_name(code)) for code in sorted(row.held_countries)],
        "public_url": settings.LEADRAILS_PUBLIC_URL,
        "addresses": addresses(row),
        "can_connect": can_connect(row),
        "keeps_list": Capability.LIST in PROVIDERS[row.kind].capabilities,
        "help_on_replies": select_template(
            [
                f"destinations/_replies_{row.kind}.html",
                "destinations/_replies.html",
            ]
        ),
    }
    return show(request, row, "advanced", context)


@require_http_methods(["GET", "HEAD"])
@member_required()
def destination_troubleshooting(
    request: TenantRequest, destination: str
) -> HttpResponse:
    row = pages.access_destination(request, destination)
    troubles = PROVIDERS[row.kind].troubles
    return show(request, row, "troubleshooting", {"troubles": troubles})


def show(
    request: TenantRequest, row: Destination, tab: str, context: dict[str, Any]
) -> HttpResponse:
    """A page of one destination, below its head and tabs."""
    shared = {
        "destination": row,
        "tab": tab,
        "kind_label": pages.label_of(row),
        "sender": pages.sender_of(row),
        "why": pages.pause_sentence(row),
        "why_docs": pages.pause_docs(row) if row.is_paused else None,
        "is_shared": shares_sender(row),
        "use_case_hint": pages.use_case_hint(row),
        "shut": gates.why_shut(row),
        "may_edit": request.role.covers(Role.ADMIN),
        "may_operate": request.role.covers(Role.OPERATOR),
    }
    return render(request, f"destinations/destination_{tab}.html", shared | context)


def _has_simulator() -> bool:
    return bool(settings.LEADRAILS_SIMULATOR_URL)
