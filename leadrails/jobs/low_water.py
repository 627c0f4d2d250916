"""
Low-water marks: times before which nothing is left in the queue, as a process knows.

What has left the queue stays in its indexes until PostgreSQL may clean it up, which a
long `pg_dump` puts off for its whole length. Each search would step over all of it
again: half a millisecond for a thousand jobs. So a search begins at a mark.
"""

import time
from datetime import UTC, datetime, timedelta

EVER = datetime.fromtimestamp(0, UTC)
# A row is seen when its transaction commits, which may be some time after its `now()`.
SLACK = timedelta(seconds=5)
# What took longer still, or came from a clock that was wrong, is found by then.
WHOLE_EVERY = 60.0  # seconds


class LowWater:
    """One mark: `at` is a time of the database's clock, the epoch to begin with."""

    def __init__(self) -> None:
        self.at = EVER
        self._whole_at = -WHOLE_EVERY

    def since(self) -> datetime:
        """Where a search that moves the mark begins: once a minute from the start."""
        now = time.monotonic()
        if now - self._whole_at < WHOLE_EVERY:
            return self.at
        self._whole_at = now
        return EVER

    def note(self, oldest: datetime | None, clock: datetime) -> None:
        """Move to the `oldest` that was found, or to now, `clock`, if nothing was."""
        self.at = min(oldest or clock, clock) - SLACK
