"""
When a message may follow another one to the same person.

Two messages to one person start at least `GAP` apart, and those of one lead go in
the order of their routes. Each waiting message gets a moment of its own, so that many
to one person form a line instead of coming back together. Pure.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

GAP = timedelta(seconds=2)
# What is decided now is started this much later at most, as a rule.
MARGIN = timedelta(milliseconds=100)
SHORTEST_WAIT = GAP + MARGIN  # until an earlier message is asked after again
LONGEST_WAIT = timedelta(seconds=60)
RIVAL_WAIT = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """
    Other messages to a job's person, as of `PolicyFacts.now`.

    Attributes:
        today: how many of them were started today.
        started_at: when the latest of the last `GAP` was started.
        in_line: how many wait for a moment that is still to come.
        line_until: the last of those moments.
        rival: the smallest id of those that another drain is about to start.
        earlier_until: when an earlier message of the same lead is next tried, or any
            time before if that is not known; None if none is on its way.
    """

    today: int = 0
    started_at: datetime | None = None
    in_line: int = 0
    line_until: datetime | None = None
    rival: UUID | None = None
    earlier_until: datetime | None = None


ALONE = Company()


def person_free_at(
    job_id: UUID,
    company: Company,
    *,
    is_in_line: bool,
    latest: datetime | None,
    now: datetime,
) -> datetime | None:
    """
    Return when the job may start as far as other leads' messages go; None for now.

    Whoever sees a rival waits. Two drains read one after the other, so of two jobs
    that they are about to start the one that is read last sees the other; if each
    sees the other, the smaller id waits less and goes first.

    Args:
        is_in_line: it waited for its moment, and nothing queues before it any more.
        latest: the last moment that was given to this person since `company` was
            read, to a start or to a place in the line.
    """
    before = [company.started_at, latest]
    if not is_in_line:
        before.append(company.line_until)
    free = max((at + GAP for at in before if at), default=now)
    if company.rival is not None:
        wait = RIVAL_WAIT if job_id < company.rival else GAP
        free = max(free, now + wait)
    return free if free > now else None


def lead_waits_until(
    company: Company, *, now: datetime, created_at: datetime, expires_at: datetime
) -> datetime | None:
    """
    Return when to look again for an earlier message of the lead; None to go ahead.

    The drain that ends the earlier one's wait lets this one follow, and so does who
    cancels that one alone. A callback does not, and a drain may die before it does, so
    a job looks by itself, too: after two seconds at first, then ever later, or when the
    earlier one is tried next; in any case once a minute. Order is worth half of a job's
    time to live: after that it goes in any case.
    """
    if company.earlier_until is None:
        return None
    halfway = created_at + (expires_at - created_at) / 2
    if now >= halfway:
        return None
    wait = min(max((now - created_at) / 4, SHORTEST_WAIT), LONGEST_WAIT)
    when_tried = min(company.earlier_until + GAP, now + LONGEST_WAIT)
    return min(max(now + wait, when_tried), halfway)
