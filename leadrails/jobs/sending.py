"""One attempt at the provider, and what it came to."""

import asyncio
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from destinations.callbacks import status_url
from destinations.composing import in_reserve, thaw
from destinations.credentials import hide_secrets, provider_for
from destinations.models import Destination
from destinations.providers.base import Message
from destinations.providers.fields import RCS, patience
from destinations.providers.http import ProviderSession
from destinations.reach import Reach
from leadrails.core import phone
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import (
    ACCEPTED,
    CONFIG_FAILED,
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
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event, State, next_state
from leadrails.jobs.answers import answer_of, wait_of
from leadrails.jobs.deadlines import falls_back
from leadrails.jobs.models import Attempt
from leadrails.jobs.queue import FIRST_LOOK, Result, Start

log = logging.getLogger(__name__)

LONGEST_VALIDITY = 36_000  # seconds
NEXT_SCHEDULE = timedelta(minutes=6)  # providers plan nothing that is nearer

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


async def send(
    start: Start, place: Destination, http: ProviderSession, reach: Reach
) -> Result:
    """Make one attempt and say what it came to. Never raises, even when cut off."""
    job = start.job
    began = time.monotonic()
    has_rcs: bool | None = None
    try:
        provider, kept = provider_for(place), start.message
        if kept.get("channel"):
            has_rcs = await reach.has_rcs(provider, kept["to"], http)
            kept = _within_reach(kept, has_rcs)
        if time.monotonic() >= job.mine_until:
            # We were frozen: somebody else may have found nothing and sent it since.
            raise NotSent("the lease ran out before the call could be made")
        outcome: Outcome = await provider.send(_message(start, place, kept), http)
    except SendError as error:
        outcome = error
    except CannotDecrypt:
        outcome = UNREADABLE
    except asyncio.CancelledError:
        outcome = OutcomeUnknown("LeadRails was stopped before the provider answered")
    except Exception:
        # Whatever went wrong here, the request may be on its way.
        with hide_secrets(place):
            log.exception("attempt failed unexpectedly")
        outcome = OutcomeUnknown("an error of our own")
    duration = timedelta(seconds=time.monotonic() - began)
    if outcome is UNREADABLE:
        return _result(start, _STOP, outcome, duration)
    decision = _decide(outcome, start, place, duration)
    result = _result(start, decision, outcome, duration)
    if has_rcs is None:
        return result
    return structs.replace(result, response={**result.response, "has_rcs": has_rcs})


def _within_reach(kept: dict[str, Any], has_rcs: bool | None) -> dict[str, Any]:
    """
    What is sent to a phone, as a job keeps it.

    Raises:
        Refused: it has no RCS, and nothing else is to go.
    """
    if has_rcs is not False:
        return kept
    text = in_reserve(thaw(kept))
    if text is None:
        raise Refused(
            code="",
            title="This phone cannot be reached by RCS, and nothing else is to go",
            error_class=ErrorClass.RECIPIENT_PERMANENT,
            scope=Scope.RECIPIENT,
            http_status=None,
        )
    return {"to": kept["to"], **text.frozen()}


def _decide(
    outcome: Outcome, start: Start, place: Destination, duration: timedelta
) -> Decision:
    if isinstance(outcome, Receipt):
        return ACCEPTED  # as `decide` says; nearly all, and nothing else matters
    job = start.job
    return decide(
        outcome,
        attempt=start.number,
        policy=RetryPolicy(max_attempts=place.max_attempts),
        age=job.clock - job.created_at + duration,
        time_to_live=job.expires_at - job.created_at,
        country=phone.region_of(job.recipient) or "",
    )


def _message(start: Start, place: Destination, kept: dict[str, Any]) -> Message:
    job = start.job
    left = int((job.expires_at - job.clock).total_seconds())
    if falls_back(place) and kept.get("channel") == RCS:
        # When the text goes, the rich message must not arrive any more.
        left = min(left, patience(place.config))
    return thaw(
        kept,
        callback_url=status_url(job.destination_id, job.id, start.number),
        validity_seconds=max(5, min(left, LONGEST_VALIDITY)),
        send_at=_send_at(start),
    )


def _send_at(start: Start) -> datetime | None:
    """When the provider is to send it; None for at once, or if that time has come."""
    planned, now = start.message.get("send_at"), start.job.clock
    if not planned or (at := datetime.fromisoformat(planned)) <= now:
        return None
    return max(at, now + NEXT_SCHEDULE)


def _result(
    start: Start, decision: Decision, outcome: Outcome, duration: timedelta
) -> Result:
    state = next_state(State.SENDING, decision.event)
    assert state is not None, decision
    common: dict[str, Any] = {
        "job": start.job,
        "number": start.number,
        "state": state,
        "reason": decision.reason,
        "duration": duration,
    }
    if isinstance(outcome, Receipt):  # nearly all
        return Result(
            **common,
            outcome=Attempt.Outcome.ACCEPTED,
            provider_id=outcome.provider_id,
            sender=outcome.sender or "",
            segments=outcome.segments or None,
            http_status=outcome.http_status,
            response={"status": outcome.status, "id": outcome.provider_id},
        )
    common |= {
        "delay": FIRST_LOOK if state is State.UNKNOWN else decision.delay,
        "effects": decision.effects,
        "answer": answer_of(outcome),
        "retry_after": wait_of(outcome),
    }
    match outcome:
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
