"""
The drain: claim, decide, send and settle, as one pipeline without barriers.

The database is spoken to from two threads of its own (one claims, one settles), each
with one connection; calls to providers run on one event loop over pooled keep-alive
connections. Both live as long as the process. What is not settled when its lease
ends becomes `unknown`, never `queued`.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from destinations.models import Destination
from destinations.providers.http import ProviderSession
from leadrails.jobs import queue, sending
from leadrails.jobs.prepare import Batch, prepare
from leadrails.jobs.queue import DueJob, Result, Start

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

MAX_BATCH = 200
SETTLE_EVERY = 0.05  # seconds
HEARTBEAT_EVERY = 5.0  # seconds
LONGEST_RUN = 30.0  # seconds; then another worker may have the turn
LOOK_AGAIN = timedelta(seconds=10)


class Drain:
    """One process's sender. `run()` may be called again and again."""

    def __init__(self) -> None:
        self.worker: UUID = uuid4()
        self.stop = threading.Event()
        self.http = ProviderSession(limit=settings.LEADRAILS_DRAIN_IN_FLIGHT)
        self._claims = ThreadPoolExecutor(1, "drain-claims")
        self._settles = ThreadPoolExecutor(1, "drain-settles")
        self._results: asyncio.Queue[Result] = asyncio.Queue()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._leased: dict[UUID, None] = {}
        self._more = asyncio.Event()
        self._is_running = False

    def more(self) -> None:
        """Say that there may be new work; called on the loop."""
        self._more.set()

    async def run(self) -> bool:
        """
        Send what is due until nothing is left; False if another run is at it.

        Ends after `LONGEST_RUN` too. Then, and when stopped, calls in flight are
        finished and settled before it returns.
        """
        if self._is_running:
            self._more.set()
            return False
        self._is_running = True
        helpers = [
            asyncio.create_task(self._settle_forever()),
            asyncio.create_task(self._beat_forever()),
        ]
        try:
            await self._claim_until_idle()
            while self._in_flight:
                await asyncio.wait(self._in_flight)
            await self._results.join()
        finally:
            for helper in helpers:
                helper.cancel()
            self._is_running = False
        return True

    async def close(self) -> None:
        await self.http.close()
        for executor in (self._claims, self._settles):
            executor.submit(_close_connection).result()
            executor.shutdown()

    async def _claim_until_idle(self) -> None:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + LONGEST_RUN
        while not self.stop.is_set() and loop.time() < ends_at:
            self._more.clear()
            room = settings.LEADRAILS_DRAIN_IN_FLIGHT - len(self._in_flight)
            if room > 0:
                claimed = await self._claim(min(room, MAX_BATCH))
                if claimed:
                    continue
            elif room <= 0:
                await self._wait(asyncio.FIRST_COMPLETED)
                continue
            if self._more.is_set():
                continue
            if not self._in_flight:
                return
            await self._wait(asyncio.FIRST_COMPLETED)

    async def _wait(self, until: str) -> None:
        """Wait for room or for news, whichever comes first."""
        news = asyncio.ensure_future(self._more.wait())
        try:
            await asyncio.wait(
                {news, *self._in_flight}, timeout=0.25, return_when=until
            )
        finally:
            news.cancel()

    async def _claim(self, room: int) -> int:
        try:
            batch, places, started, count = await self._database(
                self._claims, claim_and_start, room, self.worker
            )
        except (DatabaseError, InterfaceError):
            log.warning("the database did not answer a claim; trying again")
            await asyncio.sleep(1)
            return 0
        for start in batch.starts:
            if start.job.id in started:
                self._spawn(
                    start.job, self._send(start, places[start.job.destination_id])
                )
        for job in batch.doubtful:
            self._spawn(job, self._ask(job, places[job.destination_id]))
        return count

    def _spawn(self, job: DueJob, work: Coroutine[Any, Any, None]) -> None:
        self._leased[job.id] = None
        task = asyncio.create_task(work)
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _send(self, start: Start, place: Destination) -> None:
        self._results.put_nowait(await sending.send(start, place, self.http))

    async def _ask(self, job: DueJob, place: Destination) -> None:
        """Find out what became of an attempt whose outcome is unknown."""
        if job.clock >= job.expires_at:
            self._results.put_nowait(sending.expired(job))
            return
        try:
            found = await sending.look_for(job, place, self.http)
        except sending.CannotAsk:
            self._results.put_nowait(sending.undecided(job, delay=None))
            return
        if found is None:
            self._results.put_nowait(sending.undecided(job, delay=LOOK_AGAIN))
            return
        if found:
            own = await self._database(
                self._claims, first_unadopted, job, [m.provider_id for m in found]
            )
            if own is not None:
                self._results.put_nowait(sending.adopted(job, found[own]))
                return
        if job.looks == 0:
            result = sending.undecided(job, delay=sending.SECOND_LOOK)
        else:
            result = sending.absent(job, place)
        self._results.put_nowait(result)

    async def _settle_forever(self) -> None:
        while True:
            results = [await self._results.get()]
            await asyncio.sleep(SETTLE_EVERY if self._in_flight else 0)
            while not self._results.empty() and len(results) < MAX_BATCH:
                results.append(self._results.get_nowait())
            await self._settle(results)
            for result in results:
                self._leased.pop(result.job.id, None)
                self._results.task_done()

    async def _settle(self, results: list[Result]) -> None:
        while True:
            try:
                await self._database(self._settles, queue.settle, results)
                return
            except (DatabaseError, InterfaceError):
                log.warning("the database did not take results; trying again")
                await asyncio.sleep(1)

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY)
            try:
                await self._database(
                    self._claims, queue.heartbeat, list(self._leased), self.worker
                )
            except (DatabaseError, InterfaceError):
                log.warning("the database did not take a heartbeat")

    async def _database(
        self,
        executor: ThreadPoolExecutor,
        call: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def run() -> T:
            try:
                return call(*args, **kwargs)
            except (DatabaseError, InterfaceError):
                connection.close()
                raise

        return await asyncio.get_running_loop().run_in_executor(executor, run)


def _close_connection() -> None:
    """Close the calling thread's own connection: `connection` is one per thread."""
    connection.close()


def claim_and_start(
    room: int, worker: UUID
) -> tuple[Batch, dict[UUID, Destination], set[UUID], int]:
    """Lease due jobs, decide on each, and write the attempts about to be made."""
    jobs = queue.claim(room, worker)
    if not jobs:
        return Batch(), {}, set(), 0
    wanted = {job.destination_id for job in jobs}
    places = Destination.objects.in_bulk(wanted)
    batch = prepare(jobs, places)
    started = queue.start(batch.starts, worker)
    queue.put_aside(batch.asides)
    refused = [s.job.id for s in batch.starts if s.job.id not in started]
    queue.release(refused + batch.stale, worker, delay=timedelta(seconds=1))
    return batch, places, started, len(jobs)


_UNADOPTED = """
SELECT place - 1 FROM unnest(%(found)s::text[]) WITH ORDINALITY AS x (sid, place)
WHERE NOT EXISTS (
  SELECT FROM jobs_job job WHERE job.tenant_id = %(tenant)s
    AND job.recipient = %(recipient)s AND job.id <> %(job)s AND job.provider_id = sid)
AND NOT EXISTS (
  SELECT FROM jobs_attempt attempt WHERE attempt.job_id = %(job)s
    AND attempt.provider_id = sid AND attempt.number <> %(number)s)
ORDER BY place LIMIT 1
"""


def first_unadopted(job: DueJob, found: list[str]) -> int | None:
    """Return the index of the first message that no other attempt has adopted."""
    with connection.cursor() as cursor:
        cursor.execute(
            _UNADOPTED,
            {
                "found": found,
                "tenant": job.tenant_id,
                "recipient": job.recipient,
                "job": job.id,
                "number": job.attempts,
            },
        )
        row = cursor.fetchone()
    return row[0] if row else None
