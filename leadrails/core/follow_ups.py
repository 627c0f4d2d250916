"""Whether a message still wants following up when its time is over. Pure."""

from enum import StrEnum

from leadrails.core.reasons import Reason
from leadrails.core.states import AT_PROVIDER, OPEN, SUCCEEDED, State


class Watches(StrEnum):
    """What a rule waits for in vain."""

    NOT_DELIVERED = "not_delivered"
    NOT_READ = "not_read"


class Verdict(StrEnum):
    ACT = "act"
    WAIT = "wait"
    NEVER = "never"


WANT_NO_MORE = frozenset({Reason.OPTED_OUT, Reason.SUPPRESSED})


def judge(
    watches: Watches,
    state: State,
    reason: str,
    *,
    has_fallback: bool,
    may_fall_back: bool,
    has_answered: bool,
) -> Verdict:
    """
    Say what to do now that a message's time is over.

    What is still to be tried again by itself is not followed up: the person might get
    both. A plain text that went in its place has deadlines of its own.

    Args:
        has_fallback: a plain text went in its place.
        may_fall_back: one may still do so.
        has_answered: the person wrote or tapped something since it went, and so has
            seen it, whatever receipts say.
    """
    if reason in WANT_NO_MORE or has_fallback or has_answered:
        return Verdict.NEVER
    if may_fall_back:
        return Verdict.WAIT
    if watches is Watches.NOT_READ:
        return Verdict.ACT if state is State.DELIVERED else Verdict.NEVER
    if state in SUCCEEDED or state in (State.SKIPPED, State.CANCELED):
        return Verdict.NEVER
    is_tried_again = state in OPEN and state not in AT_PROVIDER
    return Verdict.WAIT if is_tried_again else Verdict.ACT
