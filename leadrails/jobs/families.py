"""A job with those that it brought about, as one story on their pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from destinations.composing import rich_of
from destinations.providers.fields import BY_RCS
from leadrails.core import ids
from leadrails.core.children import Cause
from leadrails.core.rich import Rich
from leadrails.core.states import FINAL, REPLAYABLE, SUCCEEDED
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.tenants.models import Tenant
from leadrails.ui.states import look_of

MOST = 50  # of a lead
TEXTS = ("sms", "mms")  # what a job's `channel` says of a text in RCS's place

CHANNELS: dict[str, str | Promise] = {
    "sms": gettext_lazy("SMS"),
    "mms": gettext_lazy("MMS"),
    "rcs": gettext_lazy("RCS"),
    "whatsapp": gettext_lazy("WhatsApp"),
}
CAUSES: dict[str, str | Promise] = {
    Cause.FALLBACK: gettext_lazy("Fallback"),
    Cause.FOLLOW_UP: gettext_lazy("Follow-up"),
    Cause.REPLY: gettext_lazy("Reply"),
}
_WHAT_IT_MADE: dict[str, str | Promise] = {
    Cause.FALLBACK: gettext_lazy("A plain text went in its place"),
    Cause.FOLLOW_UP: gettext_lazy("A follow-up went after it"),
    Cause.REPLY: gettext_lazy("The person answered, and another message went"),
}
_WHY_IT_WAS_MADE: dict[str, str | Promise] = {
    Cause.FALLBACK: gettext_lazy("Goes in place of a rich message"),
    Cause.FOLLOW_UP: gettext_lazy("Follows up on a message"),
    Cause.REPLY: gettext_lazy("Answers what the person said to a message"),
}


def channel_of(job: Job) -> str:
    """What carries it, in a word; empty while nothing has been sent."""
    if job.channel:
        return str(CHANNELS.get(job.channel, job.channel))
    if not job.attempts:
        return ""
    return str(CHANNELS["mms" if job.encoding == "MMS" else "sms"])


def shown_by_rcs(job: Job) -> Rich | None:
    """What the phone showed by RCS; None if a text message went, or nothing yet."""
    kept = job.message or {}
    if kept.get("channel") not in BY_RCS or job.channel in TEXTS:
        return None
    return rich_of(kept) or Rich(text=kept.get("body", ""))


@dataclass(frozen=True, slots=True)
class Family:
    """
    Jobs of one story, the first one first.

    `reached_by` is the channel by which the person was reached first; empty if not.
    """

    jobs: Sequence[Job]

    @property
    def rows(self) -> list[tuple[Job, str, str]]:
        """Each with its channel and why it was made."""
        return [
            (job, channel_of(job), str(CAUSES.get(job.cause, ""))) for job in self.jobs
        ]

    @property
    def reached_by(self) -> str:
        came = [job for job in self.jobs if job.state in SUCCEEDED]
        came.sort(key=lambda job: job.delivered_at or job.changed_at)
        return channel_of(came[0]) if came else ""

    def stand_in_for(self, job: Job) -> Job | None:
        """The plain text in place of `job` that came or is on its way, if there is."""
        texts = (
            row
            for row in self.jobs
            if row.parent_id == job.pk and row.cause == Cause.FALLBACK
        )
        return next((row for row in texts if row.state not in REPLAYABLE), None)

    def reached_after(self, job: Job) -> str:
        """
        The channel by which a text or follow-up for `job` arrived; empty if none did.

        What the person got before, or for an answer of theirs, does not make up for it.
        """
        later = (
            row
            for row in self.jobs
            if row.parent_id == job.pk
            and row.cause != Cause.REPLY
            and row.state in SUCCEEDED
        )
        return next(map(channel_of, later), "")

    @property
    def is_over(self) -> bool:
        return all(job.state in FINAL for job in self.jobs)


def family_of(job: Job) -> Family | None:
    """None for a job that brought none about and that none did."""
    mine = Job.objects.for_tenant(job.tenant_id).filter(lead_id=job.lead_id)
    rows = mine.defer("message").order_by("created_at", "id")[:MOST]
    found = {row.pk: row for row in rows} | {job.pk: job}
    roots = {pk: _root(row, found) for pk, row in found.items()}
    jobs = [row for pk, row in found.items() if roots[pk] == roots[job.pk]]
    if len(jobs) < 2:
        return None
    return Family(sorted(jobs, key=lambda row: (row.created_at, row.pk)))


def _root(job: Job, found: dict[UUID, Job]) -> UUID:
    """The first of its story, so far as it is among those found."""
    seen = {job.pk}
    while job.parent_id in found and job.parent_id not in seen:
        job = found[job.parent_id]
        seen.add(job.pk)
    return job.parent_id or job.pk


def steps_of_children(job: Job, family: Family | None, tenant: Tenant) -> list[Any]:
    """Steps of the timeline of `job` that tell what it brought about."""
    if family is None:
        return []
    return [
        {
            "title": str(_WHAT_IT_MADE.get(child.cause, _("Another message went"))),
            "at": child.created_at,
            "tone": look_of(child.state).tone,
            "icon": "send",
            "detail": ": ".join(
                filter(None, [channel_of(child), str(look_of(child.state).word)])
            ),
            "url": link(tenant, "jobs:detail", job=child.public_id),
            "url_label": _("That message"),
        }
        for child in family.jobs
        if child.parent_id == job.pk
    ]


def step_of_cause(job: Job, tenant: Tenant) -> dict[str, Any]:
    """The step that begins the timeline of a job that another one brought about."""
    parent = ids.encode(Job.prefix, job.parent_id) if job.parent_id else ""
    return {
        "title": str(_WHY_IT_WAS_MADE.get(job.cause, _("Brought about by a message"))),
        "at": job.created_at,
        "tone": "neutral",
        "icon": "retry",
        "url": link(tenant, "jobs:detail", job=parent),
        "url_label": _("The message before it"),
    }


def duplicate_hint(job: Job, family: Family | None) -> str:
    """Why a job is labelled as a possible duplicate, in a sentence."""
    is_pair = family is not None and any(
        row.cause == Cause.FALLBACK and job.pk in (row.pk, row.parent_id)
        for row in family.jobs
    )
    if is_pair:
        return _("The rich message and its plain text may both have arrived.")
    return _("An earlier attempt may have reached the person too.")


def in_families(jobs: Sequence[Job]) -> list[Job]:
    """The jobs of a lead, each followed by those that it brought about."""
    found = {job.pk for job in jobs}
    children: dict[UUID | None, list[Job]] = {}
    for job in jobs:
        parent = job.parent_id if job.parent_id in found else None
        children.setdefault(parent, []).append(job)
    ordered: list[Job] = []

    def put(parent: UUID | None) -> None:
        for job in children.get(parent, []):
            ordered.append(job)
            put(job.pk)

    put(None)
    return ordered
