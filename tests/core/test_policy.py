from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.policy import (
    ALERTING,
    REASONS,
    Allow,
    Expire,
    Hold,
    PolicyFacts,
    Skip,
    check,
)

NOW = datetime(2026, 5, 22, 12, 34, 56, 789, tzinfo=UTC)
NEXT_HOUR = datetime(2026, 5, 22, 13, tzinfo=UTC)
NEXT_DAY = datetime(2026, 5, 23, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)

# Every fault that facts can have, in the order of precedence.
FAULTS = [
    ({"destination_status": "revoked"}, Skip("destination_revoked")),
    ({"recipient": ""}, Skip("no_usable_phone")),
    ({"suppressed_as": "opted_out"}, Skip("opted_out")),
    ({"is_premium": True}, Skip("premium_number")),
    ({"allowed_countries": frozenset({"GB"})}, Skip("country_not_allowed")),
    ({"expires_at": NOW}, Expire("expired")),
    ({"destination_status": "paused"}, Hold("destination_paused")),
    ({"held_countries": frozenset({"US"})}, Hold("country_not_enabled")),
    ({"quiet_until": LATER}, Hold("quiet_hours", LATER)),
    (
        {"destination_this_hour": 100, "destination_ceiling": 100},
        Hold("destination_ceiling", NEXT_HOUR),
    ),
    (
        {"source_this_hour": 9, "source_ceiling": 5},
        Hold("source_ceiling", NEXT_HOUR),
    ),
    (
        {"recipient_today": 3, "recipient_ceiling": 3},
        Hold("recipient_ceiling", NEXT_DAY),
    ),
    ({"lead_waits_until": LATER}, Hold("lead_order", LATER)),
    ({"person_free_at": LATER}, Hold("recipient_gap", LATER)),
]


def make_facts(**changes):
    defaults = {
        "now": NOW,
        "expires_at": NOW + timedelta(hours=4),
        "destination_status": "active",
        "recipient": "+15555550100",
        "country": "US",
        "allowed_countries": frozenset({"US", "CA"}),
    }
    return PolicyFacts(**(defaults | changes))


def test_a_job_without_a_fault_is_allowed():
    assert check(make_facts()) == Allow()


@pytest.mark.parametrize(("changes", "verdict"), FAULTS)
def test_each_fault_has_its_verdict(changes, verdict):
    assert check(make_facts(**changes)) == verdict


@given(st.sets(st.integers(0, len(FAULTS) - 1), min_size=1))
def test_of_several_faults_the_first_in_order_is_named(chosen):
    changes = {}
    for index in sorted(chosen, reverse=True):
        changes |= FAULTS[index][0]

    assert check(make_facts(**changes)) == FAULTS[min(chosen)][1]


@pytest.mark.parametrize(
    "changes",
    [
        {"destination_this_hour": 99, "destination_ceiling": 100},
        {"source_this_hour": 4, "source_ceiling": 5},
        {"recipient_today": 2, "recipient_ceiling": 3},
        {"destination_this_hour": 10**6, "recipient_today": 10**6},
        {"quiet_until": NOW},
        {"held_countries": frozenset({"GB"})},
    ],
)
def test_below_every_limit_a_job_is_allowed(changes):
    assert check(make_facts(**changes)) == Allow()


def test_a_ceiling_of_zero_lets_nothing_out():
    verdict = check(make_facts(destination_ceiling=0))

    assert verdict == Hold("destination_ceiling", NEXT_HOUR)


def test_a_number_of_no_known_country_is_not_allowed():
    assert check(make_facts(country="")) == Skip("country_not_allowed")


def test_no_country_is_allowed_unless_named():
    assert check(make_facts(allowed_countries=frozenset())) == Skip(
        "country_not_allowed"
    )


def test_a_destination_without_phones_has_no_country_to_check():
    facts = make_facts(recipient="hook", country="", allowed_countries=None)

    assert check(facts) == Allow()


def test_a_status_that_nobody_knows_holds():
    assert check(make_facts(destination_status="odd")) == Hold("destination_paused")


def test_any_other_listing_is_called_suppressed():
    assert check(make_facts(suppressed_as="complaint")) == Skip("suppressed")


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
    st.integers(-12 * 60, 14 * 60),
)
def test_ceilings_end_at_the_next_utc_hour_or_day(naive, offset_min):
    zone = timezone(timedelta(minutes=offset_min))
    now = naive.replace(tzinfo=UTC).astimezone(zone)
    life = {"now": now, "expires_at": now + timedelta(hours=4)}
    hour = check(make_facts(**life, destination_ceiling=0)).until
    day = check(make_facts(**life, recipient_ceiling=0)).until

    assert timedelta(0) < hour - now <= timedelta(hours=1)
    assert timedelta(0) < day - now <= timedelta(days=1)
    assert hour.utcoffset() == day.utcoffset() == timedelta(0)
    assert (hour.minute, hour.second, day.hour, day.minute) == (0, 0, 0, 0)


def test_every_reason_given_is_explained():
    assert {verdict.reason for _, verdict in FAULTS} | ALERTING <= set(REASONS)
