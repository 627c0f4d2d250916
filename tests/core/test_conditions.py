import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.conditions import (
    MAX_DEPTH,
    MAX_LEAVES,
    MAX_OPTIONS,
    OPERATORS,
    ConditionError,
    Conditions,
    parse_conditions,
)

LEAD = {
    "lead": {"email": "ann@example.com", "message": "My Roof leaks"},
    "location": {"state": "CA"},
    "consent": {"sms_consent": True},
    "custom_fields": {
        "budget": "$1,200",
        "age": 7,
        "services": ["Roof", "Gutter"],
        "shape": {"a": 1},
        "when": "soon",
    },
}
ABSENT = object()


def leaf(field, op, value=ABSENT):
    condition = {"field": field, "op": op}
    return condition if value is ABSENT else condition | {"value": value}


def ask(*leaves, key="all"):
    return parse_conditions({key: list(leaves)}).test(LEAD)


@pytest.mark.parametrize(
    ("condition", "took", "why"),
    [
        (leaf("location.state", "equals", "ca"), True, "state is “CA”"),
        (
            leaf("state", "equals", "TX"),
            False,
            "state is “CA”, the route wants “TX”",
        ),
        (leaf("city", "equals", "Rye"), False, "city is empty, the route wants “Rye”"),
        (leaf("state", "not_equals", "TX"), True, "state is not “TX”"),
        (
            leaf("state", "not_equals", "CA"),
            False,
            "state is “CA”, the route wants anything else",
        ),
        (leaf("city", "not_equals", "Rye"), True, "city is not “Rye”"),
        (leaf("message", "contains", "ROOF"), True, "message contains “ROOF”"),
        (
            leaf("message", "contains", "gutter"),
            False,
            "message is “My Roof leaks”, the route wants it to contain “gutter”",
        ),
        (
            leaf("message", "not_contains", "spam"),
            True,
            "message does not contain “spam”",
        ),
        (
            leaf("message", "not_contains", "leak"),
            False,
            "message is “My Roof leaks”, the route leaves out what contains “leak”",
        ),
        (leaf("state", "in", ["TX", "CA"]), True, "state is “CA”"),
        (
            leaf("state", "in", ["TX", "OK", "NM"]),
            False,
            "state is “CA”, the route wants “TX”, “OK” or “NM”",
        ),
        (leaf("state", "not_in", ["TX"]), True, "state is not “TX”"),
        (
            leaf("state", "not_in", ["CA", "TX"]),
            False,
            "state is “CA”, the route leaves out “CA” or “TX”",
        ),
        (leaf("email", "exists"), True, "email is given"),
        (leaf("city", "exists"), False, "city is empty, the route needs it"),
        (leaf("city", "not_exists"), True, "city is empty"),
        (
            leaf("email", "not_exists"),
            False,
            "email is given, the route wants it empty",
        ),
        (
            leaf("custom_fields.budget", "gt", 1000),
            True,
            "budget is “$1,200”, more than 1000",
        ),
        (
            leaf("custom_fields.budget", "gt", "1,200"),
            False,
            "budget is “$1,200”, the route wants more than “1,200”",
        ),
        (
            leaf("custom_fields.budget", "gte", 1200),
            True,
            "budget is “$1,200”, at least 1200",
        ),
        (leaf("custom_fields.age", "lt", 7.5), True, "age is 7, less than 7.5"),
        (
            leaf("custom_fields.age", "lt", 7),
            False,
            "age is 7, the route wants less than 7",
        ),
        (leaf("custom_fields.age", "lte", 7), True, "age is 7, at most 7"),
        (
            leaf("custom_fields.age", "lte", 6),
            False,
            "age is 7, the route wants at most 6",
        ),
        (
            leaf("custom_fields.when", "gte", 5),
            False,
            "when is “soon”, which is not a number, the route wants at least 5",
        ),
        (
            leaf("custom_fields.none", "lt", 5),
            False,
            "none is empty, the route wants less than 5",
        ),
        (leaf("custom_fields.budget", "equals", 1200), True, "budget is “$1,200”"),
        (
            leaf("custom_fields.budget", "equals", "1200"),
            False,
            "budget is “$1,200”, the route wants “1200”",
        ),
        (leaf("custom_fields.age", "equals", "7"), True, "age is 7"),
        (leaf("custom_fields.age", "in", ["7"]), True, "age is 7"),
        (leaf("sms_consent", "equals", True), True, "sms consent is “true”"),
        (
            leaf("sms_consent", "equals", False),
            False,
            "sms consent is “true”, the route wants “false”",
        ),
        (
            leaf("custom_fields.services", "equals", "gutter"),
            True,
            "services is “Roof” and “Gutter”",
        ),
        (
            leaf("custom_fields.services", "not_equals", "gutter"),
            False,
            "services is “Roof” and “Gutter”, the route wants anything else",
        ),
        (leaf("custom_fields.shape", "exists"), True, "shape is given"),
        (
            leaf("custom_fields.shape", "equals", "a"),
            False,
            "shape is an object, the route wants “a”",
        ),
    ],
)
def test_a_condition_decides_and_says_why(condition, took, why):
    assert ask(condition) == (took, why)


def test_every_operator_is_tried_above_with_both_answers():
    (mark,) = test_a_condition_decides_and_says_why.pytestmark
    tried = {(condition["op"], took) for condition, took, _ in mark.args[1]}

    assert tried == {(op, took) for op in OPERATORS for took in (True, False)}


YES = leaf("state", "equals", "CA")
YES_TOO = leaf("email", "exists")
NO = leaf("state", "equals", "TX")
NO_TOO = leaf("city", "exists")


@pytest.mark.parametrize(
    ("raw", "took", "why"),
    [
        (None, True, "takes every lead"),
        ({}, True, "takes every lead"),
        ("", True, "takes every lead"),
        ({"all": []}, True, "takes every lead"),
        ({"all": [YES, YES_TOO]}, True, "state is “CA” and email is given"),
        ({"all": [YES, NO_TOO]}, False, "city is empty, the route needs it"),
        ({"any": [NO_TOO, YES]}, True, "state is “CA”"),
        ({"any": [NO]}, False, "state is “CA”, the route wants “TX”"),
        (
            {"any": [NO, NO_TOO]},
            False,
            (
                "none fits: state is “CA”, the route wants “TX”; "
                "city is empty, the route needs it"
            ),
        ),
        (
            {"all": [YES, {"any": [NO, YES_TOO]}]},
            True,
            "state is “CA” and email is given",
        ),
        ({"any": [NO, {"all": [YES, NO_TOO]}, YES_TOO]}, True, "email is given"),
        (
            {"all": [YES] * 5},
            True,
            "state is “CA” and state is “CA” and state is “CA” and 2 more",
        ),
    ],
)
def test_groups_combine(raw, took, why):
    assert parse_conditions(raw).test(LEAD) == (took, why)
    if raw:
        assert parse_conditions(json.dumps(raw)).test(LEAD) == (took, why)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (None, "every lead"),
        ({"all": [YES]}, "state is “CA”"),
        (
            {
                "all": [
                    leaf("state", "in", ["TX", "OK"]),
                    {
                        "any": [
                            leaf("custom_fields.budget", "gte", 1000),
                            leaf("lead.urgency", "not_exists"),
                        ]
                    },
                    {"all": [leaf("message", "not_contains", "job")]},
                ]
            },
            (
                "state is “TX” or “OK” and "
                "(budget is at least 1000 or urgency is empty)"
                " and message does not contain “job”"
            ),
        ),
        (
            {"any": [leaf("state", "not_in", list("ABCDEFG"))]},
            "state is not “A”, “B”, “C”, “D”, “E” or 2 more",
        ),
    ],
)
def test_conditions_read_as_a_sentence(raw, sentence):
    assert parse_conditions(raw).sentence() == sentence


def nested(depth):
    raw = YES
    for _ in range(depth):
        raw = {"all": [raw]}
    return raw


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ([], "must be an object"),
        (5, "must be an object"),
        (YES, "must be an object with one key"),
        ({"none": [YES]}, "must be an object with one key"),
        ({"all": [YES], "any": [YES]}, "must be an object with one key"),
        ({"any": []}, "any: must be a list of at least one"),
        ({"all": YES}, "all: must be a list"),
        ({"all": [YES, {"any": []}]}, "all[1].any: must be a list"),
        ({"all": [YES, {}]}, "all[1]: must be an object with one key"),
        ({"all": ["x"]}, "all[0]: must be an object"),
        ({"all": [YES | {"value2": 1}]}, "all[0]: unknown key “value2”"),
        ({"all": [leaf(5, "exists")]}, "all[0].field: must be text"),
        ({"all": [leaf("a..b", "exists")]}, "all[0].field: a field is named"),
        ({"all": [{"field": "a"}]}, "all[0].op: must be one of equals, not_equals"),
        ({"all": [leaf("a", "like", "b")]}, "all[0].op: must be one of"),
        ({"all": [leaf("a", ["in"], "b")]}, "all[0].op: must be one of"),
        (
            {"any": [YES, {"all": [leaf("a", "equals")]}]},
            "any[1].all[0].value: must be",
        ),
        ({"all": [leaf("a", "equals", None)]}, "all[0].value: must be text, a number"),
        ({"all": [leaf("a", "equals", " ")]}, "all[0].value: must not be empty"),
        ({"all": [leaf("a", "equals", ["b"])]}, "all[0].value: must be text"),
        ({"all": [leaf("a", "equals", float("nan"))]}, "all[0].value: must be text"),
        ({"all": [leaf("a", "equals", "b" * 501)]}, "all[0].value: longer than 500"),
        ({"all": [leaf("a", "in", "b")]}, "all[0].value: must be a list of 1 to 200"),
        ({"all": [leaf("a", "in", [])]}, "all[0].value: must be a list of 1 to 200"),
        (
            {"all": [leaf("a", "in", list(range(MAX_OPTIONS + 1)))]},
            "all[0].value: must be a list of 1 to 200",
        ),
        ({"all": [leaf("a", "in", ["b", {}])]}, "all[0].value: must be text"),
        ({"all": [leaf("a", "exists", True)]}, "all[0].value: exists takes no value"),
        ({"all": [leaf("a", "gt", "big")]}, "all[0].value: must be a number"),
        ({"all": [leaf("a", "gt", True)]}, "all[0].value: must be a number"),
        (nested(MAX_DEPTH + 1), "all[0].all[0].all[0].all[0]: nested more than 4 deep"),
        (nested(900), "nested more than 4 deep"),
        ({"all": [YES] * (MAX_LEAVES + 1)}, "all[50]: more than 50 conditions"),
        (
            {"all": [{"any": [YES] * 26}, {"any": [YES] * 25}]},
            "all[1].any[24]: more than 50 conditions",
        ),
        ("{", "not readable as JSON"),
        ("[" * 50_000, "not readable as JSON"),
        ('{"all": []}' + " " * 64_000, "longer than 64000"),
        ("[1]", "must be an object"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(raw, fault):
    with pytest.raises(ConditionError) as caught:
        parse_conditions(raw)

    assert isinstance(caught.value, ValueError)
    assert fault in str(caught.value)


def test_the_limits_themselves_are_allowed():
    parse_conditions(nested(MAX_DEPTH))
    parse_conditions({"all": [YES] * MAX_LEAVES})
    parse_conditions({"all": [leaf("a", "in", ["b" * 500] * MAX_OPTIONS)]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner)
    ),
    max_leaves=12,
)
OPERANDS = st.sampled_from(["a", "TX", 5, -1.5, True, "1,200"])
LEAVES = st.one_of(
    st.builds(
        leaf,
        st.sampled_from(["x", "x.y", "state", "custom_fields.a.b"]),
        st.sampled_from(["equals", "not_equals", "contains", "not_contains"]),
        OPERANDS,
    ),
    st.builds(
        leaf,
        st.just("x"),
        st.sampled_from(["in", "not_in"]),
        st.lists(OPERANDS, min_size=1),
    ),
    st.builds(
        leaf, st.just("x"), st.sampled_from(["gt", "gte", "lt", "lte"]), st.just(5)
    ),
    st.builds(leaf, st.just("x"), st.sampled_from(["exists", "not_exists"])),
)


@given(JSON)
def test_no_json_does_more_than_raise_a_condition_error(raw):
    for source in (raw, json.dumps(raw)):
        try:
            assert isinstance(parse_conditions(source), Conditions)
        except ConditionError:
            continue


@given(LEAVES, JSON)
def test_any_value_gets_a_verdict_and_opposites_disagree(condition, value):
    opposites = {
        "equals": "not_equals",
        "contains": "not_contains",
        "in": "not_in",
        "exists": "not_exists",
    }
    fields = {"x": value, "custom_fields": {"a": {"b": value}}, "state": value}
    verdict = parse_conditions({"all": [condition]}).test(fields)

    assert verdict.why
    assert "\n" not in verdict.why
    if other := opposites.get(condition["op"]):
        opposite = parse_conditions({"all": [condition | {"op": other}]}).test(fields)
        assert opposite.took is not verdict.took


@given(st.lists(LEAVES, min_size=1, max_size=4), JSON)
def test_all_and_any_are_what_they_say(conditions, value):
    fields = {"x": value, "state": value}
    single = [parse_conditions({"all": [c]}).test(fields).took for c in conditions]

    assert parse_conditions({"all": conditions}).test(fields).took is all(single)
    assert parse_conditions({"any": conditions}).test(fields).took is any(single)


def test_a_hostile_lead_costs_little_time_and_a_short_sentence():
    conditions = parse_conditions(
        {
            "any": [
                leaf("x", "contains", "b" * 500),
                leaf("x", "in", [f"{n}" * 100 for n in range(MAX_OPTIONS)]),
            ]
            * 25
        }
    )
    started = time.perf_counter()
    verdict = conditions.test({"x": ["ab" * 50_000] * 5_000})

    assert not verdict.took
    assert len(verdict.why) <= 520
    assert time.perf_counter() - started < 2
