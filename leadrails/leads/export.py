"""All that is kept of a lead, as one JSON document for the person it is about."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.core import ids
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.leads.models import Lead

_LEAD = (
    "received_at",
    "phone",
    "phone_raw",
    "email",
    "name",
    "remote_ip",
    "user_agent",
    "event",
    "trail",
    "tags",
)
_JOB = (
    "state",
    "reason",
    "recipient",
    "sender",
    "message",
    "segments",
    "encoding",
    "price",
    "price_unit",
    "created_at",
    "accepted_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "error_code",
    "error_message",
)
_ATTEMPT = (
    "number",
    "started_at",
    "finished_at",
    "outcome",
    "error_code",
    "request",
    "response",
)
_EVENT = ("received_at", "status", "error", "payload")
_MESSAGE = ("received_at", "sender", "channel", "body", "content", "raw")
_FILE = ("name", "content_type", "size", "url")
_SUPPRESSION = ("phone", "reason", "source", "note", "created_at", "lifted_at")


def export_of(lead: Lead) -> dict[str, Any]:
    """Plain values and datetimes; nothing of other people, no secret."""
    tenant_id = lead.tenant_id
    jobs = Job.objects.for_tenant(tenant_id).filter(lead_id=lead.pk).order_by("id")
    said = InboundMessage.objects.for_tenant(tenant_id).from_phone(lead.phone)
    listed = Suppression.objects.for_tenant(tenant_id).filter(phone=lead.phone)
    return {
        "id": lead.public_id,
        "workspace": lead.tenant.name,
        "source": lead.source.name,
        **_values(lead, _LEAD),
        "jobs": [_job(job) for job in jobs],
        "replies": [_message(message) for message in said.order_by("id")],
        "suppressions": [_values(row, _SUPPRESSION) for row in listed]
        if lead.phone
        else [],
    }


def _job(job: Job) -> dict[str, Any]:
    attempts = Attempt.objects.for_tenant(job.tenant_id).filter(job_id=job.pk)
    events = DeliveryEvent.objects.for_tenant(job.tenant_id).filter(job_id=job.pk)
    return {
        "id": job.public_id,
        "made_again_from": ids.encode(Job.prefix, job.replay_of)
        if job.replay_of
        else None,
        "brought_about_by": ids.encode(Job.prefix, job.parent_id)
        if job.parent_id
        else None,
        **_values(job, _JOB),
        "attempts": [_values(row, _ATTEMPT) for row in attempts.order_by("number")],
        "reports": [_values(row, _EVENT) for row in events.order_by("received_at")],
    }


def _message(message: InboundMessage) -> dict[str, Any]:
    files = InboundMedia.objects.for_tenant(message.tenant_id).filter(message=message)
    found = files.defer("data").order_by("position")
    return {**_values(message, _MESSAGE), "files": [_values(f, _FILE) for f in found]}


def _values(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
