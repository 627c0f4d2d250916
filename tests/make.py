"""Plain helpers that make rows for tests. No factory language, just functions."""

import itertools
import secrets
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from destinations.models import Destination
from destinations.providers import simulated
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.core.crypto import Place
from leadrails.jobs import tallies
from leadrails.jobs.models import Attempt, Job, Lane, QueueEntry, TallyChange
from leadrails.leads.models import Lead, SigningKey, Source, Workflow
from leadrails.routing.models import Route
from leadrails.tenants.models import Membership, Role, Tenant, User

_numbers = itertools.count(1)


def make_tenant(**fields: Any) -> Tenant:
    number = next(_numbers)
    fields = {"name": f"Tenant {number}", "slug": f"tenant-{number}", **fields}
    return Tenant.objects.create(**fields)


def make_user(tenant: Tenant | None = None, role: Role = Role.OWNER, **fields: Any):
    fields = {"email": f"user{next(_numbers)}@example.com", **fields}
    user = User.objects.create_user(password=fields.pop("password", "pw"), **fields)
    if tenant:
        Membership.objects.create(tenant=tenant, user=user, role=role)
    return user


def make_source(tenant: Tenant | None = None, **fields: Any) -> Source:
    tenant = tenant or make_tenant()
    source = Source.objects.create(tenant=tenant, **{"name": "Web form", **fields})
    Workflow.objects.create(tenant=tenant, source=source, name=Workflow.DEFAULT)
    return source


def make_signing_key(source: Source, secret: str | None = None) -> tuple[str, str]:
    """Return (public key id, secret)."""
    from django.conf import settings

    secret = secret or f"lrs_{secrets.token_hex(20)}"
    key = SigningKey(tenant_id=source.tenant_id, source=source, hint=secret[-4:])
    place = Place(source.tenant_id, "leads_signingkey", key.id, "secret")
    key.secret = settings.LEADRAILS_KEYRING.encrypt(secret, place)
    key.save()
    return key.public_id, secret


def make_destination(tenant: Tenant | None = None, **fields: Any) -> Destination:
    """A simulated Twilio destination whose credentials the simulator accepts."""
    import json

    from django.conf import settings

    tenant = tenant or make_tenant()
    sid = simulated.account_sid(tenant.id)
    token = simulated.auth_token(settings.LEADRAILS_SIMULATOR_SECRET, sid)
    credentials = fields.pop("credentials", {"auth_token": token})
    destination = Destination(
        tenant=tenant,
        **{
            "name": "Sales SMS",
            "kind": "twilio_sms",
            "is_simulated": True,
            "config": {"account_sid": sid, "from_number": "+15555550100"},
            "body_template": "Hi {{ first_name }}, thanks. Reply STOP to opt out.",
            "allowed_countries": ["US", "GB"],
            "messages_per_second": 200,
            "inbound_secret": secrets.token_urlsafe(24),
            **fields,
        },
    )
    place = Place(tenant.id, "destinations_destination", destination.id, "credentials")
    destination.credentials = settings.LEADRAILS_KEYRING.encrypt(
        json.dumps(credentials), place
    )
    destination.save()
    Lane.objects.bulk_create(
        Lane(
            destination_id=destination.id,
            is_bulk=is_bulk,
            tenant_id=tenant.id,
            served_at=timezone.now(),
        )
        for is_bulk in (False, True)
    )
    return destination


def make_route(source: Source, destination: Destination, **fields: Any) -> Route:
    return Route.objects.create(
        tenant_id=source.tenant_id,
        source=source,
        workflow=source.workflows.get(name=Workflow.DEFAULT),
        destination=destination,
        **{"name": f"{source} to {destination}", **fields},
    )


def make_lead(source: Source | None = None, **fields: Any) -> Lead:
    source = source or make_source()
    event = fields.pop("event", None) or {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": "2026-11-21T12:00:00.000Z",
        "source": {"source_system": "tests"},
        "lead": {"full_name": "Ann Lee", "phone": "+12025550100"},
    }
    lead = Lead.objects.create(
        tenant_id=source.tenant_id,
        source=source,
        workflow=source.workflows.get(name=Workflow.DEFAULT),
        **{
            "received_at": timezone.now(),
            "idempotency_key": secrets.token_hex(8),
            "phone": "+12025550100",
            "phone_raw": "+12025550100",
            "name": "Ann Lee",
            "event": event,
            **fields,
        },
    )
    TallyChange.objects.create(
        tenant_id=lead.tenant_id,
        what=tallies.LEAD,
        hour=ids.hour_of(lead.id),
        about_id=lead.source_id,
        number=1,
    )
    return lead


def make_job(
    lead: Lead | None = None, destination: Destination | None = None, **fields: Any
) -> Job:
    """A job; in the queue, due now, unless its state says that it is not."""
    if lead is None:
        tenant = destination.tenant if destination else make_tenant()
        lead = make_lead(make_source(tenant))
    destination = destination or make_destination(lead.tenant)
    now = timezone.now()
    job = Job.objects.create(
        id=ids.uuid7_beside(lead.id),
        tenant_id=lead.tenant_id,
        lead=lead,
        source_id=lead.source_id,
        destination=destination,
        **{
            "recipient": lead.phone,
            "state": "queued",
            "created_at": now,
            "changed_at": now,
            "expires_at": now + timedelta(hours=4),
            **fields,
        },
    )
    tallies.note_new([job.id])
    if job.state in ("queued", "retrying", "held", "sending", "unknown"):
        QueueEntry.objects.create(
            job_id=job.id,
            tenant_id=job.tenant_id,
            destination_id=job.destination_id,
            due_at=now,
        )
    return job


def make_message(job: Job, body: str = "Call me", **fields: Any) -> InboundMessage:
    """What the person of a job answered."""
    return InboundMessage.objects.create(
        tenant_id=job.tenant_id,
        **{
            "destination_id": job.destination_id,
            "job_id": job.id,
            "lead_id": job.lead_id,
            "provider_id": f"SM{next(_numbers):032x}",
            "channel": "sms",
            "kind": "text",
            "sender": job.recipient,
            "phone": job.recipient,
            "recipient": "+15555550100",
            "body": body,
            "callback_id": ids.uuid7(),
            "received_at": timezone.now(),
            **fields,
        },
    )


def let_seconds_pass(seconds: float) -> None:
    """Move what the queue remembers into the past, so that its waits are shorter."""
    span = timedelta(seconds=seconds)
    Job.objects.update(changed_at=F("changed_at") - span, due_at=F("due_at") - span)
    Attempt.objects.update(started_at=F("started_at") - span)
    QueueEntry.objects.update(due_at=F("due_at") - span)
