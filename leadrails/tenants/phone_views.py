"""Confirming one's own phone: ask for a code, enter it, remove the number."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import SendError
from leadrails.tenants import phone_codes, phones
from leadrails.tenants.account_pages import enter_last_workspace
from leadrails.tenants.forms import CodeForm, PhoneForm
from leadrails.tenants.models import User
from leadrails.tenants.profile_views import (
    SENDER,
    choices,
    last_sender,
    profile_page,
)
from leadrails.tenants.settings_pages import add_error


@require_POST
@login_required
def phone_send(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    senders = phone_codes.senders_of(user)
    form = PhoneForm(request.POST, senders=choices(senders))
    if not form.is_valid():
        return profile_page(request, phone_form=form)
    chosen = form.cleaned_data["destination"]
    destination = next(row for row in senders if row.public_id == chosen)
    number = form.cleaned_data["phone"]
    try:
        is_sure = phone_codes.send_code(user, destination, number, now=timezone.now())
    except ValidationError as error:
        add_error(form, error)
        return profile_page(request, phone_form=form)
    request.session[SENDER] = chosen
    if not is_sure:
        messages.warning(
            request,
            _(
                "The provider's answer was lost, so the code may or may not arrive. "
                "If it does not, ask for a new one in a minute."
            ),
        )
    return _to_card()


@require_POST
@login_required
def phone_confirm(request: HttpRequest) -> HttpResponseBase:
    form = CodeForm(request.POST)
    if form.is_valid():
        user = cast(User, request.user)
        try:
            phones.confirm(user, form.cleaned_data["code"], now=timezone.now())
        except ValidationError as error:
            add_error(form, error)
    if form.errors:
        form.fields["code"].widget.attrs["autofocus"] = True
        return profile_page(request, code_form=form)
    request.session.pop(SENDER, None)
    messages.success(request, _("Your phone is confirmed."))
    return _to_card()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def phone_remove(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    if request.method == "POST":
        phones.remove(user)
        request.session.pop(SENDER, None)
        return _to_card()
    if not user.phone:
        return _to_card()
    enter_last_workspace(request)
    return render(request, "tenants/phone_remove.html")


@require_safe
@never_cache
@login_required
def phone_handset(request: HttpRequest) -> HttpResponseBase:
    """The simulated phone: a part of the profile with scripts, else its own page."""
    user = cast(User, request.user)
    sender = last_sender(request, phone_codes.senders_of(user))
    is_waiting = phones.is_pending(user, now=timezone.now())
    if sender is None or not sender.is_simulated or not is_waiting:
        return _to_card()
    context: dict[str, Any] = {"is_reached": True}
    try:
        if phone_url := phone_codes.phone_url(user, sender):
            context["phone_url"] = phone_url
        else:
            context["message"] = phone_codes.simulated_message(user, sender)
    except (SendError, CannotDecrypt):
        context["is_reached"] = False
    enter_last_workspace(request)
    name = "_handset" if "HX-Request" in request.headers else "phone_handset"
    return render(request, f"tenants/{name}.html", context)


def _to_card() -> HttpResponse:
    return redirect(f"{reverse('tenants:profile')}#phone")
