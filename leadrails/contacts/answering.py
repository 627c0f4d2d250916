"""Answering a person in words of one's own, as a further job."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from destinations.composing import Composed
from destinations.models import Destination
from destinations.providers.fields import CHANNEL
from leadrails.contacts.models import InboundMessage
from leadrails.contacts.services import suppressed
from leadrails.core.children import Cause
from leadrails.core.quiet_hours import free_at
from leadrails.jobs.children import make_child
from leadrails.jobs.models import Job
from leadrails.tenants import audit
from leadrails.tenants.models import User


@dataclass(frozen=True, slots=True)
class Way:
    """
    How an answer would go.

    Attributes:
        obstacle: why none can be sent; `job` and `place` are there if it is empty.
        quiet_until: when it goes that waits for the end of quiet hours.
    """

    job: Job | None = None
    place: Destination | None = None
    obstacle: str = ""
    quiet_until: datetime | None = None


def way_to(message: InboundMessage, *, now: datetime) -> Way:
    """An answer goes through what the person wrote to, after what they answered."""
    if suppressed(message.tenant_id, [message.phone]):
        return Way(obstacle=_("Nothing may be sent to this person any more."))
    jobs = Job.objects.for_tenant(message.tenant_id).select_related("tenant")
    job = jobs.filter(pk=message.job_id).first() if message.job_id else None
    if job is None:
        said = _("LeadRails knows no message of yours that this one answers.")
        return Way(obstacle=said)
    places = Destination.objects.for_tenant(message.tenant_id).listed()
    place = places.select_related("tenant").filter(pk=message.destination_id).first()
    if place is None:
        return Way(obstacle=_("The destination that it came to is deleted."))
    quiet = place.quiet_hours
    wait = free_at(now, job.recipient, quiet) if quiet else None
    return Way(job, place, quiet_until=wait)


def composed(way: Way, body: str) -> Composed:
    """What is sent; by RCS, too, where the destination sends by it."""
    assert way.place is not None
    text = body.replace("\r\n", "\n").replace("\x00", "").strip()
    return Composed(text, channel=way.place.config.get(CHANNEL, ""))


def answer(
    message: InboundMessage, body: str, *, once: UUID, actor: User | None, now: datetime
) -> UUID:
    """
    Queue `body` for the person and return its job; the same `once` makes no second.

    Suppressions, limits, pauses and quiet hours are asked when it is its turn.

    Raises:
        ValidationError: see `Way.obstacle`.
    """
    way = way_to(message, now=now)
    if way.obstacle or way.job is None or way.place is None:
        raise ValidationError(way.obstacle)
    with transaction.atomic():
        child = make_child(
            way.job.pk,
            tenant_id=message.tenant_id,
            cause=Cause.REPLY,
            rule_id=once,
            destination_id=way.place.pk,
            message=composed(way, body).frozen(),
        )
        if child.is_new:
            audit.record(message.tenant, actor, "message.answered", message)
    return child.id
