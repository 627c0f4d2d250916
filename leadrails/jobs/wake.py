"""
Wake workers without waiting for Redis.

`Waker.wake()` sets an event and returns; one daemon thread per process publishes at
most one nudge per 5 ms. Whoever is at work listens to its `Bell` and needs no more;
else a task is sent, unless another process just did. Every error is swallowed and
counted: beat's sweep each second is the safety net.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache

import redis
import redis.asyncio
from django.conf import settings

log = logging.getLogger(__name__)

QUIET = 0.005  # seconds between two nudges, unless a waker has its own
EXPIRES = 30  # seconds after which an unread nudge is worth nothing
PING_EVERY = 1.0  # seconds


class Waker:
    """Publishes the task `task` to `queue` soon after `wake()` was called."""

    def __init__(self, task: str, queue: str, *, quiet: float = QUIET) -> None:
        self.task = task
        self.queue = queue
        self.quiet = quiet
        self.failures = 0
        self._event = threading.Event()
        self._start_lock = threading.Lock()
        self._pid: int | None = None
        self._redis: redis.Redis | None = None

    def wake(self) -> None:
        """Ask for work to be looked at. Never raises, never waits."""
        if self._pid != os.getpid():
            self._start()
        self._event.set()

    def _start(self) -> None:
        with self._start_lock:
            if self._pid == os.getpid():
                return
            # A fork takes no threads along: each process starts its own.
            self._event = threading.Event()
            self._redis = None  # nor may it speak over its parent's connection
            threading.Thread(
                target=self._publish_forever, name=f"wake-{self.queue}", daemon=True
            ).start()
            self._pid = os.getpid()

    def _publish_forever(self) -> None:
        event = self._event
        while True:
            event.wait()
            event.clear()
            try:
                self._publish()
            except Exception as error:  # noqa: BLE001  whatever it is, the sweep follows
                self.failures += 1
                if self.failures & (self.failures - 1) == 0:  # 1, 2, 4, 8 …
                    log.warning("wake-up failed (%s): %s", self.failures, error)
            time.sleep(self.quiet)

    def _publish(self) -> None:
        from leadrails.celery import app

        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=2,
                socket_connect_timeout=2,
                single_connection_client=True,  # a pool costs more than a publish
            )
        if self._redis.publish(channel(self.queue), b""):
            return
        guard = f"leadrails:wake:{self.task}"
        if self._redis.set(guard, 1, nx=True, px=int(self.quiet * 1000)):
            app.send_task(self.task, queue=self.queue, expires=EXPIRES, retry=False)
        else:
            # Whoever holds the guard may have nudged before our row was committed.
            self._event.set()


class Bell:
    """Hears, on an event loop, what the wakers of a queue say."""

    def __init__(self, queue: str, ring: Callable[[], None]) -> None:
        self.queue = queue
        self.is_heard = False
        self._ring = ring

    async def listen(self) -> None:
        """Call `ring` at each wake-up until cancelled; survives any loss of Redis."""
        while not _is_cancelled():
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                log.warning("wake-ups cannot be heard: %s", error)
            finally:
                self.is_heard = False
            if not _is_cancelled():
                await asyncio.sleep(PING_EVERY)

    async def _listen(self) -> None:
        client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=2
        )
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(channel(self.queue))
            is_asked = True
            while not _is_cancelled():
                message = await pubsub.get_message(timeout=PING_EVERY)
                if message is not None:
                    # What was said before we heard anything is lost: look then too.
                    if message["type"] == "message" or not self.is_heard:
                        self._ring()
                    self.is_heard, is_asked = True, False
                elif is_asked:
                    self.is_heard = False
                else:
                    await pubsub.ping()
                    is_asked = True


def _is_cancelled() -> bool:
    """
    Whether to end, even if nothing was raised.

    Before Python 3.12 `asyncio.wait_for`, by which the Redis client sends, swallows
    a cancellation that comes just when it is done.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def channel(queue: str) -> str:
    """Channels span the databases of a Redis, so each deployment names its own."""
    return f"leadrails:{_database(settings.REDIS_URL)}:{queue}"


@lru_cache(maxsize=8)
def _database(url: str) -> int:
    pool = redis.ConnectionPool.from_url(url)
    return int(pool.connection_kwargs.get("db", 0))


drain_waker = Waker("jobs.drain", "drain")
