"""The way from a workspace to its virtual phones at the simulator."""

import re

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from destinations.providers import simulated
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role

_PHONE = re.compile(r"\+[1-9]\d{6,14}")


@require_safe
@member_required(Role.OPERATOR)
def open_handsets(request: TenantRequest) -> HttpResponse:
    """Lead to the simulator's page; who has its address may write as a recipient."""
    if not has_simulator():
        sentence = _("No simulator is set up, so there are no handsets.")
        messages.warning(request, sentence)
        return redirect("destinations:list", request.tenant.slug)
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    account = simulated.account_sid(request.tenant.id)
    path = simulated.handsets_path(secret, account)
    phone = request.GET.get("phone", "")
    path += phone if _PHONE.fullmatch(phone) else ""
    base = settings.LEADRAILS_SIMULATOR_PUBLIC_URL or settings.LEADRAILS_SIMULATOR_URL
    return HttpResponseRedirect(base + path)


def has_simulator() -> bool:
    secret = settings.LEADRAILS_SIMULATOR_SECRET
    return bool(settings.LEADRAILS_SIMULATOR_URL and secret)
