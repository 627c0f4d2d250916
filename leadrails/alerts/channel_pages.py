"""What the pages of channels show of them."""

from dataclasses import dataclass
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from destinations.models import Destination
from leadrails.alerts.models import AlertEvent, Channel, Delivery, Try
from leadrails.alerts.personal import default_for
from leadrails.alerts.severity import Severity
from leadrails.alerts.telling import general_title
from leadrails.alerts.words import WORDS
from leadrails.tenants.doors import TenantRequest, read_id
from leadrails.tenants.models import Membership, Tenant

State = Delivery.State
LOOKS = {
    State.WAITING: ("waiting", "clock"),
    State.SENDING: ("waiting", "send"),
    State.SENT: ("ok", "check"),
    State.DEAD: ("failed", "x-circle"),
    State.UNKNOWN: ("attention", "question"),
    State.DROPPED: ("neutral", "skip"),
}
OUTCOMES = {
    Try.Outcome.SENT: "ok",
    Try.Outcome.NOT_SENT: "attention",
    Try.Outcome.REFUSED: "failed",
    Try.Outcome.UNKNOWN: "attention",
}
ICONS = {
    Channel.Kind.EMAIL: "inbox",
    Channel.Kind.SLACK: "destinations",
    Channel.Kind.WEBHOOK: "link",
    Channel.Kind.SMS: "phone",
}
ABOUT = {
    Channel.Kind.EMAIL: gettext_lazy("To an address: a person's or a team's."),
    Channel.Kind.SLACK: gettext_lazy("Into a chat: Slack, or what takes its messages."),
    Channel.Kind.WEBHOOK: gettext_lazy("To a program, as signed JSON."),
    Channel.Kind.SMS: gettext_lazy("To a phone, through one of your destinations."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery of the log."""

    delivery: Delivery
    about: str
    tone: str
    icon: str
    tries: list[Try]


def access_channel(request: TenantRequest, public_id: str) -> Channel:
    """A channel of the workspace; people's own are theirs alone."""
    rows = Channel.objects.for_tenant(request.tenant).listed().of_workspace()
    return get_object_or_404(
        rows.select_related("tenant", "user"), pk=read_id(Channel.prefix, public_id)
    )


def senders(tenant: Tenant) -> list[tuple[str, str]]:
    """Destinations that can send an SMS of ours; live ones first."""
    rows = Destination.objects.for_tenant(tenant).listed()
    return [
        (row.public_id, _simulated(row) if row.is_simulated else row.name)
        for row in rows.order_by("is_simulated", "name", "id")
    ]


def _simulated(row: Destination) -> str:
    return _("%(name)s (simulated)") % {"name": row.name}


def hears(channel: Channel) -> str:
    """What it is told of, in a sentence."""
    if not channel.hears_alerts:
        return _("No alerts, only what rules on replies send")
    least = Severity(channel.least)
    if least is Severity.NOTICE:
        said = _("All alerts")
    elif least is Severity.SEVERE:
        said = _("Severe alerts")
    else:
        said = _("Warnings and severe alerts")
    if channel.kinds:
        said = _("%(said)s of %(count)d kinds") % {
            "said": said,
            "count": len(channel.kinds),
        }
    if not channel.tells_end:
        said = _("%(said)s, not when they are over") % {"said": said}
    return said


def kinds_of(channel: Channel) -> list[str]:
    return [general_title(kind) for kind in channel.kinds if kind in WORDS]


def log_of(deliveries: list[Delivery]) -> list[Line]:
    """Deliveries with their tries and what they tell."""
    tries: dict[Any, list[Try]] = {}
    for row in Try.objects.filter(delivery__in=deliveries).order_by("number"):
        tries.setdefault(row.delivery_id, []).append(row)
    told: dict[Any, list[AlertEvent]] = {}
    events = AlertEvent.objects.filter(notices__delivery__in=deliveries)
    pairs = events.order_by("id").values_list("notices__delivery", "pk")
    by_pk = events.in_bulk()
    for delivery_id, pk in pairs:
        told.setdefault(delivery_id, []).append(by_pk[pk])
    return [
        Line(
            row,
            _about(row, told.get(row.pk, [])),
            *LOOKS[State(row.state)],
            tries.get(row.pk, []),
        )
        for row in deliveries
    ]


def _about(delivery: Delivery, events: list[AlertEvent]) -> str:
    if delivery.is_test:
        return _("Test message")
    if delivery.is_call:
        return _("A rule's call")
    if delivery.is_digest:
        return _("Collected (%(count)d)") % {"count": len(events)}
    return str(AlertEvent.What(events[0].what).label) if events else _("An alert")


def failing(tenant: Tenant) -> list[Channel]:
    """By which alerts do not get through at present."""
    rows = Channel.objects.for_tenant(tenant).active().of_workspace()
    return list(rows.exclude(failing_since=None).order_by("name"))


@dataclass(frozen=True, slots=True)
class Person:
    """A member and what he or she gets."""

    member: Membership
    mail: Channel | None
    sms: Channel | None


def people(tenant: Tenant) -> list[Person]:
    rows = Channel.objects.for_tenant(tenant).exclude(user=None)
    own: dict[Any, dict[str, Channel]] = {}
    for row in rows:
        own.setdefault(row.user_id, {})[row.kind] = row
    members = (
        Membership.objects.for_tenant(tenant)
        .select_related("user", "tenant")
        .order_by("user__name", "user__email")
    )
    found = []
    for member in members:
        chosen = own.get(member.user_id, {})
        mail = chosen.get(Channel.Kind.EMAIL) or default_for(member)
        sms = chosen.get(Channel.Kind.SMS)
        found.append(
            Person(
                member,
                mail if mail.is_active else None,
                sms if sms and sms.is_active else None,
            )
        )
    return found
