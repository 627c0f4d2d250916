"""One attempt at the provider, and the search for one whose outcome is unknown."""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from destinations.callbacks import status_url
from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import (
    MAX_PAGES,
    FoundMessage,
    Message,
    TooManyMessages,
)
from destinations.providers.http import ProviderSession
from leadrails.core import phone
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import (
    CONFIG_FAILED,
    Budget,
    Decision,
    ErrorClass,
    NotSent,
    OpenAlert,
    Outcome,
    OutcomeUnknown,
    PauseDestination,
    RateLimited,
    Receipt,
    Refused,
    Scope,
    SendError,
    decide,
)
from leadrails.core.reasons import Reason
from leadrails.core.redact import redact
from leadrails.core.reports import decide_report
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event, State, next_state
from leadrails.jobs.answers import Answer, answer_of, wait_of
from leadrails.jobs.effects import OUTCOME_UNKNOWN
from leadrails.jobs.models import Attempt
from leadrails.jobs.queue import FIRST_LOOK, DueJob, Result, Start

log = logging.getLogger(__name__)

LONGEST_VALIDITY = 36_000  # seconds
SECOND_LOOK = timedelta(seconds=30)
BEFORE = timedelta(seconds=60)  # clocks differ: look this much before the attempt

UNREADABLE = Refused(
    code="",
    title="The stored credentials cannot be read with the encryption keys in use",
    error_class=ErrorClass.DESTINATION_CONFIG,
    scope=Scope.ACCOUNT,
    http_status=None,
)
_STOP = Decision(
    Event.HOLD,
    Reason.DESTINATION_PAUSED,
    effects=(
        PauseDestination(Reason.CREDENTIALS_UNREADABLE),
        OpenAlert(CONFIG_FAILED, "destination", Reason.CREDENTIALS_UNREADABLE),
    ),
)


async def send(start: Start, place: Destination, http: ProviderSession) -> Result:
    """Make one attempt and say what it came to. Never raises, even when cut off."""
    job = start.job
    began = time.monotonic()
    try:
        if began >= job.mine_until:
            # We were frozen: somebody else may have found nothing and sent it since.
            raise NotSent("the lease ran out before the call could be made")
        outcome: Outcome = await provider_for(place).send(_message(start), http)
    except SendError as error:
        outcome = error
    except CannotDecrypt:
        outcome = UNREADABLE
    except asyncio.CancelledError:
        outcome = OutcomeUnknown("LeadRails was stopped before the provider answered")
    except Exception:
        # Whatever went wrong here, the request may be on its way.
        log.exception("attempt failed unexpectedly")
        outcome = OutcomeUnknown("an error of our own")
    duration = timedelta(seconds=time.monotonic() - began)
    if outcome is UNREADABLE:
        return _result(start, _STOP, outcome, duration)
    decision = decide(
        outcome,
        attempt=start.number,
        policy=RetryPolicy(max_attempts=place.max_attempts),
        age=job.clock - job.created_at + duration,
        time_to_live=job.expires_at - job.created_at,
        country=phone.region_of(job.recipient) or "",
    )
    return _result(start, decision, outcome, duration)


def _message(start: Start) -> Message:
    job = start.job
    left = int((job.expires_at - job.clock).total_seconds())
    return Message(
        to=start.message["to"],
        body=start.message["body"],
        callback_url=status_url(job.destination_id, job.id, start.number),
        validity_seconds=max(5, min(left, LONGEST_VALIDITY)),
    )


def _result(
    start: Start, decision: Decision, outcome: Outcome, duration: timedelta
) -> Result:
    state = next_state(State.SENDING, decision.event)
    assert state is not None, decision
    delay = FIRST_LOOK if state is State.UNKNOWN else decision.delay
    common: dict[str, Any] = {
        "job": start.job,
        "number": start.number,
        "state": state,
        "reason": decision.reason,
        "duration": duration,
        "delay": delay,
        "effects": decision.effects,
        "answer": answer_of(outcome),
        "retry_after": wait_of(outcome),
    }
    match outcome:
        case Receipt():
            return Result(
                **common,
                outcome=Attempt.Outcome.ACCEPTED,
                provider_id=outcome.provider_id,
                sender=outcome.sender or "",
                segments=outcome.segments or None,
                http_status=201,
                response={"status": outcome.status, "id": outcome.provider_id},
            )
        case Refused():
            return Result(
                **common,
                outcome=Attempt.Outcome.REFUSED,
                http_status=outcome.http_status,
                error_code=outcome.code,
                error_message=outcome.title[:500],
                response={"code": outcome.code, "title": outcome.title},
            )
        case RateLimited():
            return Result(
                **common,
                outcome=Attempt.Outcome.NOT_SENT,
                http_status=429,
                error_code=outcome.code,
                error_message="The provider asked us to slow down.",
                response={"retry_after": outcome.retry_after},
            )
        case NotSent():
            return Result(
                **common,
                outcome=Attempt.Outcome.NOT_SENT,
                error_message=str(redact(str(outcome)))[:500],
            )
        case _:
            return Result(
                **common,
                outcome=Attempt.Outcome.UNKNOWN,
                error_message=str(redact(str(outcome)))[:500],
            )


async def look_for(
    job: DueJob, place: Destination, http: ProviderSession
) -> list[FoundMessage] | None:
    """
    Return the account's messages to this person since the attempt, newest first.

    None when it cannot be asked now: provider down, or busy, or our own credentials
    cannot be read.

    Raises:
        CannotAsk: it never can be, so the absence rule cannot be applied.
    """
    if job.attempt_started_at is None:
        raise CannotAsk
    return await look(job.recipient, job.attempt_started_at - BEFORE, place, http)


async def look(
    to: str | None,
    since: datetime,
    place: Destination,
    http: ProviderSession,
    *,
    max_pages: int | None = None,
) -> list[FoundMessage] | None:
    """
    As `look_for`, for anyone if `to` is None.

    Raises:
        CannotAsk: see there.
        TooManyMessages: there are more than `max_pages`, where that is given.
    """
    try:
        provider = provider_for(place)
    except CannotDecrypt:
        return None
    if not provider.can_list:
        raise CannotAsk
    try:
        return await provider.find(to, since, http, max_pages=max_pages or MAX_PAGES)
    except Refused as error:
        if answer_of(error) is not Answer.GIVEN:
            return None
        raise CannotAsk from None
    except TooManyMessages:
        if max_pages is not None:
            raise
        return None
    except SendError:
        return None


class CannotAsk(Exception):
    """The provider has no list, or this key may not read it."""


def adopted(job: DueJob, found: FoundMessage, place: Destination) -> Result:
    """The message exists: what the provider says of it counts as in a callback."""
    update = found.update
    decision = decide_report(
        update.status or State.ACCEPTED,
        is_failed=update.is_failed,
        error_class=update.error_class,
        scope=update.scope,
        attempt=job.attempts,
        policy=RetryPolicy(max_attempts=place.max_attempts),
        age=job.clock - job.created_at,
        time_to_live=job.expires_at - job.created_at,
        country=phone.region_of(job.recipient) or "",
    )
    state = next_state(State.UNKNOWN, decision.event) if decision.event else None
    return _doubt_settled(
        job,
        state=state or State.ACCEPTED,
        reason=decision.reason,
        outcome=Attempt.Outcome.ACCEPTED,
        delay=decision.delay,
        effects=decision.effects,
        provider_id=found.provider_id,
        sender=found.sender or "",
        error_code=update.error_code or "",
        error_message=(update.error_title or "")[:500],
        response={"status": update.raw_status, "id": found.provider_id},
    )


def absent(job: DueJob, place: Destination) -> Result:
    """Two looks found nothing: the message was never taken, so it may be sent."""
    has_budget = job.attempts < place.max_attempts
    event = Event.ABSENT if has_budget else Event.REFUSE
    state = next_state(State.UNKNOWN, event)
    assert state is not None
    return _doubt_settled(
        job,
        state=state,
        reason=Reason.NOT_AT_PROVIDER if has_budget else Reason.ATTEMPTS_EXHAUSTED,
        outcome=Attempt.Outcome.ABSENT,
        delay=timedelta(0),
    )


def sent_again(job: DueJob, place: Destination) -> Result | None:
    """
    Nobody can be asked and the destination sends again in doubt: do so, if it may.

    The attempt stays unknown, so the one that follows labels the job.
    """
    wait = Budget(
        attempt=job.attempts,
        policy=RetryPolicy(max_attempts=place.max_attempts),
        age=job.clock - job.created_at,
        time_to_live=job.expires_at - job.created_at,
    ).next_wait()
    state = next_state(State.UNKNOWN, Event.DEFER)
    if not place.resends_in_doubt or isinstance(wait, Reason) or state is None:
        return None
    return _doubt_settled(
        job,
        state=state,
        reason=Reason.SENT_AGAIN_IN_DOUBT,
        outcome=Attempt.Outcome.UNKNOWN,
        delay=wait,
        response={"looks": job.looks},
    )


def undecided(
    job: DueJob,
    *,
    delay: timedelta | None,
    has_looked: bool = True,
    answer: Answer = Answer.GIVEN,
) -> Result:
    """
    Still unknown; look again after `delay`, or (None) wait for a person.

    Args:
        has_looked: the provider answered, and none of its messages was this one.
    """
    reason = Reason.OUTCOME_UNKNOWN
    effects: tuple[OpenAlert, ...] = ()
    if delay is None:
        effects = (OpenAlert(OUTCOME_UNKNOWN, "destination", reason),)
    return _doubt_settled(
        job,
        state=State.UNKNOWN,
        reason=reason,
        outcome=Attempt.Outcome.UNKNOWN,
        delay=delay,
        effects=effects,
        response={"looks": job.looks + has_looked},
        answer=answer,
    )


def expired(job: DueJob) -> Result:
    """Its time is over and nobody could tell what became of it."""
    return _doubt_settled(
        job,
        state=State.DEAD,
        reason=Reason.OUTCOME_UNKNOWN,
        outcome=Attempt.Outcome.UNKNOWN,
        response={"looks": job.looks},
        answer=Answer.NOT_ASKED,
    )


def _doubt_settled(job: DueJob, **fields: Any) -> Result:
    started, finished = job.attempt_started_at, job.attempt_finished_at
    duration = finished - started if started and finished else timedelta(0)
    return Result(job=job, number=job.attempts, duration=duration, **fields)
