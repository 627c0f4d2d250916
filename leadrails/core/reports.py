"""What a provider's later word on an attempt means for its job."""

from dataclasses import dataclass
from datetime import timedelta

from leadrails.core.delivery import (
    Budget,
    Effect,
    ErrorClass,
    HoldCountry,
    PauseDestination,
    Scope,
    effects_of,
    final_reason,
)
from leadrails.core.reasons import Reason
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event, State, event_for


@dataclass(frozen=True, slots=True)
class ReportDecision:
    """As `delivery.Decision`, but `event` is None when the job stays as it is."""

    event: Event | None
    reason: str = ""
    delay: timedelta | None = None
    effects: tuple[Effect, ...] = ()


def decide_report(
    reported: State,
    *,
    is_failed: bool,
    error_class: ErrorClass | None,
    scope: Scope | None,
    attempt: int,
    policy: RetryPolicy,
    age: timedelta,
    time_to_live: timedelta,
    country: str,
    is_latest: bool = True,
    is_shown: bool = False,
) -> ReportDecision:
    """
    Say what a report on an attempt means for its job.

    A message that the provider itself failed is sent again when the class allows,
    or waits behind the paused destination or country. One that the carrier did not
    deliver is never sent again by itself, since carriers do correct themselves. An
    unknown code (`error_class` None) ends this message only.

    The caller has merged the report into the attempt before, so that a repeated
    report never gets here, and ignores a `PauseDestination` of an attempt that
    began before the destination was last resumed.

    Args:
        is_failed: the provider says "failed": the message never left it.
        attempt: the number of the attempt reported on, from 1.
        is_latest: the job has made no later attempt. Only then may it be sent again.
        is_shown: the job's state is what was heard of this attempt, latest or not.
    """
    event = event_for(reported, is_shown=is_latest or is_shown)
    if reported is not State.UNDELIVERED:
        return ReportDecision(event)
    effects = effects_of(error_class, scope, country)
    reason = final_reason(error_class, scope, Reason.NOT_DELIVERED)
    may_retry = is_failed and is_latest
    waiting = _reason_to_retry(error_class, effects) if may_retry else None
    if event is None or waiting is None:
        return ReportDecision(event, reason, effects=effects)
    wait = Budget(attempt, policy, age, time_to_live).next_wait()
    if isinstance(wait, Reason):
        spent = wait if waiting is Reason.PROVIDER_BUSY else reason
        return ReportDecision(event, spent, effects=effects)
    return ReportDecision(Event.BOUNCE, waiting, wait, effects)


def _reason_to_retry(
    error_class: ErrorClass | None, effects: tuple[Effect, ...]
) -> Reason | None:
    if error_class in {ErrorClass.RETRY_BACKOFF, ErrorClass.PROVIDER_OUTAGE}:
        return Reason.PROVIDER_BUSY
    if any(isinstance(effect, PauseDestination) for effect in effects):
        return Reason.DESTINATION_PAUSED
    if any(isinstance(effect, HoldCountry) for effect in effects):
        return Reason.COUNTRY_NOT_ENABLED
    return None
