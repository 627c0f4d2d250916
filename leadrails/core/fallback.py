"""
A plain text in place of a rich message that does not arrive: when, and never both.

Two questions. `judge` is asked about the rich message when it failed, and again when
its time is up: shall the text go? `compare` is asked about the two when one of them
arrived: shall the text be stopped, or both be labelled? Whoever asks holds both, and
asks again after whatever moves either, so neither order nor repetition matters. Pure.
"""

from enum import StrEnum

from leadrails.core.reasons import Reason
from leadrails.core.states import AT_PROVIDER, FAILED, SUCCEEDED, State


class Judgement(StrEnum):
    SEND = "send"
    SEND_IN_DOUBT = "send_in_doubt"  # the rich message may have arrived: say so
    REPLACE = "replace"  # send, once the rich message is kept from being tried again
    WAIT = "wait"
    NEVER = "never"


class Comparison(StrEnum):
    CANCEL = "cancel"  # the text has not been started: stop it
    LATER = "later"  # somebody decides on it just now
    LABEL = "label"  # both may have arrived
    FINE = "fine"


# Ends that say nothing against a plain text. The others hold for it as well, as where
# the number is a landline's, or are the person's wish, or the tenant's.
MENDED_BY_TEXT = frozenset(
    {
        Reason.RECIPIENT_REFUSED,
        Reason.MESSAGE_REFUSED,
        Reason.SENDER_REFUSED,
        Reason.NOT_DELIVERED,
        Reason.CARRIER_FILTERED,
        Reason.CARRIER_TIMEOUT,
        Reason.ATTEMPTS_EXHAUSTED,
        Reason.PROVIDER_BUSY,
    }
)
IN_DOUBT = frozenset({Reason.CARRIER_TIMEOUT, Reason.SENT_AGAIN_IN_DOUBT})
NOT_STARTED = frozenset({State.QUEUED, State.HELD, State.RETRYING})
MAY_ARRIVE = frozenset({State.SENDING, State.UNKNOWN}) | AT_PROVIDER | SUCCEEDED


def judge(state: State, reason: str, *, is_time_up: bool) -> Judgement:
    """
    Say whether the text shall go in place of a rich message.

    Args:
        reason: of the rich message's state.
        is_time_up: the time that it gets is over, and so is its validity.
    """
    if state in FAILED:
        if reason not in MENDED_BY_TEXT:
            return Judgement.NEVER
        is_doubt = reason in IN_DOUBT
        return Judgement.SEND_IN_DOUBT if is_doubt else Judgement.SEND
    if state in AT_PROVIDER:
        return Judgement.SEND if is_time_up else Judgement.WAIT
    if state is State.RETRYING:
        if reason in IN_DOUBT or not is_time_up:
            return Judgement.WAIT
        return Judgement.REPLACE
    if state in (State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN):
        # It moves on by itself. In doubt nothing is sent a second time.
        return Judgement.WAIT
    return Judgement.NEVER


def compare(rich: State, text: State, *, is_text_free: bool) -> Comparison:
    """
    Say what the arrival of one means for the other.

    Args:
        is_text_free: no worker holds the text's job.
    """
    if rich not in SUCCEEDED:
        return Comparison.FINE
    if text in NOT_STARTED:
        return Comparison.CANCEL if is_text_free else Comparison.LATER
    return Comparison.LABEL if text in MAY_ARRIVE else Comparison.FINE
