"""Accept leads: normalise, route, store in one statement, wake the workers."""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.utils import timezone

from leadrails import statements
from leadrails.core import ids, phone, routing
from leadrails.core.crashpoints import crash_here
from leadrails.core.quiet_hours import life_end
from leadrails.core.reasons import Reason
from leadrails.core.rendering import lead_fields
from leadrails.jobs.wake import drain_waker
from leadrails.leads import intake_sql
from leadrails.leads.directory import SourceEntry, WorkflowEntry


class Collision(Exception):
    """The idempotency key was used before with another body."""


class ReplayedNonce(Exception):
    """The nonce was used before, with another idempotency key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """
    One authenticated lead event.

    `event` is `body` as plain data. `workflow` is None for a name that the source
    does not have. Posts with an API key carry no `key_id` and `nonce`.
    """

    source: SourceEntry
    workflow: WorkflowEntry | None
    workflow_name: str
    event: dict[str, Any]
    body: bytes
    idempotency_key: str
    key_id: UUID | None = None
    nonce: str | None = None
    remote_ip: str | None = None
    user_agent: str = ""
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Accepted:
    """`is_fresh` is False for a repeat, which changed nothing."""

    lead_id: UUID
    job_count: int
    workflow: str
    is_fresh: bool


def accept_lead(posted: Posted) -> Accepted:
    """
    Store a lead with its trail and jobs, or find it stored already.

    When this returns, everything is on disk. The wake-up that follows may be lost:
    the sweep finds what is due.

    Raises:
        Collision, ReplayedNonce: nothing was stored.
    """
    row = _store(_parameters(posted))
    lead_id, job_count, workflow, body_sha256, is_fresh = row
    if is_fresh:
        if job_count:
            drain_waker.wake()
    elif bytes(body_sha256) != hashlib.sha256(posted.body).digest():
        raise Collision
    return Accepted(lead_id, job_count, workflow, is_fresh)


def _store(parameters: dict[str, Any]) -> tuple[UUID, int, str, bytes, bool]:
    is_signed = parameters["nonce"] is not None
    statement = intake_sql.STORE_SIGNED if is_signed else intake_sql.STORE
    crash_here("intake_before_commit")
    rows = statements.run(statement, parameters)
    crash_here("intake_after_commit")
    if not rows:
        rows = statements.run(intake_sql.LOOK_AGAIN, parameters)
    if not rows:
        raise ReplayedNonce
    stored: tuple[UUID, int, str, bytes, bool] = rows[0]
    return stored


def _parameters(posted: Posted) -> dict[str, Any]:
    source, workflow = posted.source, posted.workflow
    raw_phone = (posted.event.get("lead") or {}).get("phone") or ""
    number = phone.normalise(raw_phone, source.country)
    fields = lead_fields(posted.event, phone_e164=number.e164 or "")
    trail, jobs = _route(posted, fields)
    lead_id = ids.uuid7()
    default = source.workflows["default"]
    return {
        "tenant": source.tenant_id,
        "source": source.id,
        "workflow": (workflow or default).id,
        "workflow_name": posted.workflow_name,
        "lead": lead_id,
        "hour": ids.hour_of(lead_id),
        "idempotency_key": posted.idempotency_key,
        "body_sha256": hashlib.sha256(posted.body).digest(),
        "key_id": posted.key_id,
        "nonce": posted.nonce,
        "phone": number.e164 or "",
        "phone_raw": raw_phone[:100],
        "phone_problem": number.problem or "",
        "email": str(fields.get("email") or "")[:320],
        "name": str(fields.get("name") or "")[:300],
        "event": posted.body.decode(),
        "trail": _json(trail),
        "is_test": posted.is_test,
        "source_paused": source.status == "paused",
        "remote_ip": _address(posted.remote_ip),
        "user_agent": posted.user_agent.replace("\x00", ""),
        "job_count": len(jobs),
        "jobs": _json(_rows(lead_id, jobs)),
    }


def _rows(lead_id: UUID, jobs: tuple[routing.PlannedJob, ...]) -> list[dict[str, Any]]:
    # In the order of the routes: that is how messages to one person follow.
    job_ids = sorted(ids.uuid7_beside(lead_id) for _ in jobs)
    return [
        {
            "id": job_id,
            "route": job.route_id,
            "destination": job.destination_id,
            "recipient": job.recipient,
            "state": _first_state(job.problem),
            "reason": str(job.problem),
            "detail": job.detail.replace("\x00", "")[:500],
            "longer": _longer(job),
        }
        for job_id, job in zip(job_ids, jobs, strict=True)
    ]


def _longer(job: routing.PlannedJob) -> timedelta | None:
    """By how much the night lengthens its life; None, as for nearly all, if not."""
    if job.quiet is None or job.problem:
        return None
    now = timezone.now()
    life = life_end(now, job.time_to_live, job.recipient, job.quiet) - now
    return life - job.time_to_live


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _route(
    posted: Posted, fields: dict[str, Any]
) -> tuple[list[dict[str, Any]], tuple[routing.PlannedJob, ...]]:
    """Return the trail for the lead's page, and the jobs to make."""
    if posted.source.status == "paused":
        return [_note("The source is paused: the lead is kept, nothing is sent.")], ()
    if posted.workflow is None:
        return [_note(f"The source has no workflow “{posted.workflow_name}”.")], ()
    plan = routing.plan(fields, posted.workflow.rules)
    trail = [
        {
            "route_id": ids.encode("rt", decision.route_id),
            "name": decision.name,
            "took": decision.took,
            "why": decision.why,
        }
        for decision in plan.decisions
    ]
    return trail or [_note("The workflow has no route yet.")], plan.jobs


def _note(why: str) -> dict[str, Any]:
    return {"route_id": None, "name": "", "took": False, "why": why}


def _first_state(problem: str) -> str:
    if not problem:
        return "queued"
    return "dead" if problem == Reason.TEMPLATE_ERROR else "skipped"


@lru_cache(maxsize=1024)
def _address(text: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return None
