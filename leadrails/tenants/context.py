"""What the shell shows on every page of a tenant."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.utils import timezone

from leadrails.tenants.models import Membership, Tenant


def navigation(request: HttpRequest) -> dict[str, Any]:
    """
    Add `nav`: the viewer's tenants, open alerts, and where messages go.

    `is_simulated`: all destinations talk to the simulator, so no phone is reached.
    `is_mixed`: some do and some do not, so each must say what it is.

    Alerts and destinations lie above this app, so their models come from the registry.
    """
    tenant = getattr(request, "tenant", None)
    if tenant is None:
        return {}
    alerts = apps.get_model("alerts", "Alert").objects
    destinations = apps.get_model("destinations", "Destination").objects
    kinds = set(
        destinations.for_tenant(tenant)
        .listed()
        .values_list("is_simulated", flat=True)
        .distinct()
    )
    return {
        "nav": {
            "tenants": Tenant.objects.filter(
                pk__in=Membership.objects.filter(user=request.user.pk).values_list(
                    "tenant_id"
                )
            ).order_by("name"),
            "open_alerts": alerts.for_tenant(tenant).awake(timezone.now()).count(),
            "is_simulated": kinds == {True},
            "is_mixed": kinds == {True, False},
        }
    }
