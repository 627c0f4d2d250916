"""
Checks answers against the provider's OpenAPI documents.

The documents are those that the simulator keeps (`data/api.json`, whose source it
names): it reads the parameters there, but no answer is made from them.
"""

import json
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

KEPT = Path(__file__).resolve().parents[2] / "destinations/simulator/data/api.json"
API = json.loads(KEPT.read_text("utf-8"))
KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def _is_url(text):
    """The older API's pages are relative to its host, whatever the document says."""
    if not (urlsplit(text).scheme or text.startswith("/2010-04-01/")):
        raise ValueError(text)


FORMATS = {
    "date-time": datetime.fromisoformat,
    "date-time-rfc-2822": parsedate_to_datetime,
    "uri": _is_url,
}
# Documented in prose and answered by the provider, but not in the documents.
ALSO = {"api.v2010.account.message": {"tags"}}


def operation_of(method, path):
    """The name of the operation that a request asked for; None if there is none."""
    plainest = sorted(API["operations"].items(), key=lambda o: o[1]["path"].count("{"))
    for name, operation in plainest:
        pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(operation["path"]))
        if operation["method"] == method and re.fullmatch(pattern, path):
            return name
    return None


def problems(operation, status, value):
    """What in an answer is not as the document has it; empty is good."""
    answers = API["operations"][operation]["answers"]
    if operation == "CreateMessageFeedback":  # documented as 200, answered with 201
        status = 200
    if str(status) not in answers:
        return [f"status {status} is not documented"]
    schema = answers[str(status)]
    if schema is None:
        return ["a body where there is none"] if value else []
    return list(_problems(schema, value, operation))


def _problems(schema, value, where):
    name = schema.get("$ref")
    if name:
        schema = API["schemas"][name]
    if value is None:
        # The documents leave `nullable` out of optional parts, so None is one of them.
        return
    if "oneOf" in schema:
        found = [list(_problems(one, value, where)) for one in schema["oneOf"]]
        yield from min(found, key=len)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    kind = schema.get("type")
    if kind and (
        not isinstance(value, KINDS[kind])
        or (kind in {"integer", "number"} and isinstance(value, bool))
    ):
        yield f"{where}: {value!r} is no {kind}"
        return
    if isinstance(value, str):
        yield from _text_problems(schema, value, where)
    else:
        yield from _part_problems(schema, value, where, name)


def _part_problems(schema, value, where, name):
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems(schema.get("items", {}), item, f"{where}[{index}]")
    if isinstance(value, dict) and "properties" in schema:
        properties = schema["properties"]
        if unknown := value.keys() - properties.keys() - ALSO.get(name, set()):
            yield f"{where}: undocumented {sorted(unknown)}"
        if missing := properties.keys() - value.keys():
            yield f"{where}: without {sorted(missing)}"
        for key in value.keys() & properties.keys():
            yield from _problems(properties[key], value[key], f"{where}.{key}")


def _text_problems(schema, value, where):
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    check = FORMATS.get(schema.get("format", ""))
    if check and value:
        try:
            check(value)
        except (ValueError, TypeError):
            yield f"{where}: {value!r} is no {schema['format']}"
