"""The part of a run in which things break: kills and disturbances, by the schedule."""

import time
from collections.abc import Callable, Iterator

from tests.chaos import schedule
from tests.chaos.clients import Load
from tests.chaos.faults import Faults
from tests.chaos.schedule import Fault

POINT_WAIT = 0.5  # seconds that a point gets to meet somebody before the next kill
REPLAY_EVERY = 4.0  # seconds
TELL_EVERY = 10.0  # seconds
RESTRICT_EVERY = 5.0  # seconds
LAST_KILLS = 10
"""Nothing but kills happens at the end, so that what is last is settled sooner."""


class Assault:
    """Two tracks of faults beside each other, until enough have died."""

    def __init__(
        self,
        faults: Faults,
        load: Load,
        *,
        seed: int,
        pace: float,
        replay: Callable[[], bool],
        tell_progress: Callable[[int], None],
    ) -> None:
        self._faults = faults
        self._load = load
        self._kills = schedule.kills(seed, pace)
        self._troubles = schedule.disturbances(seed, pace)
        self._errands = [
            Errand(REPLAY_EVERY, replay),
            Errand(TELL_EVERY, lambda: tell_progress(self.died)),
            Errand(RESTRICT_EVERY, faults.restrict_key),
        ]
        self.died = 0

    def until(self, kills: int, *, deadline: float) -> int:
        """Go on until `kills` died, or until `deadline` (monotonic); how many died."""
        now = time.monotonic()
        kill, kill_at = _next(self._kills, now)
        trouble, trouble_at = _next(self._troubles, now)
        while self.died < kills and (now := time.monotonic()) < deadline:
            if now >= kill_at:
                kill, kill_at = self._kill(kill, now)
            is_ending = self.died >= kills - LAST_KILLS
            if is_ending:
                self._load.post_ordinary_leads()
            elif now >= trouble_at:
                self._faults.disturb(trouble)
                trouble, trouble_at = _next(self._troubles, now)
            if dead := self._faults.tick():
                self.died += dead
                kill_at = max(kill_at, now + kill.gap)
            for errand in self._errands:
                errand.run_if_due(now)
            time.sleep(0.05)
        return self.died

    def _kill(self, kill: Fault, now: float) -> tuple[Fault, float]:
        """Return the next kill and its time."""
        dead = self._faults.kill(kill)
        self.died += dead
        following, following_at = _next(self._kills, now)
        if dead:
            return following, following_at
        # What could not be killed, the next one makes up for at once.
        return following, now + (POINT_WAIT if kill.is_point else 0)


class Errand:
    """Something done again and again beside the faults."""

    def __init__(self, every: float, do: Callable[[], object]) -> None:
        self._every = every
        self._do = do
        self._due_at = 0.0

    def run_if_due(self, now: float) -> None:
        if now >= self._due_at:
            self._due_at = now + self._every
            self._do()


def _next(faults: Iterator[Fault], now: float) -> tuple[Fault, float]:
    fault = next(faults)
    return fault, now + fault.gap
