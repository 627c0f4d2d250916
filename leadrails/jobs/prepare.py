"""Decide for each leased job: attempt it now, put it aside, or ask the provider."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from destinations.composing import CannotCompose, Composed, compose, size_of, thaw
from destinations.models import Destination
from destinations.providers.base import Message
from destinations.providers.fields import SEND_AFTER
from leadrails.core import phone, policy
from leadrails.core.quiet_hours import free_at
from leadrails.core.reasons import Reason
from leadrails.core.rendering import TemplateError, lead_fields
from leadrails.core.states import State
from leadrails.core.turns import ALONE, lead_waits_until
from leadrails.jobs import company, receipts
from leadrails.jobs.queue import Aside, DueJob, Start

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Batch:
    """What a claim comes to."""

    starts: list[Start] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    doubtful: list[DueJob] = field(default_factory=list)
    stale: list[UUID] = field(default_factory=list)


def prepare(jobs: Sequence[DueJob], places: Mapping[UUID, Destination]) -> Batch:
    """
    Sort leased jobs by what is to be done with them.

    Jobs of one batch count towards their ceilings together, so that a batch cannot
    pass one.
    """
    batch = Batch()
    started: Counter[UUID] = Counter()
    persons = company.Persons()
    for job in jobs:
        if job.state is State.UNKNOWN:
            batch.doubtful.append(job)
        elif job.state in (State.QUEUED, State.RETRYING, State.HELD):
            try:
                _sort(job, places[job.destination_id], batch, started, persons)
            except Exception:
                # A batch holds jobs of many tenants: one must not stop the others.
                log.exception("a job could not be prepared")
                sentence = "LeadRails failed to make the message; its log says why."
                batch.asides.append(_template_error(job, sentence))
        else:
            batch.stale.append(job.id)
    return batch


def _sort(
    job: DueJob,
    place: Destination,
    batch: Batch,
    started: Counter[UUID],
    persons: company.Persons,
) -> None:
    facts = _facts(job, place, started, persons)
    match policy.check(facts):
        case policy.Allow():
            item = _first_message(job, place)
            if isinstance(item, Start):
                started[job.destination_id] += 1
                started[job.source_id] += 1
                persons.note_start(job)
                batch.starts.append(item)
            else:
                batch.asides.append(item)
        case policy.Hold(reason, until):
            # What ends before the hold does has no next try.
            due = until if until and until < job.expires_at else None
            if due and reason == Reason.RECIPIENT_GAP:
                persons.note_wait(job, due)
            batch.asides.append(
                Aside(job=job, state=State.HELD, reason=reason, due=due, place=place)
            )
        case policy.Skip(reason):
            batch.asides.append(Aside(job=job, state=State.SKIPPED, reason=reason))
        case policy.Expire(reason):
            batch.asides.append(Aside(job=job, state=State.DEAD, reason=reason))


def _facts(
    job: DueJob,
    place: Destination,
    started: Counter[UUID],
    persons: company.Persons,
) -> policy.PolicyFacts:
    country = phone.region_of(job.recipient) or "" if job.recipient else ""
    quiet = place.quiet_hours
    return policy.PolicyFacts(
        now=job.clock,
        expires_at=job.expires_at,
        destination_status=place.status,
        recipient=job.recipient,
        country=country,
        suppressed_as=job.suppressed_as or "",
        is_premium=phone.is_costly(job.recipient),
        allowed_countries=place.allowed_countries,
        held_countries=place.held_countries,
        quiet_until=free_at(job.clock, job.recipient, quiet) if quiet else None,
        destination_this_hour=job.destination_this_hour + started[place.id],
        destination_ceiling=place.hourly_ceiling,
        source_this_hour=job.source_this_hour + started[job.source_id],
        source_ceiling=job.source_ceiling,
        recipient_today=persons.today(job),
        recipient_ceiling=place.daily_per_recipient,
        lead_waits_until=lead_waits_until(
            job.company or ALONE,
            now=job.clock,
            created_at=job.created_at,
            expires_at=job.expires_at,
        ),
        person_free_at=persons.free_at(job),
    )


def _first_message(job: DueJob, place: Destination) -> Start | Aside:
    """Render at the first attempt; every retry sends the same bytes."""
    composed: Composed | Message
    if (message := job.message) is not None:
        composed = thaw(message)
    else:
        fields = lead_fields(job.event or {}, phone_e164=job.phone or "")
        try:
            composed = compose(
                place.body_template,
                place.config,
                fields,
                kind=place.kind,
                rich=place.rich,
                content_sid=place.content_sid,
            )
        except (TemplateError, CannotCompose) as error:
            return _template_error(job, str(error))
        if composed.content and not composed.content.template:
            reason = Reason.CONTENT_NOT_READY
            return Aside(job=job, state=State.HELD, reason=reason, place=place)
        message = {"to": job.recipient, **composed.frozen()}
        if composed.channel:
            message[receipts.VERSION] = str(receipts.version_of(place))
        if minutes := place.config.get(SEND_AFTER):
            send_at = job.clock + timedelta(minutes=int(minutes))
            message["send_at"] = send_at.isoformat()
    size = size_of(composed, place.config, place.verification)
    return Start(
        job=job,
        number=job.attempts + 1,
        message=message,
        encoding=size.encoding if size else "",
        segments=size.segments if size else None,
        request=message,
    )


def _template_error(job: DueJob, sentence: str) -> Aside:
    return Aside(
        job=job, state=State.DEAD, reason=Reason.TEMPLATE_ERROR, error=sentence
    )
