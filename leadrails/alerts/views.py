"""Alerts: one card per problem."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from destinations.models import Destination
from leadrails.alerts import actions
from leadrails.alerts.channel_pages import failing
from leadrails.alerts.forms import CommentForm
from leadrails.alerts.history import history_of, told_of
from leadrails.alerts.models import Alert, AlertQuerySet
from leadrails.alerts.telling import Places
from leadrails.core import ids
from leadrails.core.reasons import Reason
from leadrails.jobs.follow_ups import FOLLOW_UP
from leadrails.jobs.lineage import RESTORED_BACKUP
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.ui import live
from leadrails.ui.paging import keyset_page

CARDS = 20  # on a page; each is as long as several rows
# What an alert's scope may name beside destinations and sources: its page and a button.
_OF_REPLIES = {
    "rule": ("rules:detail", gettext_lazy("Open rule")),
    "channel": ("channels:detail", gettext_lazy("Open webhook")),
}
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
        _with_people(request, alerts),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=CARDS,
    )
    return live.answer(
        request,
        "alerts/alert_list.html",
        "alerts/_alert_cards.html",
        lambda: {
            "page": page,
            "cards": _cards(request, page.rows),
            "is_resolved": is_resolved,
            "failing": [] if live.is_poll(request) else failing(request.tenant),
        },
        shown=live.seen(page),
        is_live=live.is_first_page(request) and not is_resolved,
    )


def _with_people(request: TenantRequest, alerts: AlertQuerySet) -> AlertQuerySet:
    """With who acted, and whether the example still exists: retention drops jobs."""
    example = Job.objects.for_tenant(request.tenant).filter(pk=OuterRef("job_id"))
    people = alerts.select_related("acknowledged_by", "resolved_by")
    return people.annotate(has_example=Exists(example))


@require_http_methods(["GET", "HEAD"])
@member_required()
def alert_detail(request: TenantRequest, alert: str) -> HttpResponse:
    return _detail_page(request, _access(request, alert))


def _detail_page(
    request: TenantRequest, alert: Alert, form: CommentForm | None = None
) -> HttpResponse:
    (card,) = _cards(request, [alert])
    context = {
        "alert": alert,
        "card": {**card, "url": ""},
        "steps": history_of(alert),
        "told": told_of(alert),
        "form": form or CommentForm(),
        "may_write": request.role.covers(Role.OPERATOR),
    }
    status = 422 if form is not None else 200
    return render(request, "alerts/alert_detail.html", context, status=status)


def _access(request: TenantRequest, public_id: str) -> Alert:
    mine = _with_people(request, Alert.objects.for_tenant(request.tenant))
    return get_object_or_404(mine, pk=read_id(Alert.prefix, public_id))


def _cards(request: TenantRequest, alerts: list[Alert]) -> list[dict[str, Any]]:
    for alert in alerts:
        if not alert.has_example:  # type: ignore[attr-defined]
            alert.job_id = None
    places = Places(request.tenant, alerts)
    return [_card(request, alert, places) for alert in alerts]


def _card(request: TenantRequest, alert: Alert, places: Places) -> dict[str, Any]:
    told = places.tell(alert)
    place_url, label = _place(request, alert, places)
    return {
        "title": told.title,
        "url": link(request.tenant, "alerts:detail", alert=alert.public_id),
        "tone": "ok" if alert.resolved_at else told.tone,
        "status": _status(alert),
        "severity": told.severity.label,
        "sentence": told.sentence,
        "next_step": "" if alert.resolved_at else told.next_step,
        "closes": "" if alert.resolved_at else told.closes,
        "since": alert.opened_at,
        "count": alert.failures if told.counts else 0,
        "is_held": told.is_waiting,
        "times_opened": alert.times_opened,
        "where": told.where,
        "where_url": place_url,
        "docs_url": told.docs_url,
        "docs_label": "",
        "acts": _acts(request, alert, place_url, label),
    }


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


def _place(request: TenantRequest, alert: Alert, places: Places) -> tuple[str, str]:
    """The page of what is unwell and the words of a button to it; empty if none."""
    tenant, destination = request.tenant, places.destination(alert)
    if destination:
        if destination.status == Destination.Status.REVOKED:
            return "", ""
        place = destination.public_id
        url = link(tenant, "destinations:detail", destination=place)
        return url, _("Open destination")
    if source := places.source(alert):
        url = link(tenant, "sources:detail", source=source.public_id)
        return url, _("Open source")
    # These may be deleted, which ends their alerts.
    what, _colon, public_id = alert.scope.partition(":")
    if what in _OF_REPLIES and alert.resolved_at is None:
        view, label = _OF_REPLIES[what]
        return link(tenant, view, **{what: public_id}), str(label)
    return "", ""


def _acts(
    request: TenantRequest, alert: Alert, place_url: str, label: str
) -> list[dict[str, Any]]:
    acts: list[dict[str, Any]] = []
    if place_url:
        acts.append({"label": label, "url": place_url})
        if alert.kind == FOLLOW_UP and alert.destination_id:
            place = ids.encode(Destination.prefix, alert.destination_id)
            url = link(request.tenant, "follow_ups:list", destination=place)
            acts.insert(0, {"label": _("Open follow-ups"), "url": url})
        acts[0]["style"] = "" if alert.resolved_at else "primary"
    states = _STATES.get(alert.kind)
    if place_url and alert.destination_id and states:
        query = QueryDict(mutable=True)
        query.setlist("state", states)
        query["destination"] = ids.encode("dst", alert.destination_id)
        url = f"{link(request.tenant, 'jobs:list')}?{query.urlencode()}"
        acts.append({"label": _("Jobs it concerns"), "url": url})
        is_over = {"dead", "undelivered"} & set(states)
        if is_over and request.role.covers(Role.OPERATOR):
            query.setlist("state", sorted(is_over))
            url = f"{link(request.tenant, 'jobs:replay_many')}?{query.urlencode()}"
            acts.append({"label": _("Replay what it affected…"), "url": url})
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


@require_POST
@member_required(Role.OPERATOR)
def alert_comment(request: TenantRequest, alert: str) -> HttpResponse:
    found = _access(request, alert)
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            actions.comment(
                found,
                form.cleaned_data["text"],
                actor=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error("text", error)
        else:
            messages.success(request, _("Your comment stands in the history."))
            return _back(request, found)
    return _detail_page(request, found, form)


def _act(
    request: TenantRequest, alert: str, act: Callable[..., bool], done: str
) -> HttpResponse:
    found = _access(request, alert)
    now: datetime = timezone.now()
    if act(found, actor=request.user, now=now):
        messages.success(request, done)
    else:
        messages.info(request, _("Somebody, or the cure itself, was faster."))
    if request.POST.get("next") == "detail":
        return _back(request, found)
    return redirect("alerts:list", tenant=request.tenant.slug)


def _back(request: TenantRequest, alert: Alert) -> HttpResponse:
    slug = request.tenant.slug
    return redirect("alerts:detail", tenant=slug, alert=alert.public_id)
