"""
What a destination's gate learns from its calls: slow down, stop, go on.

Five calls in a row without an answer open its circuit: nothing is claimed for it until
a single call, tried after ten seconds and then ever later, is answered again. Jobs keep
their attempts and their place meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone

from destinations.models import Destination
from leadrails import statements
from leadrails.alerts.services import close_alerts, open_alert
from leadrails.core.reasons import Reason
from leadrails.jobs import gates_sql as sql
from leadrails.jobs.answers import Answer
from leadrails.jobs.effects import scope_of
from leadrails.jobs.models import Gate, QueueEntry

if TYPE_CHECKING:
    from leadrails.jobs.queue import Aside, Result

CIRCUIT_OPEN = "circuit_open"

ENOUGH_TROUBLES = 5
SHORTEST_OPENING = timedelta(seconds=10)
# Doubts are to be settled within 90 seconds once the provider answers again: this, the
# two looks at what it has, half a minute apart, and a little of everything else.
LONGEST_OPENING = timedelta(seconds=40)
SHORTEST_SLOWDOWN = timedelta(seconds=1)
OVERFLOW_SLOWDOWN = timedelta(seconds=10)
LONGEST_SLOWDOWN = timedelta(minutes=5)
LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Shut:
    """Why nothing is sent through a destination just now, and until when."""

    cause: str  # circuit, slowed or rate
    until: datetime


def why_shut(destination: Destination) -> Shut | None:
    found = Gate.objects.filter(
        destination_id=destination.pk, tenant_id=destination.tenant_id
    ).first()
    now = timezone.now()
    if found is None:
        return None
    if found.open_until and found.open_until > now:
        return Shut("circuit", found.open_until)
    if found.slowed_until and found.slowed_until > now:
        return Shut("slowed", found.slowed_until)
    if found.free_at and found.free_at > now and _is_anything_waiting(destination):
        return Shut("rate", found.free_at)
    return None


def _is_anything_waiting(destination: Destination) -> bool:
    waiting = QueueEntry.objects.filter(
        destination_id=destination.pk, lease_until=None, due_at__lte=timezone.now()
    )
    return waiting.exists()


def note(results: Sequence[Result]) -> None:
    """Write what a batch of calls says of the destinations. In its transaction."""
    troubles: Counter[UUID] = Counter()
    slow: dict[UUID, timedelta] = {}
    answered: set[UUID] = set()
    for item in results:
        place = item.job.destination_id
        if item.answer is Answer.NOT_ASKED:
            continue
        if item.answer is Answer.NONE:
            troubles[place] += 1
            continue
        answered.add(place)
        if item.answer is Answer.SLOW_DOWN:
            wait = item.retry_after or SHORTEST_SLOWDOWN
            slow[place] = max(slow.get(place, SHORTEST_SLOWDOWN), wait)
    if answered:
        _close(answered)
    if slow:
        waits = [min(wait, LONGEST_SLOWDOWN) for wait in slow.values()]
        parameters = {"destinations": list(slow), "waits": waits, "least": LEAST_SHARE}
        statements.run(sql.NOTE_SLOWDOWNS, parameters)
    # A provider that answers some calls is there: its circuit stays closed.
    _count({place: troubles[place] for place in troubles.keys() - answered})


# While these last no other message of the destination could take the place either.
_HOLDS_OF_ALL = frozenset({Reason.DESTINATION_PAUSED, Reason.DESTINATION_CEILING})
_REFUND = """
WITH input AS (
  SELECT * FROM unnest(%(destinations)s::uuid[], %(counts)s::int[])
    AS x (destination_id, count)
),
before AS (
  SELECT gate.destination_id, input.count FROM jobs_gate gate
  JOIN input USING (destination_id) ORDER BY gate.destination_id FOR UPDATE OF gate
)
UPDATE jobs_gate gate SET free_at = gate.free_at
  - before.count / place.messages_per_second * interval '1 second'
FROM before JOIN destinations_destination place ON place.id = before.destination_id
WHERE gate.destination_id = before.destination_id
"""


def refund(asides: Sequence[Aside]) -> None:
    """Give places in the rate back that were claimed and are not used."""
    unused = Counter(
        item.job.destination_id for item in asides if item.reason not in _HOLDS_OF_ALL
    )
    if unused:
        parameters = {"destinations": list(unused), "counts": list(unused.values())}
        statements.run(_REFUND, parameters)


_CHANGE_RATE = """
UPDATE jobs_gate SET free_at = now() + (free_at - now()) * %(factor)s
WHERE destination_id = %(destination)s AND free_at > now()
"""


def change_rate(destination_id: UUID, *, old: float, new: float) -> None:
    """Let what was claimed at the old rate be worked off at the new one."""
    parameters = {"destination": destination_id, "factor": old / new}
    statements.run(_CHANGE_RATE, parameters)


# What was sent before the rate was last lowered says nothing of the lower rate.
_NOTE_OVERFLOWS = """
WITH input AS (
  SELECT * FROM unnest(%(destinations)s::uuid[], %(started)s::timestamptz[])
    AS x (destination_id, started_at)
),
before AS (
  SELECT gate.destination_id FROM jobs_gate gate JOIN input USING (destination_id)
  WHERE gate.slowed_until IS NULL OR gate.slowed_until < input.started_at
  ORDER BY gate.destination_id FOR UPDATE OF gate
)
UPDATE jobs_gate gate SET slowed_until = now() + %(wait)s,
  share = greatest(%(least)s, coalesce(least(1, gate.share
    + 0.02 * extract(epoch FROM now() - gate.slowed_until)), 1) / 2)
FROM before WHERE gate.destination_id = before.destination_id
"""


def note_overflows(started_at: Mapping[UUID, datetime]) -> None:
    """
    Slow destinations down whose messages were too many for the provider, as it says
    after it took them. In its caller's transaction, after all other locks.

    Args:
        started_at: by destination, when the last such message was sent.
    """
    if started_at:
        parameters = {
            "destinations": list(started_at),
            "started": list(started_at.values()),
            "wait": OVERFLOW_SLOWDOWN,
            "least": LEAST_SHARE,
        }
        statements.run(_NOTE_OVERFLOWS, parameters)


def _close(answered: Iterable[UUID]) -> None:
    parameters = {"destinations": list(answered)}
    for destination_id, tenant_id in statements.run(sql.NOTE_ANSWERS, parameters):
        close_alerts(
            tenant_id=tenant_id,
            kind=CIRCUIT_OPEN,
            scope=scope_of(destination_id),
            now=timezone.now(),
        )


def _count(troubles: dict[UUID, int]) -> None:
    if not troubles:
        return
    parameters = {
        "destinations": list(troubles),
        "counts": list(troubles.values()),
        "enough": ENOUGH_TROUBLES,
        "shortest": SHORTEST_OPENING,
        "longest": LONGEST_OPENING,
    }
    rows = statements.run(sql.NOTE_TROUBLES, parameters)
    for destination_id, tenant_id, opens in sorted(rows):
        if opens:
            open_alert(
                tenant_id=tenant_id,
                kind=CIRCUIT_OPEN,
                scope=scope_of(destination_id),
                cause="no_answer",
                destination_id=destination_id,
                failures=troubles[destination_id],
            )
