"""Sending a job's message once more with other words, as a new job beside it."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.composing import Composed, as_sent, size_of
from destinations.models import Destination
from destinations.providers.fields import CHANNEL
from leadrails.core.segments import LONGEST_BODY
from leadrails.core.states import REPLAYABLE, State
from leadrails.jobs.models import Job
from leadrails.jobs.prices import cost_of
from leadrails.jobs.services import queue_replays, refuse_unwanted
from leadrails.jobs.wake import drain_waker
from leadrails.tenants import audit
from leadrails.tenants.models import User

# What is over, or with the provider: nothing of it can still be sent by itself.
RESENDABLE = REPLAYABLE | {
    State.ACCEPTED,
    State.SENT,
    State.DELIVERED,
    State.READ,
}
DOUBLE_CLICK = timedelta(minutes=1)


def may_have_arrived(job: Job) -> bool:
    """Whether the person may have got the first message, so that it is one more."""
    return job.is_possible_duplicate or job.accepted_at is not None


def can_resend(job: Job) -> bool:
    """A content template's words are the provider's, so they cannot be edited here."""
    is_text = not (job.message or {}).get("content")
    return State(job.state) in RESENDABLE and is_text and bool(job.recipient)


def look_of(composed: Composed, place: Destination, recipient: str) -> dict[str, Any]:
    """How a text would arrive, and what it costs."""
    measured = size_of(composed, place.config, place.verification)
    return {
        "text": as_sent(composed, place.config, place.verification),
        "measured": measured,
        "media": composed.media,
        "cost": cost_of(place.tenant, recipient, measured, place.pk),
    }


def resend_job(job: Job, body: str, *, actor: User | None) -> Job:
    """
    Send `body` to the job's person as a new job, and return that.

    Everything is checked again when it is sent: suppressions, limits, pauses. If the
    first message may have arrived, the new job says that it is a possible duplicate.
    The same words within a minute are one act.

    Raises:
        ValidationError: nothing to send, too long, still under way, or unwanted.
    """
    body = body.replace("\r\n", "\n").replace("\x00", "").strip()
    with transaction.atomic():
        locked = Job.objects.select_for_update(of=("self",))
        job = locked.select_related("destination", "tenant").get(pk=job.pk)
        _check(job, body)
        refuse_unwanted(job)
        if (same := _same(job, body)) is not None:
            return same
        (fresh,) = queue_replays([job])
        Job.objects.filter(pk=fresh.pk).update(**_changes(job, body))
        audit.record(job.tenant, actor, "job.resent", job, replay=fresh.public_id)
        transaction.on_commit(drain_waker.wake)
    return fresh


def _check(job: Job, body: str) -> None:
    if not can_resend(job):
        raise ValidationError(
            _("This job is still under way, or cannot be edited. Cancel it first.")
        )
    if not body and not (job.message or {}).get("media"):
        raise ValidationError(_("Write what is to be sent."))
    if len(body) > LONGEST_BODY:
        raise ValidationError(
            _("A message has at most %(most)s characters.")
            % {"most": f"{LONGEST_BODY:,}"}
        )


def _same(job: Job, body: str) -> Job | None:
    since = timezone.now() - DOUBLE_CLICK
    siblings = Job.objects.for_tenant(job.tenant_id).filter(lead_id=job.lead_id)
    mine = siblings.filter(replay_of=job.id, created_at__gte=since)
    return mine.filter(message__body=body).order_by("-id").first()


def _changes(job: Job, body: str) -> dict[str, Any]:
    media = tuple((job.message or {}).get("media", ()))
    place = job.destination
    composed = Composed(body, media, channel=place.config.get(CHANNEL, ""))
    size = size_of(composed, place.config, place.verification)
    return {
        "message": {"to": job.recipient, Job.GIVEN: True, **composed.frozen()},
        "encoding": size.encoding if size else "",
        "segments": size.segments if size else None,
        "is_possible_duplicate": may_have_arrived(job),
    }
