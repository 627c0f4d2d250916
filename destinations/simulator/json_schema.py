"""Whether a JSON body is as a provider's OpenAPI document has it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Names = frozenset[str]
_KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` points at what is out of the document, as in `/cards/0/title`."""

    where: str
    sentence: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """
    Attributes:
        also: what a named schema has besides, in the provider's guides.
        is_null_absent: a null is the same as nothing.
    """

    schemas: Mapping[str, Json]
    also: Mapping[str, Names] = field(default_factory=dict)
    is_null_absent: bool = False

    def problems(
        self, part: Json, value: Any, where: str = "", also: Names = frozenset()
    ) -> Iterator[Problem]:
        if "$ref" in part:
            also = also | self.also.get(part["$ref"], frozenset())
            part = self.schemas[part["$ref"]]
        if value is None and self.is_null_absent:
            return
        kinds = part.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(_is_a(value, kind) for kind in kinds):
            yield Problem(where, f"Must be of type {kinds[0]}.")
            return
        if "enum" in part and value not in part["enum"] and value is not None:
            choices = ", ".join(str(choice) for choice in part["enum"])
            yield Problem(where, f"Must be one of {choices}.")
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.problems(
                    part.get("items", {}), item, f"{where}/{index}"
                )
        if isinstance(value, dict) and "properties" in part:
            yield from self._object_problems(part, value, where, also)

    def _object_problems(
        self, part: Json, value: Json, where: str, also: Names
    ) -> Iterator[Problem]:
        for name in part.get("required", ()):
            if value.get(name) is None:
                sentence = f"The '{name}' parameter is required."
                yield Problem(f"{where}/{name}", sentence, is_missing=True)
        for name, item in value.items():
            if name in part["properties"]:
                yield from self.problems(
                    part["properties"][name], item, f"{where}/{name}"
                )
            elif name not in also:
                yield Problem(f"{where}/{name}", f"Unexpected parameter '{name}'.")


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])
