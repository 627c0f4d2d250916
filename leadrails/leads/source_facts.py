"""What came in lately from each source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from leadrails.core import ids
from leadrails.jobs import tallies
from leadrails.leads.models import Source
from leadrails.tenants.models import Tenant

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Activity:
    """Leads of the last 24 hours, up to MOST_COUNTED; and the last one's time."""

    recent: int = 0
    last_at: datetime | None = None

    @property
    def is_more(self) -> bool:
        return self.recent >= MOST_COUNTED


def activity_of(
    tenant: Tenant, sources: Sequence[UUID], *, now: datetime
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
                "sources": list(sources),
            },
        )
        return {pk: Activity(recent, last) for pk, recent, last in cursor.fetchall()}


def leads_by_hour(source: Source, *, now: datetime) -> list[int]:
    """How many came in each of the last 25 hours of UTC, this one included."""
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    first = this - timedelta(hours=24)
    found = [0] * 25
    for count in tallies.read(source.tenant_id, tallies.LEAD, since=first):
        place = round((count.hour - first) / timedelta(hours=1))
        if count.about_id == source.id and place < len(found):
            found[place] += count.number
    return found
