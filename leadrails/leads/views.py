"""Pages of leads: who came in, and what became of it."""

import json
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from destinations.models import Destination
from leadrails import lists
from leadrails.contacts.services import suppressed
from leadrails.contacts.thread import thread_of
from leadrails.core import ids, phone
from leadrails.core.reasons import REASONS
from leadrails.jobs.families import CAUSES, channel_of, in_families
from leadrails.jobs.models import Job
from leadrails.leads.models import Lead, LeadQuerySet, Source
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui import live
from leadrails.ui.asking import asked_text
from leadrails.ui.paging import KeysetPage, keyset_page, searched_page

LOOK_THROUGH = 10_000  # leads that one page is searched for a name or an address


SHOWN_OF_JOBS = (
    "lead",
    "destination",
    "state",
    "reason",
    "changed_at",
    "created_at",
    "parent_id",
    "cause",
    "channel",
    "encoding",
    "attempts",
)


@require_safe
@member_required()
def lead_list(request: TenantRequest) -> HttpResponse:
    page = found_leads(request)
    jobs = _jobs_of(request, page.rows)
    shown = [live.seen(page), live.seen(chain.from_iterable(jobs.values()))]
    return live.answer(
        request,
        "leads/lead_list.html",
        "leads/_lead_rows.html",
        lambda: _listed(request, page, jobs),
        shown=[*shown, page.ended_at],
        is_live=live.is_first_page(request),
    )


def _listed(
    request: TenantRequest, page: KeysetPage[Lead], jobs: dict[UUID, list[Job]]
) -> dict[str, Any]:
    sources = list(Source.objects.for_tenant(request.tenant).order_by("name"))
    names = {source.id: source.name for source in sources}
    return {
        "page": page,
        "rows": [
            {
                "lead": lead,
                "jobs": jobs.get(lead.id, []),
                "source": names.get(lead.source_id, ""),
                "problem": phone.PROBLEMS.get(lead.phone_problem, ""),
            }
            for lead in page
        ],
        "sources": sources,
        "active": _active(request, sources),
        "chosen": request.GET,
        "looked_through": LOOK_THROUGH if page.ended_at else 0,
        "looked_until": ids.time_of(page.ended_at) if page.ended_at else None,
    }


@require_safe
@member_required()
def lead_detail(request: TenantRequest, lead: str) -> HttpResponse:
    found = get_object_or_404(
        Lead.objects.for_tenant(request.tenant).select_related("source", "workflow"),
        pk=read_id(Lead.prefix, lead),
    )
    jobs = _jobs_of(request, [found]).get(found.id, [])
    places = Destination.objects.for_tenant(request.tenant).in_bulk(
        [job.destination_id for job in jobs]
    )
    context = {
        "lead": found,
        "problem": phone.PROBLEMS.get(found.phone_problem, ""),
        "payload": json.dumps(found.event, indent=2, ensure_ascii=False),
        "fields": _fields(found.event),
        "consent": _consent(found),
        "may_export": request.role.covers(Role.OPERATOR),
        "may_erase": request.role.covers(Role.ADMIN) and not found.is_erased,
        "jobs": [
            (
                job,
                places.get(job.destination_id),
                REASONS.get(job.reason, ""),
                CAUSES.get(job.cause, ""),
                channel_of(job),
            )
            for job in in_families(jobs)
        ],
        "thread": thread_of(request.tenant, found.phone),
        "suppression": suppressed(request.tenant.pk, [found.phone]).get(found.phone),
    }
    return render(request, "leads/lead_detail.html", context)


def found_leads(request: TenantRequest) -> KeysetPage[Lead]:
    """An id or a phone number has an index; names and addresses are looked through."""
    leads = _filtered(request, Lead.objects.list_for_tenant(request.tenant).listed())
    how: dict[str, Any] = {
        "after": request.GET.get("after"),
        "before": request.GET.get("before"),
        "by": lists.ORDER,
        "read": lists.select,
    }
    text = asked_text(request.GET)
    if not text:
        return keyset_page(leads, **how)
    if known := _known(text, request.tenant.country):
        return keyset_page(leads.filter(known), **how)
    wanted = Q(email__icontains=text)
    if "@" not in text:
        wanted = Q(name__icontains=text) | Q(phone_raw__icontains=text)
    return searched_page(leads, wanted, most=LOOK_THROUGH, **how)


def _filtered(request: TenantRequest, leads: LeadQuerySet) -> LeadQuerySet:
    if source := request.GET.get("source"):
        leads = leads.filter(source_id=read_id(Source.prefix, source))
    if request.GET.get("unrouted"):
        leads = leads.filter(job_count=lists.Fixed(0))
    if tag := request.GET.get("tag", "").replace("\x00", ""):
        leads = leads.tagged(tag)
    return leads


def _known(text: str, country: str) -> Q | None:
    """What an index finds: a lead's id or a phone number."""
    try:
        return Q(pk=ids.decode(Lead.prefix, text))
    except ValueError:
        pass
    number = None if "@" in text else phone.normalise(text, country).e164
    return Q(phone=number) if number else None


def _jobs_of(request: TenantRequest, leads: list[Lead]) -> dict[UUID, list[Job]]:
    """The jobs of each lead, oldest first; a job's id has the time of its lead."""
    if not leads:
        return {}
    oldest = ids.uuid7_floor(ids.time_of(min(lead.id for lead in leads)))
    jobs: dict[UUID, list[Job]] = {}
    for job in (
        Job.objects.for_tenant(request.tenant)
        .filter(lead__in=[lead.id for lead in leads], id__gte=oldest)
        .only(*SHOWN_OF_JOBS)
        .order_by("created_at", "id")
    ):
        jobs.setdefault(job.lead_id, []).append(job)
    return jobs


def _active(request: TenantRequest, sources: list[Source]) -> list[dict[str, Any]]:
    """The filters in force, for the chips."""
    names = {source.public_id: source.name for source in sources}
    active = []
    if source := request.GET.get("source"):
        value = names.get(source, source)
        active.append({"name": "source", "label": _("Source"), "value": value})
    if request.GET.get("unrouted"):
        value = _("no route took it")
        active.append({"name": "unrouted", "label": _("Routing"), "value": value})
    if tag := request.GET.get("tag"):
        active.append({"name": "tag", "label": _("Tag"), "value": tag})
    if query := asked_text(request.GET):
        active.append({"name": "q", "label": _("Search"), "value": query})
    return active


def _fields(event: Any) -> list[tuple[str, str]]:
    """What the person wrote, one line a field; the payload below has all of it."""
    about = event.get("lead") if isinstance(event, dict) else None
    if not isinstance(about, dict):
        return []
    return [
        (str(name).replace("_", " ").capitalize(), _text(value))
        for name, value in about.items()
        if value not in (None, "", [], {})
    ]


CONSENT_WORDS = {
    "sms_consent": _lazy("Agreed to texts"),
    "email_consent": _lazy("Agreed to e-mail"),
    "privacy_policy_url": _lazy("Privacy policy shown"),
}


def _consent(lead: Lead) -> list[tuple[Any, str]]:
    """What shows that the person agreed: their word, and where and when it was."""
    event: Any = lead.event
    given = event.get("consent")
    if not isinstance(given, dict):
        return []
    said = [(word, _yes(given.get(name))) for name, word in CONSENT_WORDS.items()]
    about = event.get("source")
    where = about if isinstance(about, dict) else {}
    shown = [
        *said,
        (_("Page"), where.get("site_url")),
        (_("Form"), where.get("form_name") or where.get("form_id")),
        (_("Said at"), event.get("submitted_at")),
        (_("From address"), lead.remote_ip),
        (_("Browser or program"), lead.user_agent),
    ]
    return [(word, _text(value)) for word, value in shown if value not in (None, "")]


def _yes(value: Any) -> Any:
    """Forms say it in many ways; what cannot be read is shown as it came."""
    match value:
        case True | "true" | "on" | "yes" | "1":
            return _("Yes")
        case False | "false" | "off" | "no" | "0":
            return _("No")
        case _:
            return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
