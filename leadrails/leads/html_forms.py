"""What a plain HTML form posts, read as a lead event; and the form to paste."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from typing import Any

from leadrails.core.rendering import AVAILABLE_FIELDS

MOST_FIELDS = 100
LONGEST_NAME = 200
TRAP = "_leave_empty"  # people do not see it; programs that fill in everything do
NEXT = "_next"
_GROUPS = ("lead", "location", "attribution", "consent", "source")
PATHS = {
    field.name: field.path
    for field in AVAILABLE_FIELDS
    if field.path.partition(".")[0] in _GROUPS and field.name != "phone_raw"
} | {"name": "lead.full_name", "workflow": "workflow"}
"""Where each field that a form may have stands in the event."""


def event_of(
    posted: Iterable[tuple[str, str]],
    field_map: Mapping[str, str],
    *,
    site_url: str,
    now: datetime,
) -> dict[str, Any]:
    """
    Return the event `lead_event.v1` of a posted form.

    Fields that we know stand where they belong, all others are custom fields. Several
    values of one field are joined with commas. What begins with `_` is for us.
    """
    event: dict[str, Any] = {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": now.isoformat(timespec="milliseconds"),
        "source": {"source_system": "html-form"},
    }
    if site_url:
        event["source"]["site_url"] = site_url
    for name, text in list(posted)[:MOST_FIELDS]:
        if name and not name.startswith("_") and text.strip():
            _place(event, field_map.get(name, name)[:LONGEST_NAME], text.strip())
    event.setdefault("lead", {})
    return event


def _place(event: dict[str, Any], name: str, text: str) -> None:
    path = PATHS.get(name, f"custom_fields.{name}")
    group, dot, rest = path.partition(".")
    where = event.setdefault(group, {}) if dot else event
    key = rest if dot else group
    where[key] = f"{where[key]}, {text}" if key in where else text


def sample_form(address: str) -> str:
    """A form that works as it stands, for the page where it is to be pasted."""
    return f"""\
<form action="{escape(address)}" method="post">
  <label>Name <input name="name" autocomplete="name" required></label>
  <label>Phone <input name="phone" type="tel" autocomplete="tel" required></label>
  <label>E-mail <input name="email" type="email" autocomplete="email"></label>
  <label>What do you need? <input name="service_type"></label>
  <label>Message <textarea name="message"></textarea></label>
  <label>
    <input type="checkbox" name="sms_consent" value="yes" required>
    I agree to get text messages about my request. Reply STOP to opt out.
  </label>
  <input name="{TRAP}" tabindex="-1" autocomplete="off" hidden>
  <button>Send</button>
</form>"""
