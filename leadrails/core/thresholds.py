"""
When a measured thing is a problem, and when it no longer is.

Each rule is asked again and again with fresh figures. It opens at one mark and closes
only at a lower one, so that a figure which hovers about a mark does not flap.
"""

from dataclasses import dataclass
from datetime import timedelta

OUTAGE_SHARE = 0.5
OUTAGE_OVER_SHARE = 0.25
ENOUGH_SILENT = 2  # destinations, or openings of the only one's circuit


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """
    Too large a part of a whole.

    Attributes:
        floor: a smaller part is no problem, whatever its share.
        opens_at: the share, from 0 to 1, at which the problem begins.
        closes_below: the share under which it ends.
    """

    floor: int
    opens_at: float
    closes_below: float

    def is_wrong(self, part: int, whole: int, *, was_wrong: bool) -> bool:
        if part <= 0 or whole <= 0:
            return False
        share = part / whole
        if was_wrong:
            return share >= self.closes_below
        return part >= self.floor and share >= self.opens_at


def is_late(waited: timedelta, objective: timedelta, *, was_late: bool) -> bool:
    """Whether the oldest waits too long: over the objective, later over half of it."""
    return waited > (objective / 2 if was_late else objective)


def is_outage(silent: int, used: int, longest: int, *, was_outage: bool) -> bool:
    """
    Whether a provider is down, not one destination's way to it.

    Args:
        silent: destinations whose circuit is open.
        used: destinations that called lately, the silent ones among them.
        longest: how often in a row the longest open circuit opened.
    """
    if silent <= 0 or used <= 0:
        return False
    share = silent / used
    if was_outage:
        return share >= OUTAGE_OVER_SHARE
    has_lasted = silent >= ENOUGH_SILENT or longest >= ENOUGH_SILENT
    return share >= OUTAGE_SHARE and has_lasted
