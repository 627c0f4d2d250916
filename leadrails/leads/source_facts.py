"""What the pages of sources show besides their rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from destinations.models import Destination
from leadrails.core import ids
from leadrails.core.reasons import EXPLANATIONS
from leadrails.core.states import FINAL, State
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead, Source
from leadrails.tenants.models import Tenant

MOST_COUNTED = 10_000
# What a test event waits for no longer: accepted and sent may stay so for good
# where a carrier confirms nothing, so watching ends by time too.
WATCH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Activity:
    """Leads of the last 24 hours, up to MOST_COUNTED; and the last one's time."""

    recent: int = 0
    last_at: datetime | None = None

    @property
    def is_more(self) -> bool:
        return self.recent >= MOST_COUNTED


def activity_of(
    tenant: Tenant, sources: list[Source], *, now: datetime
) -> dict[UUID, Activity]:
    """
    Return what came in lately, by source.

    Each count stops at MOST_COUNTED index entries and each last lead is one look at
    the same index, so that a busy source does not slow the list down.
    """
    if not sources:
        return {}
    since = ids.uuid7_floor(now - timedelta(hours=24))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id,
                   (SELECT count(*) FROM (
                      SELECT 1 FROM leads_lead l
                      WHERE l.tenant_id = %(tenant)s AND l.source_id = s.id
                        AND l.id >= %(since)s LIMIT %(most)s) recent),
                   (SELECT l.received_at FROM leads_lead l
                    WHERE l.tenant_id = %(tenant)s AND l.source_id = s.id
                    ORDER BY l.id DESC LIMIT 1)
            FROM unnest(%(sources)s::uuid[]) AS s(id)
            """,
            {
                "tenant": tenant.pk,
                "since": since,
                "most": MOST_COUNTED,
                "sources": [source.pk for source in sources],
            },
        )
        return {pk: Activity(recent, last) for pk, recent, last in cursor.fetchall()}


def endpoint_of(request: HttpRequest) -> str:
    """The address that sources post to."""
    base = settings.LEADRAILS_PUBLIC_URL or f"{request.scheme}://{request.get_host()}"
    return f"{base}/v1/lead-events"


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
