"""
Wake workers without waiting for Redis.

`wake()` sets an event and returns; one daemon thread per process publishes at most
one nudge per 5 ms. Nudges that other processes just sent are not sent again. Every
error is swallowed and counted: beat's sweep each second is the safety net.
"""

import logging
import os
import threading
import time

import redis
from django.conf import settings

log = logging.getLogger(__name__)

QUIET = 0.005  # seconds between two nudges
EXPIRES = 30  # seconds after which an unread nudge is worth nothing


class Waker:
    """Publishes the task `task` to `queue` soon after `wake()` was called."""

    def __init__(self, task: str, queue: str) -> None:
        self.task = task
        self.queue = queue
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
            time.sleep(QUIET)

    def _publish(self) -> None:
        from leadrails.celery import app

        if self._redis is None:
            self._redis = redis.Redis.from_url(
                settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2
            )
        guard = f"leadrails:wake:{self.queue}"
        if self._redis.set(guard, 1, nx=True, px=int(QUIET * 1000)):
            app.send_task(self.task, queue=self.queue, expires=EXPIRES, retry=False)
        else:
            # Whoever holds the guard may have nudged before our row was committed.
            self._event.set()


drain_waker = Waker("jobs.drain", "drain")
