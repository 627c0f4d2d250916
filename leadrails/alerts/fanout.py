"""
From what happened to who is told: notices and deliveries for the events not yet told.

An event and its alert's change are one transaction (a trigger writes it); its notices
and the mark that it is told are another. A kill in between leaves it to the next round.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from leadrails.alerts.models import Alert, AlertEvent, Channel, Delivery, Notice
from leadrails.alerts.personal import make_defaults
from leadrails.alerts.severity import Severity
from leadrails.alerts.words import words_for
from leadrails.core.quiet import quiet_until
from leadrails.mail.services import is_set_up
from leadrails.tenants.middleware import zone_of
from leadrails.tenants.models import Membership

BATCH = 200
RESTLESS = 3
"""Messages of one alert to one channel within `PAUSE`, after which it hears less."""
PAUSE = timedelta(minutes=30)


def fan_out(*, now: datetime) -> int:
    """Make the deliveries of what happened since; return how many events were told."""
    with transaction.atomic():
        if not _is_my_turn():
            return 0
        to_tell = AlertEvent.objects.filter(is_told=False).order_by("id")
        events = list(to_tell.select_related("alert")[:BATCH])
        if events:
            _tell(events, now)
            told = [event.pk for event in events]
            AlertEvent.objects.filter(pk__in=told).update(is_told=True)
    return len(events)


def _is_my_turn() -> bool:
    """One at a time, so that a digest is not begun twice and order is kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('alert fan-out'))")
        (is_mine,) = cursor.fetchone()
    return bool(is_mine)


def _tell(events: list[AlertEvent], now: datetime) -> None:
    tenants = {event.tenant_id for event in events}
    if is_set_up():
        make_defaults(tenants)
    channels: dict[UUID, list[Channel]] = defaultdict(list)
    for channel in _channels(tenants):
        channels[channel.tenant_id].append(channel)
    told, recent = _told(events), _recent(events, now)
    done = set(
        Notice.objects.filter(event__in=events).values_list("event_id", "channel_id")
    )
    for event in events:
        for channel in channels[event.tenant_id]:
            is_done = (event.pk, channel.pk) in done
            if not is_done and _is_wanted(event, channel, told):
                turn = (event.alert_id, channel.pk)
                _notify(event, channel, now, is_restless=recent[turn] >= RESTLESS)
                recent[turn] += 1
                told.add(turn)


def _channels(tenants: Iterable[UUID]) -> Iterable[Channel]:
    """
    Those that are listened to: a person's only as long as he or she is a member.

    Without a mail server none of mail: a message that cannot go is no news.
    """
    members = Membership.objects.filter(tenant__in=tenants, user__is_active=True)
    people = set(members.values_list("tenant_id", "user_id"))
    # Of several tenants at once: each event goes to its own tenant's channels alone.
    hearing = Channel.objects.active().filter(hears_alerts=True)
    rows = hearing.filter(tenant__in=tenants).order_by("id")
    if not is_set_up():
        rows = rows.exclude(kind=Channel.Kind.EMAIL)
    for row in rows:
        if row.user_id is None or (row.tenant_id, row.user_id) in people:
            yield row


def _told(events: list[AlertEvent]) -> set[tuple[UUID, UUID]]:
    """Which channels know of which of these alerts."""
    alerts = {event.alert_id for event in events}
    known = Notice.objects.filter(
        Q(event__what__in=[AlertEvent.What.OPENED, AlertEvent.What.REOPENED]),
        event__alert__in=alerts,
    )
    return set(known.values_list("event__alert_id", "channel_id"))


def _recent(events: list[AlertEvent], now: datetime) -> Counter[tuple[UUID, UUID]]:
    """How often channels were told of these alerts of late."""
    alerts = {event.alert_id for event in events}
    known = Notice.objects.filter(event__alert__in=alerts, event__at__gt=now - PAUSE)
    return Counter(known.values_list("event__alert_id", "channel_id"))


def _is_wanted(
    event: AlertEvent, channel: Channel, told: set[tuple[UUID, UUID]]
) -> bool:
    if event.at < channel.created_at:
        return False
    if not event.is_opening:  # the end is told to those who know of the beginning
        return channel.tells_end and (event.alert_id, channel.pk) in told
    alert = event.alert
    if channel.kinds and alert.kind not in channel.kinds:
        return False
    return _severity(event, alert).covers(Severity(channel.least))


def _severity(event: AlertEvent, alert: Alert) -> Severity:
    return words_for(alert.kind, event.cause).severity


def _notify(
    event: AlertEvent, channel: Channel, now: datetime, *, is_restless: bool
) -> None:
    """Tell it at once; in quiet hours, or of what comes and goes, all in one later."""
    quiet = _quiet_until(event, channel, now)
    if quiet is not None:
        delivery = _digest(channel, quiet, now)
        if delivery.due_at < quiet:  # it collected what came and went before
            delivery.due_at = quiet
            delivery.save(update_fields=["due_at"])
    elif is_restless:
        delivery = _digest(channel, now + PAUSE, now)
    else:
        delivery = Delivery.objects.create(
            tenant_id=event.tenant_id,
            channel=channel,
            alert_id=event.alert_id,
            due_at=Now(),
            created_at=now,
        )
    Notice.objects.create(event=event, channel=channel, delivery=delivery)


def _quiet_until(event: AlertEvent, channel: Channel, now: datetime) -> datetime | None:
    begins, ends = channel.quiet_from, channel.quiet_to
    if begins is None or ends is None:
        return None
    is_severe = _severity(event, event.alert) is Severity.SEVERE
    if channel.wakes and event.is_opening and is_severe:
        return None  # that it is over can wait
    zone = zone_of(channel.time_zone)
    return quiet_until(now, begins=begins, ends=ends, zone=zone)


def _digest(channel: Channel, due_at: datetime, now: datetime) -> Delivery:
    """
    The one message that tells what was collected.

    One that is taken up just now is locked or no longer waiting, so nothing can be
    added to what is already being said.
    """
    collecting = Delivery.objects.select_for_update(skip_locked=True).filter(
        channel=channel, is_digest=True, state=Delivery.State.WAITING, tries=0
    )
    if found := collecting.first():
        return found
    return Delivery.objects.create(
        tenant_id=channel.tenant_id,
        channel=channel,
        is_digest=True,
        due_at=due_at,
        created_at=now,
    )
