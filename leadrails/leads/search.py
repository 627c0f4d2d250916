"""One box for everything: whom or what a text names, and where that is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from destinations.models import Destination
from leadrails import lists
from leadrails.alerts.models import Alert, Channel
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids, phone
from leadrails.jobs.filters import ERROR_CODE, narrowed
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead, Source
from leadrails.leads.views import found_leads
from leadrails.routing.models import Route
from leadrails.rules.models import Rule
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.ui.asking import asked_text

SHOWN = 5  # of each kind; the lists have the rest
PAGES: tuple[tuple[Any, str, str], ...] = (
    (Lead, "leads:detail", "lead"),
    (Job, "jobs:detail", "job"),
    (InboundMessage, "conversations:detail", "message"),
    (Alert, "alerts:detail", "alert"),
    (Source, "sources:detail", "source"),
    (Destination, "destinations:detail", "destination"),
    (Route, "routes:dry_run", "route"),
    (Rule, "rules:detail", "rule"),
    (Channel, "channels:detail", "channel"),
)
DELETABLE = (Destination, Route, Rule, Channel)  # and then without a page


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a text was read: `words` say it, the rest where to look."""

    words: str = ""
    in_leads: bool = False
    in_jobs: bool = False


@require_safe
@member_required()
def search(request: TenantRequest) -> HttpResponse:
    text = asked_text(request.GET)
    if page := _page_of(request, text):
        return redirect(page)
    meaning = _meaning(text, request.tenant.country)
    context = {
        "text": text,
        "meaning": meaning,
        "leads": found_leads(request).rows if meaning.in_leads else [],
        "jobs": _jobs(request) if meaning.in_jobs else [],
        "shown": SHOWN,
    }
    return render(request, "leads/search.html", context)


def _page_of(request: TenantRequest, text: str) -> str:
    """The address of what an id names, if it is this workspace's."""
    for model, view, kwarg in PAGES:
        try:
            pk = ids.decode(model.prefix, text)
        except ValueError:
            continue
        rows = model.objects.for_tenant(request.tenant)
        if model in DELETABLE:
            rows = rows.listed()
        if model is Channel:  # people's own are theirs alone
            rows = rows.of_workspace()
        if rows.filter(pk=pk).exists():
            return link(request.tenant, view, **{kwarg: text})
    return ""


def _meaning(text: str, country: str) -> Meaning:
    if not text:
        return Meaning()
    if any(text.startswith(f"{model.prefix}_") for model, _view, _kwarg in PAGES):
        return Meaning(_("an id. Nothing in this workspace has it."))
    if ERROR_CODE.fullmatch(text):
        said = _("the error code %(text)s, and names with it") % {"text": text}
        return Meaning(said, in_leads=True, in_jobs=True)
    if "@" in text:
        said = _("e-mail addresses with “%(text)s”") % {"text": text}
        return Meaning(said, in_leads=True)
    if number := phone.normalise(text, country).e164:
        said = _("the phone number %(number)s") % {"number": number}
        return Meaning(said, in_leads=True, in_jobs=True)
    said = _("names with “%(text)s”, and a provider's id") % {"text": text}
    return Meaning(said, in_leads=True, in_jobs=True)


def _jobs(request: TenantRequest) -> list[Job]:
    """The newest ones, with one more than is shown if there are more."""
    mine = Job.objects.list_for_tenant(request.tenant).listed()
    found = narrowed(mine, request.GET, request.tenant.country)
    return lists.select(found.order_by("-tenant_id", "-id")[: SHOWN + 1])
