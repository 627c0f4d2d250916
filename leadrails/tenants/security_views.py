"""One's own account: password, second factors, recovery codes."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadrails.mail.services import is_set_up
from leadrails.tenants import (
    email_changes,
    factors,
    security,
    services,
    sign_in,
    throttle,
)
from leadrails.tenants.account_pages import (
    enter_last_workspace,
    render_account,
    where_of,
)
from leadrails.tenants.addresses import whole
from leadrails.tenants.factor_forms import AppForm, PasskeyForm
from leadrails.tenants.forms import EmailForm, PasswordForm
from leadrails.tenants.models import User
from leadrails.tenants.second_views import read_credential
from leadrails.tenants.settings_pages import add_error
from leadrails.tenants.throttle import Act

form_page = require_http_methods(["GET", "HEAD", "POST"])
APP_KEY = "app_key"  # in the session, until a code shows that the app has it


@require_safe
@never_cache
@login_required
def overview(request: HttpRequest) -> HttpResponseBase:
    return security_page(request)


def security_page(request: HttpRequest, **bound: Any) -> HttpResponse:
    """
    Render the page about logging in.

    Args:
        bound: the form that was refused: `password_form`.
    """
    user = cast(User, request.user)
    strict = security.strict_tenants(user)
    context = {
        "app": factors.app_of(user),
        "passkeys": [
            {"factor": key, "name": factors.passkey_name(key)}
            for key in factors.passkeys_of(user)
        ],
        "codes_left": factors.count_recovery_codes(user),
        "strict": strict,
        "has_second": factors.has_second(user),
        "has_mail": is_set_up(),
        "password_form": PasswordForm(user),
        **bound,
    }
    status = 422 if any(form.errors for form in bound.values()) else 200
    template = "tenants/security.html"
    return render_account(request, "security", template, context, status=status)


@require_POST
@login_required
def change_password(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    form = PasswordForm(user, request.POST)
    if not form.is_valid():
        return security_page(request, password_form=form)
    password = form.cleaned_data["new_password1"]
    services.change_password(user, password=password, where=where_of(request))
    update_session_auth_hash(request, user)
    sign_in.prove(request)
    messages.success(
        request, _("Your password is changed, and other browsers are logged out.")
    )
    return redirect("tenants:security")


# E-mail ----------------------------------------------------------------------


@form_page
@never_cache
@sign_in.fresh_required
def change_email(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    form = EmailForm(request.POST or None)
    has_mail = is_set_up()
    if request.method == "POST" and has_mail and form.is_valid():
        person, now = str(user.pk), timezone.now()
        if not throttle.begin_try(person, "", now=now, act=Act.NEW_EMAIL):
            return throttle.too_many(request)
        try:
            email_changes.ask(
                user, **form.cleaned_data, link_of=lambda path: whole(request, path)
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(
                request,
                _("A link is on its way to %(email)s. Open it to confirm the address.")
                % {"email": form.cleaned_data["new_email"]},
            )
            return redirect("tenants:security")
    context = {"form": form, "has_mail": has_mail}
    status = 422 if form.errors else 200
    template = "tenants/email_change.html"
    return render_account(request, "security", template, context, status=status)


@form_page
@never_cache
@login_required
def email_confirm(request: HttpRequest, token: str) -> HttpResponseBase:
    """Where the mailed link leads to; a button, since scanners of mail open links."""
    user = cast(User, request.user)
    new_email = email_changes.read(user, token)
    if request.method == "POST" and new_email:
        new_email = email_changes.confirm(user, token, where=where_of(request))
        if new_email:
            done = _("You log in with %(email)s from now on.") % {"email": new_email}
            messages.success(request, done)
            return redirect("tenants:security")
    if new_email is None:
        return render(request, "tenants/email_expired.html", status=410)
    enter_last_workspace(request)
    return render(request, "tenants/email_confirm.html", {"new_email": new_email})


# App -------------------------------------------------------------------------


@form_page
@never_cache
@sign_in.fresh_required
def app_add(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    secret = request.session.get(APP_KEY)
    if not secret:
        secret = request.session[APP_KEY] = factors.new_secret()
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code, where = form.cleaned_data["code"], where_of(request)
        try:
            security.add_app(user, secret, code, where=where)
        except ValidationError as error:
            form.add_error("code", error)
        else:
            del request.session[APP_KEY]
            return _added(request, _("The app is set up."))
    path, size = factors.qr_path(factors.address_of_secret(user, secret))
    context = {
        "form": form,
        "path": path,
        "size": size,
        "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
    }
    status = 422 if form.errors else 200
    template = "tenants/app_add.html"
    return render_account(request, "security", template, context, status=status)


@form_page
@never_cache
@sign_in.fresh_required
def app_remove(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    if factors.app_of(user) is None:
        return redirect("tenants:security")
    if request.method == "POST":
        try:
            security.remove_app(user, where=where_of(request))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, _("The app is removed."))
        return redirect("tenants:security")
    enter_last_workspace(request)
    context = {"is_last": not factors.passkeys_of(user)}
    return render(request, "tenants/app_remove.html", context)


# Passkeys --------------------------------------------------------------------


@form_page
@never_cache
@sign_in.fresh_required
def passkey_add(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    initial = {"name": where_of(request).device}
    form = PasskeyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        name, where = form.cleaned_data["name"], where_of(request)
        try:
            credential = read_credential(request)
            security.add_passkey(user, name, credential, where=where)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _added(request, _("The passkey is set up."))
    status = 422 if form.errors else 200
    template, context = "tenants/passkey_add.html", {"form": form}
    return render_account(request, "security", template, context, status=status)


@form_page
@never_cache
@sign_in.fresh_required
def passkey_remove(request: HttpRequest, key: int) -> HttpResponseBase:
    user = cast(User, request.user)
    factor = factors.own_passkey(user, key)
    if request.method == "POST":
        try:
            security.remove_passkey(user, key, where=where_of(request))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            messages.success(request, _("The passkey is removed."))
        return redirect("tenants:security")
    enter_last_workspace(request)
    is_last = len(factors.passkeys_of(user)) == 1 and not factors.app_of(user)
    context = {"name": factors.passkey_name(factor), "is_last": is_last}
    return render(request, "tenants/passkey_remove.html", context)


def _added(request: HttpRequest, text: str) -> HttpResponse:
    """The first factor brings recovery codes, which are shown at once."""
    is_first = not factors.count_recovery_codes(cast(User, request.user))
    sign_in.prove(request, two_factors=True)
    messages.success(request, text)
    return redirect("tenants:codes" if is_first else "tenants:security")


# Recovery codes --------------------------------------------------------------


@require_safe
@never_cache
@sign_in.fresh_required
def codes(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    if not factors.has_second(user):
        return redirect("tenants:security")
    unused = factors.recovery_codes(user)
    context = {"codes": [f"{code[:4]} {code[4:]}" for code in unused]}
    return render_account(request, "security", "tenants/codes.html", context)


@require_safe
@never_cache
@sign_in.fresh_required
def codes_file(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    lines = [_("Recovery codes of %s, each good once:") % user.email, ""]
    lines += [f"{code[:4]} {code[4:]}" for code in factors.recovery_codes(user)]
    answer = HttpResponse("\n".join(lines) + "\n", content_type="text/plain")
    name = "leadrails-recovery-codes.txt"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@form_page
@never_cache
@sign_in.fresh_required
def codes_renew(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    if request.method == "POST":
        security.renew_recovery_codes(user, where=where_of(request))
        messages.success(request, _("These codes are new; the old ones are void."))
        return redirect("tenants:codes")
    enter_last_workspace(request)
    return render(request, "tenants/codes_renew.html")
