"""
The condition builder: rows of field, operator and value, to conditions and back.

Rows say what one group of comparisons says. Conditions with groups inside groups,
which the API can make, have no rows; the form shows those as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leadrails.core.conditions import MAX_LEAVES, ConditionError, parse_conditions
from leadrails.core.lookup import format_number, number_of

OPERATORS = {
    "equals": gettext_lazy("is"),
    "not_equals": gettext_lazy("is not"),
    "in": gettext_lazy("is one of"),
    "not_in": gettext_lazy("is none of"),
    "contains": gettext_lazy("contains"),
    "not_contains": gettext_lazy("does not contain"),
    "exists": gettext_lazy("is given"),
    "not_exists": gettext_lazy("is empty"),
    "gt": gettext_lazy("is more than"),
    "gte": gettext_lazy("is at least"),
    "lt": gettext_lazy("is less than"),
    "lte": gettext_lazy("is at most"),
}
_BARE = {"exists", "not_exists"}
_LISTS = {"in", "not_in"}
_TYPED_AS_TEXT = {"contains", "not_contains"}


@dataclass(slots=True)
class Row:
    field: str = ""
    op: str = "equals"
    value: str = ""
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.field or self.value)

    def leaf(self) -> dict[str, Any]:
        leaf: dict[str, Any] = {"field": self.field, "op": self.op}
        if self.op in _LISTS:
            parts = [part.strip() for part in self.value.split(",")]
            leaf["value"] = [self._typed(part) for part in parts if part]
        elif self.op not in _BARE:
            leaf["value"] = self._typed(self.value)
        return leaf

    def _typed(self, text: str) -> str | float | int:
        """A plain number is one, so that it finds "$1,000"; 01234 stays a text."""
        number = number_of(text)
        if number is None or self.op in _TYPED_AS_TEXT or format_number(number) != text:
            return text
        return int(number) if number.is_integer() else number


@dataclass(slots=True)
class Builder:
    """`rows` is empty when every lead is taken."""

    is_all: bool = True
    rows: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, conditions: Mapping[str, Any]) -> "Builder | None":
        """Return the rows of stored conditions, or None if rows cannot say them."""
        if not conditions or conditions == {"all": []}:
            return cls()
        key, parts = next(iter(conditions.items()))
        if len(conditions) != 1 or key not in {"all", "any"}:
            return None
        if not all(isinstance(part, dict) and "field" in part for part in parts):
            return None
        if any(_has_comma(part) for part in parts):
            return None
        return cls(key == "all", [_row(part) for part in parts])

    @classmethod
    def posted(cls, match: str, columns: Sequence[Sequence[str]]) -> "Builder":
        """`columns`: the posted fields, operators and values, in order."""
        rows = [
            Row(name.strip()[:250], op, value.replace("\0", "").strip()[:10_000])
            for name, op, value in zip(*columns, strict=False)
        ]
        return cls(match != "any", rows[: MAX_LEAVES + 1])

    def conditions(self) -> dict[str, Any]:
        """
        Return the conditions to store; rows left blank do not count.

        Each row at fault gets its `problem`; `is_valid` says whether one did.
        """
        filled = [row for row in self.rows if not row.is_blank]
        for row in filled:
            row.problem = _problem(row)
        if not filled:
            return {}
        return {"all" if self.is_all else "any": [row.leaf() for row in filled]}

    @property
    def is_valid(self) -> bool:
        return not any(row.problem for row in self.rows)


def _problem(row: Row) -> str:
    if not row.field:
        return _("Choose a field.")
    if row.op not in _BARE and not row.value:
        return _("Enter a value.")
    try:
        parse_conditions({"all": [row.leaf()]})
    except ConditionError as error:
        return f"{error.problem[:1].upper()}{error.problem[1:]}."
    return ""


def _row(part: Mapping[str, Any]) -> Row:
    value = part.get("value", "")
    text = ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
    return Row(str(part.get("field", "")), str(part.get("op", "equals")), text)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    number = None if isinstance(value, str) else number_of(value)
    return format_number(number) if number is not None else str(value or "")


def _has_comma(part: Mapping[str, Any]) -> bool:
    """An option with a comma in it would come back as two."""
    value = part.get("value")
    return isinstance(value, list) and any("," in str(item) for item in value)
