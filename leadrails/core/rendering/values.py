"""
What a field's value is in a template: as text, as a condition, compared.

Only plain data is looked at (text, numbers, truth values, dates, lists of them);
no method of a foreign object is ever called. Every text is cut to MAX_VALUE, so
the cost of a template is linear in its source, whatever the lead holds.
"""

import datetime as dt
import math
from decimal import Decimal
from typing import Any

MAX_VALUE = 2_000  # characters of one inserted value; longer ones end in "…"
MAX_OUTPUT = 10_000  # characters of a whole rendered text
MAX_NEEDLE = 200  # characters that `in` and `replace` search for
MAX_ITEMS = 100  # items of a list that are looked at

_TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
_LONGEST_NUMBER = 30  # characters


def cut(text: str) -> str:
    if len(text) <= MAX_VALUE:
        return text
    return text[: MAX_VALUE - 1] + "…"


def text(value: Any) -> str:
    """Return how a value reads in a message: groups and lists read as nothing."""
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return _number_text(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return ""


def is_true(value: Any) -> bool:
    """Return whether a value counts as given: blank text and 0 do not."""
    if isinstance(value, str):
        return bool(value) and not value.isspace()
    if isinstance(value, bool | int | float | list | tuple | dict):
        return bool(value)
    return value is not None


def is_equal(left: Any, right: Any) -> bool:
    """Compare as a reader does: "5" equals 5, and what is missing equals ""."""
    if isinstance(left, bool) or isinstance(right, bool):
        return _as_bool(left) is _as_bool(right)
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    return text(left) == text(right)


def order(left: Any, right: Any) -> int | None:
    """
    Return -1, 0 or 1, or None if the two cannot be put in order.

    Numbers and texts that are numbers go by size, other texts by the alphabet;
    what is missing has no place in any order.
    """
    numbers = _as_number(left), _as_number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return (numbers[0] > numbers[1]) - (numbers[0] < numbers[1])
    texts = text(left), text(right)
    if not texts[0] or not texts[1]:
        return None
    return (texts[0] > texts[1]) - (texts[0] < texts[1])


def is_in(needle: Any, hay: Any) -> bool:
    """Whether a list has an item, a group a key or a text a part; "" is in none."""
    wanted = text(needle)
    if not wanted or len(wanted) > MAX_NEEDLE:
        return False
    if isinstance(hay, list | tuple):
        return any(is_equal(needle, item) for item in hay[:MAX_ITEMS])
    if isinstance(hay, dict):
        return wanted in hay
    return wanted in text(hay)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal)


def _number_text(value: float | Decimal) -> str:
    try:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        if not isinstance(value, int) and not math.isfinite(value):
            return ""
        return cut(str(value))
    except (ValueError, ArithmeticError):  # more digits than Python will print
        return ""


def _as_bool(value: Any) -> bool:
    if isinstance(value, str):
        return cut(value).strip().lower() in _TRUE_WORDS
    return is_true(value)


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    if not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = float(value)
    except (ValueError, ArithmeticError):
        return None
    return number if math.isfinite(number) else None
