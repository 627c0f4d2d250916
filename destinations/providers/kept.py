"""
Content that is kept at a provider: what stays the same, and what is filled in.

A text without fields stays as it is. Else its lines are told apart: those with fields
become numbered variables, as far as each is sure to say something, since providers
refuse empty values, and line ends within one.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from leadrails.core.rendering import Template, TemplateError
from leadrails.core.rich import has_fields

LONGEST_VALUE = 1600  # characters
# Seen by nobody, and yet something.
NOTHING_TO_SEE, NO_FRAGMENT = "\u200b", "#"
_ADDRESS = re.compile(r"(https?://[^/{}\s]+/[^{}\s]*)(\{.*)", re.DOTALL)


class Variable(Struct, frozen=True):
    """A template of its own; `if_empty` is what goes in if it comes out empty."""

    source: str
    if_empty: str


class Kept(Struct, frozen=True):
    """
    Attributes:
        types: what the provider keeps, with `{{1}}` where the first variable goes in.
        variables: in their order, from one.
    """

    types: dict[str, Any]
    variables: tuple[Variable, ...]


class Numbering:
    """Numbers the variables of texts in the order in which they are written."""

    def __init__(self) -> None:
        self._numbers: dict[Variable, int] = {}

    def write(self, source: str) -> str:
        """The text as the provider keeps it."""
        return "".join(
            part if isinstance(part, str) else self._placeholder(part)
            for part in parts_of(source)
        )

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(self._numbers)

    def _placeholder(self, variable: Variable) -> str:
        number = self._numbers.setdefault(variable, len(self._numbers) + 1)
        return f"{{{{{number}}}}}"


def fill(source: str, value_of: Callable[[str], str]) -> str:
    """The text as people will see it."""
    return "".join(
        part if isinstance(part, str) else value_of(part.source)
        for part in parts_of(source)
    ).strip()


def values(
    variables: tuple[Variable, ...], value_of: Callable[[str], str]
) -> Mapping[str, str]:
    """What goes to the provider with each message."""
    return {
        str(number): value_of(variable.source) or variable.if_empty
        for number, variable in enumerate(variables, 1)
    }


def in_one_line(rendered: str) -> str:
    return " ".join(rendered.split())


@lru_cache(maxsize=1024)
def parts_of(source: str) -> tuple[str | Variable, ...]:
    """Fixed text and variables, one after the other."""
    source = source.strip()
    if not has_fields(source):
        return (source,) if source else ()
    if (found := _ADDRESS.fullmatch(source)) and not re.search(r"\s", _bare(source)):
        return found[1], Variable(found[2], NO_FRAGMENT)
    parts: list[str | Variable] = []
    for passage in _passages(source):
        is_fixed = not has_fields(passage)
        parts.append(passage if is_fixed else Variable(passage, NOTHING_TO_SEE))
        parts.append("\n")
    return tuple(parts[:-1])


def _bare(source: str) -> str:
    """Without what stands between braces."""
    return re.sub(r"\{.*?\}\}?", "", source, flags=re.DOTALL)


def _passages(source: str) -> list[str]:
    """Lines, as many together as it takes to be a template that says something."""
    passages: list[str] = []
    open_lines: list[str] = []
    for line in source.split("\n"):
        open_lines.append(line)
        passage = "\n".join(open_lines)
        if not has_fields(passage) or _always_says_something(passage):
            passages.append(passage)
            open_lines = []
    if open_lines:
        passages = [*passages[:-1], "\n".join([*passages[-1:], *open_lines])]
    return passages


def _always_says_something(passage: str) -> bool:
    try:
        template = Template.compile(passage)
    except TemplateError:
        return False  # what begins here ends on a later line
    return any(text.is_always and text.text.strip() for text in template.passages)
