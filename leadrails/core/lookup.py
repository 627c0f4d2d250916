"""Find a value in a lead by its path, and read it as text or as a number."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_PATH = 250
MAX_SEGMENTS = 8
# Of a lead's own text and lists no more than this is looked at.
MAX_TEXT = 4_000
MAX_ITEMS = 200

# Where the flat names of lead_event.v1 live, so that `state` finds location.state.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "lead": (
        "full_name",
        "first_name",
        "last_name",
        "email",
        "phone",
        "message",
        "service_type",
        "urgency",
        "preferred_contact_method",
    ),
    "location": (
        "address_line1",
        "address_line2",
        "city",
        "state",
        "postal_code",
        "country",
    ),
    "attribution": (
        "landing_page",
        "referrer",
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
        "gclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "fbclid",
    ),
    "consent": ("sms_consent", "email_consent", "privacy_policy_url"),
    "source": (
        "source_system",
        "source_event_id",
        "site_url",
        "form_id",
        "form_name",
    ),
}
_HOME = {name: (group, name) for group, names in GROUPS.items() for name in names}
_HOME["name"] = ("lead", "full_name")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """
    A dotted path such as `location.state`, `custom_fields.budget` or plain `state`.

    Keys may themselves hold full stops: at each level the longest key that exists
    is taken.

    Raises:
        ValueError: the path is empty, too long, or has an empty or unprintable part.
    """

    text: str
    label: str = field(init=False)
    _ways: tuple[tuple[str, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = tuple(self.text.split("."))
        if not self.text.isprintable() or not all(part.strip() for part in parts):
            raise ValueError("a field is named like location.state")
        if len(self.text) > MAX_PATH or len(parts) > MAX_SEGMENTS:
            raise ValueError(
                f"a field's name has at most {MAX_PATH} characters and "
                f"{MAX_SEGMENTS} parts"
            )
        ways = [parts]
        # `state` and `lead.state` are what people write for location.state.
        if parts[-1] in _HOME and parts[:-1] in {(), ("lead",)}:
            ways.append(_HOME[parts[-1]])
        object.__setattr__(self, "_ways", tuple(dict.fromkeys(ways)))
        object.__setattr__(self, "label", _label(ways[-1]))

    def find(self, fields: Mapping[str, Any]) -> Any:
        """Return the first value found that is not empty, else None."""
        for way in self._ways:
            value = _walk(fields, way)
            if not is_empty(value):
                return value
        return None


def _label(parts: tuple[str, ...]) -> str:
    is_in_schema = len(parts) == 2 and parts[1] in GROUPS.get(parts[0], ())
    is_custom = len(parts) > 1 and parts[0] == "custom_fields"
    shown = parts[1:] if is_in_schema or is_custom else parts
    return ".".join(shown).replace("_", " ")


def _walk(value: Any, parts: tuple[str, ...]) -> Any:
    while parts:
        if not isinstance(value, (dict, Mapping)):
            return None
        for end in range(len(parts), 0, -1):
            key = parts[0] if end == 1 else ".".join(parts[:end])
            if key in value:
                value, parts = value[key], parts[end:]
                break
        else:
            return None
    return value


def is_empty(value: Any) -> bool:
    """Whether a value counts as not given: null, blank, or nothing but such values."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (list, tuple)):
        return all(item is None or item == "" for item in value[:MAX_ITEMS])
    return isinstance(value, dict) and not value


def items_of(value: Any) -> list[Any]:
    """Return a list's own values (up to `MAX_ITEMS`), or the value alone."""
    if isinstance(value, (list, tuple)):
        return [item for item in value[:MAX_ITEMS] if item is not None and item != ""]
    return [value]


def text_of(value: Any) -> str:
    """Return a value as text for comparison; objects and lists have none."""
    if isinstance(value, str):
        return fold(value[:MAX_TEXT])
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        number = number_of(value)
        return "" if number is None else format_number(number)
    return ""


def fold(text: str) -> str:
    """Return `text` as compared: trimmed, composed, without case."""
    if text.isascii():
        return text.strip().lower()
    composed = unicodedata.normalize("NFC", text.strip())
    return unicodedata.normalize("NFC", composed.casefold())


_NUMBER = re.compile(
    r"(?P<sign>[-+]?)[$€£¥₹]? ?(?P<late_sign>[-+]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<part>\.[0-9]+)? ?[$€£¥₹]?"
)
_MAX_NUMBER_TEXT = 40


def number_of(value: Any) -> float | None:
    """
    Return a JSON number, or text such as "1200", "-3.5" or "$1,200.50", as a float.

    Commas are taken as thousands only where they stand for them; "1.200,50" and
    "about 5" are no numbers.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    if not isinstance(value, str) or len(value) > _MAX_NUMBER_TEXT:
        return None
    match = _NUMBER.fullmatch(value.strip())
    if match is None or (match["sign"] and match["late_sign"]):
        return None
    digits = match["whole"].replace(",", "") + (match["part"] or "")
    return float(f"{match['sign']}{match['late_sign']}{digits}")


def format_number(number: float) -> str:
    is_whole = number.is_integer() and abs(number) < 1e15
    return str(int(number)) if is_whole else repr(number)
