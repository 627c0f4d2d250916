"""The page of a job: what became of it, why, and whose move it is."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from destinations.pages import agent_name
from destinations.providers import errors
from leadrails.contacts.replies import placed, replies_from
from leadrails.contacts.replies import steps_of as reply_steps
from leadrails.core import ids
from leadrails.core.reasons import EXPLANATIONS, Move, Reason
from leadrails.core.segments import Segments
from leadrails.core.states import ABORTABLE, FAILED, REPLAYABLE, SUCCEEDED, State
from leadrails.jobs import gates
from leadrails.jobs.families import (
    Family,
    channel_of,
    duplicate_hint,
    family_of,
    shown_by_rcs,
)
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.jobs.prices import Cost, cost_of
from leadrails.jobs.resend import can_resend
from leadrails.jobs.timeline import Stop, Story, steps_of, whole_time
from leadrails.leads.models import Lead, Source
from leadrails.routing.models import Route
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import AuditEntry, Role

MOST_STOPS = 20  # of a destination while a job waited
_MOVES = {
    Move.YOURS: gettext_lazy("Your move"),
    Move.OURS: gettext_lazy("LeadRails' move"),
    Move.PROVIDERS: gettext_lazy("The provider's move"),
    Move.NOBODYS: gettext_lazy("Nobody's move"),
}


@require_safe
@member_required()
def job_detail(request: TenantRequest, job: str) -> HttpResponse:
    found = find_job(request, job)
    story = _story(request, found)
    kind = found.destination.kind
    can_act = request.role.covers(Role.OPERATOR)
    replies = replies_from(request.tenant, found.recipient, job=found.id)
    steps = steps_of(story, tenant=request.tenant)
    context = {
        "job": found,
        "lead": story.lead,
        "reason": EXPLANATIONS.get(found.reason),
        "advice": _advice(found, story.family),
        "error": _error(found, kind),
        "has_arrived": found.state in SUCCEEDED,
        "steps": placed(steps, reply_steps(request.tenant, replies)),
        "whole_time": whole_time(steps),
        "attempts": [
            (attempt, _pretty(attempt.request), _pretty(attempt.response))
            for attempt in story.attempts
        ],
        "events": [(event, _pretty(event.payload)) for event in story.events],
        "replay_of": ids.encode(Job.prefix, found.replay_of) if found.replay_of else "",
        "planned_for": _planned_for(found),
        "is_waiting": found.state in (State.QUEUED, State.RETRYING, State.HELD),
        "shut": gates.why_shut(found.destination) if _is_due(found) else None,
        "can_resend": can_act and can_resend(found),
        "copies": _copies(found),
        "rcs": shown_by_rcs(found),
        "agent": agent_name(request.tenant, found.destination),
        "cost": _cost(found),
        "family": story.family,
        "channel": channel_of(found),
        "duplicate_hint": duplicate_hint(found, story.family),
        "can_replay": can_act and _is_replayable(found, story.family),
        "can_cancel": can_act and found.state in ABORTABLE,
        "replies": replies,
        "cannot_be_called_back": not settings.LEADRAILS_PUBLIC_URL,
    }
    return render(request, "jobs/job_detail.html", context)


def _error(job: Job, kind: str) -> errors.ErrorInfo | None:
    """The last failure, unless the message arrived after all."""
    if not job.error_code or job.state in SUCCEEDED:
        return None
    return errors.lookup(kind, job.error_code)


def _copies(job: Job) -> list[Job]:
    """What was made of it: replays, and messages with other words."""
    mine = Job.objects.for_tenant(job.tenant_id).filter(lead_id=job.lead_id)
    return list(mine.filter(replay_of=job.id).order_by("id")[:20])


def _cost(job: Job) -> Cost | None:
    """What it is likely to cost, as long as the provider has not told."""
    if job.price is not None or not job.segments:
        return None
    measured = Segments(job.encoding, 0, job.segments, None)
    return cost_of(job.tenant, job.recipient, measured, job.destination_id)


def _planned_for(job: Job) -> datetime | None:
    """When the provider is to send it, if not at once."""
    planned = (job.message or {}).get("send_at")
    return datetime.fromisoformat(planned) if planned else None


def _is_due(job: Job) -> bool:
    """Whether it would be sent now if nothing kept its destination back."""
    is_next = job.state in (State.QUEUED, State.RETRYING)
    return is_next and (job.due_at is None or job.due_at <= timezone.now())


def find_job(request: TenantRequest, job: str) -> Job:
    jobs = Job.objects.for_tenant(request.tenant).select_related("destination")
    return get_object_or_404(jobs, pk=read_id(Job.prefix, job))


def _story(request: TenantRequest, job: Job) -> Story:
    """Lead, source and route may be gone: retention deletes the old ones."""
    tenant = request.tenant
    attempts = Attempt.objects.for_tenant(tenant).filter(job_id=job.id)
    events = DeliveryEvent.objects.for_tenant(tenant).filter(job_id=job.id)
    routes = Route.objects.for_tenant(tenant)
    return Story(
        job=job,
        lead=Lead.objects.for_tenant(tenant).filter(pk=job.lead_id).first(),
        source=Source.objects.for_tenant(tenant).filter(pk=job.source_id).first(),
        route=routes.filter(pk=job.route_id).first() if job.route_id else None,
        attempts=list(attempts.order_by("number")),
        events=list(events.order_by("received_at")),
        stops=_stops(job),
        family=family_of(job),
    )


def _stops(job: Job) -> list[Stop]:
    """What kept its destination back meanwhile, as the audit log has it."""
    acts = {
        "destination.paused": _("The destination was paused"),
        "destination.resumed": _("The destination was resumed"),
        "destination.country_released": _("A country was released"),
    }
    began, ended = ids.time_of(job.lead_id), job.changed_at
    rows = AuditEntry.objects.for_tenant(job.tenant_id).filter(
        subject=job.destination.public_id,
        action__in=acts,
        id__gte=ids.uuid7_floor(began),
        id__lt=ids.uuid7_floor(ended + timedelta(milliseconds=1)),
    )
    return [
        Stop(row.at, acts[row.action], row.actor_name, "paused" not in row.action)
        for row in rows.order_by("id")[:MOST_STOPS]
    ]


def _advice(job: Job, family: Family | None) -> tuple[str | Promise, str] | None:
    """Whose move it is, and which; None where there is nothing to explain."""
    explanation = EXPLANATIONS.get(job.reason)
    if explanation is None:
        return None
    move, step = explanation.move, explanation.next_step
    if family is not None and job.state in FAILED:
        if channel := family.reached_after(job):
            said = _("The person was reached by %(channel)s.")
            move, step = Move.NOBODYS, said % {"channel": channel}
        elif family.stand_in_for(job):
            move, step = Move.OURS, _("That text is on its way.")
        elif job.reason == Reason.REPLACED:
            move, step = Move.YOURS, _("That text failed too: its page says why.")
    return _MOVES[move], step


def _is_replayable(job: Job, family: Family | None) -> bool:
    """What has its plain text in its place is not: the person would get both."""
    is_replaced = family is not None and family.stand_in_for(job) is not None
    return job.state in REPLAYABLE and not is_replaced


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
