"""The page on which the RCS content of a destination is composed."""

from typing import Any

from csp.decorators import csp_update
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from destinations import pages, preview
from destinations.models import Destination
from destinations.providers.fields import BY_RCS, CHANNEL, CONTENT_TEMPLATE
from destinations.providers.registry import PROVIDERS
from destinations.rich_content import faults
from destinations.rich_draft import Draft, Shape
from destinations.rich_page import editor
from destinations.rich_preview import Shown, show
from leadrails.core.rendering import AVAILABLE_FIELDS
from leadrails.core.rich import Rich, RichError, dump, load
from leadrails.core.rich_limits import GOOGLE, Limits
from leadrails.jobs.limits import change_destination
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role
from leadrails.tenants.settings_pages import add_error

PREVIEW = "preview"  # the act that changes nothing


class TextForm(forms.Form):
    """The text message that stands beside the RCS content."""

    use_required_attribute = False

    body_template = forms.CharField(
        label=gettext_lazy("Text message"),
        max_length=5000,
        strip=False,
        help_text=gettext_lazy("Say how to opt out: US carriers require it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@csp_update({"img-src": ["https:"]})  # the pictures that are being composed
@member_required(Role.ADMIN)
def destination_rich(request: TenantRequest, destination: str) -> HttpResponse:
    row = pages.access_destination(request, destination)
    if (limits := PROVIDERS[row.kind].rich_limits) is None:
        raise Http404
    is_post = request.method == "POST"
    draft = Draft.read(request.POST.dict()) if is_post else Draft.of(content_of(row))
    act = request.POST.get("act", "")
    form = TextForm(
        request.POST if is_post and not act else None,
        initial={"body_template": request.POST.get("body_template", row.body_template)},
    )
    if is_post and not act and _is_saved(request, row, draft, form, limits):
        messages.success(request, _("The RCS message was saved."))
        return redirect(
            "destinations:detail",
            tenant=request.tenant.slug,
            destination=row.public_id,
        )
    is_typing = act == PREVIEW and "HX-Request" in request.headers
    focus = draft.act(act) if act not in ("", PREVIEW) else ""
    return _page(request, row, draft, form, limits, focus=focus, is_part=is_typing)


def content_of(row: Destination) -> Rich | None:
    """A destination's RCS content; None if its plain text goes by RCS, too."""
    try:
        return load(row.rich) if row.rich else None
    except RichError:  # written by a newer release
        return None


def shown_of(
    request: TenantRequest, row: Destination, text: preview.Preview, lead_id: str
) -> Shown | None:
    """What its RCS content looks like; None if the destination sends none."""
    if row.config.get(CHANNEL) not in BY_RCS:
        return None
    leads = preview.latest_leads(request.tenant)
    rich = content_of(row) or Rich(text=text.text)
    fields = preview.fields_of(lead_id, leads)
    is_kept = _is_kept(row, rich, row.body_template)
    return show(rich, GOOGLE, fields, text.recipient, is_kept=is_kept)


# Parts -----------------------------------------------------------------------


def _is_saved(
    request: TenantRequest,
    row: Destination,
    draft: Draft,
    form: TextForm,
    limits: Limits,
) -> bool:
    rich = draft.built(limits)
    if not form.is_valid() or (rich and faults(rich, limits)):
        return False
    body = form.cleaned_data["body_template"].replace("\r\n", "\n")
    try:
        change_destination(
            row,
            actor=request.user,
            rich=dump(rich) if rich else {},
            body_template=body,
        )
    except ValidationError as error:
        add_error(form, error)
        return False
    return True


def _is_kept(row: Destination, rich: Rich, body: str) -> bool:
    """Whether the provider keeps it as a template of its own."""
    return PROVIDERS[row.kind].kept_content(rich, body, row.config) is not None


def _page(
    request: TenantRequest,
    row: Destination,
    draft: Draft,
    form: TextForm,
    limits: Limits,
    *,
    focus: str,
    is_part: bool,
) -> HttpResponse:
    leads = preview.latest_leads(request.tenant)
    first = leads[0].public_id if leads else ""
    lead_id = request.POST.get("preview_lead", first)
    text = preview.preview(
        request.tenant,
        body=str(form["body_template"].value() or ""),
        recipient=row.recipient_template,
        lead_id=lead_id,
        leads=leads,
        kind=row.kind,
        config={n: v for n, v in row.config.items() if n != CHANNEL},
        verification=row.verification,
        destination=row.pk,
    )
    rich = draft.built(limits) or Rich(text=text.text)
    fields = preview.fields_of(lead_id, leads)
    is_kept = _is_kept(row, rich, str(form["body_template"].value() or ""))
    shown = show(rich, limits, fields, text.recipient, leads, is_kept=is_kept)
    is_refused = request.method == "POST" and "act" not in request.POST
    if not is_part:  # of what is on the page nothing opens or closes while one types
        draft.fold(next(iter(shown.problems), "") if is_refused else focus)
    known = shown if draft.shape is not Shape.SAME else None
    context: dict[str, Any] = {
        "destination": row,
        "form": form,
        "editor": editor(draft, limits, known, focus, strict=is_refused),
        "shown": shown,
        "preview": text,
        "agent": pages.agent_name(request.tenant, row),
        "sender": pages.text_sender(row),
        "channel": row.config.get(CHANNEL, ""),
        "content_template": row.config.get(CONTENT_TEMPLATE, ""),
        "leads": leads,
        "chosen_lead": lead_id,
        "fields": AVAILABLE_FIELDS,
        "custom_fields": preview.custom_fields(leads),
        "is_refused": is_refused,
    }
    name = "_rich_typed" if is_part else "destination_rich"
    status = 422 if is_refused else 200
    return render(request, f"destinations/{name}.html", context, status=status)
