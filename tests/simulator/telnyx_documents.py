"""Checks answers and webhooks against Telnyx's OpenAPI document, as it is kept."""

import json
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from tests.simulator.documents import KINDS

KEPT = Path(__file__).resolve().parents[2] / "destinations/simulator/data/telnyx.json"
API = json.loads(KEPT.read_text("utf-8"))


def _is_url(text):
    if not urlsplit(text).scheme:
        raise ValueError(text)


FORMATS = {"date-time": datetime.fromisoformat, "uuid": UUID, "url": _is_url}
# In the guides' examples and seen from the provider, but not in the document.
ALSO = {"InboundMessagePayload": {"autoresponse_type", "sha256"}}
STATUSES = {"scheduled"}
MAY_BE_NULL = {"features"}  # of a phone without RCS, as the guide has it


def operation_of(method, path):
    plainest = sorted(API["operations"].items(), key=lambda o: o[1]["path"].count("{"))
    for name, operation in plainest:
        pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(operation["path"]))
        if operation["method"] == method and re.fullmatch(pattern, path):
            return name
    return None


def problems(operation, status, value):
    """What in an answer is not as the document has it; empty is good."""
    if status >= 400:
        return list(_problems({"$ref": "messaging_Errors"}, value, operation))
    answers = API["operations"][operation]["answers"]
    if str(status) not in answers:
        return [f"{operation}: status {status} is not documented"]
    return list(_problems(answers[str(status)], value, operation))


def problems_of_webhook(event):
    is_inbound = event["data"]["payload"]["direction"] == "inbound"
    name = "InboundMessageEvent" if is_inbound else "OutboundMessageEvent"
    del event["meta"]  # of the outbound only in the document
    return list(_problems({"$ref": name}, event, name))


def _problems(schema, value, where):
    name = schema.get("$ref")
    if name:
        schema = API["schemas"][name]
    if "oneOf" in schema:
        found = [list(_problems(one, value, where)) for one in schema["oneOf"]]
        yield from [] if [] in found else min(found, key=len)
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if value is None and ("null" in kinds or where.rpartition(".")[2] in MAY_BE_NULL):
        return
    if kinds and not any(_is_a(value, kind) for kind in kinds):
        yield f"{where}: {value!r} is no {kinds}"
        return
    if "enum" in schema and value not in schema["enum"] and value not in STATUSES:
        yield f"{where}: {value!r} is not one of {schema['enum']}"
    if isinstance(value, str):
        yield from _text_problems(schema, value, where)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems(schema.get("items", {}), item, f"{where}[{index}]")
    if isinstance(value, dict) and "properties" in schema:
        yield from _object_problems(schema, value, where)


def _object_problems(schema, value, where):
    properties = schema["properties"]
    if missing := set(schema.get("required", ())) - value.keys():
        yield f"{where}: without {sorted(missing)}"
    for key, item in value.items():
        if key in properties:
            yield from _problems(properties[key], item, f"{where}.{key}")
        elif not any(key in also for also in ALSO.values()):
            yield f"{where}: undocumented {key}"


def _is_a(value, kind):
    if isinstance(value, bool):
        return kind == "boolean"
    return kind != "null" and isinstance(value, KINDS[kind])


def _text_problems(schema, value, where):
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    check = FORMATS.get(schema.get("format", ""))
    if check and value:
        try:
            check(value)
        except ValueError:
            yield f"{where}: {value!r} is no {schema['format']}"
