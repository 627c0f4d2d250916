"""Pages of suppressions: whom nobody may message, and why."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from leadrails.contacts import services
from leadrails.contacts.forms import ImportForm, RemovalForm, SuppressionForm
from leadrails.contacts.links import origin_of
from leadrails.contacts.lists import TooLong, export_rows, import_numbers
from leadrails.contacts.models import Suppression, SuppressionQuerySet
from leadrails.core import phone
from leadrails.tenants import audit
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui.asking import asked_text
from leadrails.ui.paging import keyset_page


@require_safe
@member_required()
def suppression_list(request: TenantRequest) -> HttpResponse:
    page = keyset_page(
        _filtered(request),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    context = {
        "page": page,
        "rows": [(row, origin_of(request.tenant, row.source)) for row in page],
        "active": _active(request),
        "chosen": request.GET,
        "reasons": Suppression.Reason.choices,
        "is_lifted": _is_lifted(request),
        "may_operate": request.role.covers(Role.OPERATOR),
    }
    return render(request, "contacts/suppression_list.html", context)


def _is_lifted(request: TenantRequest) -> bool:
    return "lifted" in request.GET


def _filtered(request: TenantRequest) -> SuppressionQuerySet:
    rows = Suppression.objects.for_tenant(request.tenant)
    rows = rows.exclude(lifted_at=None) if _is_lifted(request) else rows.in_force()
    if (reason := request.GET.get("reason", "")) in Suppression.Reason.values:
        rows = rows.filter(reason=reason)
    if query := asked_text(request.GET):
        read = phone.normalise(query, request.tenant.country)
        rows = rows.filter(phone=read.e164 or query[:16])
    return rows


def _active(request: TenantRequest) -> list[dict[str, Any]]:
    active = []
    reasons = dict(Suppression.Reason.choices)
    if (reason := request.GET.get("reason", "")) in reasons:
        label = reasons[reason]
        active.append({"name": "reason", "label": _("Why"), "value": label})
    if query := asked_text(request.GET):
        active.append({"name": "q", "label": _("Search"), "value": query})
    return active


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def suppression_new(request: TenantRequest) -> HttpResponse:
    form = SuppressionForm(request.POST or None, country=request.tenant.country)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["phone"]
        added = services.add_suppression(
            request.tenant, number, note=form.cleaned_data["note"], actor=request.user
        )
        said = (
            _("Nothing is sent to %(number)s from now on.")
            if added
            else _("%(number)s was on the list already.")
        )
        messages.success(request, said % {"number": number})
        return redirect("suppressions:list", tenant=request.tenant.slug)
    status = 422 if form.errors else 200
    context = {"form": form}
    return render(request, "contacts/suppression_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def suppression_remove(request: TenantRequest, suppression: str) -> HttpResponse:
    mine = Suppression.objects.for_tenant(request.tenant).in_force()
    found = get_object_or_404(
        mine.select_related("tenant"), pk=read_id(Suppression.prefix, suppression)
    )
    form = RemovalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        because = form.cleaned_data["because"]
        services.remove_suppression(found, because=because, actor=request.user)
        said = _("%(number)s may be messaged again.") % {"number": found.phone}
        messages.success(request, said)
        return redirect("suppressions:list", tenant=request.tenant.slug)
    status = 422 if form.errors else 200
    context = {"form": form, "suppression": found}
    return render(request, "contacts/suppression_remove.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def suppression_import(request: TenantRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            context["result"] = import_numbers(
                request.tenant, form.cleaned_data["list"], actor=request.user
            )
        except TooLong:
            form.add_error(None, _("The list has more than 50,000 lines: split it."))
    status = 422 if form.errors else 200
    return render(request, "contacts/suppression_import.html", context, status=status)


@require_safe
@member_required(Role.OPERATOR)
def suppression_export(request: TenantRequest) -> HttpResponseBase:
    """All of the list, lifted ones too: what was true when is evidence."""
    rows = Suppression.objects.for_tenant(request.tenant)
    if request.method == "GET":
        audit.record(request.tenant, request.user, "suppressions.exported")
    name = f"suppressions-{request.tenant.slug}.csv"
    return StreamingHttpResponse(
        export_rows(rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
