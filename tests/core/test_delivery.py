import pickle
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.delivery import (
    Decision,
    ErrorClass,
    HoldCountry,
    NotSent,
    OpenAlert,
    OutcomeUnknown,
    PauseDestination,
    RateLimited,
    Receipt,
    Refused,
    Scope,
    SendError,
    Suppress,
    decide,
)
from leadrails.core.reasons import REASONS
from leadrails.core.retry import RetryPolicy
from leadrails.core.states import Event, State, next_state

TTL = timedelta(hours=4)


def make_refusal(error_class, scope, **changes):
    defaults = {"code": "21000", "title": "Some error", "http_status": 400}
    return Refused(error_class=error_class, scope=scope, **(defaults | changes))


def decide_on(outcome, *, attempt=1, age=timedelta(0), country="US", max_attempts=8):
    return decide(
        outcome,
        attempt=attempt,
        policy=RetryPolicy(max_attempts=max_attempts, rng=Random(7)),
        age=age,
        time_to_live=TTL,
        country=country,
    )


OUTCOMES = st.one_of(
    st.just(Receipt("SM1", "queued")),
    st.just(NotSent("no connection to the provider")),
    st.builds(RateLimited, st.none() | st.floats(), st.just("20429")),
    st.just(OutcomeUnknown("no usable answer")),
    st.just(SendError("unclassified")),
    st.builds(make_refusal, st.sampled_from(ErrorClass), st.sampled_from(Scope)),
)


def test_a_receipt_is_accepted():
    assert decide_on(Receipt("SM1", "queued")) == Decision(Event.ACCEPT)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        pytest.param(NotSent("no route"), "not_reached", id="not sent"),
        pytest.param(RateLimited(None, "20429"), "rate_limited", id="rate limited"),
        pytest.param(
            make_refusal(ErrorClass.RETRY_BACKOFF, Scope.MESSAGE),
            "provider_busy",
            id="temporary refusal",
        ),
        pytest.param(
            make_refusal(ErrorClass.PROVIDER_OUTAGE, Scope.PROVIDER),
            "provider_busy",
            id="outage",
        ),
    ],
)
def test_what_was_not_sent_is_tried_again_while_attempts_and_time_last(outcome, reason):
    decision = decide_on(outcome)
    last = decide_on(outcome, attempt=8)
    late = decide_on(outcome, age=TTL - timedelta(seconds=4))
    too_late = decide_on(outcome, attempt=8, age=TTL)

    assert (decision.event, decision.reason) == (Event.DEFER, reason)
    assert timedelta(seconds=5) <= decision.delay <= timedelta(seconds=10)
    assert (last.event, last.reason) == (Event.REFUSE, "attempts_exhausted")
    assert (late.event, late.reason) == (Event.EXPIRE, "expired")
    assert (too_late.event, too_late.reason) == (Event.EXPIRE, "expired")


@pytest.mark.parametrize(
    "outcome",
    [
        RateLimited(120.0, "20429"),
        make_refusal(ErrorClass.RETRY_BACKOFF, Scope.MESSAGE, retry_after=120.0),
    ],
)
def test_the_providers_retry_after_is_honoured(outcome):
    assert decide_on(outcome).delay == timedelta(seconds=120)


def test_a_retry_after_beyond_the_jobs_life_ends_it():
    assert decide_on(RateLimited(5 * 3600, "20429")).event is Event.EXPIRE


@pytest.mark.parametrize(
    ("scope", "cause"),
    [(Scope.ACCOUNT, "account_refused"), (Scope.SENDER, "sender_refused")],
)
def test_an_account_or_sender_fault_pauses_the_destination(scope, cause):
    decision = decide_on(make_refusal(ErrorClass.DESTINATION_CONFIG, scope))

    assert decision == Decision(
        Event.HOLD,
        "destination_paused",
        effects=(
            PauseDestination(cause),
            OpenAlert("destination_config_failed", "destination", cause),
        ),
    )


def test_a_country_fault_holds_that_country_only():
    refusal = make_refusal(ErrorClass.DESTINATION_CONFIG, Scope.COUNTRY, code="21408")

    assert decide_on(refusal, country="GB") == Decision(
        Event.HOLD,
        "country_not_enabled",
        effects=(
            HoldCountry("GB"),
            OpenAlert("country_not_enabled", "country:GB", "country_not_enabled"),
        ),
    )


def test_a_country_fault_without_a_country_ends_the_job_alone():
    refusal = make_refusal(ErrorClass.DESTINATION_CONFIG, Scope.COUNTRY)

    assert decide_on(refusal, country="") == Decision(
        Event.REFUSE, "country_not_enabled"
    )


@pytest.mark.parametrize(
    ("error_class", "scope", "reason", "effects"),
    [
        ("recipient_permanent", "number", "number_refused", ()),
        ("recipient_permanent", "recipient", "recipient_refused", ()),
        ("destination_config", "recipient", "recipient_refused", ()),
        ("destination_config", "message", "message_refused", ()),
        ("carrier_filtered", "message", "carrier_filtered", ()),
        ("recipient_opted_out", "recipient", "opted_out", (Suppress("opted_out"),)),
    ],
)
def test_a_fault_of_one_recipient_or_message_ends_one_job(
    error_class, scope, reason, effects
):
    refusal = make_refusal(ErrorClass(error_class), Scope(scope))

    assert decide_on(refusal) == Decision(Event.REFUSE, reason, effects=effects)


@pytest.mark.parametrize(
    "outcome",
    [
        OutcomeUnknown("provider answered 502"),
        make_refusal(ErrorClass.AMBIGUOUS, Scope.MESSAGE, http_status=500),
        make_refusal(ErrorClass.WARNING, Scope.MESSAGE),
        SendError("nobody classified this"),
    ],
)
def test_an_unknown_outcome_is_never_sent_again_blindly(outcome):
    assert decide_on(outcome) == Decision(Event.LOSE, "outcome_unknown")


@given(OUTCOMES, st.integers(1, 9), st.timedeltas(timedelta(0), TTL * 2))
def test_every_outcome_moves_a_sending_job_for_a_known_reason(outcome, attempt, age):
    decision = decide_on(outcome, attempt=attempt, age=age)
    state = next_state(State.SENDING, decision.event)

    assert state is not None
    assert decision.reason in REASONS or (
        state is State.ACCEPTED and decision.reason == ""
    )
    assert (decision.delay is not None) == (state is State.RETRYING)
    if decision.delay is not None:
        assert age + decision.delay < TTL


@given(OUTCOMES)
def test_only_the_account_the_sender_or_the_country_affects_other_jobs(outcome):
    wide = {Scope.ACCOUNT, Scope.SENDER, Scope.COUNTRY}
    effects = decide_on(outcome).effects

    if not isinstance(outcome, Refused) or outcome.scope not in wide:
        assert all(isinstance(effect, Suppress) for effect in effects)


@pytest.mark.parametrize(
    "error",
    [
        NotSent("no connection"),
        RateLimited(1.5, "20429"),
        make_refusal(ErrorClass.AMBIGUOUS, Scope.MESSAGE),
        OutcomeUnknown("lost"),
    ],
)
def test_send_errors_survive_pickling_and_tell_themselves(error):
    copy = pickle.loads(pickle.dumps(error))

    assert type(copy) is type(error)
    assert copy.args == error.args
    assert str(copy) == str(error) != ""
