"""The one place that writes the audit log."""

from typing import Any

from leadrails.tenants.models import AuditEntry, PublicIdModel, Tenant, User


def record(
    tenant: Tenant,
    actor: User | None,
    action: str,
    subject: PublicIdModel | None = None,
    **details: Any,
) -> AuditEntry:
    """
    Write one act that matters; `actor` None means LeadRails itself did it.

    `action` is `noun.verb` in the past: `key.issued`, `destination.paused`. Details
    must be plain JSON and hold no secret.
    """
    return AuditEntry.objects.create(
        tenant=tenant,
        actor=actor,
        actor_name=str(actor) if actor else "LeadRails",
        action=action,
        subject=subject.public_id if subject else "",
        subject_name=str(subject)[:200] if subject else "",
        details=details,
    )


def record_for(user: User, action: str, *, is_own: bool = True, **details: Any) -> None:
    """
    Write an act on a person's own account into the log of each of their workspaces.

    `is_own` False means that they did not do it themselves, e.g. a shell command.
    """
    for membership in user.memberships.select_related("tenant"):
        actor = user if is_own else None
        record(membership.tenant, actor, action, user, **details)
