"""Words for a lead's trail: values as a reader sees them, kept short."""

from typing import Any

from leadrails.core.lookup import format_number, items_of, number_of, text_of

_SHOWN_TEXT = 60
_SHOWN_OPTIONS = 5
_SHOWN_PARTS = 3
_SHOWN_LINE = 500


def plain(text: str, limit: int) -> str:
    """
    Return `text` on one line of at most `limit` characters, all printable.

    A lead may hold NUL or half a surrogate pair, which no database column takes.
    """
    text = text[: 4 * limit]
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def show(value: Any) -> str:
    """Return a value as a reader sees it: quoted, on one line, shortened."""
    if isinstance(value, (list, tuple)):
        # One level only: what lies deeper could be as large as the lead allows.
        items = items_of(value)
        flat = ["a list" if isinstance(item, list) else show(item) for item in items]
        return _enumerate(flat, "and")
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        return f"“{plain(value, _SHOWN_TEXT)}”"
    if isinstance(value, bool) or number_of(value) is None:
        return f"“{text_of(value)}”"
    return format_number(float(value))


def listed(values: list[Any]) -> str:
    """Return values as alternatives: “TX”, “OK” or 3 more."""
    return _enumerate([show(value) for value in values], "or")


def _enumerate(words: list[str], conjunction: str) -> str:
    shown = words[:_SHOWN_OPTIONS]
    if len(words) > _SHOWN_OPTIONS:
        shown.append(f"{len(words) - _SHOWN_OPTIONS} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"


def join(reasons: list[str], glue: str) -> str:
    shown = reasons[:_SHOWN_PARTS]
    if len(reasons) > _SHOWN_PARTS:
        shown.append(f"{len(reasons) - _SHOWN_PARTS} more")
    return plain(glue.join(shown), _SHOWN_LINE)
