"""What Telnyx's OpenAPI document says of an operation: the body, and the query."""

import json
from typing import Any

from aiohttp import web

from destinations.simulator.json_schema import Document, Names
from destinations.simulator.numbers import table
from destinations.simulator.telnyx.errors import TelnyxError

Json = dict[str, Any]
# In the provider's guides, though not in the document's edition.
_OF_RCS = frozenset({"fallback", "webhook_failover_url", "use_profile_webhooks"})
ALSO = {"SendRCSMessage": _OF_RCS}


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
    check(operation(name)["body"], given, ALSO.get(name, frozenset()))
    return given


def check(part: Json, value: Any, also: Names) -> None:
    """Raises TelnyxError, pointing at what is out of the schema."""
    document = Document(table("telnyx")["schemas"])
    for problem in document.problems(part, value, also=also):
        code = 10004 if problem.is_missing else 10015
        raise TelnyxError(code, problem.sentence, where=problem.where or "/")
