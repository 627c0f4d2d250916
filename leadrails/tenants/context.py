"""What the shell shows on every page of a tenant."""

from typing import Any

from django.apps import apps
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpRequest
from django.utils import timezone

from leadrails.tenants.models import Membership, User


def memberships_of(user: User, slug: str) -> list[Membership]:
    """
    A person's memberships, by the names of the tenants, in one query.

    That of the tenant `slug` has what `navigation` shows of it. Alerts and destinations
    lie above this app, so their models come from the registry.
    """
    here, tenant = Q(tenant__slug=slug), OuterRef("tenant_id")
    alerts = apps.get_model("alerts", "Alert").objects.for_tenant(tenant)
    awake = alerts.awake(timezone.now()).order_by().values("tenant")
    places = apps.get_model("destinations", "Destination").objects.for_tenant(tenant)
    simulated, live = (
        places.listed().filter(is_simulated=is_) for is_ in (True, False)
    )

    def if_here(figure: Any) -> Case:
        return Case(When(here, then=figure), default=None)

    return list(
        Membership.objects.filter(user=user)
        .select_related("tenant")
        .annotate(
            open_alerts=if_here(Subquery(_count(awake))),
            has_simulated=if_here(Exists(simulated)),
            has_live=if_here(Exists(live)),
        )
        .order_by("tenant__name")
    )


def _count(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    counted: QuerySet[Any, Any] = rows.annotate(count=Count("pk")).values("count")
    return counted


def navigation(request: HttpRequest) -> dict[str, Any]:
    """
    Add `nav`: the viewer's tenants, open alerts, and where messages go.

    `is_simulated`: all destinations talk to the simulator, so no phone is reached.
    `is_mixed`: some do and some do not, so each must say what it is.
    """
    here = getattr(request, "membership", None)
    if here is None:
        return {}
    return {
        "nav": {
            "tenants": [mine.tenant for mine in request.memberships],  # type: ignore[attr-defined]
            "open_alerts": here.open_alerts or 0,
            "is_simulated": here.has_simulated and not here.has_live,
            "is_mixed": here.has_simulated and here.has_live,
        }
    }
