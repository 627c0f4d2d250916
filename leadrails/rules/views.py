"""Pages of rules on replies: a list, a form with a dry run, and what each one did."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from leadrails.contacts.views import tabs_of
from leadrails.rules import pages, services
from leadrails.rules.forms import OFFERED, RuleForm
from leadrails.rules.models import Rule, Run
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error
from leadrails.ui.paging import keyset_page

RUNS_SHOWN = 25
PREFILLED = ("postback", "is_prefix", "words")


@require_safe
@member_required()
def rule_list(request: TenantRequest) -> HttpResponse:
    rules = _rules(request).order_by("id")
    rows = [(rule, pages.waits_for(rule), pages.deeds_of(rule)) for rule in rules]
    context = {
        "rows": rows,
        "may_edit": request.role.covers(Role.OPERATOR),
        **tabs_of(request),
    }
    return render(request, "rules/rule_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OPERATOR)
def rule_new(request: TenantRequest) -> HttpResponse:
    given = {name: request.GET[name] for name in PREFILLED if name in request.GET}
    form = RuleForm(request.POST or None, tenant=request.tenant, initial=given)
    if request.method == "POST" and form.is_valid():
        if "dry_run" in request.POST:
            return _editor(request, form, rehearsed=_rehearse(request, form))
        try:
            rule = services.create_rule(
                request.tenant,
                once=form.cleaned_data["once"],
                actor=request.user,
                **form.settings(),
            )
        except ValidationError as error:
            if getattr(error, "code", "") == "made":
                return redirect("rules:list", tenant=request.tenant.slug)
            add_error(form, error)
        else:
            messages.success(request, _("The rule hears what comes from now on."))
            return _to(request, rule)
    return _editor(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.OPERATOR)
def rule_edit(request: TenantRequest, rule: str) -> HttpResponse:
    row = _access(request, rule)
    form = RuleForm(request.POST or None, tenant=request.tenant, rule=row)
    if request.method == "POST" and form.is_valid():
        if "dry_run" in request.POST:
            return _editor(request, form, row, _rehearse(request, form))
        try:
            services.update_rule(row, actor=request.user, **form.settings())
        except ValidationError as error:
            add_error(form, error)
        else:
            messages.success(request, _("The rule is saved."))
            return _to(request, row)
    return _editor(request, form, row)


@require_safe
@member_required()
def rule_detail(request: TenantRequest, rule: str) -> HttpResponse:
    row = _access(request, rule)
    runs = Run.objects.for_tenant(request.tenant).filter(rule=row)
    page = keyset_page(
        pages.with_all(runs).select_related("message"),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
        size=RUNS_SHOWN,
    )
    context = {
        "rule": row,
        "waits_for": pages.waits_for(row),
        "deeds": pages.deeds_of(row),
        "page": page,
        "runs": list(pages.told(request.tenant, page)),
        "may_edit": request.role.covers(Role.OPERATOR),
    }
    return render(request, "rules/rule_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def rule_pause(request: TenantRequest, rule: str) -> HttpResponse:
    row = _access(request, rule)
    if request.method == "POST":
        if row.is_active:
            services.pause(row, actor=request.user)
            messages.success(request, _("Paused: the rule hears nothing from now on."))
        else:
            services.resume(row, actor=request.user)
            messages.success(request, _("The rule hears what comes from now on."))
        return _to(request, row)
    return render(request, "rules/rule_pause.html", {"rule": row})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.OPERATOR)
def rule_delete(request: TenantRequest, rule: str) -> HttpResponse:
    row = _access(request, rule)
    if request.method == "POST":
        services.delete(row, actor=request.user)
        messages.success(request, _("%(name)s is deleted.") % {"name": row})
        return redirect("rules:list", tenant=request.tenant.slug)
    return render(request, "rules/rule_delete.html", {"rule": row})


def _rules(request: TenantRequest) -> Any:
    rows = Rule.objects.for_tenant(request.tenant).listed()
    return rows.select_related("tenant", "destination", "send_by", "channel")


def _access(request: TenantRequest, rule: str) -> Rule:
    found: Rule = get_object_or_404(_rules(request), pk=read_id(Rule.prefix, rule))
    return found


def _to(request: TenantRequest, rule: Rule) -> HttpResponse:
    slug = request.tenant.slug
    return redirect("rules:detail", tenant=slug, rule=rule.public_id)


def _rehearse(request: TenantRequest, form: RuleForm) -> pages.Rehearsed | None:
    draft = Rule(tenant=request.tenant, **form.settings())
    try:
        services.check(draft)
    except ValidationError as error:
        add_error(form, error)
        return None
    return pages.rehearse(draft)


def _editor(
    request: TenantRequest,
    form: RuleForm,
    rule: Rule | None = None,
    rehearsed: pages.Rehearsed | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "rule": rule,
        "rehearsed": rehearsed,
        "offers": pages.offers(request.tenant),
        "offered_id": OFFERED,
        "may_add_channel": request.role.covers(Role.ADMIN),
    }
    status = 422 if form.errors else 200
    return render(request, "rules/rule_form.html", context, status=status)
