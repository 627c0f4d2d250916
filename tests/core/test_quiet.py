from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.quiet import quiet_until

BERLIN = ZoneInfo("Europe/Berlin")
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Europe/Berlin"])


@pytest.mark.parametrize(
    ("now", "begins", "ends", "until"),
    [
        ("2026-05-01T21:59", "22:00", "07:00", None),
        ("2026-05-01T22:00", "22:00", "07:00", "2026-05-02T07:00"),
        ("2026-05-02T06:59", "22:00", "07:00", "2026-05-02T07:00"),
        ("2026-05-02T07:00", "22:00", "07:00", None),
        ("2026-05-02T12:30", "12:00", "13:00", "2026-05-02T13:00"),
        ("2026-05-02T12:30", "12:00", "12:00", None),
        # The night in which the clock jumps from 2 to 3.
        ("2026-03-29T01:30", "22:00", "02:30", "2026-03-29T03:30"),
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(now, begins, ends, until):
    found = quiet_until(
        datetime.fromisoformat(now).replace(tzinfo=BERLIN),
        begins=time.fromisoformat(begins),
        ends=time.fromisoformat(ends),
        zone=BERLIN,
    )
    wanted = until and datetime.fromisoformat(until).replace(tzinfo=BERLIN)
    assert found == wanted


@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
    begins=st.times(),
    ends=st.times(),
    zone=zones.map(ZoneInfo),
)
def test_quiet_hours_end_within_a_day_and_then_are_over(now, begins, ends, zone):
    now = now.replace(tzinfo=UTC)
    until = quiet_until(now, begins=begins, ends=ends, zone=zone)
    if until is not None:
        assert now < until <= now + timedelta(hours=26)
        assert quiet_until(until, begins=begins, ends=ends, zone=zone) is None
