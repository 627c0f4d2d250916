"""
Ask providers for the status of messages whose callbacks do not come.

With a public address a callback was lost, so asking begins late; without one this is
the only way. The gap to the next question is the time since acceptance: it doubles.

A message that waits at the provider for its time is not asked for until then.

“Undelivered” is not always the last word: some carriers take it back. Whoever is
called back hears of it; since that callback may be lost, too, the provider is asked
once more.

Where the provider says that it will never know, it is asked no more.

A question that got no answer is no question: it is asked again soon.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from psycopg.rows import class_row

from destinations.cache import find_destinations
from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import StatusUpdate
from destinations.providers.http import ProviderSession
from leadrails import statements
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import Refused, SendError
from leadrails.core.ids import uuid7_floor
from webhooks.recording import record_reports
from webhooks.reports import Report

log = logging.getLogger(__name__)

LIMIT = 200
CONNECTIONS = 20
TIMEOUT = 10.0  # seconds
FIRST_IN_PLACE_OF_CALLBACKS = timedelta(seconds=5)
FIRST_WHEN_OVERDUE = timedelta(minutes=15)
LONGEST = timedelta(hours=36)  # after acceptance; providers give up within 10 hours
SOON = timedelta(seconds=30)  # after a question that got no answer
CORRECTED_AFTER = timedelta(hours=1)  # within which failures are taken back, mostly
KEPT = timedelta(days=60)  # older jobs are not looked through; replays are as old

# The message may be of an earlier attempt than the last, whose outcome is unknown.
ATTEMPT = """coalesce((SELECT max(attempt.number) FROM jobs_attempt attempt
    WHERE attempt.job_id = job.id AND attempt.provider_id = job.provider_id),
  job.attempts) AS number"""

# Until the answer is here, `asked_at` is such that the gap ends in a moment.
_TAKE_OVERDUE = f"""
WITH overdue AS (
  SELECT id FROM jobs_job
  WHERE state IN ('accepted', 'sent') AND NOT is_end_confirmed AND id > %(oldest)s
    AND provider_id <> ''
    AND accepted_at BETWEEN now() - %(longest)s AND now() - %(first)s
    AND greatest(accepted_at, (message->>'send_at')::timestamptz) <= now() - %(first)s
    AND (asked_at IS NULL
      OR asked_at + greatest(%(first)s, asked_at - accepted_at) <= now())
  ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE jobs_job job SET asked_at = least(now() + %(soon)s - %(first)s,
  accepted_at + (now() + %(soon)s - accepted_at) / 2)
FROM overdue WHERE job.id = overdue.id
RETURNING job.id, job.destination_id, job.provider_id, {ATTEMPT}
"""  # noqa: S608 - a constant of ours

_TAKE_FAILED = f"""
WITH failed AS (
  SELECT id FROM jobs_job
  WHERE state = 'undelivered' AND NOT is_end_confirmed AND provider_id <> ''
    AND changed_at BETWEEN now() - %(longest)s AND now() - %(after)s
    AND (asked_at IS NULL OR asked_at <= now() - least(%(after)s, %(soon)s))
  ORDER BY changed_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE jobs_job job SET asked_at = now() FROM failed WHERE job.id = failed.id
RETURNING job.id, job.destination_id, job.provider_id, {ATTEMPT}
"""  # noqa: S608 - a constant of ours

_NOTE_ANSWERS = """
UPDATE jobs_job SET asked_at = now(),
  is_end_confirmed = is_end_confirmed OR id = ANY(%(confirmed)s)
WHERE id = ANY(%(jobs)s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A message whose end is not known. `number` is that of its attempt."""

    id: UUID
    destination_id: UUID
    number: int
    provider_id: str


def poll(*, corrected_after: timedelta = CORRECTED_AFTER) -> int:
    """
    Ask for the messages whose turn it is; return how many answers came.

    Args:
        corrected_after: after which a message that failed is asked for once more.
    """
    overdue = _take()
    failed = _take_failed(corrected_after, LIMIT - len(overdue))
    overdue += failed
    if not overdue:
        return 0
    places = find_destinations({job.destination_id for job in overdue})
    answers = asyncio.run(_ask_all(overdue, places))
    now = timezone.now()
    reports = [
        Report(
            callback_id=None,
            job_id=job.id,
            number=job.number,
            received_at=now,
            destination=places[job.destination_id],
            update=update,
        )
        for job, update in zip(overdue, answers, strict=True)
        if isinstance(update, StatusUpdate)
    ]
    refused = [
        job.id
        for job, answer in zip(overdue, answers, strict=True)
        if isinstance(answer, Refused)
    ]
    # What could not be written, since its job is locked, is asked again soon, too.
    kept = record_reports(reports).kept if reports else []
    answered = refused + [reports[place].job_id for place in kept]
    ended = {report.job_id for report in reports if report.update.is_end}
    ended.update(job.id for job in failed)
    confirmed = [job_id for job_id in answered if job_id in ended]
    statements.run(_NOTE_ANSWERS, {"jobs": answered, "confirmed": confirmed})
    return len(reports)


def _take() -> list[Overdue]:
    is_called_back = bool(settings.LEADRAILS_PUBLIC_URL)
    first = FIRST_WHEN_OVERDUE if is_called_back else FIRST_IN_PLACE_OF_CALLBACKS
    parameters = {
        "oldest": uuid7_floor(timezone.now() - KEPT),
        "first": first,
        "soon": SOON,
        "longest": LONGEST,
        "limit": LIMIT,
    }
    return statements.run(_TAKE_OVERDUE, parameters, row_factory=class_row(Overdue))


def _take_failed(after: timedelta, limit: int) -> list[Overdue]:
    parameters = {"after": after, "soon": SOON, "longest": LONGEST, "limit": limit}
    return statements.run(_TAKE_FAILED, parameters, row_factory=class_row(Overdue))


async def _ask_all(
    overdue: Sequence[Overdue], places: Mapping[UUID, Destination]
) -> list[StatusUpdate | Refused | None]:
    # Who waits for a connection of the pool is on the clock; who waits here is not.
    gate = asyncio.Semaphore(CONNECTIONS)
    async with ProviderSession(limit=CONNECTIONS, total_timeout=TIMEOUT) as http:

        async def ask(job: Overdue) -> StatusUpdate | Refused | None:
            async with gate:
                return await _ask(job, places.get(job.destination_id), http)

        return await asyncio.gather(*map(ask, overdue))


async def _ask(
    job: Overdue, place: Destination | None, http: ProviderSession
) -> StatusUpdate | Refused | None:
    """None if there was no answer."""
    if place is None:
        return None
    try:
        return await provider_for(place).fetch(job.provider_id, http)
    except (SendError, CannotDecrypt) as error:
        log.info("the status of a message could not be asked for: %s", error)
        return error if isinstance(error, Refused) else None
