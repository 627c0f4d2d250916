"""The list of destinations, by name."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from destinations import pages
from destinations.models import Destination
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role
from leadrails.ui.asking import asked_text
from leadrails.ui.paging import page_of


@require_http_methods(["GET", "HEAD"])
@member_required()
def destination_list(request: TenantRequest) -> HttpResponse:
    mine = (
        Destination.objects.for_tenant(request.tenant).listed().order_by("name", "id")
    )
    text = asked_text(request.GET)
    named = mine.filter(name__icontains=text) if text else mine
    page = page_of(
        list(named.values_list("id", flat=True)),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    found = list(mine.filter(pk__in=page.rows).defer("credentials", "body_template"))
    recent = pages.recent_jobs(request.tenant.pk, (row.pk for row in found))
    rows = [
        {
            "destination": row,
            "label": pages.label_of(row),
            "sender": pages.sender_of(row),
            "why": pages.pause_sentence(row),
            "recent": recent[row.pk],
        }
        for row in found
    ]
    context = {
        "rows": rows,
        "page": page,
        "text": text,
        "may_edit": request.role.covers(Role.ADMIN),
    }
    return render(request, "destinations/destination_list.html", context)
