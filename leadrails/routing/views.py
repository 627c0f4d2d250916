"""Pages of routes: sentences one can read, a form, and a dry run."""

from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from destinations.models import Destination
from leadrails.core.rendering import AVAILABLE_FIELDS
from leadrails.leads.models import Lead, Workflow
from leadrails.routing import rules, services
from leadrails.routing.builder import OPERATORS
from leadrails.routing.forms import RouteForm
from leadrails.routing.models import Route
from leadrails.tenants.doors import (
    TenantRequest,
    is_first_run,
    member_required,
    read_id,
)
from leadrails.tenants.models import Role, Tenant
from leadrails.tenants.settings_pages import add_error
from leadrails.ui.asking import asked_text
from leadrails.ui.paging import page_of

NAMES = ("name", "source__name", "workflow__name", "destination__name")
ROWS = 20  # of a page: each has a menu
REHEARSED = 100  # leads of a dry run
LOOKED_AT = 1_000  # of a source's newest leads, to find those of one workflow


@require_http_methods(["GET", "HEAD"])
@member_required()
def route_list(request: TenantRequest) -> HttpResponse:
    mine = _routes(request.tenant).order_by(
        "source__name", "source_id", "workflow__name", "priority", "id"
    )
    text = asked_text(request.GET)
    named = [pk for pk, *names in mine.values_list("id", *NAMES) if _has(names, text)]
    page = page_of(
        named,
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=ROWS,
    )
    shown = mine.filter(pk__in=page.rows)
    whole = _orders(request.tenant, {row.workflow_id for row in shown})
    context = {
        "groups": [
            _group(workflow, list(rows), whole[workflow.pk])
            for workflow, rows in groupby(shown, key=lambda row: row.workflow)
        ],
        "page": page,
        "text": text,
        "may_edit": request.role.covers(Role.OPERATOR),
    }
    return render(request, "routing/route_list.html", context)


def _has(names: list[str], text: str) -> bool:
    return text.casefold() in " ".join(names).casefold()


def _orders(tenant: Tenant, workflows: set[UUID]) -> dict[UUID, list[UUID]]:
    """The routes of each of these workflows, in the order in which they are asked."""
    orders: dict[UUID, list[UUID]] = {workflow: [] for workflow in workflows}
    rows = _routes(tenant).filter(workflow__in=workflows).order_by("priority", "id")
    for workflow, pk in rows.values_list("workflow_id", "id"):
        orders[workflow].append(pk)
    return orders


def _group(workflow: Workflow, rows: list[Route], order: list[UUID]) -> dict[str, Any]:
    """
    Routes of one workflow, by their place in its `order`.

    Rows are dragged where all of them are in sight; elsewhere they take single steps.
    """
    return {
        "workflow": workflow,
        "rows": [
            (row, rules.sentence_of(row), order.index(row.pk) + 1) for row in rows
        ],
        "is_ordered": len(order) > 1,
        "is_whole": 1 < len(order) == len(rows),
    }


@require_POST
@member_required(Role.OPERATOR)
def route_order(request: TenantRequest, workflow: str) -> HttpResponse:
    """
    Take the whole order of a workflow's routes, `route` by `route`, or one step:
    `up` or `down` with the route that moves.
    """
    mine = Workflow.objects.for_tenant(request.tenant).select_related("tenant")
    found = get_object_or_404(mine, pk=read_id(Workflow.prefix, workflow))
    rows = _routes(request.tenant).filter(workflow=found).order_by("priority", "id")
    now = [row.pk for row in rows]
    wanted = [read_id(Route.prefix, text) for text in request.POST.getlist("route")]
    for name, by in (("up", -1), ("down", 1)):
        if text := request.POST.get(name):
            wanted = moved(now, read_id(Route.prefix, text), by)
    if services.order_routes(found, wanted, actor=request.user):
        messages.success(request, _("The order was changed; it holds from now on."))
    back = reverse("routes:list", kwargs={"tenant": request.tenant.slug})
    return redirect(f"{back}?{request.GET.urlencode()}" if request.GET else back)


def moved(order: list[UUID], one: UUID, by: int) -> list[UUID]:
    """The order after one of it took a step; at the end it stays where it is."""
    if one not in order:
        return order
    rest = [pk for pk in order if pk != one]
    place = min(max(order.index(one) + by, 0), len(rest))
    return [*rest[:place], one, *rest[place:]]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OPERATOR)
def route_new(request: TenantRequest) -> HttpResponse:
    ends = _ends(request.tenant)
    if not (ends["has_source"] and ends["has_destination"]):
        return render(request, "routing/route_first.html", ends)
    form = RouteForm(
        request.POST or None, tenant=request.tenant, initial=_asked(request)
    )
    if request.method == "POST" and not form.edit_rows() and form.is_valid():
        if "dry_run" in request.POST:
            return _editor(request, form, rehearsed=_rehearse(_draft(request, form)))
        if _create(request, form):
            if is_first_run(request):
                return redirect("overview", tenant=request.tenant.slug)
            return redirect("routes:list", tenant=request.tenant.slug)
    return _editor(request, form)


def _create(request: TenantRequest, form: RouteForm) -> bool:
    """Make it once however often the form is sent; False if it was refused."""
    once: UUID = form.cleaned_data["once"]
    mine = Route.objects.for_tenant(request.tenant).filter(pk=once)
    if mine.exists():
        return True
    try:
        services.create_route(
            request.tenant, id=once, actor=request.user, **form.settings()
        )
    except ValidationError as error:
        add_error(form, error)
        return False
    except IntegrityError:
        if mine.exists():  # the other of two clicks was faster
            return True
        form.add_error(None, _("Reload the page and try again."))
        return False
    if not is_first_run(request):
        messages.success(request, _("The route was made and takes leads from now on."))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OPERATOR)
def route_edit(request: TenantRequest, route: str) -> HttpResponse:
    row = _access(request, route)
    form = RouteForm(request.POST or None, tenant=request.tenant, route=row)
    if request.method == "POST" and not form.edit_rows() and form.is_valid():
        if "dry_run" in request.POST:
            return _editor(request, form, rehearsed=_rehearse(_draft(request, form)))
        try:
            services.update_route(row, actor=request.user, **form.settings())
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The route was saved."))
            return redirect("routes:list", tenant=request.tenant.slug)
    return _editor(request, form)


def _editor(
    request: TenantRequest, form: RouteForm, rehearsed: dict[str, Any] | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "route": form.route,
        "operators": OPERATORS,
        "fields": AVAILABLE_FIELDS,
        "rehearsed": rehearsed,
    }
    status = 422 if form.errors else 200
    return render(request, "routing/route_form.html", context, status=status)


@require_http_methods(["GET", "HEAD"])
@member_required()
def route_dry_run(request: TenantRequest, route: str) -> HttpResponse:
    row = _access(request, route)
    context = {
        "route": row,
        "sentence": rules.sentence_of(row),
        "rehearsed": _rehearse(row),
        "may_edit": request.role.covers(Role.OPERATOR),
    }
    return render(request, "routing/route_dry_run.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def route_pause(request: TenantRequest, route: str) -> HttpResponse:
    row = _access(request, route)
    if request.method == "POST":
        if services.pause_route(row, actor=request.user):
            messages.success(request, _("Paused. It takes no lead from now on."))
        return redirect("routes:list", tenant=request.tenant.slug)
    return render(request, "routing/route_pause.html", {"route": row})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def route_resume(request: TenantRequest, route: str) -> HttpResponse:
    row = _access(request, route)
    if request.method == "POST":
        if services.resume_route(row, actor=request.user):
            messages.success(request, _("Resumed. It takes leads from now on."))
        return redirect("routes:list", tenant=request.tenant.slug)
    return render(request, "routing/route_resume.html", {"route": row})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def route_delete(request: TenantRequest, route: str) -> HttpResponse:
    row = _access(request, route)
    if request.method == "POST":
        services.delete_route(row, actor=request.user)
        messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
        return redirect("routes:list", tenant=request.tenant.slug)
    return render(request, "routing/route_delete.html", {"route": row})


# Parts ------------------------------------------------------------------------


def _routes(tenant: Tenant) -> Any:
    rows = Route.objects.for_tenant(tenant).listed()
    return rows.select_related("source", "workflow", "destination", "tenant").defer(
        "destination__credentials", "destination__body_template"
    )


def _access(request: TenantRequest, public_id: str) -> Route:
    route: Route = get_object_or_404(
        _routes(request.tenant), pk=read_id("rt", public_id)
    )
    return route


def _ends(tenant: Tenant) -> dict[str, bool]:
    workflows = Workflow.objects.for_tenant(tenant).exclude(source__status="revoked")
    destinations = Destination.objects.for_tenant(tenant).listed()
    return {
        "has_source": workflows.exists(),
        "has_destination": destinations.exists(),
    }


def _asked(request: TenantRequest) -> dict[str, str]:
    """Ends that a link to the form names: `?workflow=wf_…&destination=dst_…`."""
    given = {name: request.GET.get(name, "") for name in ("workflow", "destination")}
    if source := request.GET.get("source", ""):
        mine = Workflow.objects.for_tenant(request.tenant)
        default = mine.filter(source=read_id("src", source), name=Workflow.DEFAULT)
        if (workflow := default.first()) is not None:
            given["workflow"] = workflow.public_id
    return {name: text for name, text in given.items() if text}


def _draft(request: TenantRequest, form: RouteForm) -> Route:
    """The route as the form has it, not saved."""
    draft = Route(tenant=request.tenant, **form.settings())
    if form.route:
        draft.pk = form.route.pk
    return draft


def _rehearse(route: Route) -> dict[str, Any]:
    """Ask a route about the newest leads that it would have been asked about."""
    found = services.dry_run(route, _newest_leads(route))
    takers = sum(line.decision.took for line in found)
    return {"lines": found, "takers": takers, "total": len(found)}


def _newest_leads(route: Route) -> list[Lead]:
    leads = Lead.objects.for_tenant(route.tenant_id)
    newest = leads.filter(source=route.source_id).order_by("-id")
    looked_at = newest.values_list("id", "workflow_id")[:LOOKED_AT]
    mine = [pk for pk, workflow in looked_at if workflow == route.workflow_id]
    return list(leads.filter(pk__in=mine[:REHEARSED]).order_by("-id"))
