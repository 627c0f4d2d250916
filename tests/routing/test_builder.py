"""Rows to conditions and back."""

import pytest

from leadrails.core.conditions import OPERATORS as CORE_OPERATORS
from leadrails.core.conditions import parse_conditions
from leadrails.routing.builder import OPERATORS, Builder, Row


def test_the_builder_offers_every_operator_of_the_core():
    assert set(OPERATORS) == set(CORE_OPERATORS)


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"all": [{"field": "state", "op": "equals", "value": "TX"}]},
        {"any": [{"field": "location.state", "op": "in", "value": ["TX", "OK"]}]},
        {"all": [{"field": "custom_fields.budget", "op": "gte", "value": 1000}]},
        {"all": [{"field": "custom_fields.rate", "op": "lt", "value": 0.5}]},
        {"all": [{"field": "postal_code", "op": "equals", "value": "01234"}]},
        {"all": [{"field": "message", "op": "contains", "value": "12"}]},
        {
            "any": [
                {"field": "email", "op": "exists"},
                {"field": "phone", "op": "not_exists"},
            ]
        },
    ],
)
def test_stored_conditions_come_back_as_they_were(conditions):
    builder = Builder.of(conditions)
    assert builder.conditions() == conditions
    assert builder.is_valid
    parse_conditions(builder.conditions())


@pytest.mark.parametrize(
    "conditions",
    [
        {"all": [{"any": [{"field": "a", "op": "exists"}]}]},
        {"all": [{"field": "a", "op": "in", "value": ["one, two", "three"]}]},
    ],
)
def test_what_rows_cannot_say_has_no_rows(conditions):
    assert Builder.of(conditions) is None


def test_blank_rows_do_not_count():
    builder = Builder.posted("any", [["", "state"], ["equals"] * 2, ["", "TX"]])
    leaf = {"field": "state", "op": "equals", "value": "TX"}
    assert builder.conditions() == {"any": [leaf]}


def test_a_typed_number_finds_a_number_in_another_form():
    conditions = Builder(rows=[Row("budget", "equals", "1000")]).conditions()
    rule = parse_conditions(conditions)
    assert rule.test({"budget": "$1,000"}).took
    assert rule.test({"budget": "1000"}).took
    assert not rule.test({"budget": "999"}).took
