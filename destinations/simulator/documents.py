"""What the provider's OpenAPI documents say of each operation's parameters."""

import json
import re
from typing import Any

from aiohttp import web

from destinations.simulator.errors import ApiError
from destinations.simulator.json_schema import Document
from destinations.simulator.numbers import table

Form = dict[str, list[str]]
BOOLEANS = {"true": True, "false": False}
# Documented and in the provider's library, though not in the document's edition.
ALSO = {"CreateMessage": {"MessageIntent", "Tags"}}
ALSO_IN_JSON = {
    "twilioCard": frozenset({"body"}),
    "messaging.v2.channels_sender.requests.update": frozenset({"friendly_name"}),
}


def first(form: Form, name: str) -> str:
    return form[name][0] if name in form else ""


def schema_of(operation: str, name: str) -> dict[str, Any]:
    """Of a form's parameter, with the reference to an enumeration followed."""
    api = table("api")
    found: dict[str, Any] = api["operations"][operation]["form"].get(name, {})
    return api["schemas"][found["$ref"]] if "$ref" in found else found


def check_names(form: Form, operation: str) -> None:
    known = table("api")["operations"][operation]["form"]
    unknown = form.keys() - known.keys() - ALSO.get(operation, set())
    if unknown:
        raise ApiError(20001, f"Unknown parameter {min(unknown)}")


def typed(form: Form, operation: str) -> dict[str, Any]:
    """
    Return the parameters as the documents type them; "" becomes None.

    Raises:
        ApiError: a name that the documents do not have, or a value out of its type.
    """
    check_names(form, operation)
    return {name: _value(operation, name, form[name]) for name in form}


def _value(operation: str, name: str, given: list[str]) -> Any:
    schema, text = schema_of(operation, name), given[0]
    wrong = ApiError(20001, f"Invalid parameter {name}")
    kind = schema.get("type")
    if kind == "array":
        return given
    if text == "" and kind != "boolean":
        return None
    if kind == "boolean":
        if text.lower() not in BOOLEANS:
            raise wrong
        return BOOLEANS[text.lower()]
    if kind == "integer":
        if not (text.isascii() and text.isdigit()):
            raise wrong
        return int(text)
    if "enum" in schema and text not in schema["enum"]:
        raise wrong
    check_pattern(operation, name, text)
    if schema.get("format") == "http-method" and text not in {"GET", "POST"}:
        raise wrong
    return text


async def json_of(request: web.Request, operation: str) -> dict[str, Any]:
    """
    Return the JSON of the request, without what is null in it.

    Raises:
        ApiError: it is no object, or not as the documents have it.
    """
    try:
        given = json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise ApiError(20001, "The body is not JSON") from error
    api = table("api")
    document = Document(api["schemas"], ALSO_IN_JSON, is_null_absent=True)
    for problem in document.problems(api["operations"][operation]["body"], given):
        sentence = f"Invalid parameter {problem.where}: {problem.sentence}"
        raise ApiError(20001, sentence)
    found: dict[str, Any] = _without_null(given)
    return found


def _without_null(given: Any) -> Any:
    if isinstance(given, dict):
        items = given.items()
        return {key: _without_null(value) for key, value in items if value is not None}
    if isinstance(given, list):
        return [_without_null(value) for value in given if value is not None]
    return given


def check_pattern(operation: str, name: str, text: str) -> None:
    pattern = schema_of(operation, name).get("pattern")
    if pattern and not re.search(pattern, text):
        raise ApiError(20001, f"Invalid parameter {name}")
