"""A marked lead through a source's real routes, for *Send test event*."""

import secrets
from datetime import datetime
from typing import Any

import msgspec
from django.core.exceptions import ValidationError

from leadrails.core import ids
from leadrails.leads import directory
from leadrails.leads.intake import Posted, accept_lead
from leadrails.leads.models import Lead, Source, Workflow
from leadrails.routing.models import Route
from leadrails.tenants.models import User

SAMPLE_PHONE = "+15555550100"


def send_test_event(
    source: Source, *, actor: User, now: datetime, phone: str | None = None
) -> Lead:
    """
    Post a sample lead as the source would, and return it.

    Simulated destinations get the sample number. As soon as one route leads to a
    live destination, the message goes to the sender's own confirmed phone.

    Raises:
        ValidationError: no confirmed phone for a live destination; revoked source.
    """
    if source.status == Source.Status.REVOKED:
        raise ValidationError("A revoked source takes no leads.")
    directory.forget()
    entry = directory.find_source(source.id)
    assert entry is not None
    event = _sample(phone or _recipient(source, actor), now)
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


def _recipient(source: Source, actor: User) -> str:
    live = Route.objects.for_tenant(source.tenant_id).filter(
        source=source,
        status=Route.Status.ACTIVE,
        destination__status="active",
        destination__is_simulated=False,
    )
    if not live.exists():
        return SAMPLE_PHONE
    if actor.phone_confirmed_at is None:
        raise ValidationError(
            "This source leads to a live destination, so the test goes to your own "
            "phone. Confirm your phone number in your profile first."
        )
    return actor.phone


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
