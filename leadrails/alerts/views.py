"""Alerts: one card per problem."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from destinations.models import Destination
from destinations.providers import errors
from destinations.providers.registry import PROVIDERS
from leadrails.alerts import actions
from leadrails.alerts.models import Alert
from leadrails.alerts.words import WORDS, words_for, words_of_cause
from leadrails.core import ids, phone
from leadrails.core.delivery import COUNTRY_FAILED
from leadrails.core.reasons import Reason
from leadrails.jobs.lineage import RESTORED_BACKUP
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.leads.models import Source
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui.paging import keyset_page

# The list of these jobs can replay or cancel them all at once.
_STATES = {
    "dead_letters": ["dead"],
    "failure_rate": ["dead", "undelivered"],
    "outcome_unknown": ["unknown"],
    "destination_config_failed": ["held", "undelivered"],
    "country_not_enabled": ["held"],
    "ceiling_reached": ["held"],
    "recipient_ceiling": ["held"],
}


@require_safe
@member_required()
def alert_list(request: TenantRequest) -> HttpResponse:
    is_resolved = request.GET.get("tab") == "resolved"
    alerts = Alert.objects.for_tenant(request.tenant).filter(
        resolved_at__isnull=not is_resolved
    )
    page = keyset_page(
        alerts.select_related("acknowledged_by", "resolved_by"),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    places = Destination.objects.for_tenant(request.tenant).in_bulk(
        [a.destination_id for a in page if a.destination_id]
    )
    sources = Source.objects.for_tenant(request.tenant).in_bulk(
        [a.source_id for a in page if a.source_id]
    )
    # Retention drops jobs; the alert outlasts its example.
    examples = set(
        Job.objects.for_tenant(request.tenant)
        .filter(pk__in=[a.job_id for a in page if a.job_id])
        .values_list("pk", flat=True)
    )
    for alert in page:
        if alert.job_id not in examples:
            alert.job_id = None
    cards = [
        _card(
            request,
            alert,
            places.get(alert.destination_id) if alert.destination_id else None,
            sources.get(alert.source_id) if alert.source_id else None,
        )
        for alert in page
    ]
    context = {"page": page, "cards": cards, "is_resolved": is_resolved}
    return render(request, "alerts/alert_list.html", context)


def _card(
    request: TenantRequest,
    alert: Alert,
    destination: Destination | None,
    source: Source | None,
) -> dict[str, Any]:
    words = words_for(alert.kind, alert.cause)
    where = str(destination or source or _place(alert))
    sentence, next_step, docs_url = _cause(alert, destination)
    about = "" if alert.kind in WORDS else alert.kind.replace("_", " ").capitalize()
    is_waiting = words.counts == "waits"
    said = (sentence, words.sentence) if is_waiting else (words.sentence, sentence)
    parts = (about and f"{about}.", words.measured(alert.details), *map(str, said))
    place_url = _place_url(request, destination, source)
    return {
        "title": str(words.title) % {"where": where, "country": _country(alert)},
        "tone": "ok" if alert.resolved_at else words.tone,
        "status": _status(alert),
        "sentence": " ".join(part for part in parts if part),
        "next_step": "" if alert.resolved_at else next_step or words.next_step,
        "closes": "" if alert.resolved_at else words.closes,
        "since": alert.opened_at,
        "count": alert.failures if words.counts else 0,
        "is_held": is_waiting,
        "times_opened": alert.times_opened,
        "where": where,
        "where_url": place_url,
        "docs_url": docs_url,
        "docs_label": "",
        "acts": _acts(request, alert, place_url),
    }


def _cause(alert: Alert, destination: Destination | None) -> tuple[str, str, str]:
    """The cause as a sentence, what helps, and the provider's page on it."""
    if said := words_of_cause(alert.cause):
        if words_for(alert.kind, alert.cause).is_told:
            return "", "", ""
        return str(said[0]), str(said[1]), ""
    if not alert.cause:
        return "", "", ""
    if destination is None:
        return _("Cause: %(cause)s.") % {"cause": alert.cause}, "", ""
    where: errors.Where = "callback" if alert.kind == "failure_rate" else "sync"
    info = errors.lookup(destination.kind, alert.cause, where=where)
    return f"{info.sentence} ({alert.cause})", "", info.docs_url or ""


def _country(alert: Alert) -> str:
    """The country in a scope such as `destination:dst_…:GB`."""
    place = alert.scope.split(":")[2:]
    is_country = bool(place) and alert.kind == COUNTRY_FAILED
    return phone.country_name(place[0]) if is_country else _("a country")


def _place(alert: Alert) -> str:
    """What is unwell when it is neither a destination nor a source."""
    what, *rest = alert.scope.split(":")
    if what == "provider" and rest[0] in PROVIDERS:
        name = PROVIDERS[rest[0]].label
        return _("The simulator") if rest[1:] else name
    if what == "table":
        return rest[0]
    return _("this workspace")


def _status(alert: Alert) -> str:
    if alert.resolved_at:
        if alert.resolved_by is None:
            return _("Cured by itself")
        return _("Resolved by %(name)s") % {"name": alert.resolved_by}
    if alert.snoozed_until and alert.snoozed_until > timezone.now():
        until = date_format(localtime(alert.snoozed_until), "j M, H:i")
        return _("Snoozed until %(until)s") % {"until": until}
    if alert.acknowledged_at:
        name = alert.acknowledged_by or _("somebody")
        return _("Acknowledged by %(name)s") % {"name": name}
    return _("Open")


def _place_url(
    request: TenantRequest, destination: Destination | None, source: Source | None
) -> str:
    if destination:
        place = destination.public_id
        return link(request.tenant, "destinations:detail", destination=place)
    if source:
        return link(request.tenant, "sources:detail", source=source.public_id)
    return ""


def _acts(request: TenantRequest, alert: Alert, place_url: str) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = []
    if place_url:
        label = _("Open destination") if alert.destination_id else _("Open source")
        acts.append({"label": label, "url": place_url})
        acts[0]["style"] = "" if alert.resolved_at else "primary"
    states = _STATES.get(alert.kind)
    if place_url and alert.destination_id and states:
        query = QueryDict(mutable=True)
        query.setlist("state", states)
        query["destination"] = ids.encode("dst", alert.destination_id)
        url = f"{link(request.tenant, 'jobs:list')}?{query.urlencode()}"
        acts.append({"label": _("Jobs it concerns"), "url": url})
    if alert.job_id:
        url = link(request.tenant, "jobs:detail", job=ids.encode("job", alert.job_id))
        acts.append({"label": _("Example job"), "url": url})
    if alert.kind == "messages_to_judge" and not alert.resolved_at:
        url = f"{link(request.tenant, 'conversations:list')}?review"
        acts.insert(0, {"label": _("Read them"), "url": url, "style": "primary"})
    if alert.kind == RESTORED_BACKUP and not alert.resolved_at:
        waiting = f"?state=held&reason={Reason.RESTORED_BACKUP}"
        url = link(request.tenant, "jobs:list") + waiting
        label = _("Release or cancel")
        acts.insert(0, {"label": label, "url": url, "style": "primary"})
    if alert.resolved_at or not request.role.covers(Role.OPERATOR):
        return acts
    target = {"tenant": request.tenant.slug, "alert": alert.public_id}
    if alert.acknowledged_at is None:
        url = reverse("alerts:acknowledge", kwargs=target)
        acts.append({"label": _("Acknowledge"), "url": url, "is_post": True})
    if not alert.snoozed_until or alert.snoozed_until <= timezone.now():
        url = reverse("alerts:snooze", kwargs=target)
        acts.append({"label": _("Snooze for a day"), "url": url, "is_post": True})
    url = reverse("alerts:resolve", kwargs=target)
    acts.append({"label": _("Resolve"), "url": url, "is_post": True})
    return acts


@require_POST
@member_required(Role.OPERATOR)
def alert_acknowledge(request: TenantRequest, alert: str) -> HttpResponse:
    return _act(
        request,
        alert,
        actions.acknowledge,
        _("Acknowledged: the others see that somebody is on it."),
    )


@require_POST
@member_required(Role.OPERATOR)
def alert_snooze(request: TenantRequest, alert: str) -> HttpResponse:
    return _act(
        request,
        alert,
        actions.snooze,
        _("Snoozed for a day: it stays here, and is not counted till then."),
    )


@require_POST
@member_required(Role.OPERATOR)
def alert_resolve(request: TenantRequest, alert: str) -> HttpResponse:
    return _act(
        request,
        alert,
        actions.resolve,
        _("Resolved. It opens again if the problem comes back."),
    )


def _act(
    request: TenantRequest, alert: str, act: Callable[..., bool], done: str
) -> HttpResponse:
    found = get_object_or_404(
        Alert.objects.for_tenant(request.tenant), pk=read_id(Alert.prefix, alert)
    )
    now: datetime = timezone.now()
    if act(found, actor=request.user, now=now):
        messages.success(request, done)
    else:
        messages.info(request, _("Somebody, or the cure itself, was faster."))
    return redirect("alerts:list", tenant=request.tenant.slug)
