"""When to try again."""

from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from random import Random

# No provider's Retry-After is believed beyond this; a job never lives so long.
LONGEST_RETRY_AFTER = timedelta(days=7)
# Seeding a generator costs more than all else here, and a policy is made per attempt.
_SHARED = Random()  # noqa: S311 - it only spreads retries


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    max_attempts: int = 24
    base: timedelta = timedelta(seconds=10)
    cap: timedelta = timedelta(minutes=30)
    rng: Random = field(default=_SHARED, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(
                f"max_attempts must be at least 1, not {self.max_attempts}"
            )
        if not timedelta(0) < self.base <= self.cap:
            raise ValueError("base must be positive and no longer than cap")

    def delay(self, attempt: int, retry_after: float | None = None) -> timedelta | None:
        """
        Return the wait after attempt number `attempt`, or None when none is left.

        Half of `min(cap, base * 2 ** (attempt - 1))` is fixed and half is random, so
        jobs that failed together do not come back together. `retry_after` can only
        lengthen the wait.

        Args:
            attempt: attempts already made, counted from 1.
            retry_after: seconds, from a `Retry-After` header (RFC 9110, 10.2.3).

        Raises:
            ValueError: `attempt` is below 1.

        Source: "equal jitter" in AWS, Exponential Backoff And Jitter (2015).
        """
        if attempt < 1:
            raise ValueError(f"attempts count from 1, not {attempt}")
        if attempt >= self.max_attempts:
            return None
        half = self._ceiling(attempt) / 2
        return max(half + half * self.rng.random(), _believed(retry_after))

    def schedule(self) -> list[tuple[timedelta, timedelta]]:
        """Return the shortest and longest wait after each attempt but the last."""
        longest = [self._ceiling(attempt) for attempt in range(1, self.max_attempts)]
        return [(wait / 2, wait) for wait in longest]

    def span(self) -> tuple[timedelta, timedelta]:
        """Return the shortest and longest time from first to last attempt."""
        waits = self.schedule()
        return (
            sum((shortest for shortest, _ in waits), timedelta(0)),
            sum((longest for _, longest in waits), timedelta(0)),
        )

    def _ceiling(self, attempt: int) -> timedelta:
        # Beyond 2 ** 40 every base of a microsecond or more has passed its cap;
        # dividing the cap first keeps a long base from overflowing.
        doublings = 1 << min(attempt - 1, 40)
        if self.cap / doublings <= self.base:
            return self.cap
        return self.base * doublings


def _believed(retry_after: float | None) -> timedelta:
    if retry_after is None or not isfinite(retry_after) or retry_after <= 0:
        return timedelta(0)
    return timedelta(seconds=min(retry_after, LONGEST_RETRY_AFTER.total_seconds()))
