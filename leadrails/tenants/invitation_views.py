"""Where an invitation's link leads to: join with an account, or make one."""

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from leadrails.tenants import invitations, sign_in
from leadrails.tenants.account_pages import where_of
from leadrails.tenants.doors import LAST_TENANT, read_id
from leadrails.tenants.forms import ROLE_TEXTS, WelcomeForm
from leadrails.tenants.models import Invitation, Role, User
from leadrails.tenants.settings_pages import add_error


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, invitation: str, token: str) -> HttpResponse:
    found = invitations.read(read_id("inv", invitation), token)
    if found is None:
        return _expired(request)
    context = {
        "invitation": found,
        "role": ROLE_TEXTS[Role(found.role)],
        "here": request.get_full_path(),
    }
    if request.user.is_authenticated:
        return _join(request, found, token, context)
    account = invitations.account_of(found)
    if account is not None and account.has_usable_password():
        return render(request, "tenants/invitation_login.html", context)
    return _begin(request, found, token, context)


def _join(
    request: HttpRequest, found: Invitation, token: str, context: dict[str, Any]
) -> HttpResponse:
    """Somebody is logged in: the one who is meant, or another."""
    user = cast(User, request.user)
    context["is_other"] = user.email.lower() != found.email.lower()
    if request.method == "POST" and not context["is_other"]:
        joined = invitations.accept(found.pk, token, user)
        if joined is None:
            return _expired(request)
        messages.success(
            request, _("Welcome to %(tenant)s.") % {"tenant": found.tenant}
        )
        return redirect("overview", tenant=found.tenant.slug)
    return render(request, "tenants/invitation_join.html", context)


def _begin(
    request: HttpRequest, found: Invitation, token: str, context: dict[str, Any]
) -> HttpResponse:
    """Nobody has the address: a name and a password make the account."""
    person = User(email=found.email)
    form = WelcomeForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        where = where_of(request)
        try:
            user = invitations.accept_as_new(
                found.pk, token, where=where, **form.cleaned_data
            )
        except invitations.HasAccount:
            # Made a moment ago, or waiting for its password since an earlier release.
            form.add_error(
                None,
                _(
                    "This address has an account by now. Log in, or set its password "
                    "by the link that came with it, and open this link again."
                ),
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            if user is None:
                return _expired(request)
            request.session[LAST_TENANT] = found.tenant.slug
            return sign_in.begin(request, user)
    status = 422 if form.errors else 200
    context |= {"form": form, "person": person}
    return render(request, "tenants/invitation_begin.html", context, status=status)


def _expired(request: HttpRequest) -> HttpResponse:
    return render(request, "tenants/link_expired.html", status=410)
