"""
Find out what became of attempts whose outcome is unknown.

Jobs of one destination that are in doubt together share one listing of the account's
messages, to whomever, instead of asking once for each person. It begins when all of
them are due for a look, so after their attempts, and it is complete or not used. One
listing is one call: behind the circuit breaker like any other, and one trouble if it
is not answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from destinations.models import Destination
from destinations.providers.answers import TooManyMessages
from destinations.providers.base import FoundMessage
from destinations.providers.http import ProviderSession
from leadrails import statements
from leadrails.jobs import doubts, queue
from leadrails.jobs.adoption import Contested
from leadrails.jobs.answers import Answer
from leadrails.jobs.queue import DueJob, Result

ENOUGH_TO_SHARE = 5  # jobs
MOST_TOGETHER = 500
PAGES_PER_JOB = 0.2  # of a shared listing, beyond which asking one by one is no worse
LOOK_AGAIN = timedelta(seconds=10)
SIMILAR = 7  # last digits by which a number that was written in another way is told

Adopt = Callable[[DueJob, Sequence[FoundMessage]], Awaitable[FoundMessage | None]]

# One for each destination, whatever else waits there. A half-open circuit is tried with
# a question rather than a message: it answers for all in doubt, and texts nobody.
_CLAIM_FIRST = """
WITH doubt AS (
  SELECT DISTINCT ON (destination_id) destination_id, id
  FROM (
    SELECT destination_id, id, (
      SELECT CASE WHEN lease_until IS NULL AND due_at <= now() THEN due_at END
      FROM jobs_queueentry WHERE job_id = job.id) AS due_at
    FROM jobs_job job WHERE state = 'unknown') waiting
  WHERE due_at IS NOT NULL ORDER BY destination_id, due_at
),
gate AS (
  SELECT gate.destination_id FROM jobs_gate gate JOIN doubt USING (destination_id)
  WHERE coalesce(greatest(gate.open_until, gate.slowed_until) <= now(), true)
  ORDER BY gate.destination_id FOR UPDATE OF gate
),
entry AS (
  SELECT job_id, lease_until FROM jobs_queueentry
  WHERE job_id = ANY(ARRAY(SELECT id FROM doubt JOIN gate USING (destination_id)))
  FOR UPDATE SKIP LOCKED
),
leased AS (
  UPDATE jobs_queueentry SET lease_until = now() + %(lease)s, worker = %(worker)s
  WHERE job_id = ANY(ARRAY(SELECT job_id FROM entry WHERE lease_until IS NULL))
  RETURNING job_id, destination_id
),
probing AS (
  UPDATE jobs_gate gate SET is_probing = true, open_until = now() + %(probe)s
  FROM leased WHERE gate.destination_id = leased.destination_id AND gate.openings > 0
)
SELECT job_id FROM leased
"""

# What is in doubt costs the destination's rate nothing: one listing serves them all.
_CLAIM_REST = """
WITH picked AS (
  SELECT id FROM jobs_job job WHERE tenant_id = %(tenant)s
    AND destination_id = %(destination)s AND state = 'unknown'
    AND (SELECT lease_until IS NULL AND due_at <= now() FROM jobs_queueentry
      WHERE job_id = job.id)
  LIMIT %(most)s
),
free AS (
  SELECT job_id, lease_until FROM jobs_queueentry
  WHERE job_id = ANY(ARRAY(SELECT id FROM picked)) FOR UPDATE SKIP LOCKED
)
UPDATE jobs_queueentry SET lease_until = now() + %(lease)s, worker = %(worker)s
WHERE job_id = ANY(ARRAY(SELECT job_id FROM free WHERE lease_until IS NULL))
RETURNING job_id
"""


def claim_first(worker: UUID) -> list[DueJob]:
    """Lease one job in doubt of each destination that may be asked, and load them."""
    mine_until = time.monotonic() + settings.LEADRAILS_LEASE_SECONDS
    parameters = {
        "lease": timedelta(seconds=settings.LEADRAILS_LEASE_SECONDS),
        "worker": worker,
        "probe": queue.PROBE,
    }
    found = [job_id for (job_id,) in statements.run(_CLAIM_FIRST, parameters)]
    return queue.load(found, worker, mine_until) if found else []


def claim_rest(doubtful: Sequence[DueJob], worker: UUID) -> list[DueJob]:
    """Lease what else is in doubt at the destinations of `doubtful`, and load it."""
    places = {job.destination_id: job.tenant_id for job in doubtful}
    lease = settings.LEADRAILS_LEASE_SECONDS
    rest: list[DueJob] = []
    for destination_id, tenant_id in sorted(places.items()):
        mine_until = time.monotonic() + lease
        parameters = {
            "tenant": tenant_id,
            "destination": destination_id,
            "most": MOST_TOGETHER,
            "lease": timedelta(seconds=lease),
            "worker": worker,
        }
        found = [job_id for (job_id,) in statements.run(_CLAIM_REST, parameters)]
        rest += queue.load(found, worker, mine_until) if found else []
    return rest


@dataclass(frozen=True, slots=True)
class Unanswered(Exception):
    """The provider could not be asked now, by this job's call or by a shared one."""

    answer: Answer


class Look:
    """The question of one destination's jobs, or of one of them."""

    def __init__(
        self, jobs: Sequence[DueJob], place: Destination, http: ProviderSession
    ) -> None:
        self._place = place
        self._http = http
        starts = [job.attempt_started_at for job in jobs if job.attempt_started_at]
        self._since = min(starts) - doubts.BEFORE if starts else None
        self._is_shared = len(jobs) >= ENOUGH_TO_SHARE
        self._max_pages = max(1, int(len(jobs) * PAGES_PER_JOB))
        self._listing: asyncio.Task[list[FoundMessage] | None] | None = None

    async def messages_to(self, job: DueJob) -> list[FoundMessage]:
        """
        Return the account's messages to this person since the attempt.

        Raises:
            CannotAsk: it never can be.
            Unanswered: it cannot be now.
        """
        if not self._is_shared or self._since is None or not job.attempt_started_at:
            return await self._ask_alone(job)
        is_first = self._listing is None
        if self._listing is None:
            self._listing = asyncio.create_task(self._list())
        try:
            everybodys = await self._listing
        except TooManyMessages:
            return await self._ask_alone(job)
        if everybodys is None:
            raise Unanswered(Answer.NONE if is_first else Answer.NOT_ASKED)
        since = job.attempt_started_at - doubts.BEFORE
        recent = [message for message in everybodys if message.created_at >= since]
        own = [message for message in recent if message.to == job.recipient]
        if not own and any(
            _is_similar(message.to, job.recipient) for message in recent
        ):
            # The provider may write this number in its own way: let it compare.
            return await self._ask_alone(job)
        return own

    async def _list(self) -> list[FoundMessage] | None:
        assert self._since is not None
        return await doubts.look(
            None, self._since, self._place, self._http, max_pages=self._max_pages
        )

    async def _ask_alone(self, job: DueJob) -> list[FoundMessage]:
        found = await doubts.look_for(job, self._place, self._http)
        if found is None:
            raise Unanswered(Answer.NONE)
        return found


def _is_similar(to: str, recipient: str) -> bool:
    return to[-SIMILAR:] == recipient[-SIMILAR:]


def looks_of(
    doubtful: Iterable[DueJob],
    places: Mapping[UUID, Destination],
    http: ProviderSession,
) -> dict[UUID, Look]:
    """Return the question that each destination's jobs share."""
    by_place: dict[UUID, list[DueJob]] = {}
    for job in doubtful:
        if job.clock < job.expires_at:
            by_place.setdefault(job.destination_id, []).append(job)
    return {place: Look(jobs, places[place], http) for place, jobs in by_place.items()}


async def find_out(
    job: DueJob, place: Destination, look: Look | None, adopt: Adopt
) -> Result:
    """Look for the message of a job in doubt, and say what that makes of the job."""
    if look is None or job.clock >= job.expires_at:
        return doubts.expired(job)
    try:
        found = await look.messages_to(job)
    except doubts.CannotAsk:
        return doubts.sent_again(job, place) or doubts.undecided(job, delay=None)
    except Unanswered as error:
        return doubts.undecided(
            job, delay=LOOK_AGAIN, has_looked=False, answer=error.answer
        )
    try:
        own = await adopt(job, found)
    except Contested:
        return doubts.undecided(job, delay=LOOK_AGAIN, has_looked=False)
    if own is not None:
        return doubts.adopted(job, own, place)
    if job.looks == 0:
        return doubts.undecided(job, delay=doubts.SECOND_LOOK)
    return doubts.absent(job, place)
