"""*Send test event* on a source's page: sending one, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from destinations.models import Destination
from leadrails.core import ids
from leadrails.core.reasons import EXPLANATIONS
from leadrails.core.states import FINAL, State
from leadrails.jobs.models import Job
from leadrails.jobs.wake import drain_waker
from leadrails.leads.models import Lead, Source
from leadrails.leads.services import send_test_event
from leadrails.tenants.models import User

# Two clicks within this time are one.
DOUBLE_CLICK = timedelta(seconds=3)
# Where a carrier confirms nothing, a job stays accepted or sent: watching ends too.
WATCH = timedelta(minutes=5)


@transaction.atomic
def run_trial(source: Source, *, actor: User) -> Lead:
    """
    Send one test event, or return that of a moment ago.

    Raises:
        ValidationError: in a sentence for the page.
    """
    rows = Source.objects.for_tenant(source.tenant_id).select_related("tenant")
    source = rows.select_for_update(of=("self",)).get(pk=source.pk)
    now = timezone.now()
    recent = Lead.objects.for_tenant(source.tenant_id).filter(
        source=source, is_test=True, id__gte=ids.uuid7_floor(now - DOUBLE_CLICK)
    )
    if lead := recent.order_by("-id").first():
        return lead
    lead = send_test_event(source, actor=actor, now=now)
    # It woke the workers itself, but they cannot see the job before the commit.
    transaction.on_commit(drain_waker.wake)
    return lead


@dataclass(frozen=True, slots=True)
class Trial:
    """A test event as its card shows it."""

    lead: Lead
    jobs: list[dict[str, Any]]
    is_over: bool


def trial_of(lead: Lead, *, now: datetime) -> Trial:
    jobs = list(
        Job.objects.for_tenant(lead.tenant_id)
        .filter(lead=lead, id__gte=ids.uuid7_floor(ids.time_of(lead.id)))
        .order_by("id")
    )
    places = Destination.objects.for_tenant(lead.tenant_id).in_bulk(
        {job.destination_id for job in jobs}
    )
    is_over = all(State(job.state) in FINAL for job in jobs)
    return Trial(
        lead,
        [_told(job, places.get(job.destination_id)) for job in jobs],
        is_over or now - lead.received_at > WATCH,
    )


def _told(job: Job, destination: Destination | None) -> dict[str, Any]:
    why = EXPLANATIONS.get(job.reason)
    return {
        "job": job,
        "destination": destination,
        "sentence": why.sentence if why else "",
        "next_step": why.next_step if why else "",
    }
