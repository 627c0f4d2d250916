"""Figures that hover about a mark must not open and close an alert again and again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.thresholds import Share, is_late, is_outage

RULE = Share(floor=10, opens_at=0.2, closes_below=0.1)
counts = st.integers(0, 1000)
times = st.timedeltas(timedelta(0), timedelta(days=1))


@pytest.mark.parametrize(
    ("part", "whole", "was_wrong", "is_wrong"),
    [
        (9, 9, False, False),
        (10, 50, False, True),
        (10, 51, False, False),
        (10, 51, True, True),
        (1, 10, True, True),
        (1, 11, True, False),
        (0, 0, True, False),
    ],
)
def test_a_share_opens_at_one_mark_and_closes_at_a_lower_one(
    part, whole, was_wrong, is_wrong
):
    assert RULE.is_wrong(part, whole, was_wrong=was_wrong) is is_wrong


@given(counts, counts)
def test_what_opens_a_share_also_keeps_it_open(part, rest):
    if RULE.is_wrong(part, part + rest, was_wrong=False):
        assert RULE.is_wrong(part, part + rest, was_wrong=True)


@given(st.lists(st.integers(101, 199), min_size=2))
def test_a_share_between_the_marks_never_changes_sides(parts):
    for first in (True, False):
        is_wrong = first
        for part in parts:
            is_wrong = RULE.is_wrong(part, 1000, was_wrong=is_wrong)
            assert is_wrong is first


@given(counts, counts, st.booleans())
def test_more_failures_never_cure(part, rest, was_wrong):
    before = RULE.is_wrong(part, part + rest, was_wrong=was_wrong)
    after = RULE.is_wrong(part + 1, part + 1 + rest, was_wrong=was_wrong)
    assert after >= before


@given(times, st.timedeltas(timedelta(seconds=1), timedelta(hours=2)))
def test_a_wait_between_half_the_objective_and_it_changes_nothing(waited, objective):
    opens = is_late(waited, objective, was_late=False)
    stays = is_late(waited, objective, was_late=True)
    assert stays >= opens
    assert (stays != opens) == (objective / 2 < waited <= objective)


@pytest.mark.parametrize(
    ("silent", "used", "longest", "was_outage", "is_down"),
    [
        (1, 1, 1, False, False),  # it may be back at the next call
        (1, 1, 2, False, True),
        (2, 4, 1, False, True),
        (2, 5, 9, False, False),
        (2, 5, 9, True, True),
        (1, 5, 9, True, False),
        (0, 5, 0, True, False),
        (0, 0, 0, True, False),
    ],
)
def test_an_outage_needs_several_silent_ones_or_the_only_one(
    silent, used, longest, was_outage, is_down
):
    assert is_outage(silent, used, longest, was_outage=was_outage) is is_down


@given(counts, counts, st.integers(0, 20))
def test_what_begins_an_outage_also_keeps_it_open(silent, others, longest):
    used = silent + others
    if is_outage(silent, used, longest, was_outage=False):
        assert is_outage(silent, used, longest, was_outage=True)
