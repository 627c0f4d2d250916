"""One's own account: name, time zone, language and phone on one page."""

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from destinations.models import Destination
from leadrails.tenants import phone_codes, phones, services
from leadrails.tenants.account_pages import render_account
from leadrails.tenants.forms import CodeForm, PhoneForm, ProfileForm
from leadrails.tenants.models import User

SENDER = "phone_sender"  # in the session: the destination that sent the last code


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def profile(request: HttpRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    if not request.POST:
        return profile_page(request)
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return profile_page(request, form=form)
    services.update_profile(user, **form.cleaned_data)
    messages.success(request, _("Your profile is saved."))
    return redirect("tenants:profile")


def profile_page(request: HttpRequest, **bound: Any) -> HttpResponse:
    """
    Render the profile.

    Args:
        bound: the form that was refused: `form`, `phone_form` or `code_form`.
    """
    user = User.objects.get(pk=cast(User, request.user).pk)
    initial = {name: getattr(user, name) for name in ("name", "time_zone", "language")}
    context = {
        "form": ProfileForm(initial=initial),
        **_phone_card(request, user, timezone.now()),
        **bound,
    }
    status = 422 if any(form.errors for form in bound.values()) else 200
    template = "tenants/profile.html"
    return render_account(request, "profile", template, context, status=status)


def _phone_card(request: HttpRequest, user: User, now: datetime) -> dict[str, Any]:
    if user.confirmed_phone:
        return {"person": user}
    senders = phone_codes.senders_of(user)
    sender = last_sender(request, senders)
    initial = {"phone": user.phone, "destination": sender and sender.public_id}
    is_pending = phones.is_pending(user, now=now)
    return {
        "person": user,
        "is_pending": is_pending,
        "good_until": is_pending and user.phone_code_sent_at + phones.LIFETIME,  # type: ignore[operator]
        "sender": sender,
        "has_sender": bool(senders),
        "phone_form": PhoneForm(initial=initial, senders=choices(senders)),
        "code_form": CodeForm(),
    }


def last_sender(request: HttpRequest, senders: list[Destination]) -> Destination | None:
    """The destination that sent the last code, if the person may still use it."""
    last = request.session.get(SENDER)
    return next((row for row in senders if row.public_id == last), None)


def choices(senders: list[Destination]) -> list[tuple[str, str]]:
    """Each with its workspace, if there are several, and whether it is simulated."""
    is_one = len({row.tenant_id for row in senders}) == 1
    return [(row.public_id, _label(row, is_one=is_one)) for row in senders]


def _label(row: Destination, *, is_one: bool) -> str:
    name = row.name if is_one else f"{row.name} · {row.tenant.name}"
    return _("%(name)s (simulated)") % {"name": name} if row.is_simulated else name
