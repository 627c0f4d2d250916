"""What a webhook is told of an answer."""

from typing import Any

from leadrails.alerts.composing import iso, whole_url
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead
from leadrails.rules.models import Rule
from leadrails.tenants.models import Tenant

TYPE = "reply.matched"


def body_of(rule: Rule, message: InboundMessage, lead: Lead | None) -> dict[str, Any]:
    """
    In the form of Standard Webhooks, like what alerts tell.

    `text` is what was written, or the label that was tapped. Files are named by the
    page that shows them, since a provider's links end and ask for keys.
    """
    tenant: Tenant = rule.tenant
    tap = message.button or {}
    return {
        "type": TYPE,
        "timestamp": iso(message.received_at),
        "data": {
            "workspace": {"id": tenant.public_id, "name": tenant.name},
            "rule": {"id": rule.public_id, "name": rule.name, "tag": rule.tag or None},
            "message": {
                "id": message.public_id,
                "channel": message.channel,
                "kind": message.kind,
                "text": message.body or tap.get("text") or "",
                "postback": tap.get("payload") or None,
                "location": message.location,
                "received_at": iso(message.received_at),
                "url": whole_url(
                    "conversations:detail", tenant, message=message.public_id
                ),
            },
            "person": {"phone": message.phone, "name": lead.name if lead else ""},
            "lead_id": lead.public_id if lead else None,
            "job_id": ids.encode(Job.prefix, message.job_id)
            if message.job_id
            else None,
        },
    }
