"""
Conditions on a lead: JSON to a tested, readable rule.

    {"all": [
        {"field": "location.state", "op": "in", "value": ["TX", "OK"]},
        {"any": [
            {"field": "custom_fields.budget", "op": "gte", "value": 1000},
            {"field": "lead.urgency", "op": "equals", "value": "emergency"}]}]}

Nothing, `{}` and an empty "all" take every lead. How values compare:

- Text compares without regard to case, and to spaces at either end.
- A number (`value` is one, or the operator is gt, gte, lt or lte) compares as a
  number; a lead's "$1,200" or "1,200.50" is one, "1.200,50" and "about 5" are not.
- true and false compare as the words.
- A field is empty when it is absent, null, blank, [] or {}. An empty field fails
  every comparison, and so passes not_equals, not_contains and not_in.
- A list (check boxes) passes when one of its values does; the three negative
  operators want that none is what they exclude. An object can only exist.
"""

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from leadrails.core.lookup import (
    FieldPath,
    fold,
    items_of,
    number_of,
    text_of,
)
from leadrails.core.wording import join, listed, show

MAX_DEPTH = 4
MAX_LEAVES = 50
MAX_OPTIONS = 200
MAX_VALUE = 500
MAX_SOURCE = 64_000

_NEGATIVE = frozenset({"not_equals", "not_contains", "not_in"})
_CONTAINING = frozenset({"contains", "not_contains"})
_EQUAL = frozenset({"equals", "in"})
_LISTING = frozenset({"in", "not_in"})
_BARE = frozenset({"exists", "not_exists"})
_NUMERIC: Mapping[str, Callable[[float, float], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}

# How an operator reads in a sentence, and what a refused lead is told.
_PHRASES: Mapping[str, tuple[str, str]] = {
    "equals": ("is {}", "the route wants {}"),
    "not_equals": ("is not {}", "the route wants anything else"),
    "contains": ("contains {}", "the route wants it to contain {}"),
    "not_contains": (
        "does not contain {}",
        "the route leaves out what contains {}",
    ),
    "in": ("is {}", "the route wants {}"),
    "not_in": ("is not {}", "the route leaves out {}"),
    "exists": ("is given", "the route needs it"),
    "not_exists": ("is empty", "the route wants it empty"),
    "gt": ("is more than {}", "the route wants more than {}"),
    "gte": ("is at least {}", "the route wants at least {}"),
    "lt": ("is less than {}", "the route wants less than {}"),
    "lte": ("is at most {}", "the route wants at most {}"),
}
OPERATORS = tuple(_PHRASES)


class ConditionError(ValueError):
    """Conditions that cannot be read; `path` says where, as in `all[1].op`."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


class Verdict(NamedTuple):
    """`why` is a sentence without its full stop, for the lead's trail."""

    took: bool
    why: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison, its words made once: leads are many."""

    field: FieldPath
    op: str
    texts: frozenset[str]
    numbers: frozenset[float]
    affirmed: str
    refusal: str

    def test(self, fields: Mapping[str, Any]) -> Verdict:
        value = self.field.find(fields)
        if self._takes(value):
            return Verdict(True, self._taken(value))
        return Verdict(False, self._refused(value))

    def sentence(self) -> str:
        return f"{self.field.label} {self.affirmed}"

    def _takes(self, value: Any) -> bool:
        if self.op in _BARE:
            return (value is not None) is (self.op == "exists")
        if value is None:
            return self.op in _NEGATIVE
        if isinstance(value, (list, tuple)):
            fits = any(self._fits(item) for item in items_of(value))
        else:
            fits = self._fits(value)
        return fits is not (self.op in _NEGATIVE)

    def _fits(self, item: Any) -> bool:
        if self.op in _NUMERIC:
            return self._compares(number_of(item))
        text = text_of(item)
        if text in self.texts:
            return True
        if self.op in _CONTAINING:
            return any(part in text for part in self.texts)
        return bool(self.numbers) and number_of(item) in self.numbers

    def _compares(self, number: float | None) -> bool:
        (limit,) = self.numbers
        return number is not None and _NUMERIC[self.op](number, limit)

    def _taken(self, value: Any) -> str:
        if self.op in _EQUAL:
            return f"{self.field.label} is {show(value)}"
        if self.op in _NUMERIC:
            limit = self.affirmed.removeprefix("is ")
            return f"{self.field.label} is {show(value)}, {limit}"
        return self.sentence()

    def _refused(self, value: Any) -> str:
        if value is None:
            shown = "is empty"
        elif self.op == "not_exists":
            shown = "is given"
        elif self.op in _NUMERIC and not _has_number(value):
            shown = f"is {show(value)}, which is not a number"
        else:
            shown = f"is {show(value)}"
        return f"{self.field.label} {shown}, {self.refusal}"


def _has_number(value: Any) -> bool:
    return any(number_of(item) is not None for item in items_of(value))


@dataclass(frozen=True, slots=True)
class Conditions:
    """All or any of its parts; without a part it takes every lead."""

    is_all: bool = True
    parts: tuple["Condition | Conditions", ...] = ()

    def test(self, fields: Mapping[str, Any]) -> Verdict:
        """Say whether a lead is taken, naming what decided."""
        if not self.parts:
            return Verdict(True, "takes every lead")
        reasons = []
        for part in self.parts:
            verdict = part.test(fields)
            if verdict.took is not self.is_all:
                return verdict
            reasons.append(verdict.why)
        if self.is_all:
            return Verdict(True, join(reasons, " and "))
        if len(reasons) == 1:
            return Verdict(False, reasons[0])
        return Verdict(False, "none fits: " + join(reasons, "; "))

    def sentence(self) -> str:
        """Return the conditions in words, as in: state is “TX” and email is given."""
        if not self.parts:
            return "every lead"
        return (" and " if self.is_all else " or ").join(
            f"({part.sentence()})"
            if isinstance(part, Conditions) and len(part.parts) > 1
            else part.sentence()
            for part in self.parts
        )


def parse_conditions(raw: Any) -> Conditions:
    """
    Read conditions from JSON data, from its text, or from nothing.

    Raises:
        ConditionError: a ValueError that names the part at fault.
    """
    if isinstance(raw, str):
        raw = _from_json(raw)
    if raw is None or raw in ({}, {"all": []}):
        return Conditions()
    leaves: list[Condition] = []
    return _parse_group(raw, "", 1, leaves)


def _from_json(text: str) -> Any:
    if len(text) > MAX_SOURCE:
        raise ConditionError("", f"longer than {MAX_SOURCE} characters")
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise ConditionError("", "not readable as JSON") from error


def _parse_group(
    raw: Any, path: str, depth: int, leaves: list[Condition]
) -> Conditions:
    if not isinstance(raw, dict) or len(raw) != 1 or not raw.keys() <= {"all", "any"}:
        raise ConditionError(path, 'must be an object with one key, "all" or "any"')
    if depth > MAX_DEPTH:
        raise ConditionError(path, f"nested more than {MAX_DEPTH} deep")
    ((key, parts),) = raw.items()
    path = f"{path}.{key}" if path else key
    if not isinstance(parts, list) or not parts:
        raise ConditionError(path, "must be a list of at least one condition")
    parsed: list[Condition | Conditions] = []
    for index, part in enumerate(parts):
        here = f"{path}[{index}]"
        if isinstance(part, dict) and "field" not in part:
            parsed.append(_parse_group(part, here, depth + 1, leaves))
            continue
        leaves.append(_parse_leaf(part, here))
        parsed.append(leaves[-1])
        if len(leaves) > MAX_LEAVES:
            raise ConditionError(here, f"more than {MAX_LEAVES} conditions")
    return Conditions(key == "all", tuple(parsed))


def _parse_leaf(raw: Any, path: str) -> Condition:
    if not isinstance(raw, dict):
        raise ConditionError(path, "must be an object")
    if unknown := sorted(str(key) for key in raw.keys() - {"field", "op", "value"}):
        raise ConditionError(path, f"unknown key {show(unknown[0])}")
    try:
        field = FieldPath(_text(raw["field"]))
    except ValueError as error:
        raise ConditionError(f"{path}.field", str(error)) from error
    op = raw.get("op")
    if not isinstance(op, str) or op not in _PHRASES:
        known = ", ".join(OPERATORS)
        raise ConditionError(f"{path}.op", f"must be one of {known}")
    value = raw.get("value")
    try:
        options = _options(op, value)
    except ValueError as error:
        raise ConditionError(f"{path}.value", str(error)) from error
    numbers = frozenset(
        number
        for option in options
        if (op in _NUMERIC or not isinstance(option, str))
        and (number := number_of(option)) is not None
    )
    texts = frozenset(text_of(option) for option in options)
    affirmed, refusal = (text.format(listed(options)) for text in _PHRASES[op])
    return Condition(field, op, texts, numbers, affirmed, refusal)


def _options(op: str, value: Any) -> list[Any]:
    """Return the values to compare with; ValueError when they do not fit `op`."""
    if op in _BARE:
        if value is not None:
            raise ValueError(f"{op} takes no value")
        return []
    if op in _LISTING:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_OPTIONS:
            raise ValueError(f"must be a list of 1 to {MAX_OPTIONS} values")
        for option in value:
            _check_scalar(option)
        return value
    _check_scalar(value)
    if op in _NUMERIC and number_of(value) is None:
        raise ValueError("must be a number")
    return [value]


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if not fold(value):
            raise ValueError("must not be empty; use not_exists to find empty fields")
        if len(value) > MAX_VALUE:
            raise ValueError(f"longer than {MAX_VALUE} characters")
    elif not isinstance(value, bool) and number_of(value) is None:
        raise ValueError("must be text, a number, true or false")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value
