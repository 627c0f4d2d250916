"""What the list of jobs can be narrowed down to."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from destinations.models import Destination
from destinations.providers.fields import CHANNEL
from leadrails.core import ids, phone
from leadrails.core.reasons import REASONS
from leadrails.core.states import SUCCEEDED, State
from leadrails.jobs.families import CAUSES, CHANNELS
from leadrails.jobs.models import Job, JobQuerySet
from leadrails.lists import Fixed
from leadrails.tenants.doors import read_id
from leadrails.ui.states import look_of

TOLD = ("rcs", "whatsapp")  # channels that a job's row names
ERROR_CODE = re.compile(r"[A-Za-z]{0,2}[0-9]{3,6}")


def chosen_states(query: QueryDict) -> list[str]:
    """The states asked for; words that are none are left out."""
    return [state for state in query.getlist("state") if state in set(State)]


def parts_of(query: QueryDict) -> list[Q]:
    """The states that a page is looked up in, one by one: each has its own index."""
    return [Q(state=Fixed(state)) for state in dict.fromkeys(chosen_states(query))]


def _text(query: QueryDict) -> str:
    return query.get("q", "").replace("\x00", "").strip()


def is_one_job(query: QueryDict) -> bool:
    """Whether the search names a job, so that no other will ever be found."""
    try:
        ids.decode(Job.prefix, _text(query))
    except ValueError:
        return False
    return True


def narrowed(jobs: JobQuerySet, query: QueryDict, country: str) -> JobQuerySet:
    """`country` is the one that national phone numbers are read in."""
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
    if text := _text(query):
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


def active_filters(
    query: QueryDict, destinations: Iterable[Destination]
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
    if text := query.get("q", "").strip():
        active.append({"name": "q", "label": _("Search"), "value": text})
    return active


def kinds_of_jobs(destinations: Iterable[Destination]) -> dict[str, Any]:
    """What jobs can be told apart by, beside their states, where any are not alike."""
    if not any(place.config.get(CHANNEL) for place in destinations):
        return {}
    return {
        "causes": CAUSES.items(),
        "channels": [(name, CHANNELS[name]) for name in TOLD],
    }
