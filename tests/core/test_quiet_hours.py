from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.quiet_hours import Hours, free_at, life_end, zones_of

HOURS = Hours(begins=time(21), ends=time(8), by_law=True, home="Europe/Berlin")
PLAIN = Hours(begins=time(21), ends=time(8), by_law=False, home="Europe/Berlin")
NEW_YORK, TEXAS, FLORIDA = "+12125550142", "+12145550142", "+13055550142"
PARIS, TENNESSEE = "+33612345678", "+16155550142"


def at(text, zone="America/New_York"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("recipient", "hours", "now", "until"),
    [
        (NEW_YORK, HOURS, at("2026-05-06T20:59"), None),
        (NEW_YORK, HOURS, at("2026-05-06T21:00"), at("2026-05-07T08:00")),
        # Its own clock counts, not the sender's.
        ("+14155550142", HOURS, at("2026-05-06T23:30"), None),
        # States that are stricter, unless the workspace does without.
        (FLORIDA, HOURS, at("2026-05-06T20:30"), at("2026-05-07T08:00")),
        (FLORIDA, PLAIN, at("2026-05-06T20:30"), None),
        (
            TENNESSEE,
            HOURS,
            at("2026-05-06T20:30", "America/Chicago"),
            at("2026-05-07T08:00", "America/Chicago"),
        ),
        # A Sunday in Texas, and one in France.
        (
            TEXAS,
            HOURS,
            at("2026-05-09T22:00", "America/Chicago"),
            at("2026-05-10T12:00", "America/Chicago"),
        ),
        (
            PARIS,
            HOURS,
            at("2026-05-09T20:15", "Europe/Paris"),
            at("2026-05-11T08:00", "Europe/Paris"),
        ),
        (PARIS, PLAIN, at("2026-05-10T12:00", "Europe/Paris"), None),
        # An area code of two zones (Indiana, 219): both have to be free.
        (
            "+12195550142",
            HOURS,
            at("2026-05-06T20:30", "America/Chicago"),
            at("2026-05-07T08:00", "America/Chicago"),
        ),
        # Nobody knows where: the workspace's own clock.
        ("nobody@example.com", HOURS, at("2026-05-06T12:00", "Europe/Berlin"), None),
        (
            "nobody@example.com",
            HOURS,
            at("2026-05-06T22:00", "Europe/Berlin"),
            at("2026-05-07T08:00", "Europe/Berlin"),
        ),
    ],
)
def test_nobody_is_sent_marketing_in_the_night(recipient, hours, now, until):
    assert free_at(now, recipient, hours) == until


@given(
    now=st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
    begins=st.integers(18, 23),
    ends=st.integers(5, 10),
    recipient=st.sampled_from(
        [
            NEW_YORK,
            TEXAS,
            PARIS,
            "+5511912345678",
            "+61412345678",
            "+12345",
            "+1800",
            "",
        ]
    ),
)
def test_when_one_may_be_sent_to_is_free_and_near(now, begins, ends, recipient):
    now = now.replace(tzinfo=UTC)
    hours = Hours(begins=time(begins), ends=time(ends), by_law=True, home="UTC")
    free = free_at(now, recipient, hours)
    if free is not None:
        assert now < free <= now + timedelta(days=3)
        assert free_at(free, recipient, hours) is None


def test_time_to_live_does_not_run_in_the_night():
    life = timedelta(hours=4)
    noon, night = at("2026-05-06T12:00"), at("2026-05-06T23:00")
    evening = at("2026-05-06T20:00")
    assert life_end(noon, life, NEW_YORK, HOURS) == noon + life
    assert life_end(night, life, NEW_YORK, HOURS) == at("2026-05-07T12:00")
    assert life_end(evening, life, NEW_YORK, HOURS) == at("2026-05-07T09:00")


def test_zones_are_those_of_the_area_code_or_country():
    assert zones_of("+14805550142") == ("America/Phoenix",)
    assert zones_of("+18085550142") == ("Pacific/Honolulu",)
    assert zones_of("+33612345678") == ("Europe/Paris",)
    assert zones_of("+12000000000") == ("America/New_York", "America/Los_Angeles")
    assert zones_of("") == ()
