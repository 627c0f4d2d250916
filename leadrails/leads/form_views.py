"""A source's form: the HTML to paste, its fields, and how its last lead reads."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from leadrails.core.rendering import AVAILABLE_FIELDS, lead_fields
from leadrails.leads import sources
from leadrails.leads.html_forms import MOST_FIELDS, PATHS, sample_form
from leadrails.leads.models import Lead, Source
from leadrails.leads.source_views import find_source, render_source
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role


class FieldMapForm(forms.Form):
    lines = forms.CharField(
        label=_("Field map"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(
            attrs={"rows": 6, "class": "mono", "spellcheck": "false"}
        ),
        help_text=_(
            "One per line, the form's own name first, such as your-tel = phone. What"
            " is not listed keeps its name; names unknown to us become custom fields."
        ),
    )

    def clean_lines(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in filter(
            None, map(str.strip, self.cleaned_data["lines"].split("\n"))
        ):
            theirs, equals, ours = (part.strip() for part in line.partition("="))
            if not (theirs and equals and ours) or len(line) > 400:
                raise ValidationError(
                    _now("“%(line)s” is not name = field.") % {"line": line[:60]}
                )
            found[theirs] = ours
        if len(found) > MOST_FIELDS:
            raise ValidationError(
                _now("At most %(most)s lines are possible.") % {"most": MOST_FIELDS}
            )
        return found


@require_http_methods(["GET", "HEAD", "POST"])
@member_required()
def source_form(request: TenantRequest, source: str) -> HttpResponse:
    """The page; posting to it saves the field map."""
    found = find_source(request, source)
    form = FieldMapForm(
        request.POST or None,
        initial={"lines": "\n".join(f"{k} = {v}" for k, v in found.field_map.items())},
    )
    if request.method == "POST":
        if not request.role.covers(Role.ADMIN):
            raise PermissionDenied
        if form.is_valid():
            field_map = form.cleaned_data["lines"]
            sources.map_fields(found, field_map, actor=request.user)
            messages.success(request, _now("The field map is saved."))
            return _to_form(request, found)
    newest = Lead.objects.for_tenant(request.tenant).filter(source=found)
    lead = newest.order_by("-id").first()
    context = {
        "form": form,
        "html": sample_form(_address(request, found)) if found.form_token else "",
        "lead": lead,
        "sample": _sample(lead) if lead else [],
        "names": sorted(PATHS),
    }
    status = 422 if form.errors else 200
    return render_source(request, found, "form", context, status=status)


@require_POST
@member_required(Role.ADMIN)
def form_open(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    sources.open_form(found, actor=request.user)
    messages.success(request, _now("The form has an address. Paste it into your page."))
    return _to_form(request, found)


@require_POST
@member_required(Role.ADMIN)
def form_close(request: TenantRequest, source: str) -> HttpResponse:
    found = find_source(request, source)
    sources.close_form(found, actor=request.user)
    messages.success(
        request, _now("Closed: posts of the form are refused from now on.")
    )
    return _to_form(request, found)


def _to_form(request: TenantRequest, source: Source) -> HttpResponse:
    return redirect("sources:form", tenant=request.tenant.slug, source=source.public_id)


def _address(request: TenantRequest, source: Source) -> str:
    target = {"source": source.public_id, "token": source.form_token}
    path = reverse("api:html_form", kwargs=target)
    if settings.LEADRAILS_PUBLIC_URL:
        return f"{settings.LEADRAILS_PUBLIC_URL.rstrip('/')}{path}"
    return request.build_absolute_uri(path)


def _sample(lead: Lead) -> list[dict[str, Any]]:
    """Each field that the lead has, by the name that templates call it."""
    fields = lead_fields(lead.event, phone_e164=lead.phone)
    known = [
        {"name": field.name, "help": field.help, "value": fields.get(field.name)}
        for field in AVAILABLE_FIELDS
    ]
    custom = [
        {"name": f"custom_fields.{key}", "help": _("Custom field"), "value": value}
        for key, value in fields["custom_fields"].items()
    ]
    return [row for row in [*known, *custom] if row["value"] not in (None, "")]
