"""Routes as the pure core wants them: compiled once, asked for every lead."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from leadrails.core import phone
from leadrails.core.rendering import Template
from leadrails.core.routing import RouteRule, parse_conditions
from leadrails.routing.models import Route

if TYPE_CHECKING:
    from leadrails.leads.models import Source


def route_rules(source: "Source") -> dict[UUID, tuple[RouteRule, ...]]:
    """Return the rules of a source by workflow; paused ones too, for the trail."""
    routes = (
        Route.objects.for_tenant(source.tenant_id)
        .listed()
        .filter(source=source)
        .select_related("destination")
        .order_by("priority", "id")
    )
    rules: dict[UUID, tuple[RouteRule, ...]] = {}
    for route in routes:
        rule = rule_of(route, country=source.country)
        rules[route.workflow_id] = (*rules.get(route.workflow_id, ()), rule)
    return rules


def rule_of(route: Route, *, country: str) -> RouteRule:
    """Compile one route; `country` reads national numbers of its recipient."""
    place = route.destination
    return RouteRule(
        id=route.id,
        name=route.name,
        destination_id=place.id,
        recipient_template=_recipient(place.recipient_template, country),
        conditions=parse_conditions(route.conditions),
        status=route.status,
        destination_status=place.status,
        priority=route.priority,
        purpose=place.purpose,
        is_additional=route.is_additional,
    )


def _recipient(source: str, country: str) -> Callable[[Mapping[str, Any]], str]:
    template = Template.compile(source)

    def recipient(fields: Mapping[str, Any]) -> str:
        text = template.render(fields)
        # The lead's own number is in its normal form already: the common case.
        if text and text == fields.get("phone"):
            return text
        return phone.normalise(text, country).e164 or ""

    return recipient
