"""Routes as the pure core wants them: compiled once, asked for every lead."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from leadrails.core import phone
from leadrails.core.conditions import (
    ConditionError,
    Conditions,
    Verdict,
    parse_conditions,
)
from leadrails.core.rendering import Template, TemplateError
from leadrails.core.routing import RouteRule
from leadrails.routing.models import Route, RouteQuerySet

if TYPE_CHECKING:
    # The lead's app lies above this one: its rows come in as arguments.
    from leadrails.leads.models import Source, Workflow


def route_rules(source: "Source") -> dict[UUID, tuple[RouteRule, ...]]:
    """
    Return the rules of each workflow of a source, in the order they are asked.

    Paused routes are there too, so that a lead's trail says that they are.
    """
    rules: dict[UUID, list[RouteRule]] = defaultdict(list)
    mine = Route.objects.for_tenant(source.tenant_id).filter(source=source)
    for route in _ordered(mine):
        rules[route.workflow_id].append(rule_of(route, country=source.country))
    return {workflow: tuple(found) for workflow, found in rules.items()}


def rules_for(workflow: "Workflow") -> tuple[RouteRule, ...]:
    """Return the rules of one workflow, in the order they are asked."""
    country = workflow.source.country
    mine = Route.objects.for_tenant(workflow.tenant_id).filter(workflow=workflow)
    return tuple(rule_of(route, country=country) for route in _ordered(mine))


def rule_of(route: Route, *, country: str) -> RouteRule:
    """
    Return a route with its destination as the core sees them.

    Args:
        country: where a recipient written without a country code is.
    """
    destination = route.destination
    return RouteRule(
        id=route.id,
        name=route.name,
        status=route.status,
        priority=route.priority,
        conditions=_readable(route),
        is_additional=route.is_additional,
        destination_id=destination.id,
        destination_status=destination.status,
        purpose=destination.purpose,
        quiet=destination.quiet_hours,
        time_to_live=destination.time_to_live,
        recipient_template=_recipient(destination.recipient_template, country),
    )


def sentence_of(route: Route) -> str:
    """Return the conditions in words, empty when every lead is taken."""
    conditions = _readable(route)
    return conditions.sentence() if conditions.parts else ""


def _ordered(routes: RouteQuerySet) -> RouteQuerySet:
    return (
        routes.listed()
        .select_related("destination__tenant")
        .defer("destination__credentials", "destination__body_template")
        .order_by("priority", "id")
    )


@dataclass(frozen=True, slots=True)
class _Unreadable(Conditions):
    """Conditions that an older version wrote: better no message than a wrong one."""

    problem: str = ""

    def test(self, fields: Mapping[str, Any]) -> Verdict:  # noqa: ARG002
        return Verdict(False, f"its conditions cannot be read ({self.problem})")


def _readable(route: Route) -> Conditions:
    try:
        return parse_conditions(route.conditions)
    except ConditionError as error:
        return _Unreadable(problem=str(error))


def _recipient(source: str, country: str) -> Callable[[Mapping[str, Any]], str]:
    """
    Return the function from a lead's fields to a number in E.164, or "".

    A template that does not compile raises with every lead, as a bad one should:
    its jobs end with the line at fault.
    """
    try:
        template = Template.compile(source)
    except TemplateError as error:
        problem = error

        def fail(_fields: Mapping[str, Any]) -> str:
            raise TemplateError(problem.message, problem.line)

        return fail

    def find(fields: Mapping[str, Any]) -> str:
        text = template.render(fields).strip()
        if text and text == fields.get("phone"):
            return text  # intake has normalised it already
        return phone.normalise(text, country).e164 or ""

    return find
