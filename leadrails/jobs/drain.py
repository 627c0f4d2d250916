"""
The drain: claim, decide, send and settle, as one pipeline without barriers.

The database is spoken to from two threads of its own (one claims, one settles), each
with one connection; calls to providers run on one event loop over pooled keep-alive
connections. Both live as long as the process. What is not settled when its lease
ends becomes `unknown`, never `queued`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from destinations.cache import destinations_of
from destinations.models import Destination
from destinations.providers.base import FoundMessage
from destinations.providers.http import ProviderSession
from destinations.reach import Reach
from leadrails.core.crashpoints import crash_here
from leadrails.core.states import State
from leadrails.jobs import queue, sending
from leadrails.jobs.adoption import adopt
from leadrails.jobs.looking import Look, claim_first, claim_rest, find_out, looks_of
from leadrails.jobs.low_water import EVER, LowWater
from leadrails.jobs.prepare import prepare
from leadrails.jobs.queue import DueJob, Result, Start
from leadrails.jobs.wake import Bell, drain_waker

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

MAX_BATCH = 200
SETTLE_EVERY = 0.05  # seconds
HEARTBEAT_EVERY = 5.0  # seconds
LINGER = 30.0  # seconds that a run stays after its last work, to be woken at once
HEAD_START = 0.005  # seconds in which a claim's calls leave before the next claim
STOP_GRACE = 5.0  # seconds that calls in flight get once the drain is to stop
LOOK_EVERY = 1.0  # seconds between looks while nobody can wake a run
LOOK_WHEN_THROTTLED = 0.25  # seconds


class Drain:
    """One process's sender. `run()` may be called again and again."""

    def __init__(self, linger: float = LINGER) -> None:
        self.linger = linger
        self.worker: UUID = uuid4()
        self.http = ProviderSession(limit=settings.LEADRAILS_DRAIN_IN_FLIGHT)
        self.reach = Reach()
        self._claims = ThreadPoolExecutor(1, "drain-claims")
        self._settles = ThreadPoolExecutor(1, "drain-settles")
        self._results: asyncio.Queue[Result] = asyncio.Queue()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._leased: dict[UUID, None] = {}
        self._more = asyncio.Event()
        self._bell = Bell(drain_waker.queue, self._more.set)
        self._due, self._expired = LowWater(), LowWater()
        self._is_running = self._is_stopped = self._is_throttled = False
        self._asks_first = False

    async def run(self) -> bool:
        """
        Send what is due until nothing is left; False if another run is at it.

        It stays for `linger` seconds more, since whoever listens is woken faster than
        by a task; while Redis is gone it stays and looks by itself. When it ends, and
        when stopped, calls in flight are finished and settled before it returns.
        Those that hang when it is stopped are cut off: nobody knows what they came to.
        """
        if self._is_running:
            self._more.set()
            return False
        self._is_running = True
        helpers = [
            asyncio.create_task(self._settle_forever()),
            asyncio.create_task(self._beat_forever()),
        ]
        if self.linger:
            helpers.append(asyncio.create_task(self._bell.listen()))
        try:
            await self._claim_until_idle()
            while self._in_flight:
                await asyncio.wait(self._in_flight)
            await self._results.join()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            self._is_running = False
        return True

    def stop(self) -> None:
        """Claim no more, for good; call it on the loop."""
        self._is_stopped = True
        self._more.set()
        asyncio.get_running_loop().call_later(STOP_GRACE, self._cut_off)

    def _cut_off(self) -> None:
        for task in self._in_flight:
            task.cancel()

    async def close(self) -> None:
        await self.http.close()
        await self.reach.close()
        for executor in (self._claims, self._settles):
            executor.submit(_close_connection).result()
            executor.shutdown()

    async def _claim_until_idle(self) -> None:
        loop = asyncio.get_running_loop()
        idle_since = loop.time()
        while not self._is_stopped:
            self._more.clear()
            room = settings.LEADRAILS_DRAIN_IN_FLIGHT - len(self._in_flight)
            if room <= 0:
                await self._wait(*self._in_flight)
                continue
            wanted = min(room, MAX_BATCH)
            claimed, self._is_throttled = await self._claim(wanted)
            if claimed:
                if claimed < wanted:
                    await asyncio.sleep(HEAD_START)
                idle_since = loop.time()
                continue
            if self._in_flight or (self._is_throttled and self.linger):
                idle_since = loop.time()
            elif self._may_end(idle_for=loop.time() - idle_since):
                return
            await self._wait(*([] if self.linger else self._in_flight))

    def _may_end(self, *, idle_for: float) -> bool:
        # Who cannot be woken by this Redis cannot be called back by it either.
        return not self.linger or (idle_for >= self.linger and self._bell.is_heard)

    async def _wait(self, *calls: asyncio.Task[None]) -> None:
        """Wait for news or for one of `calls`, whichever comes first."""
        news = asyncio.ensure_future(self._more.wait())
        longest = self.linger if self._bell.is_heard else LOOK_EVERY
        if self._is_throttled:
            longest = LOOK_WHEN_THROTTLED
        try:
            await asyncio.wait(
                {news, *calls}, timeout=longest, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            news.cancel()

    async def _claim(self, room: int) -> tuple[int, bool]:
        """Return how many jobs were leased, and whether more is due but kept back."""
        # What is in doubt does not wait behind a backlog, nor for a circuit to close.
        asks_first = self._asks_first or self._is_throttled
        self._asks_first = False
        try:
            claimed = await self._database(
                self._claims,
                claim_and_start,
                room,
                self.worker,
                since=self._due.at,
                asks_first=asks_first,
            )
        except (DatabaseError, InterfaceError):
            log.warning("the database did not answer a claim; trying again")
            await asyncio.sleep(1)
            self._more.set()
            return 0, False
        places = claimed.places
        for start in claimed.started:
            place = places[start.job.destination_id]
            self._spawn(start.job, self._send(start, place))
        looks = looks_of(claimed.doubtful, places, self.http)
        for job in claimed.doubtful:
            place = places[job.destination_id]
            self._spawn(job, self._ask(job, place, looks.get(place.id)))
        return claimed.count, claimed.is_throttled

    def _spawn(self, job: DueJob, work: Coroutine[Any, Any, None]) -> None:
        self._leased[job.id] = None
        task = asyncio.create_task(work)
        self._in_flight.add(task)
        task.add_done_callback(lambda task: self._ended(job, task))

    def _ended(self, job: DueJob, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if task.cancelled() or task.exception():
            # Nothing is settled: let the lease run out, so that somebody looks again.
            self._leased.pop(job.id, None)
            log.warning("a job was dropped", exc_info=_error_of(task))

    async def _send(self, start: Start, place: Destination) -> None:
        result = await sending.send(start, place, self.http, self.reach)
        crash_here("before_settle")
        self._results.put_nowait(result)

    async def _ask(self, job: DueJob, place: Destination, look: Look | None) -> None:
        async def adopt_(*of: Any) -> FoundMessage | None:
            return await self._database(self._claims, adopt, *of)

        self._results.put_nowait(await find_out(job, place, look, adopt_))

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
            if self._is_throttled:
                self._more.set()

    async def _settle(self, results: list[Result]) -> None:
        while True:
            try:
                await self._database(self._settles, queue.settle, results)
                return
            except (DatabaseError, InterfaceError):
                log.warning("the database did not take results; trying again")
                await asyncio.sleep(1)

    async def _beat_forever(self) -> None:
        """Keep what is ours, and take over from who is dead: beat may be, too."""
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY)
            self._asks_first = True
            try:
                await self._database(
                    self._claims, queue.heartbeat, list(self._leased), self.worker
                )
                reaped = await self._database(self._claims, queue.reap, self._expired)
                is_due = await self._database(
                    self._claims, queue.is_anything_due, self._due
                )
                if any(reaped) or is_due:
                    self._more.set()
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


def _error_of(task: asyncio.Task[None]) -> BaseException | None:
    return None if task.cancelled() else task.exception()


def _close_connection() -> None:
    """Close the calling thread's own connection: `connection` is one per thread."""
    connection.close()


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim came to: `count` leased jobs, some of them to be sent or asked."""

    count: int
    is_throttled: bool
    started: Sequence[Start] = ()
    doubtful: Sequence[DueJob] = ()
    places: Mapping[UUID, Destination] = field(default_factory=dict)


def claim_and_start(
    room: int, worker: UUID, *, since: datetime = EVER, asks_first: bool = False
) -> Claimed:
    """
    Lease due jobs, decide on each, and write the attempts about to be made.

    Args:
        since: a low-water mark.
        asks_first: doubts of each destination come before whatever waits longer.
    """
    doubts = claim_first(worker) if asks_first else []
    claim = queue.claim(room, worker, since=since)
    jobs = doubts + claim.jobs
    if not jobs:
        return Claimed(0, claim.is_throttled)
    crash_here("after_claim")
    versions = {job.destination_id: job.destination_version for job in jobs}
    places = destinations_of(versions)
    batch = prepare(jobs, places)
    rest = claim_rest(batch.doubtful, worker)
    batch.doubtful += [job for job in rest if job.state is State.UNKNOWN]
    batch.stale += [job.id for job in rest if job.state is not State.UNKNOWN]
    queue.put_aside(batch.asides, worker)
    queue.release(batch.stale, worker, delay=timedelta(seconds=1))
    started = queue.start(batch.starts, worker)
    if started:
        crash_here("after_attempt_rows")
    # From here on nothing may fail: what has an attempt row must be called.
    refused = [s.job.id for s in batch.starts if s.job.id not in started]
    try:
        queue.release(refused, worker, delay=timedelta(seconds=1))
    except DatabaseError:
        log.warning("leases could not be given back; they run out by themselves")
    return Claimed(
        len(jobs),
        claim.is_throttled,
        [start for start in batch.starts if start.job.id in started],
        batch.doubtful,
        places,
    )
