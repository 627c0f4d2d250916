from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.delivery import (
    ErrorClass,
    HoldCountry,
    PauseDestination,
    Scope,
    Suppress,
)
from leadrails.core.reasons import REASONS
from leadrails.core.reports import ReportDecision, decide_report
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import RANK, Event, State, next_state

TTL = timedelta(hours=4)


def decide_on(reported, error_class=None, scope=None, **changes):
    defaults = {
        "is_failed": False,
        "error_class": ErrorClass(error_class) if error_class else None,
        "scope": Scope(scope) if scope else None,
        "attempt": 1,
        "policy": RetryPolicy(rng=Random(7)),
        "age": timedelta(minutes=1),
        "time_to_live": TTL,
        "country": "US",
    }
    return decide_report(State(reported), **(defaults | changes))


@pytest.mark.parametrize(
    ("reported", "event"),
    [
        ("accepted", Event.QUEUE_AT_PROVIDER),
        ("sent", Event.CONFIRM_SENT),
        ("delivered", Event.CONFIRM_DELIVERED),
        ("read", Event.CONFIRM_READ),
    ],
)
@pytest.mark.parametrize("error_class", [None, "warning", "carrier_filtered"])
def test_good_news_moves_the_job_whatever_code_it_bears(reported, event, error_class):
    assert decide_on(reported, error_class) == ReportDecision(event)


@pytest.mark.parametrize("error_class", ["retry_backoff", "provider_outage"])
def test_a_temporary_failure_at_the_provider_is_tried_again(error_class):
    decision = decide_on("undelivered", error_class, "message", is_failed=True)

    assert (decision.event, decision.reason) == (Event.BOUNCE, "provider_busy")
    assert timedelta(seconds=5) <= decision.delay <= timedelta(seconds=10)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"attempt": 24}, "attempts_exhausted"), ({"age": TTL}, "expired")],
)
def test_without_attempts_or_time_a_failure_is_final(changes, reason):
    decision = decide_on(
        "undelivered", "retry_backoff", "message", is_failed=True, **changes
    )

    assert decision == ReportDecision(Event.REPORT_UNDELIVERED, reason)


@given(st.sampled_from(ErrorClass), st.sampled_from(Scope))
def test_what_a_carrier_did_not_deliver_is_never_sent_again(error_class, scope):
    decision = decide_on("undelivered", error_class, scope)

    assert decision.event is Event.REPORT_UNDELIVERED
    assert decision.delay is None
    assert decision.reason in REASONS


@pytest.mark.parametrize(
    ("error_class", "scope", "reason"),
    [
        (None, None, "not_delivered"),
        ("recipient_permanent", "recipient", "recipient_refused"),
        ("carrier_filtered", "message", "carrier_filtered"),
        ("ambiguous", "message", "carrier_timeout"),
        ("destination_config", "message", "not_delivered"),
        ("warning", "message", "not_delivered"),
    ],
)
@pytest.mark.parametrize("is_failed", [True, False])
def test_a_fault_of_one_message_ends_it_and_nothing_else(
    error_class, scope, reason, is_failed
):
    decision = decide_on("undelivered", error_class, scope, is_failed=is_failed)

    assert decision == ReportDecision(Event.REPORT_UNDELIVERED, reason)


def test_an_opt_out_is_suppressed_also_by_word_on_an_older_attempt():
    for is_latest, event in [(True, Event.REPORT_UNDELIVERED), (False, None)]:
        decision = decide_on(
            "undelivered",
            "recipient_opted_out",
            "recipient",
            is_failed=True,
            is_latest=is_latest,
        )

        assert decision.event is event
        assert decision.reason == "opted_out"
        assert decision.effects == (Suppress("opted_out"),)


def test_an_earlier_attempt_that_the_job_stands_for_ends_it_and_is_not_repeated():
    decision = decide_on(
        "undelivered",
        ErrorClass.RETRY_BACKOFF,
        None,
        is_failed=True,
        is_latest=False,
        is_shown=True,
    )

    assert decision.event is Event.REPORT_UNDELIVERED


@pytest.mark.parametrize(
    ("scope", "waiting", "final", "effect"),
    [
        ("account", "destination_paused", "account_refused", PauseDestination),
        ("sender", "destination_paused", "sender_refused", PauseDestination),
        ("country", "country_not_enabled", "country_not_enabled", HoldCountry),
    ],
)
def test_a_fault_of_the_destination_stops_it_and_what_never_left_waits(
    scope, waiting, final, effect
):
    failed = decide_on("undelivered", "destination_config", scope, is_failed=True)
    spent = decide_on(
        "undelivered", "destination_config", scope, is_failed=True, attempt=24
    )
    undelivered = decide_on("undelivered", "destination_config", scope)

    assert (failed.event, failed.reason) == (Event.BOUNCE, waiting)
    assert (spent.event, spent.reason) == (Event.REPORT_UNDELIVERED, final)
    assert (undelivered.event, undelivered.reason) == (Event.REPORT_UNDELIVERED, final)
    for decision in (failed, spent, undelivered):
        assert isinstance(decision.effects[0], effect)


@given(
    st.sampled_from(sorted(RANK)),
    st.none() | st.sampled_from(ErrorClass),
    st.none() | st.sampled_from(Scope),
    st.booleans(),
    st.booleans(),
)
def test_any_report_has_a_meaning_for_an_accepted_job(
    reported, error_class, scope, is_failed, is_latest
):
    decision = decide_on(
        reported, error_class, scope, is_failed=is_failed, is_latest=is_latest
    )

    assert decision.reason == "" or decision.reason in REASONS
    if decision.event and reported is not State.ACCEPTED:
        assert next_state(State.ACCEPTED, decision.event) is not None
    assert (decision.delay is not None) == (decision.event is Event.BOUNCE)
