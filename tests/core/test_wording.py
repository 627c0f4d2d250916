import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.wording import join, listed, plain, show


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("TX", "“TX”"),
        ("  two\nlines\t", "“two lines”"),
        ("a\x00b\ud800", "“a b”"),
        ("x" * 61, "“" + "x" * 59 + "…”"),
        (True, "“true”"),
        (7, "7"),
        (7.0, "7"),
        (-1.5, "-1.5"),
        (float("inf"), "“”"),
        ({"a": 1}, "an object"),
        (["a", 1, None], "“a” and 1"),
        (["a", ["b"], {}], "“a”, a list and an object"),
        (list("abcdefg"), "“a”, “b”, “c”, “d”, “e” and 2 more"),
    ],
)
def test_a_value_is_shown_short_and_on_one_line(value, shown):
    assert show(value) == shown


def test_alternatives_are_listed_with_or():
    assert listed(["TX"]) == "“TX”"
    assert listed(["TX", "OK", 3]) == "“TX”, “OK” or 3"


@given(st.text(st.characters()), st.integers(1, 50))
def test_plain_text_fits_its_limit_and_any_column(text, limit):
    line = plain(text, limit)

    assert len(line) <= limit
    assert line.isprintable()
    line.encode()


def test_a_list_within_lists_does_not_grow():
    deep = ["x" * 99] * 9
    for _ in range(5_000):
        deep = [deep, deep]

    assert show(deep) == "a list and a list"


def test_many_reasons_are_cut():
    assert join(["a", "b", "c", "d", "e"], "; ") == "a; b; c; 2 more"
    assert len(join(["x" * 400, "y" * 400], " and ")) == 500
