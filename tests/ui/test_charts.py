import pytest

from leadrails.ui import charts


def test_bars_stand_on_the_floor_and_never_overlap():
    chart = charts.stacked_bars([{"label": "a", "ok": 6, "failed": 2}, {"ok": 10}])
    first, second = chart.bars
    bottom = first.segments[0]
    assert (bottom.tone, bottom.y + bottom.height) == ("failed", 160)
    assert first.segments[1].y + first.segments[1].height == bottom.y
    assert first.x + first.width < second.x
    assert (chart.ceiling, chart.total, second.segments[0].height) == (10, 18, 160)


def test_no_buckets_make_an_empty_chart():
    chart = charts.stacked_bars([])
    assert (chart.bars, chart.total, chart.times) == ((), 0, [])


@pytest.mark.parametrize(
    ("value", "ceiling"),
    [(0, 4), (5, 5), (6, 10), (26, 40), (41, 50), (101, 200), (4_001, 5_000)],
)
def test_a_scale_ends_on_a_round_number(value, ceiling):
    assert charts.nice_ceiling(value) == ceiling


@pytest.mark.parametrize(
    ("values", "points"),
    [
        ([], "0.0,23.0 100.0,23.0"),
        ([3], "0.0,1.0 100.0,1.0"),
        ([0, 5, 10], "0.0,23.0 50.0,12.0 100.0,1.0"),
    ],
)
def test_a_sparkline_starts_at_zero_and_fills_its_box(values, points):
    assert charts.sparkline(values) == points
