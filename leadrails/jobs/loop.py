"""The event loop that lives as long as the worker process, and its one drain."""

import asyncio
import os
import threading

from leadrails.jobs.drain import LINGER, Drain


class SenderLoop:
    """A thread with an event loop. Made lazily, so that a fork gets its own."""

    def __init__(self, linger: float = LINGER) -> None:
        self._linger = linger
        self._lock = threading.Lock()
        self._pid: int | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.drain: Drain | None = None

    def run(self) -> bool:
        """Run the drain until it has been idle; False if it is running already."""
        loop, drain = self._started()
        return asyncio.run_coroutine_threadsafe(drain.run(), loop).result()

    def stop(self) -> None:
        """Stop claiming; what is in flight still finishes."""
        if self.drain is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self.drain.stop)

    def close(self) -> None:
        """Close connections and end the thread."""
        if self._loop is None or self.drain is None or self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self.drain.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._pid = self._thread = self._loop = self.drain = None

    def _started(self) -> tuple[asyncio.AbstractEventLoop, Drain]:
        with self._lock:
            if self._pid != os.getpid() or self._loop is None or self.drain is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="sender-loop", daemon=True
                )
                self._thread.start()
                self.drain = asyncio.run_coroutine_threadsafe(
                    _make_drain(self._linger), self._loop
                ).result()
                self._pid = os.getpid()
            return self._loop, self.drain


async def _make_drain(linger: float) -> Drain:
    return Drain(linger)


sender_loop = SenderLoop()
