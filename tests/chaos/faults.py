"""Does to a running stack what the schedule says, and undoes what must end."""

import heapq
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg
import redis

from destinations.providers.simulated import account_sid
from leadrails.embedded.stack import Stack
from tests.chaos.schedule import Fault

CALM = {"callback_twice": 0.08, "callback_late": 0.08, "callback_lost": 0.08}
"""How often callbacks misbehave all the time."""
LATE = 25.0
"""Seconds: later than a dead worker's lease, so that its jobs are asked for."""
STORM = 0.6
BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE usename = current_user AND pid <> pg_backend_pid() ORDER BY pid
"""


class Faults:
    """
    `tell` is called with what was done.

    Args:
        in_doubt: the tenant whose key may send, but not read, until it is mended.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        points: Path,
        in_doubt: UUID,
        replay: Callable[[], bool],
        drop: Callable[[], None],
        tell: Callable[..., None],
    ) -> None:
        self.stack = stack
        self.stops: list[tuple[str, float]] = []
        self._points = points
        self._in_doubt = in_doubt
        self._replay = replay
        self._drop = drop
        self._tell = tell
        self._armed: dict[str, Fault] = {}
        self._ends: list[tuple[float, int, Callable[[], None]]] = []
        self._stopping: dict[str, tuple[int, float]] = {}

    def kill(self, fault: Fault) -> int:
        """Return how many died: none when a point still waits for its victim."""
        kind, _, name = fault.what.partition(":")
        if kind == "point":
            self._arm(fault, name)
            return 0
        died = {
            "web_process": self._kill_web_process,
            "postgres_backend": self._kill_backend,
        }.get(kind, self._kill_program)(fault)
        if died:
            self._tell(fault)
        return int(died)

    def disturb(self, fault: Fault) -> None:
        kind, _, name = fault.what.partition(":")
        done = {
            "freeze": self._freeze,
            "freeze_long": self._freeze,
            "flush": self._flush,
            "stop": self._stop,
            "provider": self._trouble_provider,
        }[kind](name, fault)
        if done:
            self._tell(fault)

    def tick(self) -> int:
        """End what is over; return how many died at points meanwhile."""
        while self._ends and self._ends[0][0] <= time.monotonic():
            heapq.heappop(self._ends)[2]()
        self._look_at_stops()
        return self._count_points()

    def end(self) -> None:
        """Undo everything; points that nobody passed are disarmed."""
        while self._ends:
            heapq.heappop(self._ends)[2]()
        for name in self._armed:
            (self._points / name).unlink(missing_ok=True)
        self._armed.clear()
        for name in self.stack.processes:
            self.stack.thaw(name)
        self._set_provider({})

    def calm_provider(self) -> bool:
        return self._set_provider(CALM)

    @property
    def is_stopping(self) -> bool:
        self._look_at_stops()
        return bool(self._stopping)

    # Kills --------------------------------------------------------------------

    def _kill_program(self, fault: Fault) -> bool:
        if not self.stack.processes[fault.what].is_running:
            return False
        self._stopping.pop(fault.what, None)
        self.stack.kill(fault.what)
        return True

    def _kill_web_process(self, fault: Fault) -> bool:
        leader = self.stack.pids["web"]
        others = [pid for pid in members(leader) if pid != leader]
        return _kill_one([pid for pid in others if not _is_helper(pid)], fault)

    def _kill_backend(self, fault: Fault) -> bool:
        try:
            url = self.stack.urls["database"]
            with psycopg.connect(url, connect_timeout=2) as database:
                pids = [row[0] for row in database.execute(BACKENDS)]
        except psycopg.Error:
            return False
        return _kill_one(pids, fault)

    def _arm(self, fault: Fault, name: str) -> None:
        (self._points / name).touch()
        self._armed[name] = fault
        if name.startswith("replay"):
            self._replay()
        elif name.startswith("drop"):
            self._drop()

    def _count_points(self) -> int:
        fired = [n for n in self._armed if not (self._points / n).exists()]
        for name in fired:
            self._tell(self._armed.pop(name))
        return len(fired)

    # Disturbances -------------------------------------------------------------

    def _later(self, seconds: float, undo: Callable[[], None]) -> None:
        order = len(self._ends) + time.monotonic_ns()
        heapq.heappush(self._ends, (time.monotonic() + seconds, order, undo))

    def _freeze(self, name: str, fault: Fault) -> bool:
        self._stopping.pop(name, None)
        self.stack.freeze(name)
        self._later(fault.seconds, lambda: self.stack.thaw(name))
        return True

    def _flush(self, _name: str, _fault: Fault) -> bool:
        try:
            with redis.from_url(self.stack.urls["redis"], socket_timeout=1) as client:
                client.flushall()
        except redis.RedisError:
            return False
        return True

    def _stop(self, name: str, _fault: Fault) -> bool:
        process = self.stack.processes[name]
        if not process.is_running or not process.is_announced:
            return False
        self.stack.thaw(name)
        self._stopping[name] = (process.pid, time.monotonic())
        process.send(signal.SIGTERM)
        return True

    def _look_at_stops(self) -> None:
        for name, (pid, since) in list(self._stopping.items()):
            if not members(pid):
                del self._stopping[name]
                self.stops.append((name, time.monotonic() - since))

    def _trouble_provider(self, name: str, fault: Fault) -> bool:
        done = self._set_provider({**CALM, name: STORM})
        self._later(fault.seconds, self.calm_provider)
        return done

    def restrict_key(self) -> bool:
        """The simulator forgets it when it is killed, so this is done again."""
        return self._set_key("restricted")

    def mend_key(self) -> bool:
        return self._set_key("standard")

    def _set_key(self, key_type: str) -> bool:
        account = account_sid(self._in_doubt)
        return self._ask_provider("PUT", f"accounts/{account}", {"key_type": key_type})

    def _set_provider(self, probabilities: dict[str, float]) -> bool:
        settings = {"probabilities": probabilities, "delays": {"late": LATE}}
        return self._ask_provider("POST", "faults", settings)

    def _ask_provider(self, method: str, path: str, body: dict) -> bool:
        secret = self.stack.env["LEADRAILS_SIMULATOR_SECRET"]
        request = urllib.request.Request(
            f"{self.stack.urls['simulator']}/_simulator/{path}",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {secret}"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False


def members(leader: int) -> list[int]:
    """The living processes of a program: all are in its leader's group."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name, which may hold spaces) state parent group …
            state, _, group = file.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(group) == leader and state not in "ZX":
            found.append(int(file.parent.name))
    return sorted(found)


def _is_helper(pid: int) -> bool:
    """Python's own tracker of a parent's resources does none of the work."""
    try:
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return True


def _kill_one(pids: list[int], fault: Fault) -> bool:
    if not pids:
        return False
    try:
        os.kill(sorted(pids)[int(fault.dice * len(pids))], signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
