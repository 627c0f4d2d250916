"""
What an attempt can come to, and what follows from it.

    SendError
    ├── NotSent             the request never reached the provider
    │   └── RateLimited     the provider said "slow down" and took nothing
    ├── Refused             the provider's explicit no, with its code
    │   └── ContentGone     what it was to send is not there any more
    └── OutcomeUnknown      request written, no usable answer

Everything here is data: adapters raise or return outcomes, `decide` says what they
mean, and the caller moves the job and carries out the effects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from leadrails.core.reasons import Reason
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event


class ErrorClass(StrEnum):
    """What a lead router should do about a provider's code."""

    RETRY_BACKOFF = "retry_backoff"
    RECIPIENT_PERMANENT = "recipient_permanent"
    DESTINATION_CONFIG = "destination_config"
    PROVIDER_OUTAGE = "provider_outage"
    RECIPIENT_OPTED_OUT = "recipient_opted_out"
    CARRIER_FILTERED = "carrier_filtered"
    AMBIGUOUS = "ambiguous"
    WARNING = "warning"


class Scope(StrEnum):
    """What else fails for the same cause."""

    ACCOUNT = "account"
    SENDER = "sender"
    COUNTRY = "country"
    NUMBER = "number"
    RECIPIENT = "recipient"
    MESSAGE = "message"
    PROVIDER = "provider"
    CALLBACK = "callback"


class Receipt(Struct, frozen=True):
    """The provider's yes. `status` is its own word, kept for the log."""

    provider_id: str
    status: str
    segments: int | None = None
    sender: str | None = None
    http_status: int = 201


class SendError(Exception):
    """An attempt without a receipt; anticipated, so data rather than a fault."""


class NotSent(SendError):
    """The request never reached the provider: no connection, DNS, TLS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RateLimited(NotSent):
    """The provider took nothing and asks for a pause of `retry_after` seconds."""

    def __init__(self, retry_after: float | None = None, code: str = "") -> None:
        super().__init__(Reason.RATE_LIMITED.value)
        self.args = (retry_after, code)
        self.retry_after = retry_after
        self.code = code

    def __str__(self) -> str:
        return f"rate limited ({self.code})" if self.code else "rate limited"


class Refused(SendError):
    """The provider's explicit no. `title` is our own words on its code."""

    def __init__(
        self,
        code: str,
        title: str,
        error_class: ErrorClass,
        scope: Scope,
        http_status: int | None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, title, error_class, scope, http_status, retry_after)
        self.code = code
        self.title = title
        self.error_class = error_class
        self.scope = scope
        self.http_status = http_status
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.title} ({self.code})"


class ContentGone(Refused):
    """`content`, kept there by us, is not at the provider any more. It can be again."""

    def __init__(self, refusal: Refused, content: str) -> None:
        super().__init__(
            refusal.code,
            refusal.title,
            refusal.error_class,
            refusal.scope,
            refusal.http_status,
        )
        self.content = content


class OutcomeUnknown(SendError):
    """The provider may have taken the message; sending again could send it twice."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Outcome = Receipt | SendError


@dataclass(frozen=True, slots=True)
class PauseDestination:
    cause: str


@dataclass(frozen=True, slots=True)
class HoldCountry:
    """Hold the destination's jobs to this country (ISO 3166-1 alpha-2)."""

    country: str


@dataclass(frozen=True, slots=True)
class Suppress:
    """Never message this recipient from this tenant again."""

    reason: str


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """`scope` is `destination` or `country:GB`; the caller adds whose."""

    kind: str
    scope: str
    cause: str


@dataclass(frozen=True, slots=True)
class RemakeContent:
    """Have the provider keep it anew, and the job's message refer to that."""

    content: str


Effect = PauseDestination | HoldCountry | Suppress | OpenAlert | RemakeContent

CONFIG_FAILED = "destination_config_failed"
COUNTRY_FAILED = "country_not_enabled"


@dataclass(frozen=True, slots=True)
class Decision:
    """
    What to do with the job.

    `reason` is a slug of `reasons.REASONS`, empty when there is nothing to explain;
    `delay` is given for the events that lead to a retry.
    """

    event: Event
    reason: str = ""
    delay: timedelta | None = None
    effects: tuple[Effect, ...] = ()


ACCEPTED = Decision(Event.ACCEPT)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left to a job: attempts and time."""

    attempt: int
    policy: RetryPolicy
    age: timedelta
    time_to_live: timedelta

    def next_wait(self, retry_after: float | None = None) -> timedelta | Reason:
        """Return the wait before another attempt, or why there is none."""
        if self.age >= self.time_to_live:
            return Reason.EXPIRED
        delay = self.policy.delay(self.attempt, retry_after)
        if delay is None:
            return Reason.ATTEMPTS_EXHAUSTED
        return delay if self.age + delay < self.time_to_live else Reason.EXPIRED


def decide(
    outcome: Outcome,
    *,
    attempt: int,
    policy: RetryPolicy,
    age: timedelta,
    time_to_live: timedelta,
    country: str,
) -> Decision:
    """
    Say what an attempt's outcome means for its job.

    Three failures, three fates. *Not sent* is tried again while attempts and time
    are left. *Refused* is final for what the code's scope says. *Unknown* is never
    sent again blindly; so is an error that nobody classified.

    Args:
        attempt: the number of this attempt, from 1.
        age: time since the job was made.
        country: the recipient's, ISO 3166-1 alpha-2; empty when not known.
    """
    budget = Budget(attempt, policy, age, time_to_live)
    match outcome:
        case Receipt():
            return ACCEPTED
        case RateLimited():
            return _later(budget, Reason.RATE_LIMITED, outcome.retry_after)
        case NotSent():
            return _later(budget, Reason.NOT_REACHED)
        case ContentGone():
            later = _later(budget, Reason.CONTENT_NOT_READY)
            return replace(later, effects=(RemakeContent(outcome.content),))
        case Refused():
            return _refused(outcome, budget, country)
        case _:
            return Decision(Event.LOSE, Reason.OUTCOME_UNKNOWN)


def _later(
    budget: Budget, reason: Reason, retry_after: float | None = None
) -> Decision:
    wait = budget.next_wait(retry_after)
    if wait is Reason.EXPIRED:
        return Decision(Event.EXPIRE, wait)
    if isinstance(wait, Reason):
        return Decision(Event.REFUSE, wait)
    return Decision(Event.DEFER, reason, wait)


def _refused(error: Refused, budget: Budget, country: str) -> Decision:
    match error.error_class:
        case ErrorClass.RETRY_BACKOFF | ErrorClass.PROVIDER_OUTAGE:
            return _later(budget, Reason.PROVIDER_BUSY, error.retry_after)
        case ErrorClass.AMBIGUOUS | ErrorClass.WARNING:
            # An error answer that names no failure leaves it open what happened.
            return Decision(Event.LOSE, Reason.OUTCOME_UNKNOWN)
    effects = effects_of(error.error_class, error.scope, country)
    if any(isinstance(effect, PauseDestination) for effect in effects):
        return Decision(Event.HOLD, Reason.DESTINATION_PAUSED, effects=effects)
    if any(isinstance(effect, HoldCountry) for effect in effects):
        return Decision(Event.HOLD, Reason.COUNTRY_NOT_ENABLED, effects=effects)
    reason = final_reason(error.error_class, error.scope, Reason.MESSAGE_REFUSED)
    return Decision(Event.REFUSE, reason, effects=effects)


def effects_of(
    error_class: ErrorClass | None, scope: Scope | None, country: str
) -> tuple[Effect, ...]:
    """Return what a final failure means beyond its own job."""
    if error_class is ErrorClass.RECIPIENT_OPTED_OUT:
        return (Suppress(Reason.OPTED_OUT),)
    if error_class is not ErrorClass.DESTINATION_CONFIG:
        return ()
    if scope is Scope.ACCOUNT or scope is Scope.SENDER:
        cause = final_reason(error_class, scope, Reason.MESSAGE_REFUSED)
        return PauseDestination(cause), OpenAlert(CONFIG_FAILED, "destination", cause)
    if scope is Scope.COUNTRY and country:
        cause = Reason.COUNTRY_NOT_ENABLED
        alert = OpenAlert(COUNTRY_FAILED, f"country:{country}", cause)
        return HoldCountry(country), alert
    return ()


_REASON_OF_CLASS: Mapping[ErrorClass, Reason] = {
    ErrorClass.RECIPIENT_OPTED_OUT: Reason.OPTED_OUT,
    ErrorClass.CARRIER_FILTERED: Reason.CARRIER_FILTERED,
    ErrorClass.AMBIGUOUS: Reason.CARRIER_TIMEOUT,
}
_REASON_OF_SCOPE: Mapping[Scope, Reason] = {
    Scope.ACCOUNT: Reason.ACCOUNT_REFUSED,
    Scope.SENDER: Reason.SENDER_REFUSED,
    Scope.COUNTRY: Reason.COUNTRY_NOT_ENABLED,
    Scope.NUMBER: Reason.NUMBER_REFUSED,
    Scope.RECIPIENT: Reason.RECIPIENT_REFUSED,
}


def final_reason(
    error_class: ErrorClass | None, scope: Scope | None, otherwise: Reason
) -> Reason:
    if error_class and (reason := _REASON_OF_CLASS.get(error_class)):
        return reason
    return _REASON_OF_SCOPE.get(scope, otherwise) if scope else otherwise
