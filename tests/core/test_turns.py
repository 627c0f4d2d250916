from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.turns import (
    ALONE,
    GAP,
    LONGEST_WAIT,
    MARGIN,
    RIVAL_WAIT,
    SHORTEST_WAIT,
    Company,
    lead_waits_until,
    person_free_at,
)

NOW = datetime(2026, 5, 22, 12, tzinfo=UTC)
SMALL, LARGE = UUID(int=1), UUID(int=2)
SECOND = timedelta(seconds=1)
LIFE = timedelta(hours=4)


def free_at(company=ALONE, *, job_id=SMALL, is_in_line=False, latest=None):
    return person_free_at(
        job_id, company, is_in_line=is_in_line, latest=latest, now=NOW
    )


@pytest.mark.parametrize(
    ("company", "given", "wait"),
    [
        (ALONE, {}, None),
        (Company(started_at=NOW - 0.5 * SECOND), {}, 1.5),
        (Company(started_at=NOW - GAP), {}, None),
        (ALONE, {"latest": NOW + MARGIN}, 2.1),
        (Company(line_until=NOW + 6 * SECOND, in_line=3), {}, 8),
        (Company(line_until=NOW + 6 * SECOND, in_line=3), {"is_in_line": True}, None),
        (Company(rival=LARGE), {}, 0.5),
        (Company(rival=SMALL), {"job_id": LARGE}, 2),
        (Company(rival=LARGE, started_at=NOW), {}, 2),
    ],
)
def test_a_person_is_free_when_the_gap_is_over(company, given, wait):
    assert free_at(company, **given) == (wait and NOW + wait * SECOND)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30), st.data())
def test_whatever_comes_when_the_starts_are_a_gap_apart(arrivals, data):
    """Jobs come, wait their time and are late for it; starts keep their distance."""
    waiting = [(NOW + timedelta(milliseconds=at), False) for at in arrivals]
    starts, line = [], []
    for _ in range(10 * len(arrivals)):
        if not waiting:
            break
        waiting.sort()
        now, is_in_line = waiting.pop(0)
        now += timedelta(milliseconds=data.draw(st.integers(0, 50)))
        line = [at for at in line if at > now]
        company = Company(
            started_at=max((at for at in starts if at > now - GAP), default=None),
            in_line=len(line),
            line_until=max(line, default=None),
        )
        free = person_free_at(
            SMALL, company, is_in_line=is_in_line, latest=None, now=now
        )
        if free is None:
            starts.append(now)
        else:
            waiting.append((free, True))
            line.append(free)
    assert not waiting, "everybody gets a turn"
    assert all(b - a >= GAP for a, b in pairwise(starts))


def waits(earlier, *, age=timedelta(0), life=LIFE):
    company = replace(ALONE, earlier_until=earlier)
    found = lead_waits_until(
        company, now=NOW, created_at=NOW - age, expires_at=NOW - age + life
    )
    return found and found - NOW


def test_the_first_message_of_a_lead_waits_for_nobody():
    assert waits(None) is None


def test_a_later_message_looks_again_when_the_earlier_is_tried():
    assert waits(NOW - 9 * SECOND) == SHORTEST_WAIT
    assert waits(NOW + 40 * SECOND) == 40 * SECOND + GAP


def test_it_looks_once_a_minute_since_the_earlier_may_end_sooner():
    assert waits(NOW + 1800 * SECOND) == LONGEST_WAIT


def test_it_looks_ever_more_rarely_for_one_that_is_not_sent():
    assert waits(NOW, age=40 * SECOND) == 10 * SECOND
    assert waits(NOW, age=3600 * SECOND) == LONGEST_WAIT


def test_an_order_never_costs_a_message():
    assert waits(NOW + LIFE, age=LIFE / 2 - SECOND) == SECOND
    assert waits(NOW, age=LIFE / 2) is None


@given(st.integers(0, 10**7), st.integers(60, 10**6), st.integers(-(10**6), 10**6))
def test_whoever_waits_for_an_earlier_one_looks_before_half_its_life(age, life, until):
    wait = waits(NOW + until * SECOND, age=age * SECOND, life=life * SECOND)
    if wait is not None:
        assert timedelta(0) < wait <= (life / 2 - age) * SECOND


def test_of_two_that_see_each_other_one_comes_back_first():
    first = free_at(Company(rival=LARGE))
    second = free_at(Company(rival=SMALL), job_id=LARGE)
    assert first == NOW + RIVAL_WAIT < second - SECOND
