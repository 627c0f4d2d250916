"""Acts on one destination. Each that needs a second thought has a page that asks."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from destinations import pages, services
from destinations.models import Destination
from destinations.replies import connect_replies
from destinations.verification import verify_connection
from leadrails.core.phone import country_name
from leadrails.jobs.contents import keep_content
from leadrails.jobs.services import release_country, resume_destination
from leadrails.routing.models import Route
from leadrails.tenants.doors import TenantRequest, View, member_required
from leadrails.tenants.models import Role

Act = Callable[[TenantRequest, Destination], None]


@require_POST
@member_required(Role.OPERATOR)
def destination_verify(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    result = verify_connection(row, actor=request.user)
    hint = pages.use_case_hint(row)
    if "HX-Request" in request.headers:
        context = {"destination": row, "use_case_hint": hint}
        return render(request, "destinations/_verification.html", context)
    level = messages.SUCCESS if result.ok else messages.ERROR
    said = filter(None, [result.sentence, *result.hints, hint])
    messages.add_message(request, level, " ".join(said))
    return _back(request, row, "advanced")


@require_POST
@member_required(Role.OPERATOR)
def destination_content(request: TenantRequest, destination: str) -> HttpResponse:
    """Try at once to have the provider keep the RCS content."""
    row = pages.access_destination(request, destination)
    if keep_content(row):
        messages.success(request, _("The provider has the RCS content."))
    else:
        messages.error(request, _("The provider does not have the RCS content yet."))
    return _back(request, row)


def _asked_first(
    question: str,
    role: Role,
    *,
    back: str = "detail",
    context: Callable[[Destination], dict[str, Any]] = lambda _: {},
) -> Callable[[Act], View]:
    """
    Make an act a view that asks; its POST acts and leads back to the destination.

    Args:
        question: names the template.
        role: the least that may act.
        back: which page of the destination comes after it.
        context: what the question needs to know.
    """

    def decorate(act: Act) -> View:
        @require_http_methods(["GET", "HEAD", "POST"])
        @member_required(role)
        @wraps(act)
        def view(request: TenantRequest, destination: str) -> HttpResponse:
            row = pages.access_destination(request, destination)
            if request.method != "POST":
                return _ask(request, row, question, context(row))
            act(request, row)
            return _back(request, row, back)

        return view

    return decorate


@_asked_first("pause", Role.OPERATOR)
def destination_pause(request: TenantRequest, row: Destination) -> None:
    if services.pause_destination(row, actor=request.user):
        messages.success(request, _("Paused. Its messages wait from now on."))


def _waiting(row: Destination) -> dict[str, Any]:
    return {
        "waiting": pages.waiting_jobs(row),
        "counted": pages.COUNTED,
        "why": pages.pause_sentence(row),
    }


@_asked_first("resume", Role.OPERATOR, context=_waiting)
def destination_resume(request: TenantRequest, row: Destination) -> None:
    if row.is_paused:
        count = resume_destination(row, actor=request.user)
        messages.success(request, _resumed(count))


def _resumed(count: int) -> str:
    if not count:
        return _("Resumed. No message was waiting.")
    return ngettext(
        "Resumed. %(count)d waiting message goes out now.",
        "Resumed. %(count)d waiting messages go out now.",
        count,
    ) % {"count": count}


@_asked_first("unknown", Role.ADMIN, back="advanced")
def destination_unknown(request: TenantRequest, row: Destination) -> None:
    """What to do in doubt if the provider cannot be asked."""
    try:
        services.update_destination(
            row,
            actor=request.user,
            when_unknown=request.POST.get("when_unknown", ""),
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("The destination was saved."))


@_asked_first("replies", Role.ADMIN, back="advanced")
def destination_replies(request: TenantRequest, row: Destination) -> None:
    """Enter the address for replies at the provider."""
    result = connect_replies(row, actor=request.user)
    level = messages.SUCCESS if result.ok else messages.ERROR
    messages.add_message(request, level, result.sentence)


@_asked_first("secret", Role.ADMIN, back="advanced")
def destination_secret(request: TenantRequest, row: Destination) -> None:
    """Another address for replies; the old one holds for a day."""
    services.change_inbound_secret(row, actor=request.user)
    messages.success(
        request, _("Enter the new address at the provider within 24 hours.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def destination_delete(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    if request.method == "POST":
        services.revoke_destination(row, actor=request.user)
        messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
        return redirect("destinations:list", tenant=request.tenant.slug)
    routes = Route.objects.for_tenant(request.tenant).listed().filter(destination=row)
    context = {"routes": list(routes.select_related("source").order_by("name")[:50])}
    return _ask(request, row, "delete", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def country_release(
    request: TenantRequest, destination: str, country: str
) -> HttpResponse:
    row = pages.access_destination(request, destination)
    is_held = country in row.held_countries
    if request.method == "POST":
        if is_held:
            release_country(row, country, actor=request.user)
            messages.success(
                request,
                _("Messages to %(country)s go out again.")
                % {"country": country_name(country)},
            )
        return _back(request, row, "advanced")
    if not is_held:
        raise Http404
    return _ask(request, row, "release", {"country": country_name(country)})


def _ask(
    request: TenantRequest,
    row: Destination,
    act: str,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    context = {"destination": row, **(context or {})}
    return render(request, f"destinations/destination_{act}.html", context)


def _back(
    request: TenantRequest, row: Destination, page: str = "detail"
) -> HttpResponse:
    return redirect(
        f"destinations:{page}", tenant=request.tenant.slug, destination=row.public_id
    )
