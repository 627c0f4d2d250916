"""What people do to alerts. All of it stands in the alert's history."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leadrails.alerts.models import Alert, AlertEvent
from leadrails.tenants import audit
from leadrails.tenants.models import User

SNOOZE = timedelta(days=1)
LONGEST_COMMENT = 2000
What = AlertEvent.What


def acknowledge(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Say that somebody is on it; False if somebody already was, or it is over."""
    with transaction.atomic():
        waiting = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = waiting.filter(pk=alert.pk, acknowledged_at=None).update(
            acknowledged_at=now, acknowledged_by=actor
        )
        if changed:
            audit.record(alert.tenant, actor, "alert.acknowledged", alert)
            _write(alert, What.ACKNOWLEDGED, actor, now)
    return bool(changed)


def snooze(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Leave the problem out of the count for a day; False if it is over."""
    with transaction.atomic():
        still_open = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = still_open.filter(pk=alert.pk).update(snoozed_until=now + SNOOZE)
        if changed:
            audit.record(alert.tenant, actor, "alert.snoozed", alert)
            _write(alert, What.SNOOZED, actor, now)
    return bool(changed)


def resolve(alert: Alert, *, actor: User | None, now: datetime) -> bool:
    """Close the problem by hand; False if it was closed. It opens if it comes back."""
    with transaction.atomic():
        still_open = Alert.objects.for_tenant(alert.tenant_id).open()
        changed = still_open.filter(pk=alert.pk).update(
            resolved_at=now, resolved_by=actor
        )
        if changed:  # the table's trigger writes the history
            audit.record(alert.tenant, actor, "alert.resolved", alert)
    return bool(changed)


def comment(alert: Alert, text: str, *, actor: User, now: datetime) -> AlertEvent:
    """
    Raises:
        ValidationError: the comment is empty or too long.
    """
    text = text.strip()
    if not text:
        raise ValidationError(_("Write something first."))
    if len(text) > LONGEST_COMMENT:
        problem = _("A comment has %(most)d characters at most.")
        raise ValidationError(problem % {"most": LONGEST_COMMENT})
    return _write(alert, What.COMMENTED, actor, now, text)


def _write(
    alert: Alert, what: What, actor: User | None, now: datetime, text: str = ""
) -> AlertEvent:
    return AlertEvent.objects.create(
        tenant_id=alert.tenant_id,
        alert=alert,
        what=what,
        at=now,
        actor=actor,
        actor_name=str(actor) if actor else "",
        text=text,
    )
