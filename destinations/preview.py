"""What a template makes of a lead, for the editor. Nothing is stored or sent."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from leadrails.core import phone
from leadrails.core.rendering import (
    KNOWN_NAMES,
    Finding,
    Template,
    TemplateError,
    lead_fields,
    lint,
)
from leadrails.core.rendering.lint import HINT
from leadrails.core.segments import LONGEST_BODY, Segments, measure
from leadrails.leads.models import Lead
from leadrails.tenants.models import Tenant

LATEST = 10
SAMPLE: dict[str, Any] = {
    "schema_version": "lead_event.v1",
    "event_type": "lead.submitted",
    "submitted_at": "2026-01-31T18:05:00.000Z",
    "source": {
        "source_system": "website",
        "site_url": "https://example.com",
        "form_name": "Contact",
    },
    "lead": {
        "full_name": "Ann Lee",
        "email": "ann.lee@example.com",
        "phone": "+15555550100",
        "message": "Could you look at our roof next week?",
        "service_type": "roof repair",
        "urgency": "soon",
        "preferred_contact_method": "sms",
    },
    "location": {
        "address_line1": "12 Main Street",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "country": "US",
    },
    "attribution": {
        "landing_page": "https://example.com/roofs",
        "utm_source": "google",
        "utm_medium": "cpc",
        "utm_campaign": "spring",
    },
    "consent": {"sms_consent": True},
    "custom_fields": {},
}


@dataclass(frozen=True, slots=True)
class Preview:
    """`problem` is why there is no text; then `body` and `measured` say nothing."""

    body: str
    recipient: str
    recipient_problem: str
    problem: str
    measured: Segments
    findings: list[Finding]

    @property
    def is_too_long(self) -> bool:
        return len(self.body) > LONGEST_BODY


def latest_leads(tenant: Tenant) -> list[Lead]:
    return list(Lead.objects.for_tenant(tenant).order_by("-id")[:LATEST])


def preview(
    tenant: Tenant, *, body: str, recipient: str, lead_id: str, leads: list[Lead]
) -> Preview:
    """
    Render both templates for one of `leads`, by its public id, or for the sample.
    """
    lead = next((lead for lead in leads if lead.public_id == lead_id), None)
    if lead is None:
        fields = lead_fields(SAMPLE, phone_e164=SAMPLE["lead"]["phone"])
    else:
        fields = lead_fields(lead.event, phone_e164=lead.phone)
    body = body.replace("\r\n", "\n")
    text, problem = _render(body, fields)
    to, recipient_problem = _recipient(recipient, fields, tenant.country)
    known = {*KNOWN_NAMES, *_custom_names(leads)}
    return Preview(
        body=text,
        recipient=to,
        recipient_problem=recipient_problem,
        problem=problem,
        measured=measure(text),
        findings=[] if problem else _findings(body, known),
    )


def custom_fields(leads: list[Lead]) -> list[str]:
    """The custom fields that the latest leads had, as templates write them."""
    names = {
        key
        for lead in leads
        for key in (lead.event.get("custom_fields") or {})
        if isinstance(key, str) and len(key) <= 60
    }
    return sorted(names)


def _findings(body: str, known: set[str]) -> list[Finding]:
    """The meter beside them says already which character is dear."""
    return [found for found in lint(body, known) if found.level != HINT]


def _render(source: str, fields: dict[str, Any]) -> tuple[str, str]:
    try:
        return Template.compile(source).render(fields), ""
    except TemplateError as error:
        return "", str(error)


def _recipient(source: str, fields: dict[str, Any], country: str) -> tuple[str, str]:
    text, problem = _render(source, fields)
    if problem:
        return "", _("Recipient template: %(problem)s") % {"problem": problem}
    number = phone.normalise(text, country)
    if number.e164 is None:
        shown = text.strip()[:40]
        said = number.sentence or ""
        return shown, f"“{shown}”: {said}" if shown else said
    return number.e164, ""


def _custom_names(leads: list[Lead]) -> set[str]:
    found: set[str] = set()
    for lead in leads:
        fields = lead_fields(lead.event, phone_e164=lead.phone)
        found |= {f"custom_fields.{key}" for key in fields["custom_fields"]}
        found |= fields.keys()
    return found
