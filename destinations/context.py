"""What any page may say of the simulator."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from leadrails.tenants.models import Role


def handsets(request: HttpRequest) -> dict[str, str]:
    """Add `handsets_url` where there is a simulator and the person may send."""
    tenant = getattr(request, "tenant", None)
    role = getattr(request, "role", None)
    may_open = role is not None and Role(role).covers(Role.OPERATOR)
    if tenant is None or not may_open or not settings.LEADRAILS_SIMULATOR_URL:
        return {}
    return {"handsets_url": reverse("destinations:handsets", args=[tenant.slug])}
