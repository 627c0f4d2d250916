"""What the pages of Settings share: their tabs, and how a refusal is shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from leadrails.tenants.doors import TenantRequest
from leadrails.tenants.models import Role

_VIEWS = {"channels": "channels:list"}  # pages of other apps


def render_settings(
    request: TenantRequest, tab: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    """Render a page of Settings; status 422 if its form was refused."""
    slug = {"tenant": request.tenant.slug}
    tabs = [
        ("members", _("Members"), Role.VIEWER),
        ("api_keys", _("API keys"), Role.ADMIN),
        ("channels", _("Alert channels"), Role.VIEWER),
        ("audit", _("Audit log"), Role.VIEWER),
        ("workspace", _("Workspace"), Role.VIEWER),
    ]
    context["tabs"] = [
        {
            "url": reverse(_VIEWS.get(name, f"settings:{name}"), kwargs=slug),
            "label": label,
            "is_current": name == tab,
        }
        for name, label, needed in tabs
        if request.role.covers(needed)
    ]
    form = context.get("form")
    status = 422 if form is not None and form.errors else 200
    return render(request, template, context, status=status)


def add_error(
    form: forms.BaseForm, error: ValidationError, *, field: str | None = None
) -> None:
    """
    Show what a service refused beside its fields.

    Problems of fields that the form does not have, or of none, go to `field`.
    """
    if not hasattr(error, "error_dict"):
        form.add_error(field, error)
        return
    for name, problems in error.error_dict.items():
        known = name if name in form.fields else field
        form.add_error(known, problems)
