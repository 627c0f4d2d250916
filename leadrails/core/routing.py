"""
Which routes take a lead, and which messages that makes.

Every route is asked and answers why. Routes go by priority, lower first, then by
id. Two routes that reach the same person for the same purpose make one message,
that of the first, unless a route is additional: it always sends, and never takes
another's place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from leadrails.core.conditions import (
    OPERATORS,
    Condition,
    ConditionError,
    Conditions,
    Verdict,
    parse_conditions,
)
from leadrails.core.quiet_hours import Hours
from leadrails.core.reasons import Reason
from leadrails.core.wording import plain

__all__ = [
    "EVERY_LEAD",
    "MAX_JOBS",
    "OPERATORS",
    "Condition",
    "ConditionError",
    "Conditions",
    "Decision",
    "Plan",
    "PlannedJob",
    "RouteRule",
    "Verdict",
    "parse_conditions",
    "plan",
]

MAX_JOBS = 200
EVERY_LEAD = Conditions()
_SHOWN_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """
    What a plan needs of a route and its destination.

    `recipient_template` returns the recipient in its one normal form (E.164), or an
    empty string when the lead has none that is usable.
    """

    id: UUID
    name: str
    destination_id: UUID
    recipient_template: Callable[[Mapping[str, Any]], str]
    conditions: Conditions = EVERY_LEAD
    status: str = "active"
    destination_status: str = "active"
    priority: int = 100
    purpose: str = ""
    quiet: Hours | None = None
    time_to_live: timedelta = timedelta(0)
    is_additional: bool = False


class Decision(NamedTuple):
    """One line of the lead's trail."""

    route_id: UUID
    name: str
    took: bool
    why: str
    recipient: str = ""


class PlannedJob(NamedTuple):
    """
    A job to make. With a `problem` (a slug of `reasons.REASONS`) it ends at once:
    the lead's trail shows it, and nothing is sent.
    """

    route_id: UUID
    destination_id: UUID
    purpose: str
    recipient: str
    problem: str = ""
    detail: str = ""
    quiet: Hours | None = None
    time_to_live: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Plan:
    decisions: tuple[Decision, ...]
    jobs: tuple[PlannedJob, ...]


def plan(fields: Mapping[str, Any], routes: Sequence[RouteRule]) -> Plan:
    """
    Ask every route, in order, and plan the jobs of those that take the lead.

    A paused destination still gets its job, which waits. A route whose template
    fails gets a job that is dead from the start, so that it loses neither the lead
    nor another route's message.
    """
    decisions = []
    jobs: list[PlannedJob] = []
    takers: dict[tuple[str, str], str] = {}
    for route in sorted(routes, key=_order):
        verdict = _ask(route, fields)
        job = _job(route, fields) if verdict.took else None
        if job is not None:
            refusal = _refusal(route, job, takers, len(jobs))
            if refusal is None:
                jobs.append(job)
            else:
                verdict = Verdict(False, refusal)
        recipient = job.recipient if job else ""
        decisions.append(
            Decision(route.id, route.name, verdict.took, verdict.why, recipient)
        )
    return Plan(tuple(decisions), tuple(jobs))


def _order(route: RouteRule) -> tuple[int, int]:
    return route.priority, route.id.int


def _ask(route: RouteRule, fields: Mapping[str, Any]) -> Verdict:
    if route.status != "active":
        return Verdict(False, f"the route is {_STATUS.get(route.status, 'not active')}")
    if route.destination_status == "revoked":
        return Verdict(False, "its destination was removed")
    return route.conditions.test(fields)


_STATUS = {"paused": "paused", "revoked": "removed"}


def _job(route: RouteRule, fields: Mapping[str, Any]) -> PlannedJob:
    problem, detail, recipient = "", "", ""
    try:
        recipient = route.recipient_template(fields)
    except Exception as error:  # noqa: BLE001 - whatever it is, the lead must not be lost
        problem, detail = Reason.TEMPLATE_ERROR, plain(str(error), _SHOWN_DETAIL)
    else:
        if not recipient:
            problem = Reason.NO_USABLE_PHONE
    return PlannedJob(
        route_id=route.id,
        destination_id=route.destination_id,
        purpose=route.purpose,
        recipient=recipient,
        problem=problem,
        detail=detail,
        quiet=route.quiet,
        time_to_live=route.time_to_live,
    )


def _refusal(
    route: RouteRule,
    job: PlannedJob,
    takers: dict[tuple[str, str], str],
    planned: int,
) -> str | None:
    """Say why a route that fits makes no message; note whom it reaches if it does."""
    person = (job.recipient, route.purpose)
    is_shared = bool(job.recipient) and not route.is_additional
    if is_shared and person in takers:
        return f"same person, same purpose as route {takers[person]}"
    if planned >= MAX_JOBS:
        return f"a lead makes at most {MAX_JOBS} messages"
    if is_shared:
        takers[person] = route.name
    return None
