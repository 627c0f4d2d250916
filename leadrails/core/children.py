"""
Jobs that another job brings about, and how far that may go. Pure.

A *fallback* is the plain text that goes when a rich message does not arrive. A
*follow-up* goes because a rule of the destination says so. A *reply* answers what the
person tapped.
"""

from collections.abc import Sequence
from enum import StrEnum
from itertools import takewhile

MOST_IN_A_ROW = 3
"""Fallbacks and follow-ups after each other without a word of the person."""


class Cause(StrEnum):
    FALLBACK = "fallback"
    FOLLOW_UP = "follow_up"
    REPLY = "reply"


def may_have(cause: Cause, line: Sequence[str]) -> bool:
    """
    Whether a job may bring about another one for this cause.

    A person who taps starts anew, so replies know no end. What goes by itself does:
    a fallback has no fallback, and `MOST_IN_A_ROW` go in a row.

    Args:
        line: the causes of the job itself, of its parent, and so on; "" for a job of
            the lead.
    """
    if cause is Cause.REPLY:
        return True
    if cause is Cause.FALLBACK and line[0] == Cause.FALLBACK:
        return False
    by_itself = takewhile(lambda why: why not in ("", Cause.REPLY), line)
    return sum(1 for _ in by_itself) < MOST_IN_A_ROW
