"""
The one door that finds tenant and role for a page.

`member_required` swallows the `tenant` argument of the URL, so a view that forgets
it raises TypeError on its first call instead of leaking another tenant's rows.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from leadrails.core import ids
from leadrails.tenants.context import memberships_of
from leadrails.tenants.middleware import zone_of
from leadrails.tenants.models import Membership, Role, Tenant, User
from leadrails.tenants.sign_in import has_two, two_needed

View = Callable[..., HttpResponseBase]
LAST_TENANT = "tenant"  # in the session


class TenantRequest(HttpRequest):
    """A request that has passed the door."""

    user: User
    tenant: Tenant
    role: Role
    membership: Membership
    memberships: list[Membership]


def member_required(role: Role = Role.VIEWER) -> Callable[[View], View]:
    """
    Let a member of the URL's tenant with at least `role` in.

    Strangers get a 404, as if the tenant did not exist; members whose role is too
    low a 403; people who are not logged in the login page; and those who have shown
    one factor, where the tenant wants two, where they can show the other.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def enter(
            request: HttpRequest, *, tenant: str, **kwargs: Any
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            memberships = memberships_of(request.user, tenant)
            here = [mine for mine in memberships if mine.tenant.slug == tenant]
            if not here:
                raise Http404
            membership = here[0]
            request.memberships = memberships  # type: ignore[attr-defined]
            request.membership = membership  # type: ignore[attr-defined]
            _remember(request, membership.tenant)
            request.tenant = membership.tenant  # type: ignore[attr-defined]
            request.role = Role(membership.role)  # type: ignore[attr-defined]
            if membership.tenant.needs_two_factors and not has_two(request):
                return two_needed(request)
            if not Role(membership.role).covers(role):
                raise PermissionDenied
            return view(request, **kwargs)

        enter.needs_role = role  # type: ignore[attr-defined]  # the sweep test reads it
        return enter

    return decorate


def _to_login(request: HttpRequest) -> HttpResponse:
    """To the login page and then back; after a form to the page where it was."""
    back = request.get_full_path()
    if request.method not in ("GET", "HEAD"):
        said = _("Nothing was saved: you had been logged out. Log in to send it again.")
        messages.warning(request, said)
        sent_from = urlsplit(request.headers.get("Referer", ""))
        if sent_from.netloc == request.get_host():
            back = urlunsplit(("", "", sent_from.path, sent_from.query, ""))
    return redirect_to_login(back)


def _remember(request: HttpRequest, tenant: Tenant) -> None:
    """Home leads to the tenant used last; its time zone is the second choice."""
    if not request.user.time_zone:  # type: ignore[union-attr]
        timezone.activate(zone_of(tenant.time_zone))
    is_page = "HX-Request" not in request.headers
    if is_page and request.session.get(LAST_TENANT) != tenant.slug:
        request.session[LAST_TENANT] = tenant.slug


def is_first_run(request: HttpRequest) -> bool:
    """Whether the person came from the first steps, and is to be led back there."""
    return "first" in request.GET


def read_id(prefix: str, text: str) -> UUID:
    """Return the UUID of a public id from a URL; anything else is a 404."""
    try:
        return ids.decode(prefix, text)
    except ValueError:
        raise Http404 from None
