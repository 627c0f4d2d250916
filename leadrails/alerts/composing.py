"""What a message about alerts says, in the form that each kind of channel takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadrails.alerts.models import Alert, AlertEvent, Channel
from leadrails.alerts.telling import Places, Told
from leadrails.tenants.models import Tenant

Kind = Channel.Kind
What = AlertEvent.What
LONGEST_SMS = 300
SHOWN = 20  # alerts of one digest; the rest is counted


@dataclass(frozen=True, slots=True)
class Item:
    """One alert of a message, and what happened to it, oldest first."""

    alert: Alert
    told: Told
    events: Sequence[AlertEvent]
    zone: ZoneInfo
    url: str

    @property
    def last(self) -> AlertEvent:
        return self.events[-1]

    @property
    def is_over(self) -> bool:
        return not self.last.is_opening

    @property
    def title(self) -> str:
        return self.told.title

    @property
    def label(self) -> str:
        """What the message is, before its title."""
        event = self.last
        if event.what == What.CURED:
            return _("Over")
        if event.what == What.RESOLVED:
            return _("Resolved")
        if event.what == What.REOPENED:
            return _("%(severity)s, again") % {"severity": self.told.severity.label}
        return str(self.told.severity.label)

    @property
    def happened(self) -> str:
        """“Opened 3 May 2026, 14:03. Cured by itself …”."""
        lines = []
        for event in self.events:
            what = str(What(event.what).label)
            if event.actor_name:
                said = {"what": what, "name": event.actor_name}
                what = _("%(what)s by %(name)s") % said
            lines.append(f"{what}: {shown_time(event.at, self.zone)}.")
        return " ".join(lines)


@dataclass(frozen=True, slots=True)
class Message:
    """Of what all forms are made."""

    tenant: Tenant
    channel: Channel
    items: Sequence[Item]
    left_out: int = 0

    @property
    def is_test(self) -> bool:
        return not self.items

    @property
    def is_digest(self) -> bool:
        return len(self.items) > 1

    @property
    def title(self) -> str:
        if self.is_test:
            return _("Test: alerts of %(workspace)s reach you here") % {
                "workspace": self.tenant.name
            }
        if self.is_digest:
            count = len(self.items) + self.left_out
            return ngettext(
                "%(count)d alert since the last message",
                "%(count)d alerts since the last message",
                count,
            ) % {"count": count}
        return f"{self.items[0].label}: {self.items[0].title}"

    @property
    def subject(self) -> str:
        return " ".join(f"[{self.tenant.name}] {self.title}".split())[:200]

    @property
    def url(self) -> str:
        """Where all of it stands."""
        if len(self.items) == 1:
            return self.items[0].url
        return whole_url("alerts:list", self.tenant)


def message(
    tenant: Tenant, channel: Channel, events: Sequence[AlertEvent], zone: ZoneInfo
) -> Message:
    """Put events of one alert together; none at all makes a test."""
    by_alert: dict[Any, list[AlertEvent]] = {}
    for event in sorted(events, key=lambda event: event.pk):
        by_alert.setdefault(event.alert_id, []).append(event)
    groups = list(by_alert.values())
    shown = groups[-SHOWN:]
    places = Places(tenant, [group[0].alert for group in shown])
    items = [
        Item(
            group[0].alert,
            places.tell(group[0].alert),
            group,
            zone,
            whole_url("alerts:detail", tenant, alert=group[0].alert.public_id),
        )
        for group in shown
    ]
    return Message(tenant, channel, items, len(groups) - len(shown))


def whole_url(view: str, tenant: Tenant, **kwargs: str) -> str:
    """For people elsewhere; empty if this server knows no address of its own."""
    if not settings.LEADRAILS_PUBLIC_URL:
        return ""
    path = reverse(view, kwargs={"tenant": tenant.slug, **kwargs})
    return f"{settings.LEADRAILS_PUBLIC_URL}{path}"


def compose(said: Message) -> dict[str, str]:
    """The content for the message's kind of channel, as it is kept and sent."""
    match said.channel.kind:
        case Kind.EMAIL:
            return _mail(said)
        case Kind.SLACK:
            return {"body": json.dumps({"text": _slack(said)})}
        case Kind.WEBHOOK:
            return {"body": json.dumps(_payload(said), ensure_ascii=False)}
        case _:
            return {"text": _sms(said)}


def _mail(said: Message) -> dict[str, str]:
    view = "channels:mine" if said.channel.user_id else "channels:list"
    context = {
        "said": said,
        "subject": said.subject,
        "settings_url": whole_url(view, said.tenant),
    }
    return {
        "subject": said.subject,
        "text": render_to_string("alerts/mail.txt", context).strip() + "\n",
        "html": render_to_string("alerts/mail.html", context),
    }


def _slack(said: Message) -> str:
    lines = [f"*{_linked(said.subject, said.url)}*"]
    for item in said.items:
        if said.is_digest:
            lines.append(f"• *{_linked(f'{item.label}: {item.title}', item.url)}*")
        if not item.is_over:
            lines.append(_escaped(item.told.sentence))
            step = _("What to do: %(step)s") % {"step": item.told.next_step}
            lines.append(_escaped(step))
        lines.append(_escaped(item.happened))
    return "\n".join(line for line in lines if line)[:3900]


def _linked(text: str, url: str) -> str:
    return f"<{url}|{_escaped(text)}>" if url else _escaped(text)


def _escaped(text: str) -> str:
    """Slack's three control characters, in its own way; a link's bar too."""
    for sign, safe in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "¦")):
        text = text.replace(sign, safe)
    return text


def _sms(said: Message) -> str:
    url = f" {said.url}" if said.url else ""
    head = f"LeadRails {said.subject}"
    most = LONGEST_SMS - len(url)
    return (head if len(head) <= most else f"{head[: most - 3]}...") + url


def _payload(said: Message) -> dict[str, Any]:
    workspace = {"id": said.tenant.public_id, "name": said.tenant.name}
    data: dict[str, Any] = {"workspace": workspace}
    if said.is_test:
        what, at = "alerts.test", datetime.now(UTC)
    elif said.is_digest:
        what, at = "alerts.digest", max(item.last.at for item in said.items)
        data["alerts"] = [_alert(item) for item in said.items]
        data["left_out"] = said.left_out
    else:
        (item,) = said.items
        what, at = f"alert.{item.last.what}", item.last.at
        data["alert"] = _alert(item)
    return {"type": what, "timestamp": iso(at), "data": data}


def _alert(item: Item) -> dict[str, Any]:
    alert, told = item.alert, item.told
    return {
        "id": alert.public_id,
        "kind": alert.kind,
        "cause": item.last.cause or alert.cause,
        "severity": told.severity.value,
        "state": "closed" if item.is_over else "open",
        "title": told.title,
        "sentence": told.sentence,
        "next_step": told.next_step,
        "where": told.where,
        "failures": alert.failures,
        "times_opened": alert.times_opened,
        "events": [
            {"what": event.what, "at": iso(event.at), "by": event.actor_name or None}
            for event in item.events
        ],
        "url": item.url,
    }


def iso(at: datetime) -> str:
    """As JSON carries a moment: UTC, to the millisecond."""
    text = at.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def shown_time(at: datetime, zone: ZoneInfo) -> str:
    return date_format(at.astimezone(zone), "j M Y, H:i")
