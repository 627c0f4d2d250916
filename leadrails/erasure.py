"""
Taking a person's data out of everything that a lead left behind.

Rows stay, emptied, so that counts, audit log and history remain true: what was sent
when, through what, and how it ended. What says who it was goes. A number in the list
of suppressions stays there: it is what keeps the person from being messaged again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.core.states import ABORTABLE, State
from leadrails.jobs.models import Attempt, Deadline, DeliveryEvent, Job
from leadrails.jobs.services import cancel_job
from leadrails.leads.models import Lead
from leadrails.rules.services import forget_calls
from leadrails.tenants import audit
from leadrails.tenants.models import User

MOST_LEADS = 200  # of one person that one act takes
BEING_SENT = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Extent:
    """What an erasure takes; `blocked` if a message is just being sent."""

    leads: list[Lead]
    jobs: list[Job]
    messages: int
    is_suppressed: bool

    @property
    def waiting(self) -> int:
        return sum(job.state in ABORTABLE for job in self.jobs)

    @property
    def is_blocked(self) -> bool:
        return any(job.state in BEING_SENT for job in self.jobs)


def same_person(lead: Lead) -> list[Lead]:
    """The lead and the others of its number, newest first."""
    if not lead.phone:
        return [lead]
    mine = Lead.objects.for_tenant(lead.tenant_id).filter(phone=lead.phone)
    others = mine.exclude(pk=lead.pk).order_by("-id")
    return [lead, *others[: MOST_LEADS - 1]]


def extent_of(leads: Sequence[Lead]) -> Extent:
    tenant_id, phones = leads[0].tenant_id, {lead.phone for lead in leads} - {""}
    jobs = Job.objects.for_tenant(tenant_id).filter(lead__in=[row.pk for row in leads])
    said = _said(tenant_id, [lead.pk for lead in leads], phones)
    listed = Suppression.objects.for_tenant(tenant_id).in_force()
    return Extent(
        leads=list(leads),
        jobs=list(jobs.select_related("tenant").order_by("id")),
        messages=said.count(),
        is_suppressed=listed.filter(phone__in=phones).exists(),
    )


def erase(leads: Sequence[Lead], *, actor: User, now: datetime) -> Extent:
    """
    Empty the leads and all that hangs on them; what waits is canceled.

    Raises:
        ValidationError: a message is being sent this moment, or its outcome is still
            unknown: without the number nobody could find out.
    """
    with transaction.atomic():
        tenant = leads[0].tenant
        mine = Lead.objects.for_tenant(tenant).filter(pk__in=[row.pk for row in leads])
        locked = list(mine.select_for_update(of=("self",)).select_related("tenant"))
        extent = extent_of(locked)
        for job in extent.jobs:
            if job.state in ABORTABLE:
                cancel_job(job, actor=actor)
        fresh = Job.objects.for_tenant(tenant).select_for_update(of=("self",))
        rows = list(fresh.filter(pk__in=[job.pk for job in extent.jobs]))
        if any(job.state in {*BEING_SENT, *ABORTABLE} for job in rows):
            raise ValidationError(
                _("A message to this person is just being sent. Try again in a minute.")
            )
        _empty(extent, now)
        for lead in locked:
            audit.record(tenant, actor, "lead.erased", lead, jobs=len(extent.jobs))
    return extent


def _empty(extent: Extent, now: datetime) -> None:
    tenant_id = extent.leads[0].tenant_id
    leads = [lead.pk for lead in extent.leads]
    phones = {lead.phone for lead in extent.leads} - {""}
    jobs = [job.pk for job in extent.jobs]
    said = _said(tenant_id, leads, phones)
    callbacks = list(said.values_list("callback_id", flat=True))
    InboundMedia.objects.filter(message__in=said).delete()
    forget_calls(said)
    said.delete()
    _empty_callbacks(tenant_id, jobs, callbacks)
    mine: Any
    mine = DeliveryEvent.objects.for_tenant(tenant_id).filter(job_id__in=jobs)
    mine.update(payload={})
    mine = Attempt.objects.for_tenant(tenant_id).filter(job_id__in=jobs)
    mine.update(request=None, response=None, error_message="")
    Deadline.objects.filter(job_id__in=jobs).delete()
    mine = Job.objects.for_tenant(tenant_id).filter(pk__in=jobs)
    mine.update(recipient="", message=None, error_message="")
    for lead in extent.leads:
        trail = [{**step, "why": ""} for step in lead.trail]
        Lead.objects.for_tenant(tenant_id).filter(pk=lead.pk).update(
            event={Lead.ERASED: now.isoformat()},
            trail=trail,
            phone="",
            phone_raw="",
            phone_problem="",
            email="",
            name="",
            remote_ip=None,
            user_agent="",
            tags=[],
        )


def _said(tenant_id: UUID, leads: Sequence[UUID], phones: set[str]) -> Any:
    rows = InboundMessage.objects.for_tenant(tenant_id)
    return rows.filter(lead_id__in=leads) | rows.filter(phone__in=phones)


# By table: the leads and the callbacks do not know each other.
_EMPTY_CALLBACKS = """
UPDATE webhooks_rawcallback SET url = '', headers = '{}', body = '', error = ''
WHERE tenant_id = %(tenant)s AND processed_at IS NOT NULL
  AND (job_id = ANY(%(jobs)s) OR id = ANY(%(ids)s))
"""


def _empty_callbacks(tenant_id: UUID, jobs: list[UUID], callbacks: list[UUID]) -> None:
    with connection.cursor() as cursor:
        parameters: Any = {"tenant": tenant_id, "jobs": jobs, "ids": callbacks}
        cursor.execute(_EMPTY_CALLBACKS, parameters)
