"""What the pages of one's own account share."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from leadrails.tenants.addresses import address_of
from leadrails.tenants.context import memberships_of
from leadrails.tenants.devices import describe
from leadrails.tenants.doors import LAST_TENANT
from leadrails.tenants.models import Membership, Role, User
from leadrails.tenants.notices import Where
from leadrails.tenants.sign_in import has_two


def last_membership(request: HttpRequest, user: User) -> Membership | None:
    """The membership in the tenant used last, else in the first by name."""
    memberships = list(
        Membership.objects.filter(user=user)
        .select_related("tenant")
        .order_by("tenant__name", "tenant_id")
    )
    last = request.session.get(LAST_TENANT)
    for membership in memberships:
        if membership.tenant.slug == last:
            return membership
    return memberships[0] if memberships else None


def enter_last_workspace(request: HttpRequest) -> None:
    """Let a page that belongs to no workspace stand in the shell of the last one."""
    assert isinstance(request.user, User)
    membership = last_membership(request, request.user)
    if membership is None:
        return
    if membership.tenant.needs_two_factors and not has_two(request):
        return
    memberships = memberships_of(request.user, membership.tenant.slug)
    request.memberships = memberships  # type: ignore[attr-defined]
    request.membership = next(  # type: ignore[attr-defined]
        mine for mine in memberships if mine.pk == membership.pk
    )
    request.tenant = membership.tenant  # type: ignore[attr-defined]
    request.role = Role(membership.role)  # type: ignore[attr-defined]


def render_account(
    request: HttpRequest,
    tab: str,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the account below its tabs."""
    enter_last_workspace(request)
    tabs = [
        ("profile", _("Profile")),
        ("security", _("Logging in")),
        ("sessions", _("Browsers")),
    ]
    context["tabs"] = [
        {
            "url": reverse(f"tenants:{name}"),
            "label": label,
            "is_current": name == tab,
        }
        for name, label in tabs
    ]
    return render(request, template, context, status=status)


def where_of(request: HttpRequest) -> Where:
    agent = request.headers.get("User-Agent", "")
    return Where(address=address_of(request), device=describe(agent))
