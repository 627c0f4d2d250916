"""A channel's test button: one message at once, and the answer."""

from datetime import datetime

from django.db import transaction
from django.db.models.functions import Now

from leadrails.alerts import outbox
from leadrails.alerts.answers import Answer
from leadrails.alerts.models import Channel, Delivery, Try
from leadrails.alerts.ways import prepare, send
from leadrails.tenants import audit
from leadrails.tenants.models import User


def send_test(channel: Channel, *, actor: User, now: datetime) -> Delivery:
    """
    Send a test message and return its delivery, settled. It is not tried again.

    It stands in the log like any other; it goes even to a channel that is paused.
    """
    with transaction.atomic():
        delivery = Delivery.objects.create(
            tenant=channel.tenant,
            channel=channel,
            is_test=True,
            state=Delivery.State.SENDING,
            tries=1,
            due_at=now,
            lease_until=Now() + outbox.LEASE,
            created_at=now,
        )
        Try.objects.create(delivery=delivery, number=1, began_at=now)
        audit.record(channel.tenant, actor, "channel.tested", channel)
    outbox.freeze(delivery)
    outgoing = prepare(delivery, now=now)
    answer = outgoing if isinstance(outgoing, Answer) else send(outgoing)
    outbox.settle(delivery, answer)
    return delivery
