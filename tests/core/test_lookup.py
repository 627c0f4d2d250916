import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.lookup import (
    MAX_ITEMS,
    MAX_TEXT,
    FieldPath,
    fold,
    is_empty,
    items_of,
    number_of,
    text_of,
)

EVENT = {
    "lead": {"full_name": "Ann Lee", "email": "ann@example.com", "phone": ""},
    "location": {"state": "TX"},
    "custom_fields": {
        "budget": 5,
        "roof.type": "flat",
        "How old?": "10 years",
        "nested": {"deep": {"er": 1}},
    },
    "top": "level",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("location.state", "TX"),
        ("state", "TX"),
        ("lead.state", "TX"),
        ("lead.email", "ann@example.com"),
        ("email", "ann@example.com"),
        ("name", "Ann Lee"),
        ("custom_fields.budget", 5),
        ("custom_fields.roof.type", "flat"),
        ("custom_fields.How old?", "10 years"),
        ("custom_fields.nested.deep.er", 1),
        ("top", "level"),
        ("phone", None),
        ("budget", None),
        ("location.state.code", None),
        ("nowhere.at.all", None),
    ],
)
def test_a_path_finds_its_value(path, value):
    assert FieldPath(path).find(EVENT) == value


def test_a_flat_field_that_is_given_outranks_the_nested_one():
    assert FieldPath("state").find({"state": "CA"} | EVENT) == "CA"
    assert FieldPath("state").find({"state": " "} | EVENT) == "TX"


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("location.state", "state"),
        ("lead.state", "state"),
        ("lead.service_type", "service type"),
        ("name", "full name"),
        ("custom_fields.roof_type", "roof type"),
        ("custom_fields.How old?", "How old?"),
        ("lead.shoe_size", "lead.shoe size"),
        ("top", "top"),
    ],
)
def test_a_field_has_a_label_for_people(path, label):
    assert FieldPath(path).label == label


@pytest.mark.parametrize(
    "path",
    ["", ".", "a.", ".a", "a..b", "a. .b", "a\nb", "a" * 251, ".".join("abcdefghi")],
)
def test_a_path_that_makes_no_sense_is_refused(path):
    with pytest.raises(ValueError, match="a field"):
        FieldPath(path)


@pytest.mark.parametrize("value", [None, "", " \t", [], {}, [None, ""], ()])
def test_what_says_nothing_is_empty(value):
    assert is_empty(value)


@pytest.mark.parametrize("value", [0, False, "0", [0], {"a": None}, 0.0])
def test_what_says_something_is_not_empty(value):
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (5.5, 5.5),
        ("5", 5.0),
        (" 5 ", 5.0),
        ("$1,200", 1200.0),
        ("$ 1,200.50", 1200.5),
        ("1200 €", 1200.0),
        ("-$5", -5.0),
        ("$-5", -5.0),
        ("+1,234,567", 1234567.0),
        ("1,20", None),
        ("12,000,00", None),
        ("1.200,50", None),
        ("about 5", None),
        ("5k", None),
        ("1e5", None),
        ("--5", None),
        ("-$-5", None),
        ("", None),
        ("٥", None),
        ("nan", None),
        (True, None),
        (None, None),
        ([5], None),
        (10**400, None),
        (math.inf, None),
        (math.nan, None),
        ("9" * 41, None),
    ],
)
def test_numbers_are_read_as_people_write_them(value, number):
    assert number_of(value) == number


@given(st.integers(-(10**12), 10**12))
def test_a_number_reads_alike_plain_and_with_thousands(number):
    assert number_of(number) == number_of(str(number)) == number_of(f"{number:,}")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" TX ", "tx"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Zoe\u0308", "zoë"),
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (5.5, "5.5"),
        (math.nan, ""),
        ({"a": 1}, ""),
        (None, ""),
        ("x" * 9999, "x" * MAX_TEXT),
    ],
)
def test_values_are_compared_as_folded_text(value, text):
    assert text_of(value) == text


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


def test_of_a_list_only_the_first_values_are_looked_at():
    assert items_of(["a", None, "", 0]) == ["a", 0]
    assert items_of("a") == ["a"]
    assert len(items_of(list(range(999)))) == MAX_ITEMS
