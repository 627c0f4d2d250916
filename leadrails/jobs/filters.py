"""What the list of jobs can be narrowed down to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from destinations.models import Destination
from destinations.providers.fields import CHANNEL
from leadrails.core import ids, phone
from leadrails.core.reasons import REASONS
from leadrails.core.states import SUCCEEDED, State
from leadrails.jobs.families import CAUSES, CHANNELS
from leadrails.jobs.models import Job, JobQuerySet
from leadrails.leads.models import Source
from leadrails.lists import Fixed
from leadrails.tenants.doors import read_id
from leadrails.tenants.models import Tenant
from leadrails.ui.asking import asked_text
from leadrails.ui.states import look_of

SPAN = ("from", "to")  # when what is asked for came in
TOLD = ("rcs", "whatsapp")  # channels that a job's row names
ERROR_CODE = re.compile(r"[A-Za-z]{0,2}[0-9]{3,6}")


def chosen_states(query: QueryDict) -> list[str]:
    """The states asked for; words that are none are left out."""
    return [state for state in query.getlist("state") if state in set(State)]


def parts_of(query: QueryDict) -> list[Q]:
    """The states that a page is looked up in, one by one: each has its own index."""
    return [Q(state=Fixed(state)) for state in dict.fromkeys(chosen_states(query))]


def is_one_job(query: QueryDict) -> bool:
    """Whether the search names a job, so that no other will ever be found."""
    try:
        ids.decode(Job.prefix, asked_text(query))
    except ValueError:
        return False
    return True


def moment_of(query: QueryDict, name: str) -> datetime | None:
    """A moment asked for; without an offset it is one on the viewer's clock."""
    try:
        at = datetime.fromisoformat(query.get(name, ""))
        at = at if timezone.is_aware(at) else timezone.make_aware(at)
        ids.uuid7_floor(at)
    except (ValueError, OverflowError):
        return None
    return at


def of_source(query: QueryDict) -> Q:
    """What makes a job one of the source asked for. No index tells: rows do."""
    source = query.get("source")
    return Q(source_id=read_id(Source.prefix, source)) if source else Q()


def narrowed(jobs: JobQuerySet, query: QueryDict, country: str) -> JobQuerySet:
    """
    All that is asked for but `of_source`.

    Args:
        country: the one that national phone numbers are read in.
    """
    if picked := query.getlist("job"):
        jobs = jobs.filter(pk__in=[read_id(Job.prefix, job) for job in picked])
    if states := chosen_states(query):
        jobs = jobs.filter(state__in=states)
    if reason := query.get("reason"):
        jobs = jobs.filter(_given("reason", reason.replace("\x00", "")))
    if destination := query.get("destination"):
        jobs = jobs.filter(destination_id=read_id(Destination.prefix, destination))
    for field in ("cause", "channel"):
        if word := query.get(field):
            jobs = jobs.filter(_given(field, word.replace("\x00", "")))
    if begin := moment_of(query, "from"):
        jobs = jobs.filter(id__gte=ids.uuid7_floor(begin))
    if end := moment_of(query, "to"):
        jobs = jobs.filter(id__lt=ids.uuid7_floor(end))
    if text := asked_text(query):
        jobs = jobs.filter(_matching(text, country))
    return jobs


def _matching(text: str, country: str) -> Q:
    for prefix, field in ((Job.prefix, "id"), ("evt", "lead_id")):
        try:
            return Q(**{field: ids.decode(prefix, text)})
        except ValueError:
            continue
    if ERROR_CODE.fullmatch(text):
        # What arrived after all is not explained by what went wrong before.
        return _given("error_code", text) & ~Q(state__in=sorted(SUCCEEDED))
    if number := phone.normalise(text, country).e164:
        return Q(recipient=number)
    return _given("provider_id", text)


def _given(field: str, value: str) -> Q:
    """For columns that are empty in most rows: their indexes hold the others."""
    return Q(**{field: value, f"{field}__gt": Fixed("")})


@dataclass(frozen=True, slots=True)
class End:
    """Where leads come from, or where they go, by its name."""

    id: UUID
    name: str
    public_id: str
    channel: str = ""


def named_ends(tenant: Tenant) -> tuple[list[End], list[End]]:
    """All sources and all destinations, by name, in one query."""
    none = Value("", output_field=TextField())
    sources = Source.objects.for_tenant(tenant).values_list(
        "id", "name", Value(Source.prefix), none
    )
    channel = Coalesce(KT(f"config__{CHANNEL}"), none)
    places = Destination.objects.for_tenant(tenant).values_list(
        "id", "name", Value(Destination.prefix), channel
    )
    found: dict[str, list[End]] = {Source.prefix: [], Destination.prefix: []}
    for pk, name, prefix, word in sources.union(places, all=True).order_by("name"):
        found[prefix].append(End(pk, name, ids.encode(prefix, pk), word))
    return found[Source.prefix], found[Destination.prefix]


def shown_span(query: QueryDict) -> dict[str, str]:
    """The bounds of the time asked for, as date fields take them."""
    bounds = {name: moment_of(query, name) for name in SPAN}
    return {
        name: f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"
        for name, at in bounds.items()
        if at
    }


def active_filters(
    query: QueryDict,
    destinations: Iterable[End],
    sources: Iterable[End],
) -> list[dict[str, Any]]:
    """The filters in force, for the chips."""
    active = []
    if picked := query.getlist("job"):
        value = _("%(count)s selected") % {"count": len(picked)}
        active.append({"name": "job", "label": _("Jobs"), "value": value})
    if states := chosen_states(query):
        words = ", ".join(str(look_of(state).word) for state in states)
        active.append({"name": "state", "label": _("State"), "value": words})
    if reason := query.get("reason"):
        sentence = REASONS.get(reason, reason)
        active.append({"name": "reason", "label": _("Why"), "value": sentence})
    if source := query.get("source"):
        names = {s.public_id: s.name for s in sources}
        value = names.get(source, source)
        active.append({"name": "source", "label": _("Source"), "value": value})
    if place := query.get("destination"):
        names = {d.public_id: d.name for d in destinations}
        value = names.get(place, place)
        active.append({"name": "destination", "label": _("Destination")})
        active[-1]["value"] = value
    if cause := query.get("cause"):
        value = str(CAUSES.get(cause, cause))
        active.append({"name": "cause", "label": _("Made as"), "value": value})
    if channel := query.get("channel"):
        value = str(CHANNELS.get(channel, channel))
        active.append({"name": "channel", "label": _("Channel"), "value": value})
    for name, label in zip(SPAN, (_("From"), _("Up to")), strict=True):
        if at := moment_of(query, name):
            value = date_format(timezone.localtime(at), "j M Y, H:i")
            active.append({"name": name, "label": label, "value": value})
    if text := asked_text(query):
        active.append({"name": "q", "label": _("Search"), "value": text})
    return active


def kinds_of_jobs(destinations: Iterable[End]) -> dict[str, Any]:
    """What jobs can be told apart by, beside their states, where any are not alike."""
    if not any(place.channel for place in destinations):
        return {}
    return {
        "causes": CAUSES.items(),
        "channels": [(name, CHANNELS[name]) for name in TOLD],
    }
