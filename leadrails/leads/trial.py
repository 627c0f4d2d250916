"""A marked lead through a source's real routes, for *Send test event*."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leadrails.core import ids
from leadrails.jobs.models import Job
from leadrails.leads import directory
from leadrails.leads.intake import Posted, accept_lead
from leadrails.leads.models import Lead, Source, Workflow
from leadrails.routing.models import Route
from leadrails.tenants import audit
from leadrails.tenants.models import User

SAMPLE_PHONE = "+15555550100"


@transaction.atomic
def send_test_event(source: Source, *, actor: User, now: datetime) -> Lead:
    """
    Post a sample lead as the source would, and return it.

    As long as nothing behind the source is live, it carries the sample number. Else
    it carries the confirmed phone of `actor`, and no live destination sends its
    message to anybody else, whatever its recipient template says.

    Raises:
        ValidationError: no confirmed phone for a live destination; revoked source.
    """
    if source.status == Source.Status.REVOKED:
        raise ValidationError(_("A revoked source takes no leads."))
    own_phone = actor.confirmed_phone
    is_real = is_live(source)
    if is_real and not own_phone:
        raise _no_phone()
    lead = _post(source, own_phone if is_real else SAMPLE_PHONE, now)
    _keep_to(own_phone, lead)
    to = {"to": actor.masked_phone} if is_real else {}
    audit.record(
        source.tenant, actor, "source.tested", source, lead=lead.public_id, **to
    )
    return lead


def is_live(source: Source) -> bool:
    """Whether a live destination is behind any route, even one that is paused."""
    routes = Route.objects.for_tenant(source.tenant_id).listed().filter(source=source)
    return routes.filter(destination__is_simulated=False).exists()


def _post(source: Source, phone: str, now: datetime) -> Lead:
    directory.forget()
    entry = directory.find_source(source.id)
    assert entry is not None
    event = _sample(phone, now)
    posted = Posted(
        source=entry,
        workflow=entry.workflows[Workflow.DEFAULT],
        workflow_name=Workflow.DEFAULT,
        event=event,
        body=msgspec.json.encode(event),
        idempotency_key=f"test-{secrets.token_hex(16)}",
        is_test=True,
    )
    return Lead.objects.for_tenant(source.tenant_id).get(pk=accept_lead(posted).lead_id)


def _keep_to(own_phone: str, lead: Lead) -> None:
    """
    Turn what a live destination would send elsewhere to the person's own phone.

    A recipient template may name another number of the lead, or a fixed one. No
    worker sees the jobs before the commit. Asked of the jobs and not of the routes,
    since a route may have been changed a moment ago.
    """
    elsewhere = (
        Job.objects.for_tenant(lead.tenant_id)
        .filter(lead=lead, id__gte=ids.uuid7_floor(ids.time_of(lead.id)))
        .filter(destination__is_simulated=False)
        .exclude(recipient__in=["", own_phone])
    )
    if not own_phone and elsewhere.exists():
        raise _no_phone()
    elsewhere.update(recipient=own_phone)


def _no_phone() -> ValidationError:
    return ValidationError(
        _(
            "This source leads to a live destination, so the test goes to your own "
            "phone. Confirm your phone number in your profile first."
        ),
        code="no_phone",
    )


def _sample(phone: str, now: datetime) -> dict[str, Any]:
    return {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": now.isoformat(timespec="milliseconds"),
        "source": {
            "source_system": "leadrails-test-event",
            "source_event_id": ids.encode("evt", ids.uuid7()),
        },
        "lead": {
            "full_name": "Taylor Test",
            "email": "taylor.test@example.com",
            "phone": phone,
            "message": "This is a test event.",
            "service_type": "plumbing",
        },
        "location": {"city": "Austin", "state": "TX", "country": "US"},
        "custom_fields": {"is_test": True},
    }
