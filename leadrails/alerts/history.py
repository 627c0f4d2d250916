"""The history of an alert as steps of a timeline."""

from typing import Any

from django.utils.translation import gettext as _

from leadrails.alerts.channel_pages import LOOKS
from leadrails.alerts.models import Alert, AlertEvent, Delivery, Notice
from leadrails.alerts.words import words_of_cause

What = AlertEvent.What
SHOWN = 500  # newest lines; one that flaps may have more
_LOOKS = {
    What.OPENED: ("attention", "warning"),
    What.REOPENED: ("attention", "retry"),
    What.CURED: ("ok", "check-circle"),
    What.RESOLVED: ("ok", "check"),
    What.ACKNOWLEDGED: ("waiting", "eye"),
    What.SNOOZED: ("waiting", "snooze"),
    What.COMMENTED: ("neutral", "edit"),
}


def history_of(alert: Alert) -> list[dict[str, Any]]:
    """Who did what when, newest first."""
    events = AlertEvent.objects.for_tenant(alert.tenant_id).filter(alert=alert)
    return [_step(event) for event in events.order_by("-id")[:SHOWN]]


def _step(event: AlertEvent) -> dict[str, Any]:
    what = What(event.what)
    tone, icon = _LOOKS[what]
    title = str(what.label)
    if event.actor_name:
        said = {"what": title, "name": event.actor_name}
        title = _("%(what)s by %(name)s") % said
    return {
        "tone": tone,
        "icon": icon,
        "title": title,
        "cause": event.text or _cause(event),
        "at": event.at,
    }


def told_of(alert: Alert) -> list[dict[str, Any]]:
    """Which channels were told what, newest first."""
    notices = (
        Notice.objects.filter(event__alert=alert, channel__tenant=alert.tenant_id)
        .select_related("event", "channel__user", "delivery")
        .order_by("-id")[:SHOWN]
    )
    return [
        {
            "channel": notice.channel,
            "what": What(notice.event.what).label,
            "delivery": notice.delivery,
            "look": LOOKS[Delivery.State(notice.delivery.state)],
        }
        for notice in notices
    ]


def _cause(event: AlertEvent) -> str:
    if not event.is_opening or not event.cause:
        return ""
    if said := words_of_cause(event.cause):
        return str(said[0])
    return _("Cause: %(cause)s.") % {"cause": event.cause}
