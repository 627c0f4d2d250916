"""
An attempt whose outcome is unknown: ask for its message, and say what was found out.
"""

from datetime import datetime, timedelta
from typing import Any

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.answers import MAX_PAGES, TooManyMessages
from destinations.providers.base import Capability, FoundMessage
from destinations.providers.http import ProviderSession
from leadrails.core import phone
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import (
    Budget,
    OpenAlert,
    Refused,
    SendError,
)
from leadrails.core.reasons import Reason
from leadrails.core.reports import decide_report
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event, State, next_state
from leadrails.jobs.answers import Answer, answer_of
from leadrails.jobs.effects import OUTCOME_UNKNOWN
from leadrails.jobs.models import Attempt
from leadrails.jobs.queue import DueJob, Result

SECOND_LOOK = timedelta(seconds=30)
BEFORE = timedelta(seconds=60)  # clocks differ: look this much before the attempt


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
    if not provider.can(Capability.LIST):
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
