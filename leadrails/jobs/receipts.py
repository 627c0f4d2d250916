"""
Read receipts, counted: how many messages arrived, and how many of these were read.

Counted are those that went by a channel which tells, as tallies of two words whose
`about_id` is a destination, a source, a version of a destination's message, or a type
of message. Written in the transaction that moves the jobs; nothing scans jobs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from destinations.providers import fields
from leadrails import statements
from leadrails.jobs import tallies

REACHED, SEEN = "reached", "seen"
TELLING = ("rcs", "whatsapp")
"""Channels that tell what was read; the statements name them, too."""
VERSION = "version"
"""The key of a frozen message that says which version of the templates it is of."""

# Also in `_COUNT`, by number.
TYPES: dict[UUID, str | Promise] = {
    UUID(int=1): _("Text by RCS"),
    UUID(int=2): _("Card by RCS"),
    UUID(int=3): _("Carousel by RCS"),
    UUID(int=4): _("File by RCS"),
    UUID(int=5): _("WhatsApp"),
}

# What a job counts for now, less what it counted for before: a message that arrived by
# RCS may be told of as a text later, and the reverse.
_COUNT = """
WITH moved AS (
  SELECT job.tenant_id, job.id, job.destination_id, job.source_id, job.message,
    job.channel, job.state, coalesce(input.channel, job.channel) AS old_channel,
    coalesce(input.state, job.state) AS old_state
  FROM unnest(%(jobs)s::uuid[], %(states)s::text[], %(channels)s::text[])
    AS input (job_id, state, channel)
  JOIN jobs_job job ON job.id = input.job_id
),
change AS (
  SELECT moved.*, each.what,
    (channel IN ('rcs', 'whatsapp') AND state = ANY(each.states))::int
    - (old_channel IN ('rcs', 'whatsapp') AND old_state = ANY(each.states))::int
    AS number
  FROM moved, (VALUES ('reached', '{delivered,read}'::text[]),
    ('seen', '{read}'::text[])) AS each (what, states)
)
INSERT INTO jobs_tallychange (tenant_id, what, hour, about_id, number)
SELECT tenant_id, what, leadrails_hour_of(change.id), about.id, sum(number)
FROM change, LATERAL (VALUES (destination_id), (source_id),
  ((message->>'version')::uuid),
  (('00000000-0000-0000-0000-00000000000' || CASE
    WHEN channel = 'whatsapp' THEN '5'
    WHEN message->'rich' ? 'file' THEN '4'
    WHEN jsonb_array_length(message->'rich'->'cards') > 1 THEN '3'
    WHEN message->'rich' ? 'cards' THEN '2'
    ELSE '1' END)::uuid)) AS about (id)
WHERE number <> 0 AND about.id IS NOT NULL
GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0
"""


def note(states: Mapping[UUID, str], channels: Mapping[UUID, str]) -> None:
    """
    Count what arrived or was read just now; their channels are noted.

    Args:
        states: those before, of the jobs that moved.
        channels: those before, of the jobs whose channel changed.
    """
    jobs = sorted(states.keys() | channels.keys())
    parameters = {
        "jobs": jobs,
        "states": [states.get(job) for job in jobs],
        "channels": [channels.get(job) for job in jobs],
    }
    statements.run(_COUNT, parameters)


def version_of(place: Destination) -> UUID:
    """Which version of its templates a destination sends now."""
    parts = [place.body_template, place.rich] + [
        place.config.get(name, "")
        for name in (fields.CONTENT_TEMPLATE, fields.VARIABLES.name, fields.MEDIA.name)
    ]
    return uuid5(place.id, json.dumps(parts, sort_keys=True))


@dataclass(frozen=True, slots=True)
class Rate:
    """Of `reached` messages `seen` were read."""

    reached: int = 0
    seen: int = 0

    @property
    def share(self) -> float | None:
        return self.seen / self.reached if self.reached else None

    def without(self, other: "Rate") -> "Rate":
        return Rate(self.reached - other.reached, self.seen - other.seen)


def rates(tenant_id: UUID, since: datetime) -> dict[UUID, Rate]:
    """By what they are about, of the messages of leads since the hour of `since`."""
    counts: dict[UUID, dict[str, int]] = {}
    for count in tallies.read(tenant_id, REACHED, SEEN, since=since):
        found = counts.setdefault(count.about_id, {})
        found[count.what] = found.get(count.what, 0) + count.number
    return {
        about: Rate(found.get(REACHED, 0), found.get(SEEN, 0))
        for about, found in counts.items()
    }
