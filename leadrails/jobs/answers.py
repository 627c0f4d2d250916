"""How a provider took a call, whatever it meant for the job."""

from datetime import timedelta
from enum import Enum
from http import HTTPStatus

from leadrails.core.delivery import (
    ErrorClass,
    NotSent,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
)


class Answer(Enum):
    GIVEN = 1
    SLOW_DOWN = 2
    NONE = 3
    NOT_ASKED = 4


def answer_of(outcome: Outcome) -> Answer:
    match outcome:
        case RateLimited():
            return Answer.SLOW_DOWN
        case NotSent() | OutcomeUnknown():
            return Answer.NONE
        case Refused(error_class=ErrorClass.PROVIDER_OUTAGE):
            return Answer.NONE
        case Refused(http_status=HTTPStatus.TOO_MANY_REQUESTS):
            return Answer.SLOW_DOWN
        case Refused(error_class=ErrorClass.RETRY_BACKOFF):
            return Answer.SLOW_DOWN
        case _:
            return Answer.GIVEN


def wait_of(outcome: Outcome) -> timedelta | None:
    """How long the provider asks us to wait, if it says so."""
    seconds = getattr(outcome, "retry_after", None)
    return timedelta(seconds=seconds) if seconds and 0 < seconds < 86_400 else None
