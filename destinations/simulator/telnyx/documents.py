"""What Telnyx's OpenAPI document says of an operation: the body, and the query."""

import json
from typing import Any

from aiohttp import web

from destinations.simulator.numbers import table
from destinations.simulator.telnyx.errors import TelnyxError

Json = dict[str, Any]
# In the provider's guides, though not in the document's edition.
ALSO = {"SendRCSMessage": {"fallback", "webhook_failover_url", "use_profile_webhooks"}}
_KINDS: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def operation(name: str) -> Json:
    found: Json = table("telnyx")["operations"][name]
    return found


def schema(part: Json) -> Json:
    """Follows a reference."""
    if "$ref" in part:
        found: Json = table("telnyx")["schemas"][part["$ref"]]
        return found
    return part


async def body_of(request: web.Request, name: str) -> Json:
    """
    Return the JSON of the request.

    Raises:
        TelnyxError: it is no object, or not as the document has it.
    """
    try:
        given = json.loads(await request.read() or b"{}")
    except ValueError as error:
        raise TelnyxError(10015, "The request body is not JSON.") from error
    if not isinstance(given, dict):
        raise TelnyxError(10015, "The request body is not a JSON object.")
    check(operation(name)["body"], given, "", also=ALSO.get(name, frozenset()))
    return given


def check(part: Json, value: Any, where: str, *, also: Any = frozenset()) -> None:
    """Raises TelnyxError, pointing at what is out of the schema."""
    part = schema(part)
    kinds = part.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is_a(value, kind) for kind in kinds):
        raise TelnyxError(10015, f"Must be of type {kinds[0]}.", where=where or "/")
    if "enum" in part and value not in part["enum"] and value is not None:
        choices = ", ".join(str(choice) for choice in part["enum"])
        raise TelnyxError(10015, f"Must be one of {choices}.", where=where)
    if isinstance(value, list):
        for index, item in enumerate(value):
            check(part.get("items", {}), item, f"{where}/{index}")
    if isinstance(value, dict) and "properties" in part:
        _check_object(part, value, where, also)


def _check_object(part: Json, value: Json, where: str, also: Any) -> None:
    for name in part.get("required", ()):
        if value.get(name) is None:
            detail = f"The '{name}' parameter is required."
            raise TelnyxError(10004, detail, where=f"{where}/{name}")
    for name, item in value.items():
        if name in part["properties"]:
            check(part["properties"][name], item, f"{where}/{name}")
        elif name not in also:
            detail = f"Unexpected parameter '{name}'."
            raise TelnyxError(10015, detail, where=f"{where}/{name}")


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])
