"""Rows to measure with: workspaces that may send fast, and jobs that are due."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from destinations.models import Destination
from leadrails import statements
from leadrails.core import ids
from leadrails.leads.models import Source
from leadrails.tenants.services import bump_version
from tests import make

FAST = {
    "messages_per_second": 2000,
    "max_in_flight": 1000,
    "hourly_ceiling": 10**8,
    "daily_per_recipient": 100,
    "allowed_countries": ["US"],
}
"""As an operator with a fast account sets them; the defaults are for one number."""

FILL = """
WITH input AS (
  SELECT * FROM unnest(%(leads)s::uuid[], %(jobs)s::uuid[], %(phones)s::text[])
    AS x (lead, job, phone)
),
lead AS (
  INSERT INTO leads_lead (id, tenant_id, source_id, workflow_id, received_at,
    idempotency_key, phone, phone_raw, phone_problem, email, name, event, trail,
    job_count, is_test, source_paused, user_agent)
  SELECT lead, %(tenant)s, %(source)s, %(workflow)s, now(), lead::text, phone, phone,
    '', '', 'Ann Lee', %(event)s::jsonb, '[]', 1, false, false, '' FROM input
),
job AS (
  INSERT INTO jobs_job (id, tenant_id, lead_id, source_id, destination_id, recipient,
    state, created_at, changed_at, expires_at)
  SELECT job, %(tenant)s, lead, %(source)s, %(destination)s, phone, 'queued', now(),
    now(), now() + interval '4 hours' FROM input
)
INSERT INTO jobs_queueentry (job_id, tenant_id, destination_id, is_bulk, due_at)
SELECT job, %(tenant)s, %(destination)s, false, now() FROM input
"""
EVENT = """{"schema_version": "lead_event.v1", "event_type": "lead.submitted",
"submitted_at": "2026-11-21T12:00:00.000Z", "source": {"source_system": "bench"},
"lead": {"first_name": "Ann", "full_name": "Ann Lee", "phone": "+12025550100"}}"""
CHUNK = 5000

_phones = itertools.count(12_022_000_000)


def next_phone() -> str:
    """A number that nobody was given before; each person is sent one message."""
    return f"+{next(_phones)}"


@dataclass(frozen=True)
class Place:
    """A tenant with one source; its routes lead to each of its destinations."""

    source: Source
    destinations: list[Destination]
    key_id: str
    secret: str


def make_place(destinations: int = 1, **limits: Any) -> Place:
    tenant = make.make_tenant()
    source = make.make_source(tenant, country="US")
    key_id, secret = make.make_signing_key(source)
    found = [
        make.make_destination(tenant, **{**FAST, **limits, "name": f"Way {number}"})
        for number in range(destinations)
    ]
    for number, destination in enumerate(found):
        make.make_route(source, destination, is_additional=number > 0)
    bump_version(tenant)
    return Place(source, found, key_id, secret)


def fill(destination: Destination, source: Source, phones: Sequence[str]) -> None:
    """Put a due job for each phone into the queue, as accepted leads would."""
    for start in range(0, len(phones), CHUNK):
        chunk = phones[start : start + CHUNK]
        leads = [ids.uuid7() for _ in chunk]
        statements.run(
            FILL,
            {
                "tenant": source.tenant_id,
                "source": source.id,
                "workflow": source.workflows.get(name="default").id,
                "destination": destination.id,
                "event": EVENT,
                "leads": leads,
                "jobs": [ids.uuid7_beside(lead) for lead in leads],
                "phones": chunk,
            },
        )


def fill_places(places: list[Place], count: int) -> None:
    """`count` jobs in all, shared out evenly over all destinations."""
    ways = [(way, place.source) for place in places for way in place.destinations]
    for number, (way, source) in enumerate(ways):
        share = count // len(ways) + (number < count % len(ways))
        if share:
            fill(way, source, [next_phone() for _ in range(share)])


def analyze() -> None:
    """Statistics as autovacuum has them after a while."""
    statements.run("ANALYZE")
