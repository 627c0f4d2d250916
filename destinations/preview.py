"""What a template makes of a lead, for the editor. Nothing is stored or sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from destinations.composing import (
    CannotCompose,
    Composed,
    as_sent,
    compose,
    in_reserve,
    size_of,
)
from destinations.providers.base import Content
from destinations.providers.registry import PROVIDERS
from destinations.sample import SAMPLE
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
from leadrails.core.segments import UCS2, Segments, measure, smart_encode
from leadrails.jobs.prices import Cost, cost_of
from leadrails.leads.models import Lead
from leadrails.tenants.models import Tenant

LATEST = 10
MMS_COUNTRIES = ("US", "CA")


@dataclass(frozen=True, slots=True)
class Preview:
    """
    `problem` is why there is nothing to send; then the rest says nothing.

    Attributes:
        text: the body as the provider sends it on, prefix and all.
        measured: None for what is not billed by segments.
        saved: segments that Smart Encoding would save.
        media: addresses; `is_mms_abroad`: to a country where few carriers take them.
    """

    text: str
    recipient: str
    recipient_problem: str
    problem: str
    findings: list[Finding]
    measured: Segments | None = None
    prefix: str = ""
    is_changed: bool = False
    saved: int = 0
    media: tuple[str, ...] = ()
    media_rule: str = ""
    content: Content | None = None
    is_mms_abroad: bool = False
    cost: Cost | None = None


def latest_leads(tenant: Tenant) -> list[Lead]:
    return list(Lead.objects.for_tenant(tenant).order_by("-id")[:LATEST])


def preview(
    tenant: Tenant,
    *,
    body: str,
    recipient: str,
    lead_id: str,
    leads: list[Lead],
    kind: str = "",
    config: Mapping[str, str] | None = None,
    verification: Mapping[str, Any] | None = None,
    destination: UUID | None = None,
) -> Preview:
    """
    Render all templates for one of `leads`, by its public id, or for the sample.

    Args:
        kind: of the provider.
        config: the provider's settings as they are on the form.
        verification: what *Verify connection* found out.
        destination: whose prices tell the cost; None for all of the tenant's.
    """
    config, verification = config or {}, verification or {}
    fields = fields_of(lead_id, leads)
    body = body.replace("\r\n", "\n")
    to, recipient_problem = _recipient(recipient, fields, tenant.country)
    try:
        composed, problem = compose(body, config, fields), ""
    except ValueError as error:
        shown = str(error)[:60]
        composed, problem = (
            Composed(""),
            _("“%(line)s” is not name = value.") % {"line": shown},
        )
    except (TemplateError, CannotCompose) as error:
        composed, problem = Composed(""), str(error)
    known = known_names(leads)
    is_of_us = bool(problem or composed.content)
    priced = in_reserve(composed) or composed
    measured = size_of(priced, config, verification)
    text = as_sent(priced, config, verification)
    prefix = str(verification.get("prefix") or "")
    return Preview(
        text=text,
        recipient=to,
        recipient_problem=recipient_problem,
        problem=problem,
        findings=[] if is_of_us else _findings(body, known),
        measured=measured,
        prefix=prefix,
        is_changed=text != f"{prefix}{composed.body}",
        saved=_saved(text, measured),
        media=composed.media,
        media_rule=_media_rule(kind),
        content=composed.content,
        is_mms_abroad=bool(composed.media)
        and phone.region_of(to) not in {*MMS_COUNTRIES, None},
        cost=None if problem else cost_of(tenant, to, measured, destination),
    )


def fields_of(lead_id: str, leads: Sequence[Lead]) -> dict[str, Any]:
    """What templates see of one of `leads`, by its public id, or of the sample."""
    lead = next((lead for lead in leads if lead.public_id == lead_id), None)
    if lead is None:
        return lead_fields(SAMPLE, phone_e164=SAMPLE["lead"]["phone"])
    return lead_fields(lead.event, phone_e164=lead.phone)


def known_names(leads: Sequence[Lead]) -> set[str]:
    """The fields that leads have, with the custom ones of the latest."""
    return {*KNOWN_NAMES, *_custom_names(leads)}


def _media_rule(kind: str) -> str:
    limits = PROVIDERS[kind].media_limits if kind in PROVIDERS else None
    return limits.sentence() if limits else ""


def _saved(text: str, measured: Segments | None) -> int:
    if measured is None or measured.encoding != UCS2:
        return 0
    return measured.segments - measure(smart_encode(text)).segments


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


def _custom_names(leads: Sequence[Lead]) -> set[str]:
    found: set[str] = set()
    for lead in leads:
        fields = lead_fields(lead.event, phone_e164=lead.phone)
        found |= {f"custom_fields.{key}" for key in fields["custom_fields"]}
        found |= fields.keys()
    return found
