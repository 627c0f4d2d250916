"""Routes are made, changed, rehearsed. Every change is audited and seen by intake."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.models import Destination
from leadrails.contacts.models import Suppression
from leadrails.core import ids, phone, policy
from leadrails.core.conditions import ConditionError, parse_conditions
from leadrails.core.quiet_hours import free_at
from leadrails.core.rendering import lead_fields
from leadrails.core.routing import Decision, RouteRule, plan
from leadrails.routing.models import Route
from leadrails.routing.rules import rule_of, rules_for, sentence_of
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User
from leadrails.tenants.services import bump_version

if TYPE_CHECKING:
    # The lead's app lies above this one: its rows come in as arguments.
    from leadrails.leads.models import Lead, Source, Workflow

LOWEST_PRIORITY = 10_000
MOST_NAMED = 20  # routes in a line of the audit log
CHANGEABLE = (
    "source",
    "workflow",
    "destination",
    "name",
    "priority",
    "conditions",
    "is_additional",
)


# What people do ---------------------------------------------------------------


def create_route(
    tenant: Tenant,
    *,
    source: "Source",
    workflow: "Workflow",
    destination: Destination,
    name: str,
    conditions: Mapping[str, Any] | None = None,
    priority: int = 100,
    is_additional: bool = False,
    actor: User | None,
    id: UUID | None = None,  # noqa: A002
) -> Route:
    """
    Make an active route.

    Args:
        id: chosen when the form was drawn, so that sending it twice makes one.

    Raises:
        ValidationError: with the fields at fault.
    """
    route = Route(
        id=id or ids.uuid7(),
        tenant=tenant,
        source=source,
        workflow=workflow,
        destination=destination,
        name=name.strip(),
        conditions=dict(conditions or {}),
        priority=priority,
        is_additional=is_additional,
    )
    check_route(route)
    with transaction.atomic():
        route.save(force_insert=True)
        audit.record(tenant, actor, "route.created", route, sentence=sentence_of(route))
        bump_version(tenant)
    return route


def update_route(route: Route, *, actor: User | None, **changes: Any) -> Route:
    """
    Change what is given, of CHANGEABLE.

    Raises:
        ValidationError: with the fields at fault; nothing is changed then.
    """
    if unknown := changes.keys() - set(CHANGEABLE):
        raise TypeError(f"no such settings: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        mine = Route.objects.for_tenant(route.tenant_id).listed()
        fresh = mine.select_for_update(of=("self",)).filter(pk=route.pk).first()
        if fresh is None:
            raise ValidationError(_("This route was deleted."))
        before = {name: getattr(fresh, name) for name in CHANGEABLE}
        for name, value in changes.items():
            setattr(fresh, name, value.strip() if name == "name" else value)
        check_route(fresh)
        fresh.save()
        changed = [name for name in CHANGEABLE if getattr(fresh, name) != before[name]]
        audit.record(
            fresh.tenant,
            actor,
            "route.updated",
            fresh,
            fields=changed,
            sentence=sentence_of(fresh),
        )
        bump_version(fresh.tenant_id)
    return fresh


def pause_route(route: Route, *, actor: User | None) -> bool:
    """Take no more leads; False if it was not active."""
    return _move(route, {Route.Status.ACTIVE}, Route.Status.PAUSED, actor)


def resume_route(route: Route, *, actor: User | None) -> bool:
    """Take leads again; False if it was not paused."""
    return _move(route, {Route.Status.PAUSED}, Route.Status.ACTIVE, actor)


def delete_route(route: Route, *, actor: User | None) -> bool:
    """Delete for good; the row stays for the trails that name it."""
    alive = {Route.Status.ACTIVE, Route.Status.PAUSED}
    return _move(route, alive, Route.Status.REVOKED, actor)


def order_routes(
    workflow: "Workflow", order: Sequence[UUID], *, actor: User | None
) -> bool:
    """
    Ask the routes of a workflow in this order from now on; False if they are already.

    Routes that are not named keep their order and come last.
    """
    with transaction.atomic():
        mine = Route.objects.for_tenant(workflow.tenant_id).listed()
        rows = list(
            mine.filter(workflow=workflow)
            .select_for_update(of=("self",))
            .order_by("priority", "id")
        )
        places = {pk: place for place, pk in enumerate(order)}
        sorted_rows = sorted(rows, key=lambda row: places.get(row.pk, len(places)))
        if sorted_rows == rows:
            return False
        step = min(10, LOWEST_PRIORITY // len(rows))
        for place, row in enumerate(sorted_rows, 1):
            row.priority = place * step
        Route.objects.bulk_update(rows, ["priority"])
        names = [row.name for row in sorted_rows[:MOST_NAMED]]
        audit.record(workflow.tenant, actor, "routes.ordered", workflow, order=names)
        bump_version(workflow.tenant_id)
    return True


# What people may ask ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would become of a lead; `obstacle` is why its message would not be sent."""

    lead: "Lead"
    decision: Decision
    obstacle: str = ""


def dry_run(route: Route, leads: Iterable["Lead"]) -> list[Rehearsed]:
    """
    Ask a route, saved or not, about leads; nothing is sent or stored.

    It is asked among the other routes of its workflow and as if it were active, so
    that the answer is what the next such lead would get.
    """
    rule = replace(rule_of(route, country=route.source.country), status="active")
    others = [other for other in rules_for(route.workflow) if other.id != route.id]
    lines = [Rehearsed(lead, _decision(rule, others, lead)) for lead in leads]
    obstacles = _obstacles(route, {line.decision.recipient for line in lines})
    return [
        replace(line, obstacle=obstacles.get(line.decision.recipient, ""))
        if line.decision.took
        else line
        for line in lines
    ]


# Parts ------------------------------------------------------------------------

_ACTS = {
    Route.Status.ACTIVE: "route.resumed",
    Route.Status.PAUSED: "route.paused",
    Route.Status.REVOKED: "route.deleted",
}


def _move(
    route: Route, old: set[Route.Status], new: Route.Status, actor: User | None
) -> bool:
    with transaction.atomic():
        mine = Route.objects.for_tenant(route.tenant_id).filter(pk=route.pk)
        if not mine.filter(status__in=old).update(status=new):
            return False
        audit.record(route.tenant, actor, _ACTS[new], route)
        bump_version(route.tenant_id)
    route.status = new
    return True


def check_route(route: Route) -> None:
    """
    Raises:
        ValidationError: with a sentence for each field at fault.
    """
    problems: dict[str, list[str]] = {}
    try:
        route.clean_fields(exclude={"tenant", "source", "workflow", "destination"})
    except ValidationError as error:
        problems = dict(error.message_dict)
    for name in ("source", "workflow", "destination"):
        if getattr(route, name).tenant_id != route.tenant_id:
            problems[name] = [_("Choose one of this workspace.")]
    if not problems.keys() & {"source", "workflow"}:
        if route.workflow.source_id != route.source_id:
            problems["workflow"] = [_("Choose a workflow of this source.")]
        elif route.source.status == "revoked":
            problems["workflow"] = [_("This source was revoked.")]
    if "destination" not in problems and route.destination.status == "revoked":
        problems["destination"] = [_("This destination was deleted.")]
    if "priority" not in problems and not 0 <= route.priority <= LOWEST_PRIORITY:
        problems["priority"] = [_("Enter a number from 0 to 10,000.")]
    try:
        parse_conditions(route.conditions)
        _check_storable(route.conditions)
    except ConditionError as error:
        problems["conditions"] = [str(error)]
    if problems:
        raise ValidationError(problems)


def _check_storable(conditions: Mapping[str, Any]) -> None:
    """PostgreSQL keeps neither a NUL nor half of a surrogate pair in JSON."""
    text = json.dumps(conditions, ensure_ascii=False)
    if "\\u0000" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise ConditionError("", _("They hold a character that cannot be stored."))


def _decision(rule: RouteRule, others: Sequence[RouteRule], lead: "Lead") -> Decision:
    fields = lead_fields(lead.event, phone_e164=lead.phone)
    decisions = plan(fields, [*others, rule]).decisions
    return next(decision for decision in decisions if decision.route_id == rule.id)


def _obstacles(route: Route, recipients: Collection[str]) -> dict[str, str]:
    """Why messages to these people would be skipped or held now, where they would."""
    place = route.destination
    listed = Suppression.objects.for_tenant(route.tenant_id).in_force()
    reasons = dict(listed.filter(phone__in=recipients).values_list("phone", "reason"))
    now = timezone.now()
    found = {}
    for recipient in recipients:
        quiet = place.quiet_hours if recipient else None
        verdict = policy.check(
            policy.PolicyFacts(
                now=now,
                expires_at=now + place.time_to_live,
                destination_status=place.status,
                recipient=recipient,
                country=phone.region_of(recipient) or "" if recipient else "",
                suppressed_as=reasons.get(recipient, ""),
                is_premium=bool(recipient) and phone.is_costly(recipient),
                allowed_countries=frozenset(place.allowed_countries),
                held_countries=frozenset(place.held_countries),
                quiet_until=free_at(now, recipient, quiet) if quiet else None,
            )
        )
        if isinstance(verdict, policy.Skip | policy.Hold):
            found[recipient] = policy.REASONS[verdict.reason]
    return found
