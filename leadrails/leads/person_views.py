"""What the law asks for: a person's data handed out, and taken away."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from leadrails import erasure
from leadrails.leads import tags
from leadrails.leads.export import export_of
from leadrails.leads.models import Lead
from leadrails.tenants import audit
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import Role


@require_safe
@never_cache
@member_required(Role.OPERATOR)
def lead_export(request: TenantRequest, lead: str) -> HttpResponse:
    found = _find(request, lead)
    answer = JsonResponse(
        export_of(found),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
    )
    name = f"lead-{found.public_id}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    audit.record(request.tenant, request.user, "lead.exported", found)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_required(Role.ADMIN)
def lead_erase(request: TenantRequest, lead: str) -> HttpResponse:
    found = _find(request, lead)
    everything = erasure.same_person(found)
    leads = everything if request.POST.get("others") else [found]
    if request.method == "POST":
        try:
            erasure.erase(leads, actor=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Erased. What stays says nothing of who."))
        return redirect(
            "leads:detail", tenant=request.tenant.slug, lead=found.public_id
        )
    context = {
        "lead": found,
        "extent": erasure.extent_of(leads),
        "others": len(everything) - 1,
    }
    return render(request, "leads/lead_erase.html", context)


@require_POST
@member_required(Role.OPERATOR)
def lead_tags(request: TenantRequest, lead: str) -> HttpResponse:
    """Put a tag on a lead, `add`, or take one away, `remove`."""
    found = _find(request, lead)
    if tag := request.POST.get("remove"):
        tags.untag(found, tag, actor=request.user)
    else:
        try:
            tags.tag_by_hand(found, request.POST.get("add", ""), actor=request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
    return redirect("leads:detail", tenant=request.tenant.slug, lead=found.public_id)


def _find(request: TenantRequest, lead: str) -> Lead:
    leads = Lead.objects.for_tenant(request.tenant).select_related("tenant", "source")
    return get_object_or_404(leads, pk=read_id(Lead.prefix, lead))
