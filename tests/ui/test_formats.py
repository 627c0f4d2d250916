from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from leadrails.ui import formats

NOW = datetime(2026, 5, 3, 14, 3, 22, 125_400, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 ms"),
        (0.0094, "9 ms"),
        (0.9996, "1.0 s"),
        (2.14, "2.1 s"),
        (10.229, "10 s"),
        (59.97, "1 min"),
        (192, "3 min 12 s"),
        (3600, "1 h"),
        (timedelta(hours=4, minutes=2, seconds=40), "4 h 2 min"),
        (timedelta(days=3, hours=5), "3 d 5 h"),
        (-0.004, "−4 ms"),
        (None, "–"),
    ],
)
def test_a_duration_has_at_most_two_units(value, text):
    assert formats.duration(value) == text


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (timedelta(seconds=3), "just now"),
        (timedelta(seconds=44), "44 s ago"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=26), "1 d ago"),
        (timedelta(days=31), "2 Apr"),
        (timedelta(days=400), "29 Mar 2025"),
        (timedelta(minutes=-10), "in 10 min"),
    ],
)
def test_a_distance_in_time_has_one_unit(distance, text):
    assert formats.ago(NOW - distance, NOW) == text


def test_an_instant_is_shown_in_the_viewers_zone():
    with timezone.override("America/Chicago"):
        assert formats.instant(NOW) == "3 May 2026, 09:03:22.125 CDT"
        assert formats.moment(NOW, NOW) == "3 May, 09:03"
    assert formats.machine(NOW) == "2026-05-03T14:03:22.125Z"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1, "100%"),
        (0.9999, "99.9%"),
        (0.982, "98.2%"),
        (0.5, "50%"),
        (0.0001, "0.1%"),
        (0, "0%"),
        (None, "–"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share, text):
    assert formats.percent(share) == text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("0.0083"), "USD", "$0.0083"),
        (Decimal("0.05"), "USD", "$0.05"),
        (Decimal("1234.5"), "GBP", "£1,234.50"),
        (Decimal("-0.0083"), "usd", "−$0.0083"),
        (2, "SEK", "SEK 2.00"),
        (None, "USD", "–"),
    ],
)
def test_money_keeps_what_small_prices_mean(amount, currency, text):
    assert formats.money(amount, currency) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (9_999, "9,999"),
        (12_345, "12.3k"),
        (999_600, "1M"),
        (1_234_567, "1.23M"),
        (2_000_000_000, "2B"),
        (None, "–"),
    ],
)
def test_a_large_number_keeps_three_digits(value, text):
    assert formats.compact(value) == text
