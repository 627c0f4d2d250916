"""The fields that a lead gives to templates and to routes' conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GROUPS = ("lead", "location", "attribution", "consent", "source")
_TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
# In a template these mean something else than a field.
_RESERVED_WORDS = frozenset(
    {"and", "or", "not", "in", "is", "if", "else", "elif", "endif"}
    | {"true", "false", "none", "True", "False", "None"}
)
_LONGEST_NAME = 200  # characters: what the event's schema allows for a custom key


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A field by its short name, its path in the lead event, and what it is."""

    name: str
    path: str
    help: str


def _fields(group: str, helps: dict[str, str]) -> list[TemplateField]:
    prefix = f"{group}." if group else ""
    return [TemplateField(name, prefix + name, text) for name, text in helps.items()]


AVAILABLE_FIELDS: list[TemplateField] = [
    TemplateField("phone", "lead.phone", "Phone number, as +15555550100"),
    TemplateField("phone_raw", "lead.phone_raw", "Phone number as it was typed"),
    TemplateField("name", "lead.name", "Full name, or first and last name"),
    *_fields(
        "lead",
        {
            "full_name": "Full name, or first and last name",
            "first_name": "First name, or the first word of the full name",
            "last_name": "Last name, or the rest of the full name",
            "email": "E-mail address",
            "message": "What the person wrote",
            "service_type": "Service asked for, such as plumbing",
            "urgency": "How urgent it is, such as emergency",
            "preferred_contact_method": "How to reach them: phone, email or sms",
        },
    ),
    *_fields(
        "location",
        {
            "address_line1": "Street and number",
            "address_line2": "Rest of the address",
            "city": "City",
            "state": "State or region",
            "postal_code": "Postal code",
            "country": "Country",
        },
    ),
    *_fields(
        "attribution",
        {
            "landing_page": "First page they came to",
            "referrer": "Page that sent them",
            "utm_source": "Campaign source",
            "utm_medium": "Campaign medium",
            "utm_campaign": "Campaign name",
            "utm_term": "Campaign search term",
            "utm_content": "Campaign content",
            "gclid": "Google click id",
            "gbraid": "Google click id of iOS apps",
            "wbraid": "Google click id of the web on iOS",
            "msclkid": "Microsoft click id",
            "fbclid": "Facebook click id",
        },
    ),
    *_fields(
        "consent",
        {
            "sms_consent": "Whether they agreed to text messages",
            "email_consent": "Whether they agreed to e-mails",
            "privacy_policy_url": "Privacy policy they agreed to",
        },
    ),
    *_fields(
        "source",
        {
            "source_system": "System that sent the lead",
            "source_event_id": "The lead's id in that system",
            "site_url": "Page of the form",
            "form_id": "Id of the form",
            "form_name": "Name of the form",
        },
    ),
    *_fields(
        "",
        {
            "submitted_at": "When the form was sent, such as 2026-01-31T18:05:00Z",
            "workflow": "Workflow of the lead",
            "event_type": "Kind of event: lead.submitted",
            "schema_version": "Version of the event: lead_event.v1",
        },
    ),
]
KNOWN_NAMES: frozenset[str] = frozenset(
    name for field in AVAILABLE_FIELDS for name in (field.name, field.path)
)
_NOTHING: dict[str, Any] = dict.fromkeys(field.name for field in AVAILABLE_FIELDS)
_NAMES_OF_GROUP = {
    group: frozenset(
        field.name
        for field in AVAILABLE_FIELDS
        if field.path.rpartition(".")[0] == group
    )
    for group in (*GROUPS, "")
}


def lead_fields(event: Mapping[str, Any], *, phone_e164: str) -> dict[str, Any]:
    """
    Return what templates and conditions see of a lead event.

    Every short name of AVAILABLE_FIELDS is there, None if the lead lacks it; beside
    them the groups as dicts, `custom_fields`, unknown top-level keys, and custom
    fields by their bare key where it is an identifier and means nothing else.
    """
    groups = {group: _group(event, group) for group in GROUPS}
    groups["lead"].update(_person(groups["lead"], phone_e164))
    for key in ("sms_consent", "email_consent"):
        groups["consent"][key] = _agreement(groups["consent"].get(key))
    custom = _group(event, "custom_fields")
    known = {**_NOTHING, **groups, "custom_fields": custom}
    for group, given in (*groups.items(), ("", event)):
        names = _NAMES_OF_GROUP[group]
        known.update({name: given[name] for name in given if name in names})
    known["workflow"] = event.get("workflow") or event.get("workflow_name") or "default"
    unknown = {key: event[key] for key in event if key not in known}
    bare = {key: value for key, value in custom.items() if _is_plain(key)}
    return {**bare, **unknown, **known} if bare or unknown else known


def _group(event: Mapping[str, Any], name: str) -> dict[str, Any]:
    group = event.get(name)
    return dict(group) if isinstance(group, dict) else {}


def _person(lead: Mapping[str, Any], phone_e164: str) -> dict[str, Any]:
    first, last = _words(lead.get("first_name")), _words(lead.get("last_name"))
    full = _words(lead.get("full_name")) or " ".join(filter(None, (first, last)))
    words = full.split(" ", maxsplit=1)
    if not first:
        # A last name given alone is no first name.
        first = words[0] if full != last else ""
    if not last and first == words[0]:
        last = words[1] if len(words) > 1 else ""
    return {
        "phone": phone_e164 or None,
        "phone_raw": lead.get("phone"),
        "name": full or None,
        "full_name": full or None,
        "first_name": first or None,
        "last_name": last or None,
    }


def _words(value: Any) -> str:
    """Return a name with single spaces; forms send stray ones."""
    return " ".join(value.split()) if isinstance(value, str) else ""


def _agreement(value: Any) -> bool | None:
    """Read consent as said: form helpers send "true" and "false" as text."""
    if isinstance(value, str):
        return value.strip().lower() in _TRUE_WORDS
    return value if isinstance(value, bool) else None


def _is_plain(key: str) -> bool:
    return (
        len(key) <= _LONGEST_NAME
        and key.isidentifier()
        and not key.startswith("__")
        and key not in _RESERVED_WORDS
    )
