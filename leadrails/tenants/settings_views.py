"""Settings: API keys, and the workspace itself."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import model_to_dict
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from leadrails.jobs.limits import change_quiet_hours, change_workspace
from leadrails.tenants import services
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.forms import ApiKeyForm, QuietHoursForm, TenantForm
from leadrails.tenants.models import ApiKey, Role
from leadrails.tenants.settings_pages import add_error, render_settings
from leadrails.tenants.sign_in import fresh_required
from leadrails.ui.paging import keyset_page


@require_http_methods(["GET", "HEAD"])
@member_required(Role.ADMIN)
def api_keys(request: TenantRequest) -> HttpResponse:
    keys = ApiKey.objects.for_tenant(request.tenant).select_related("created_by")
    page = keyset_page(
        keys, after=request.GET.get("after"), before=request.GET.get("before")
    )
    context = {"page": page}
    return render_settings(request, "api_keys", "tenants/api_key_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
@fresh_required
def api_key_new(request: TenantRequest) -> HttpResponseBase:
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            key, plaintext = services.issue_api_key(
                request.tenant, actor=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            add_error(form, error)
        else:
            # Shown in this answer and nowhere else, so there is no redirect.
            context = {"key": key, "plaintext": plaintext}
            template = "tenants/api_key_issued.html"
            return render_settings(request, "api_keys", template, context)
    template = "tenants/api_key_new.html"
    return render_settings(request, "api_keys", template, {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def api_key_revoke(request: TenantRequest, key: str) -> HttpResponse:
    keys = ApiKey.objects.for_tenant(request.tenant).select_related("tenant")
    found = get_object_or_404(keys, pk=read_id("api", key))
    if request.method == "POST":
        services.revoke_api_key(found, actor=request.user)
        messages.success(request, _("%(key)s is revoked.") % {"key": found})
        return redirect("settings:api_keys", tenant=request.tenant.slug)
    return render(request, "tenants/api_key_revoke.html", {"key": found})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required()
def workspace(request: TenantRequest) -> HttpResponse:
    tenant = request.tenant
    form = _tenant_form(request, request.POST or None)
    if request.method == "POST":
        if not request.role.covers(Role.ADMIN):
            raise PermissionDenied
        if form.is_valid():
            try:
                change_workspace(tenant, actor=request.user, **form.cleaned_data)
            except ValidationError as error:
                add_error(form, error)
            else:
                messages.success(request, _("The workspace is saved."))
                return redirect("settings:workspace", tenant=tenant.slug)
    return _workspace(request, form=form, quiet=_quiet_form(request, None))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required()
def workspace_quiet(request: TenantRequest) -> HttpResponse:
    """When the people it writes to get no marketing; a part of the same page."""
    if request.method != "POST":
        return redirect("settings:workspace", tenant=request.tenant.slug)
    if not request.role.covers(Role.ADMIN):
        raise PermissionDenied
    quiet = _quiet_form(request, request.POST)
    if quiet.is_valid():
        try:
            change_quiet_hours(request.tenant, actor=request.user, **quiet.cleaned_data)
        except ValidationError as error:
            add_error(quiet, error)
        else:
            messages.success(request, _("The quiet hours are saved."))
            return redirect("settings:workspace", tenant=request.tenant.slug)
    return _workspace(request, form=_tenant_form(request, None), quiet=quiet)


def _tenant_form(request: TenantRequest, data: QueryDict | None) -> TenantForm:
    initial = model_to_dict(request.tenant, ["name", "time_zone", "country"])
    may_edit = request.role.covers(Role.ADMIN)
    return TenantForm(data, initial=initial, may_edit=may_edit)


def _quiet_form(request: TenantRequest, data: QueryDict | None) -> QuietHoursForm:
    names = ["quiet_from", "quiet_to", "quiet_by_law"]
    initial = model_to_dict(request.tenant, names)
    may_edit = request.role.covers(Role.ADMIN)
    return QuietHoursForm(data, initial=initial, may_edit=may_edit)


def _workspace(
    request: TenantRequest, *, form: TenantForm, quiet: QuietHoursForm
) -> HttpResponse:
    context = {
        "form": form,
        "quiet": quiet,
        "may_edit": request.role.covers(Role.ADMIN),
        "lead_months": settings.LEADRAILS_KEEP_MONTHS,
        "callback_months": settings.LEADRAILS_KEEP_CALLBACK_MONTHS,
    }
    shown = render_settings(request, "workspace", "tenants/workspace.html", context)
    if quiet.errors:
        shown.status_code = 422
    return shown
