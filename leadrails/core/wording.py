"""Words for a lead's trail: values as a reader sees them, kept short."""

from typing import Any

from leadrails.core.lookup import format_number, items_of, number_of, text_of

_SHOWN_TEXT = 60
_SHOWN_OPTIONS = 5
_SHOWN_PARTS = 3
_SHOWN_LINE = 500


def show(value: Any) -> str:
    """Return a value as a reader sees it: quoted, on one line, shortened."""
    if isinstance(value, (list, tuple)):
        return listed(items_of(value), "and")
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, str):
        line = " ".join(value[: 4 * _SHOWN_TEXT].split())
        cut = line if len(line) <= _SHOWN_TEXT else line[: _SHOWN_TEXT - 1] + "…"
        return f"“{cut}”"
    if isinstance(value, bool) or number_of(value) is None:
        return f"“{text_of(value)}”"
    return format_number(float(value))


def listed(values: list[Any], conjunction: str = "or") -> str:
    shown = [show(value) for value in values[:_SHOWN_OPTIONS]]
    if len(values) > _SHOWN_OPTIONS:
        shown.append(f"{len(values) - _SHOWN_OPTIONS} more")
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"


def join(reasons: list[str], glue: str) -> str:
    shown = reasons[:_SHOWN_PARTS]
    if len(reasons) > _SHOWN_PARTS:
        shown.append(f"{len(reasons) - _SHOWN_PARTS} more")
    line = glue.join(shown)
    return line if len(line) <= _SHOWN_LINE else line[: _SHOWN_LINE - 1] + "…"
