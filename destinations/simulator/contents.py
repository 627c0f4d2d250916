"""Content templates: kept, and filled in for a message."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from destinations.simulator import rich
from destinations.simulator.accounts import Account
from destinations.simulator.documents import Form, first
from destinations.simulator.errors import ApiError
from destinations.simulator.store import Store

KIND = "content"
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
# The first of these that a template has is what a text message or a chat shows.
FOR_TEXTS = ("twilio/text", "twilio/media")
FOR_RCS = ("twilio/carousel", "twilio/card", "twilio/media", "twilio/text")
FOR_CHATS = ("twilio/card", "twilio/quick-reply", "twilio/call-to-action", *FOR_TEXTS)


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says: `extra` may hold buttons and a place, `rich` is by RCS."""

    body: str
    media: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    rich: dict[str, Any] = field(default_factory=dict)


def render(form: Form, account: Account, store: Store) -> Content:
    """Raises ApiError: no such template, or variables that do not fill it."""
    sid, variables = first(form, "ContentSid"), first(form, "ContentVariables")
    body, media = first(form, "Body"), tuple(form.get("MediaUrl", ()))
    if not sid:
        if variables:
            raise ApiError(21654)
        return Content(body, media, rich=rich.of_text(body, media))
    template = store.get(account.sid, KIND, sid)
    if template is None:
        raise ApiError(21655)
    values = {**(template["variables"] or {}), **_variables(variables)}
    to, types = first(form, "To"), template["types"]
    wanted = FOR_RCS if to.startswith("rcs:") else FOR_CHATS if ":" in to else FOR_TEXTS
    kind, chosen = _richest(types, wanted)
    content = _content(kind, _fill(chosen, values), sid)
    kind, chosen = _richest(types, FOR_RCS)
    return replace(content, rich=rich.of_twilio(kind, _fill(chosen, values)))


def _variables(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ApiError(21656) from error
    if not isinstance(values, dict):
        raise ApiError(21656)
    if not all(isinstance(value, str) for value in values.values()):
        raise ApiError(21656)
    return values


def _richest(types: dict[str, Any], wanted: Iterable[str]) -> tuple[str, Any]:
    kind = next((name for name in wanted if name in types), next(iter(types)))
    return kind, types[kind]


def _fill(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _fill(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_fill(value, values) for value in part]
    if not isinstance(part, str):
        return part
    if missing := set(_PLACEHOLDER.findall(part)) - values.keys():
        raise ApiError(21656, f"ContentVariables lack {min(missing)}")
    return _PLACEHOLDER.sub(lambda found: values[found[1]], part)


def _content(kind: str, filled: dict[str, Any], sid: str) -> Content:
    lines = [filled.get(name) for name in ("title", "body", "subtitle")]
    body = "\n".join(line for line in lines if line)
    extra: dict[str, Any] = {"content": sid}
    buttons = [
        {key: str(value) for key, value in action.items() if value is not None}
        for action in filled.get("actions") or []
    ]
    if buttons:
        extra["buttons"] = buttons
    if kind == "twilio/location":
        place = {name: filled.get(name) for name in ("latitude", "longitude", "label")}
        extra["place"] = place
        body = body or str(filled.get("label") or "")
    return Content(body, tuple(filled.get("media") or ()), extra)
