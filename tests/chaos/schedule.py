"""
What is done to the system and when: the same for the same seed.

Two tracks run beside each other. Kills come at least every 3 seconds, so that one
hits while the system still recovers from another; disturbances last a while each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

KILL_GAP = (1.0, 3.0)  # seconds
DISTURBANCE_GAP = (4.0, 9.0)

POINTS = (
    "intake_before_commit",
    "intake_after_commit",
    "after_claim",
    "after_attempt_rows",
    "before_settle",
    "settle_before_commit",
    "settle_after_commit",
    "callback_before_answer",
    "callback_before_commit",
    "callback_after_commit",
    "replay_before_commit",
    "replay_after_commit",
    "overdue_before_commit",
    "drop_before_locks",
    "drop_after_table",
    "drop_before_commit",
    "drop_after_commit",
)
"""Those in the code; see leadrails/core/crashpoints.py."""
KILLS = {
    "web": 3,
    "web_process": 4,
    "drain": 5,
    "drain-2": 5,
    "worker": 5,
    "simulator": 4,
    "redis": 3,
    "postgres": 2,
    "postgres_backend": 4,
    **{f"point:{name}": 1 for name in POINTS if not name.startswith("drop")},
    "point:drop_after_table": 1,
    "point:drop_before_commit": 1,
}
"""Weights. A point counts as a kill once a process has died there."""
RARE_KILLS = {
    f"point:{name}": 0.5
    for name in POINTS
    if name.startswith("drop") and f"point:{name}" not in KILLS
}
"""Not in a short run, which has two like them."""

DISTURBANCES = {
    "freeze:redis": 3,
    "flush:redis": 4,
    "freeze:drain": 2,
    "freeze:drain-2": 2,
    "freeze:worker": 1,
    "stop:drain": 2,
    "stop:drain-2": 2,
    "provider:rate_limited": 2,
    "provider:error_after": 2,
    "provider:answer_lost": 2,
    "provider:hang": 2,
    "provider:callback_lost": 1,
}
RARE = {"freeze_long:drain": 1, "freeze_long:drain-2": 1}
"""Not in a short run: longer than all that follows a lost lease, until a message
that was not found is sent again."""
SECONDS = {
    "freeze_long:drain": (60.0, 80.0),
    "freeze_long:drain-2": (60.0, 80.0),
    "freeze:redis": (2.0, 6.0),
    # Longer than a lease: others take the jobs over, then it comes back.
    "freeze:drain": (16.0, 20.0),
    "freeze:drain-2": (16.0, 20.0),
    "freeze:worker": (3.0, 8.0),
}
PROVIDER_SECONDS = (2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Fault:
    """
    `gap` is the time since the one before it, `seconds` how long it lasts; `dice`
    decides what is left open.
    """

    gap: float
    what: str
    seconds: float
    dice: float

    @property
    def is_point(self) -> bool:
        return self.what.startswith("point:")


def kills(seed: int, pace: float = 1.0) -> Iterator[Fault]:
    rng = Random(f"{seed} kills")
    # Every kind once before any comes twice, so that a short run is a varied one.
    first = list(KILLS)
    rng.shuffle(first)
    while True:
        gap = pace * rng.uniform(*KILL_GAP)
        what = first.pop() if first else _pick(rng, KILLS | RARE_KILLS)
        yield Fault(gap, what, 0.0, rng.random())


def disturbances(seed: int, pace: float = 1.0) -> Iterator[Fault]:
    rng = Random(f"{seed} disturbances")
    first = list(DISTURBANCES)
    rng.shuffle(first)
    while True:
        gap = pace * rng.uniform(*DISTURBANCE_GAP)
        what = first.pop() if first else _pick(rng, DISTURBANCES | RARE)
        low, high = SECONDS.get(what, PROVIDER_SECONDS)
        yield Fault(gap, what, rng.uniform(low, high), rng.random())


def _pick(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]
