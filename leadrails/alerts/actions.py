"""What people do to alerts."""

from datetime import datetime, timedelta

from django.db import transaction

from leadrails.alerts.models import Alert
from leadrails.tenants import audit
from leadrails.tenants.models import User

SNOOZE = timedelta(days=1)


def acknowledge(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Say that somebody is on it; False if somebody already was, or it is over."""
    with transaction.atomic():
        waiting = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = waiting.filter(pk=alert.pk, acknowledged_at=None).update(
            acknowledged_at=now, acknowledged_by=actor
        )
        if changed:
            audit.record(alert.tenant, actor, "alert.acknowledged", alert)
    return bool(changed)


def snooze(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Leave the problem out of the count for a day; False if it is over."""
    with transaction.atomic():
        still_open = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = still_open.filter(pk=alert.pk).update(snoozed_until=now + SNOOZE)
        if changed:
            audit.record(alert.tenant, actor, "alert.snoozed", alert)
    return bool(changed)


def resolve(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Close the problem by hand; False if it was closed. It opens if it comes back."""
    with transaction.atomic():
        still_open = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = still_open.filter(pk=alert.pk).update(
            resolved_at=now, resolved_by=actor
        )
        if changed:
            audit.record(alert.tenant, actor, "alert.resolved", alert)
    return bool(changed)
