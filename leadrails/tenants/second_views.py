"""The second step of logging in, passkeys, and showing once more who one is."""

import json
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from leadrails.tenants import factors, security, sign_in, throttle
from leadrails.tenants.account_pages import where_of
from leadrails.tenants.addresses import address_of
from leadrails.tenants.factor_forms import FactorForm, ProofForm
from leadrails.tenants.models import User
from leadrails.tenants.throttle import Act

form_page = require_http_methods(["GET", "HEAD", "POST"])


@form_page
@never_cache
def second(request: HttpRequest) -> HttpResponse:
    """The page between the password and the workspace: a code, or a passkey."""
    user = sign_in.waiting(request)
    if user is None:
        return redirect("tenants:login")
    form = FactorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, address = str(user.pk), address_of(request)
        now = timezone.now()
        if not throttle.begin_try(person, address, now=now, act=Act.FACTOR):
            return throttle.too_many(request)
        code = form.cleaned_data["code"]
        if security.check_code(user, code, where=where_of(request)):
            throttle.forget_tries(person, address, act=Act.FACTOR)
            return sign_in.finish(
                request, user, two_factors=True, target=request.POST.get("next", "")
            )
        form.add_error("code", _("This code does not fit, or was used before."))
    context = {
        "form": form,
        "person": user,
        "has_app": factors.app_of(user) is not None,
        "has_passkey": bool(factors.passkeys_of(user)),
        "next": request.POST.get("next", request.GET.get("next", "")),
    }
    status = 422 if form.errors else 200
    return render(request, "tenants/second.html", context, status=status)


@form_page
@never_cache
@login_required
def prove(request: HttpRequest) -> HttpResponseBase:
    """Before a sensitive act, or a workspace that wants two factors of everybody."""
    user = cast(User, request.user)
    asked = request.POST or request.GET
    target, needs_two = asked.get("next", ""), asked.get("two") == "1"
    has_second = factors.has_second(user)
    if needs_two and not has_second:
        return redirect("tenants:security")
    form = ProofForm(request.POST or None, user=user, with_password=not needs_two)
    if request.method == "POST":
        answer = _prove(request, user, form)
        if answer is not None:
            return answer
    context = {
        "form": form,
        "needs_two": needs_two,
        "has_passkey": bool(factors.passkeys_of(user)),
        "next": target,
    }
    status = 422 if form.errors else 200
    return render(request, "tenants/prove.html", context, status=status)


def _prove(request: HttpRequest, user: User, form: ProofForm) -> HttpResponse | None:
    """None if the form is to be shown again."""
    person, address = str(user.pk), address_of(request)
    if not throttle.begin_try(person, address, now=timezone.now(), act=Act.PROOF):
        return throttle.too_many(request)
    if not form.is_valid():
        return None
    if code := form.cleaned_data.get("code"):
        if not security.check_code(user, code, where=where_of(request)):
            form.add_error("code", _("This code does not fit, or was used before."))
            return None
        sign_in.prove(request, two_factors=True)
    else:
        sign_in.prove(request)
    throttle.forget_tries(person, address, act=Act.PROOF)
    target = sign_in.safe_target(request, request.POST.get("next", ""))
    return redirect(target or "home")


# Passkeys --------------------------------------------------------------------


@require_POST
@never_cache
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to ask for a passkey, as JSON; for the page's script."""
    match request.POST.get("purpose"):
        case "login":
            return JsonResponse(factors.passkey_options(None))
        case "second" if user := sign_in.waiting(request):
            return JsonResponse(factors.passkey_options(user))
        case "prove" if request.user.is_authenticated:
            return JsonResponse(factors.passkey_options(request.user))
        case "new" if request.user.is_authenticated and sign_in.is_fresh(request):
            return JsonResponse(factors.new_passkey_options(request.user))
    return JsonResponse({"error": "expired"}, status=403)


@require_POST
@never_cache
def passkey(request: HttpRequest) -> HttpResponseBase:
    """Where the script sends what a passkey answered: to log in, or to prove."""
    purpose = request.POST.get("purpose")
    now, address = timezone.now(), address_of(request)
    if not throttle.begin_try("", address, now=now, act=Act.PASSKEY):
        return throttle.too_many(request)
    person: User | None = None
    back, target = "tenants:login", request.POST.get("next", "")
    if purpose == "second":
        person, back = sign_in.waiting(request), "tenants:second"
    elif purpose == "prove" and request.user.is_authenticated:
        person, back = request.user, "tenants:prove"
    if person is None and purpose != "login":
        return redirect("tenants:login")
    try:
        user = factors.check_passkey(person, read_credential(request)).user
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect(sign_in.with_next(back, target))
    throttle.forget_tries("", address, act=Act.PASSKEY)
    if purpose == "prove":
        sign_in.prove(request, two_factors=True)
        return redirect(sign_in.safe_target(request, target) or "home")
    return sign_in.finish(request, user, two_factors=True, target=target)


def read_credential(request: HttpRequest) -> Any:
    """
    What the browser's script posted of a passkey.

    Raises:
        ValidationError: it is no JSON.
    """
    try:
        return json.loads(request.POST.get("credential", ""))
    except ValueError:
        raise factors.refused() from None
