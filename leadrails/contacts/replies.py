"""What people wrote, as pages show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from destinations.models import Destination
from leadrails.contacts.models import (
    InboundMedia,
    InboundMessage,
    InboundMessageQuerySet,
)
from leadrails.jobs.links import link
from leadrails.leads.models import Lead
from leadrails.rules.pages import Ran, runs_of
from leadrails.tenants.models import Tenant

MOST_SHOWN = 20  # on the pages of a lead and of a job


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a message, and the picture that shows what it is."""

    media: InboundMedia
    picture: InboundMedia | None


@dataclass(frozen=True, slots=True)
class Reply:
    """A message with what its lines on a page need."""

    message: InboundMessage
    name: str
    destination: Destination | None
    files: Sequence[File]
    ran: Sequence[Ran] = ()

    @property
    def text(self) -> str:
        """What was written or tapped; in words where nothing was."""
        message = self.message
        if message.body:
            return message.body
        if message.button:
            return str(message.button.get("text") or message.button.get("payload"))
        return ""

    @property
    def is_action(self) -> bool:
        """Whether what was tapped opened something on the phone, or just answered."""
        return (self.message.button or {}).get("type") == "ACTION"

    @property
    def place(self) -> str:
        """A shared location in words, and where on earth it is."""
        found = self.message.location or {}
        named = [found.get("label"), found.get("address")]
        return ", ".join(filter(None, named)) or _("A place on the map")

    @property
    def map_url(self) -> str:
        found: dict[str, Any] = self.message.location or {}
        at = f"{found.get('latitude')}/{found.get('longitude')}"
        point = at.replace("/", "&mlon=")
        return f"https://www.openstreetmap.org/?mlat={point}#map=15/{at}"


def replies_of(tenant: Tenant, messages: Iterable[InboundMessage]) -> list[Reply]:
    rows = list(messages)
    leads = Lead.objects.for_tenant(tenant).only("id", "name")
    names = leads.in_bulk([row.lead_id for row in rows if row.lead_id])
    places = Destination.objects.for_tenant(tenant).in_bulk(
        {row.destination_id for row in rows}
    )
    files: dict[Any, list[InboundMedia]] = {}
    kept = InboundMedia.objects.for_tenant(tenant).filter(message__in=rows)
    for file in kept.defer("data").order_by("message", "position"):
        files.setdefault(file.message_id, []).append(file)
    ran = runs_of(tenant, rows)
    return [
        Reply(
            row,
            lead.name if (lead := names.get(row.lead_id)) else "",
            places.get(row.destination_id),
            _files(files.get(row.pk, ())),
            ran.get(row.pk, ()),
        )
        for row in rows
    ]


def _files(media: Sequence[InboundMedia]) -> list[File]:
    """Each file once, with its thumbnail where browsers cannot show the file itself."""
    found: list[File] = []
    for each in media:
        is_picture = each.is_kept and each.is_image
        if not each.is_thumbnail:
            found.append(File(each, each if is_picture else None))
        elif is_picture and found and found[-1].picture is None:
            found[-1] = File(found[-1].media, each)
    return found


def named(messages: InboundMessageQuerySet) -> InboundMessageQuerySet:
    """With the names of the people who wrote, for `listed`."""
    lead = Lead.objects.for_tenant(OuterRef("tenant_id")).filter(pk=OuterRef("lead_id"))
    return messages.annotate(lead_name=Subquery(lead.values("name")))


def listed(tenant: Tenant, messages: Iterable[Any]) -> list[Reply]:
    """Messages that are `named` as a list shows them: without their files."""
    rows = list(messages)
    places = Destination.objects.for_tenant(tenant).in_bulk(
        {row.destination_id for row in rows}
    )
    return [
        Reply(row, row.lead_name or "", places.get(row.destination_id), ())
        for row in rows
    ]


def replies_from(tenant: Tenant, phone: str, *, job: UUID | None = None) -> list[Reply]:
    """The newest messages of a person, or those that answer one job, oldest first."""
    mine = InboundMessage.objects.for_tenant(tenant).from_phone(phone)
    if job is not None:
        mine = mine.filter(job_id=job)
    newest = mine.defer("raw").order_by("-id")[:MOST_SHOWN]
    return replies_of(tenant, reversed(newest))


def steps_of(tenant: Tenant, replies: Iterable[Reply]) -> list[dict[str, Any]]:
    """Steps for `{% timeline %}`: what was answered, and what rules made of it."""
    steps = []
    for reply in replies:
        steps.append(_answered(tenant, reply))
        steps.extend(_ruled(tenant, ran) for ran in reply.ran)
    return steps


def placed(steps: list[dict[str, Any]], more: Iterable[dict[str, Any]]) -> Any:
    """Put further steps among those of a timeline, each before what came later."""
    found = list(steps)
    for step in more:
        later = (n for n, other in enumerate(found) if _is_later(other, step["at"]))
        found.insert(next(later, len(found)), step)
    return found


def _is_later(step: dict[str, Any], at: datetime) -> bool:
    return step["at"] is not None and step["at"] > at


def _answered(tenant: Tenant, reply: Reply) -> dict[str, Any]:
    message = reply.message
    said = {"words": reply.text or message.get_kind_display()}
    title = _("Tapped “%(words)s”") if message.button else _("Answered “%(words)s”")
    return {
        "title": title % said,
        "at": message.received_at,
        "tone": "ok",
        "icon": "inbox",
        "url": link(tenant, "conversations:detail", message=message.public_id),
        "url_label": _("The answer"),
    }


def _ruled(tenant: Tenant, ran: Ran) -> dict[str, Any]:
    rule, is_failed = ran.run.rule, ran.run.is_failed
    deeds = (f"{deed.words}{': ' if deed.why else '.'}{deed.why}" for deed in ran.deeds)
    step = {
        "title": _("Rule “%(name)s”") % {"name": rule.name},
        "at": ran.run.ran_at,
        "tone": "failed" if is_failed else "neutral",
        "icon": "warning" if is_failed else "check",
        "cause": " ".join(deeds),
    }
    if rule.status == rule.Status.DELETED:
        return step
    page = link(tenant, "rules:detail", rule=rule.public_id)
    return {**step, "url": page, "url_label": _("The rule")}
