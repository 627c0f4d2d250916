"""
May this job be attempted now? Asked before every attempt, on facts read with it.

What ends a job outranks what makes it wait, and the person outranks the
destination, so that a page names the reason that matters most. In order:

1. removed destination, no usable phone          → Skip
2. opted out or suppressed                       → Skip
3. premium number, country not allowed           → Skip
4. out of time                                   → Expire (nothing waits beyond it)
5. paused destination, country held              → Hold until a person clears it
6. quiet hours                                   → Hold until they end
7. ceilings of destination, source, recipient    → Hold until the next hour or day
8. an earlier message of the lead on its way     → Hold, and look again
9. another message to the person just before     → Hold for seconds
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from leadrails.core.reasons import REASONS, Reason

__all__ = [
    "ALERTING",
    "REASONS",
    "Allow",
    "Expire",
    "Hold",
    "PolicyFacts",
    "Skip",
    "Verdict",
    "check",
]


@dataclass(frozen=True, slots=True)
class Allow:
    pass


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait; `until` is None when only a person can end it."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    reason: str


@dataclass(frozen=True, slots=True)
class Expire:
    reason: str = Reason.EXPIRED


Verdict = Allow | Hold | Skip | Expire

# Holds that someone should hear of; the others have their alert or need none.
ALERTING = frozenset(
    {Reason.DESTINATION_CEILING, Reason.SOURCE_CEILING, Reason.RECIPIENT_CEILING}
)


class PolicyFacts(Struct, frozen=True, kw_only=True):
    """
    What `check` needs to know.

    Attributes:
        now: the database's clock, with a time zone.
        expires_at: when the job's time to live is over.
        destination_status: active, paused or revoked.
        recipient: E.164, or the address of a destination that needs no phone;
            empty when the lead has none that is usable.
        country: the recipient's, ISO 3166-1 alpha-2; empty when not known.
        suppressed_as: `opted_out` or `suppressed` if listed, else empty.
        allowed_countries: None for a destination that needs no phone.
        quiet_until: end of the recipient's quiet hours if they are on now.
        *_this_hour, *_today: messages started in the current UTC hour or day.
        *_ceiling: the most allowed in that span; None for no ceiling.
        lead_waits_until, person_free_at: see `turns`.
    """

    now: datetime
    expires_at: datetime
    destination_status: str
    recipient: str
    country: str = ""
    suppressed_as: str = ""
    is_premium: bool = False
    allowed_countries: Collection[str] | None = ()
    held_countries: Collection[str] = ()
    quiet_until: datetime | None = None
    destination_this_hour: int = 0
    destination_ceiling: int | None = None
    source_this_hour: int = 0
    source_ceiling: int | None = None
    recipient_today: int = 0
    recipient_ceiling: int | None = None
    lead_waits_until: datetime | None = None
    person_free_at: datetime | None = None


def check(facts: PolicyFacts) -> Verdict:
    """Return the first verdict of the list above, or Allow."""
    if reason := _reason_to_skip(facts):
        return Skip(reason)
    if facts.now >= facts.expires_at:
        return Expire()
    return _hold(facts) or Allow()


def _reason_to_skip(facts: PolicyFacts) -> str:
    if facts.destination_status == "revoked":
        return Reason.DESTINATION_REVOKED
    if not facts.recipient:
        return Reason.NO_USABLE_PHONE
    if facts.suppressed_as:
        is_known = facts.suppressed_as == Reason.OPTED_OUT
        return Reason.OPTED_OUT if is_known else Reason.SUPPRESSED
    if facts.is_premium:
        return Reason.PREMIUM_NUMBER
    allowed = facts.allowed_countries
    if allowed is not None and facts.country not in allowed:
        return Reason.COUNTRY_NOT_ALLOWED
    return ""


def _hold(facts: PolicyFacts) -> Hold | None:
    # Anything but "active" holds: a status unknown to this code must not send.
    if facts.destination_status != "active":
        return Hold(Reason.DESTINATION_PAUSED)
    if facts.country in facts.held_countries:
        return Hold(Reason.COUNTRY_NOT_ENABLED)
    if facts.quiet_until is not None and facts.quiet_until > facts.now:
        return Hold(Reason.QUIET_HOURS, facts.quiet_until)
    if _is_reached(facts.destination_this_hour, facts.destination_ceiling):
        return Hold(Reason.DESTINATION_CEILING, next_hour(facts.now))
    if _is_reached(facts.source_this_hour, facts.source_ceiling):
        return Hold(Reason.SOURCE_CEILING, next_hour(facts.now))
    if _is_reached(facts.recipient_today, facts.recipient_ceiling):
        return Hold(Reason.RECIPIENT_CEILING, next_day(facts.now))
    if facts.lead_waits_until is not None:
        return Hold(Reason.LEAD_ORDER, facts.lead_waits_until)
    if facts.person_free_at is not None:
        return Hold(Reason.RECIPIENT_GAP, facts.person_free_at)
    return None


def _is_reached(count: int, ceiling: int | None) -> bool:
    return ceiling is not None and count >= ceiling


def next_hour(now: datetime) -> datetime:
    utc = now.astimezone(UTC)
    return utc.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def next_day(now: datetime) -> datetime:
    utc = now.astimezone(UTC)
    return utc.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
