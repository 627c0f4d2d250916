"""Senders, and the sheet with which an RCS agent is applied for."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from destinations import rcs_sheet
from destinations.callbacks import addresses
from destinations.images import read_picture
from destinations.models import Destination, RcsSheet
from destinations.rcs_sheet import BANNER, ENTRIES, GROUPS, LOGO, STEPS
from destinations.senders import senders_of
from leadrails.tenants import audit
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role

LONGEST = 1000  # characters of a value
LARGEST = 2_000_000  # bytes of a picture that is looked at


class KeptAnyway(forms.CharField):
    """Asked for as if required; the page says what is missing."""

    def validate(self, value: Any) -> None:
        """Half a sheet is kept too."""


class SheetForm(forms.Form):
    """Nothing is refused: half a sheet is kept too, and says what it lacks."""

    use_required_attribute = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for entry in ENTRIES:
            widget = forms.Textarea(attrs={"rows": entry.rows})
            self.fields[entry.name] = KeptAnyway(
                label=str(entry.label),
                help_text=str(entry.help),
                required=entry.is_needed,
                max_length=LONGEST,
                widget=widget if entry.rows > 1 else forms.TextInput(),
            )

    def groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[e.name] for e in entries]) for title, entries in GROUPS]


@require_safe
@member_required()
def sender_list(request: TenantRequest) -> HttpResponse:
    mine = Destination.objects.for_tenant(request.tenant).listed().order_by("name")
    sheet = RcsSheet.objects.for_tenant(request.tenant).first()
    lines = rcs_sheet.lines_of(sheet.values if sheet else {})
    context = {
        "rows": senders_of(mine.defer("credentials", "body_template")),
        "sheet": sheet,
        "good": sum(line.is_good for line in lines),
        "needed": sum(line.entry.is_needed or line.is_good for line in lines),
        "may_edit": request.role.covers(Role.ADMIN),
    }
    return render(request, "destinations/sender_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(Role.ADMIN)
def sender_sheet(request: TenantRequest) -> HttpResponse:
    sheet = RcsSheet.objects.for_tenant(request.tenant).first()
    values = sheet.values if sheet else {}
    form = SheetForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        done = {name: f"step_{name}" in request.POST for name, _words in STEPS}
        pictures = {**(sheet.pictures if sheet else {}), **_pictures(request)}
        RcsSheet.objects.update_or_create(
            tenant=request.tenant,
            defaults={
                "values": form.cleaned_data,
                "steps": done,
                "pictures": pictures,
            },
        )
        audit.record(request.tenant, request.user, "rcs_sheet.saved")
        messages.success(request, _("The sheet is saved."))
        return redirect("senders:sheet", tenant=request.tenant.slug)
    live = Destination.objects.for_tenant(request.tenant).listed()
    place = live.order_by("is_simulated", "id").first()
    lines = rcs_sheet.lines_of(values)
    steps = sheet.steps if sheet else {}
    context = {
        "form": form,
        "lines": [line for line in lines if line.problem or line.is_missing],
        "good": sum(line.is_good for line in lines),
        "needed": sum(line.entry.is_needed or line.is_good for line in lines),
        "steps": [(name, words, steps.get(name, False)) for name, words in STEPS],
        "pictures": sheet.pictures if sheet else {},
        "addresses": addresses(place) if place else None,
    }
    status = 422 if form.errors else 200
    return render(request, "destinations/sender_sheet.html", context, status=status)


@require_safe
@member_required(Role.ADMIN)
def sender_export(request: TenantRequest) -> HttpResponse:
    sheet = RcsSheet.objects.for_tenant(request.tenant).first()
    text = rcs_sheet.export(sheet.values if sheet else {}, sheet.steps if sheet else {})
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    name = f"rcs-sheet-{request.tenant.slug}.txt"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _pictures(request: TenantRequest) -> dict[str, dict[str, str]]:
    """What the files given are, and what is wrong with them; none is kept."""
    found = {}
    for name, wanted in (("logo", LOGO), ("banner", BANNER)):
        file = request.FILES.get(f"{name}_file")
        if isinstance(file, UploadedFile):
            picture = read_picture(file.read(LARGEST))
            shown = (
                f"{picture.kind} {picture.width} × {picture.height}" if picture else ""
            )
            problem = rcs_sheet.picture_problem(picture, wanted)
            found[name] = {"shown": shown, "problem": problem}
    return found
