"""What people do to jobs: replay, cancel, resume what waits."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.models import Destination
from destinations.services import activate_destination
from leadrails.alerts.services import close_alerts
from leadrails.contacts.models import Suppression
from leadrails.core import ids
from leadrails.core.children import Cause
from leadrails.core.crashpoints import crash_here
from leadrails.core.delivery import CONFIG_FAILED, COUNTRY_FAILED
from leadrails.core.quiet_hours import life_end
from leadrails.core.reasons import EXPLANATIONS, Reason
from leadrails.core.states import ABORTABLE, REPLAYABLE, State
from leadrails.jobs import tallies
from leadrails.jobs.effects import scope_of
from leadrails.jobs.models import Job, JobQuerySet, QueueEntry
from leadrails.jobs.releases import let_follow, release_of_destination
from leadrails.jobs.wake import drain_waker
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User
from leadrails.ui.states import look_of


def replay_job(job: Job, *, actor: User | None) -> Job:
    """
    Send a job's lead again, as a new job beside it, and return that.

    A second replay while the first is still open returns the open one, so that a
    double click sends once.

    Raises:
        ValidationError: the job is not over, its message did arrive, or the person
            wants no more of them.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if State(job.state) not in REPLAYABLE:
            said = _("A job that is %(state)s cannot be replayed.")
            raise ValidationError(
                said % {"state": str(look_of(job.state).word).lower()}
            )
        refuse_unwanted(job)
        siblings = Job.objects.for_tenant(job.tenant_id).filter(lead_id=job.lead_id)
        running = siblings.filter(replay_of=job.id).exclude(state__in=REPLAYABLE)
        if (existing := running.order_by("-id").first()) is not None:
            return existing
        _refuse_replaced(siblings.filter(parent_id=job.id))
        (replay,) = queue_replays([job])
        audit.record(job.tenant, actor, "job.replayed", job, replay=replay.public_id)
        transaction.on_commit(drain_waker.wake)
        crash_here("replay_before_commit")
    crash_here("replay_after_commit")
    return replay


def _refuse_replaced(children: JobQuerySet) -> None:
    """The person has the plain text, or is about to."""
    fallbacks = children.filter(cause=Cause.FALLBACK)
    if fallbacks.exclude(state__in=REPLAYABLE).exists():
        raise ValidationError(
            _("A plain text message went in its place. Replay that one if it fails.")
        )


def refuse_unwanted(job: Job) -> None:
    """It would be skipped, so say so instead."""
    listed = Suppression.objects.for_tenant(job.tenant_id).in_force()
    found = listed.filter(phone=job.recipient).first() if job.recipient else None
    if found is None:
        return
    is_known = found.reason == Suppression.Reason.OPTED_OUT
    why = EXPLANATIONS[Reason.OPTED_OUT if is_known else Reason.SUPPRESSED]
    raise ValidationError([_("Not replayed."), str(why.sentence), str(why.next_step)])


def queue_replays(
    jobs: Sequence[Job],
    *,
    first_at: datetime | None = None,
    every: timedelta = timedelta(0),
) -> list[Job]:
    """
    Make a new job beside each of `jobs`, due after what is live.

    The caller holds their locks and has checked that they may be sent again. Each
    has its destination's whole time to live from when it is due.

    Args:
        first_at: when the first is due; None for now.
        every: how long after it each next one is due.
    """
    now = timezone.now()
    first_at = first_at or now
    due = [first_at + number * every for number in range(len(jobs))]
    jobs = sorted(jobs, key=lambda job: job.id)
    # Those of one lead keep its order.
    fresh = sorted(ids.uuid7_beside(job.id) for job in jobs)
    replays = [
        Job(
            id=replay_id,
            tenant_id=job.tenant_id,
            lead_id=job.lead_id,
            source_id=job.source_id,
            route_id=job.route_id,
            destination_id=job.destination_id,
            replay_of=job.id,
            recipient=job.recipient,
            is_test=job.is_test,
            # What it was given to say is no matter of its destination's template.
            message=job.message if (job.message or {}).get(Job.GIVEN) else None,
            state=State.QUEUED,
            created_at=now,
            changed_at=now,
            due_at=at if at > now else None,
            expires_at=_expires_at(job, at),
        )
        for job, replay_id, at in zip(jobs, fresh, due, strict=True)
    ]
    Job.objects.bulk_create(replays)
    tallies.note_new([replay.id for replay in replays])
    QueueEntry.objects.bulk_create(
        QueueEntry(
            job_id=replay.id,
            tenant_id=replay.tenant_id,
            destination_id=replay.destination_id,
            is_bulk=True,
            due_at=at,
        )
        for replay, at in zip(replays, due, strict=True)
    )
    return replays


def _expires_at(job: Job, at: datetime) -> datetime:
    """When its replay that is due at `at` runs out of time."""
    place = job.destination
    if (quiet := place.quiet_hours) is None:
        return at + place.time_to_live
    return life_end(at, place.time_to_live, job.recipient, quiet)


def cancel_job(job: Job, *, actor: User | None) -> bool:
    """Stop a job that no provider has yet; False if it was too late."""
    with transaction.atomic():
        # A leased job is about to be sent: only what nobody holds can be stopped.
        free = QueueEntry.objects.select_for_update().filter(
            job_id=job.pk, lease_until=None
        )
        if not free.exists():
            return False
        waiting = Job.objects.filter(pk=job.pk, state__in=ABORTABLE)
        now = timezone.now()
        if not waiting.update(
            state=State.CANCELED, reason=Reason.CANCELED, changed_at=now, due_at=None
        ):
            return False
        QueueEntry.objects.filter(job_id=job.pk).delete()
        audit.record(job.tenant, actor, "job.canceled", job)
        transaction.on_commit(lambda: let_follow([job.pk]))
    return True


def resume_destination(destination: Destination, *, actor: User | None) -> int:
    """Send again through a paused destination; return how many jobs were waiting."""
    with transaction.atomic():
        activate_destination(destination, actor=actor)
        close_alerts(
            tenant_id=destination.tenant_id,
            kind=CONFIG_FAILED,
            scope=scope_of(destination.id),
            now=timezone.now(),
        )
        released = release_of_destination(destination, Reason.DESTINATION_PAUSED)
        transaction.on_commit(drain_waker.wake)
    return released


def release_country(
    destination: Destination, country: str, *, actor: User | None
) -> int:
    """Send to a country again; return how many jobs were waiting for it."""
    with transaction.atomic():
        fresh = Destination.objects.select_for_update().get(pk=destination.pk)
        if country in fresh.held_countries:
            fresh.held_countries.remove(country)
            fresh.save(update_fields=["held_countries", "updated_at"])
            tenant: Tenant = fresh.tenant
            audit.record(
                tenant, actor, "destination.country_released", fresh, country=country
            )
        close_alerts(
            tenant_id=destination.tenant_id,
            kind=COUNTRY_FAILED,
            scope=scope_of(destination.id, country),
            now=timezone.now(),
        )
        released = release_of_destination(destination, Reason.COUNTRY_NOT_ENABLED)
        transaction.on_commit(drain_waker.wake)
    return released
