"""
When to look whether a message arrived or was read, for destinations that want to know.

`note` sets, moves and meets deadlines in the transaction that moves the jobs; it costs
nothing where no destination of the batch falls back by LeadRails or has rules. What is
due is looked at by `leadrails/jobs/overdue.py`.
"""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from destinations.cache import find_destinations, remembered
from destinations.models import Destination
from destinations.providers.fields import CHANNEL, FALLBACK, LEADRAILS, RCS, patience
from leadrails import statements
from leadrails.core.children import Cause
from leadrails.core.fallback import MENDED_BY_TEXT
from leadrails.core.states import AT_PROVIDER, FAILED, SUCCEEDED, State
from leadrails.jobs import deadlines_sql as sql
from leadrails.jobs import receipts
from leadrails.jobs.children import child_id

RULES_KNOWN_FOR = 1.0  # seconds
NOBODY: Mapping[UUID, str] = {}


class Moved(NamedTuple):
    """A job that moved. `was` is its state before, as far as that is known."""

    job_id: UUID
    destination: Destination
    was: State | None
    state: State
    reason: str


def note(moves: Iterable[Moved]) -> None:
    """Set and meet the deadlines of jobs that just moved, in the same transaction."""
    ruled = _ruled_places()
    watched = [
        move
        for move in moves
        if move.destination.may_have_channel or move.destination.id in ruled
    ]
    if not watched:
        return
    _note_channels(watched)
    _set_fallbacks(watched)
    begun = [move.job_id for move in watched if _begins(move)]
    if any(move.destination.id in ruled for move in watched) and begun:
        statements.run(sql.SET_FOLLOW_UPS, {"jobs": begun})
    _meet(watched)


def places_of(ids: Collection[UUID]) -> dict[UUID, Destination]:
    """Destinations as this process last saw them; good enough to tell who watches."""
    known = {pk: found[1] for pk in ids if (found := remembered(pk))}
    missing = set(ids) - known.keys()
    return known | find_destinations(missing) if missing else known


def falls_back(destination: Destination) -> bool:
    """Whether LeadRails itself sends the plain text if the rich message fails."""
    config = destination.config
    is_ours: bool = config.get(FALLBACK.name) == LEADRAILS
    return is_ours and config.get(CHANNEL) == RCS


def _begins(move: Moved) -> bool:
    return _is_handed_over(move) or move.state in FAILED or move.state in SUCCEEDED


def _is_handed_over(move: Moved) -> bool:
    return move.state in AT_PROVIDER and move.was not in AT_PROVIDER


def _note_channels(moves: Sequence[Moved]) -> None:
    rich = [move for move in moves if move.destination.may_have_channel]
    arrived = {m.job_id: m.was or "" for m in rich if m.state in SUCCEEDED}
    note_channels([move.job_id for move in rich], arrived)


def note_channels(jobs: Sequence[UUID], arrived: Mapping[UUID, str] = NOBODY) -> None:
    """
    Note what carried messages that were to go otherwise than as a text.

    Args:
        arrived: the states before, of those that just arrived or were read.
    """
    if not jobs:
        return
    found = statements.run(sql.NOTE_CHANNELS, {"jobs": jobs})
    changed = {job: before for job, before in found if before or job in arrived}
    if arrived or changed:
        receipts.note(arrived, changed)


def _set_fallbacks(moves: Sequence[Moved]) -> None:
    waits = {}
    for move in moves:
        if not falls_back(move.destination):
            continue
        if _is_handed_over(move):
            waits[move.job_id] = timedelta(seconds=patience(move.destination.config))
        elif move.state in FAILED and move.reason in MENDED_BY_TEXT:
            waits[move.job_id] = timedelta(0)
    if waits:
        parameters = {"jobs": list(waits), "waits": list(waits.values())}
        statements.run(sql.SET_FALLBACKS, parameters)


def _meet(moves: Sequence[Moved]) -> None:
    arrived = [move.job_id for move in moves if move.state in SUCCEEDED]
    if arrived:
        parameters = {
            "jobs": arrived,
            "read": [move.job_id for move in moves if move.state is State.READ],
            "children": [child_id(job, Cause.FALLBACK) for job in arrived],
        }
        statements.run(sql.MEET, parameters)


# Which destinations have rules ------------------------------------------------

_RULED = "SELECT DISTINCT destination_id FROM jobs_followuprule WHERE is_active"
_ruled: tuple[float, frozenset[UUID]] = (0.0, frozenset())


def _ruled_places() -> frozenset[UUID]:
    """As of a second ago at most: a rule holds for what is sent after it was made."""
    global _ruled
    until, places = _ruled
    if time.monotonic() >= until:
        places = frozenset(row[0] for row in statements.run(_RULED))
        _ruled = time.monotonic() + RULES_KNOWN_FOR, places
    return places


def forget_rules() -> None:
    """For who changed one in this process."""
    global _ruled
    _ruled = 0.0, frozenset()
