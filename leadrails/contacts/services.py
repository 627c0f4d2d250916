"""Whom we may no longer message."""

from uuid import UUID

from leadrails.contacts.models import Suppression


def suppress(*, tenant_id: UUID, phone: str, reason: str, source: str = "") -> bool:
    """Stop all messages to `phone` at once; False if they were stopped already."""
    before = Suppression.objects.for_tenant(tenant_id).in_force()
    if not phone or before.filter(phone=phone).exists():
        return False
    Suppression.objects.bulk_create(
        [
            Suppression(
                tenant_id=tenant_id, phone=phone, reason=reason, source=source[:80]
            )
        ],
        ignore_conflicts=True,
    )
    return True
