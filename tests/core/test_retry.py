from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.retry import LONGEST_RETRY_AFTER, RetryPolicy

SECOND = timedelta(seconds=1)


def make_policy(**changes):
    return RetryPolicy(rng=Random(7), **changes)


@given(st.integers(1, 7), st.integers())
def test_half_the_wait_is_fixed_and_half_is_random(attempt, seed):
    delay = RetryPolicy(rng=Random(seed)).delay(attempt)

    assert 5 * 2 ** (attempt - 1) * SECOND <= delay < 10 * 2 ** (attempt - 1) * SECOND


def test_the_default_schedule_doubles_from_ten_seconds():
    longest = [wait / SECOND for _, wait in RetryPolicy().schedule()]

    assert longest == [10, 20, 40, 80, 160, 320, 640, 1280, *[1800] * 15]


def test_the_default_attempts_outlast_the_default_time_to_live():
    shortest, _longest = RetryPolicy().span()
    assert shortest > timedelta(hours=4)


def test_no_wait_is_longer_than_the_cap():
    policy = make_policy(max_attempts=200)

    assert policy.schedule()[-1] == (timedelta(minutes=15), timedelta(minutes=30))
    assert policy.delay(199) <= timedelta(minutes=30)


@given(st.integers(1, 300), st.integers(1, 10**7), st.integers(1, 10**6))
def test_no_policy_overflows(attempt, base_s, factor):
    base = timedelta(seconds=base_s)
    policy = RetryPolicy(max_attempts=301, base=base, cap=base * factor)

    assert base / 2 <= policy.delay(attempt) <= policy.cap


def test_the_last_attempt_is_followed_by_none():
    policy = make_policy(max_attempts=3)

    assert policy.delay(2) is not None
    assert policy.delay(3) is None
    assert policy.delay(3, retry_after=5) is None


def test_one_attempt_means_no_retry():
    policy = make_policy(max_attempts=1)

    assert policy.delay(1) is None
    assert policy.schedule() == []
    assert policy.span() == (timedelta(0), timedelta(0))


def test_retry_after_only_lengthens_the_wait():
    assert make_policy().delay(1, retry_after=90) == 90 * SECOND
    assert make_policy().delay(1, retry_after=1) == make_policy().delay(1)


@pytest.mark.parametrize("nonsense", [-5, 0, float("nan"), float("inf"), None])
def test_a_nonsensical_retry_after_is_ignored(nonsense):
    assert make_policy().delay(1, nonsense) == make_policy().delay(1)


def test_a_huge_retry_after_is_cut():
    assert make_policy().delay(1, 1e300) == LONGEST_RETRY_AFTER


def test_attempts_count_from_one():
    with pytest.raises(ValueError, match="count from 1, not 0"):
        make_policy().delay(0)


@pytest.mark.parametrize(
    "changes",
    [
        {"max_attempts": 0},
        {"base": timedelta(0)},
        {"base": timedelta(hours=1), "cap": timedelta(minutes=1)},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(changes):
    with pytest.raises(ValueError, match="must be"):
        RetryPolicy(**changes)
