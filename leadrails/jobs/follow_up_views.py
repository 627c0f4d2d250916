"""Follow-ups of a destination: what happens when a message is not delivered or read."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from destinations.models import Destination
from destinations.pages import access_destination
from destinations.views import show
from leadrails.jobs import follow_up_rules as rules
from leadrails.jobs.deadline_models import FollowUpRule
from leadrails.jobs.follow_up_forms import FollowUpForm, parts_of
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error

TAB = "follow_ups"


@require_http_methods(["GET", "HEAD"])
@member_required()
def rule_list(request: TenantRequest, destination: str) -> HttpResponse:
    place, now = access_destination(request, destination), timezone.now()
    mine = FollowUpRule.objects.for_tenant(request.tenant).filter(destination=place)
    rows = mine.select_related("destination", "target").order_by("id")
    context = {
        "rows": [(rule, rules.preview_rule(rule, now=now)) for rule in rows],
        "can_tell_read": rules.can_tell_read(place),
        "is_full": len(rows) >= rules.MOST_RULES,
    }
    return show(request, place, TAB, context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def rule_new(request: TenantRequest, destination: str) -> HttpResponse:
    place = access_destination(request, destination)
    rule = FollowUpRule(tenant=request.tenant, destination=place)
    return _edit(request, rule, {})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def rule_edit(request: TenantRequest, destination: str, follow_up: str) -> HttpResponse:
    row = _access(request, destination, follow_up)
    number, unit = parts_of(row.after)
    target = row.target.public_id if row.target else ""
    initial = {"watches": row.watches, "after": number, "unit": unit}
    initial |= {"action": row.action, "body_template": row.body_template}
    return _edit(request, row, {**initial, "target": target})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def rule_pause(
    request: TenantRequest, destination: str, follow_up: str
) -> HttpResponse:
    """Pause a follow-up, or resume one that is paused."""
    row = _access(request, destination, follow_up)
    if request.method != "POST":
        return render(request, "jobs/follow_up_pause.html", {"rule": row})
    try:
        if row.is_active:
            rules.pause_rule(row, actor=request.user, now=timezone.now())
            messages.success(request, _("Paused: it does nothing until resumed."))
        else:
            rules.resume_rule(row, actor=request.user)
            messages.success(request, _("Resumed: it holds for what is sent from now."))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return _back(request, row)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def rule_delete(
    request: TenantRequest, destination: str, follow_up: str
) -> HttpResponse:
    row = _access(request, destination, follow_up)
    if request.method != "POST":
        return render(request, "jobs/follow_up_delete.html", {"rule": row})
    rules.delete_rule(row, actor=request.user, now=timezone.now())
    messages.success(request, _("The follow-up was deleted."))
    return _back(request, row)


def _access(request: TenantRequest, destination: str, follow_up: str) -> FollowUpRule:
    place = access_destination(request, destination)
    mine = FollowUpRule.objects.for_tenant(request.tenant).filter(destination=place)
    found = mine.select_related("destination__tenant", "target")
    return get_object_or_404(found, pk=read_id(FollowUpRule.prefix, follow_up))


def _back(request: TenantRequest, rule: FollowUpRule) -> HttpResponse:
    place = rule.destination.public_id
    return redirect("follow_ups:list", tenant=request.tenant.slug, destination=place)


def _edit(
    request: TenantRequest, rule: FollowUpRule, initial: dict[str, Any]
) -> HttpResponse:
    """The form: look at it, try it on the last messages, save it."""
    place = rule.destination
    others = _others(request, place)
    form = FollowUpForm(
        request.POST or None,
        initial=initial,
        can_tell_read=rules.can_tell_read(place),
        can_send_text=rules.can_send_text(place),
        targets=[(row.public_id, row.name) for row in others.values()],
    )
    context: dict[str, Any] = {"form": form, "rule": rule, "is_new": rule._state.adding}
    context["can_tell_read"] = rules.can_tell_read(place)
    if request.method == "POST" and form.is_valid():
        _fill(rule, form, others)
        try:
            if "preview" in request.POST:
                rules.check_rule(rule)
                context["preview"] = rules.preview_rule(rule, now=timezone.now())
            else:
                rules.save_rule(rule, actor=request.user, now=timezone.now())
                messages.success(request, _("Saved: it holds for what is sent now."))
                return _back(request, rule)
        except ValidationError as error:
            add_error(form, error)
    answer = show(request, place, "follow_up_form", {**context, "tab": TAB})
    answer.status_code = 422 if form.errors else 200
    return answer


def _fill(
    rule: FollowUpRule, form: FollowUpForm, others: dict[str, Destination]
) -> None:
    given = form.cleaned_data
    rule.watches, rule.action, rule.after = given["watches"], given["action"], form.time
    rule.body_template = given.get("body_template", "").strip()
    rule.target = others.get(given.get("target", ""))


def _others(request: TenantRequest, place: Destination) -> dict[str, Destination]:
    rows = Destination.objects.for_tenant(request.tenant).listed()
    alike = rows.filter(is_simulated=place.is_simulated).exclude(pk=place.pk)
    return {row.public_id: row for row in alike.order_by("name")}
