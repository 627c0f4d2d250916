"""Settings: the audit log, as a page and as a file."""

import csv
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from leadrails.core import ids
from leadrails.core.reasons import REASONS
from leadrails.core.states import LABELS, State
from leadrails.tenants.actions import describe
from leadrails.tenants.audit_choices import actions_of, people_of
from leadrails.tenants.doors import TenantRequest, member_required, read_id
from leadrails.tenants.models import AuditEntry, AuditQuerySet
from leadrails.tenants.settings_pages import render_settings
from leadrails.ui.paging import keyset_page

_NAMES = {
    "fields": _lazy("changed"),
    "ok": _lazy("accepted"),
    "source_type": _lazy("type"),
    "allowed_site_url": _lazy("allowed site"),
    "hourly_ceiling": _lazy("most messages per hour"),
    "daily_per_recipient": _lazy("most messages per person and day"),
    "queue_objective": _lazy("waiting alert"),
    "when_unknown": _lazy("what to do in doubt"),
    "silent_after": _lazy("tell us when silent for"),
}
_REASONS = {"manual": _lazy("by hand")}
ITSELF = "leadrails"  # the actor of acts that no person did
COLUMNS = ("at", "actor", "actor_id", "action", "subject", "subject_name", "details")
# A cell that starts like this is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_http_methods(["GET", "HEAD"])
@member_required()
def audit_log(request: TenantRequest) -> HttpResponse:
    entries = AuditEntry.objects.for_tenant(request.tenant)
    page = keyset_page(
        _filtered(request, entries),
        after=request.GET.get("after"),
        before=request.GET.get("before"),
    )
    people = _people(request.tenant.pk)
    choices = {action: describe(action) for action in actions_of(request.tenant.pk)}
    context = {
        "page": page,
        "rows": [(entry, describe(entry.action), _words(entry)) for entry in page],
        "people": people,
        "actions": sorted(choices.items(), key=lambda choice: choice[1]),
        "chosen": request.GET,
        "active": _active(request, people, choices),
        "export": request.GET.urlencode(),
    }
    return render_settings(request, "audit", "tenants/audit_log.html", context)


@require_http_methods(["GET", "HEAD"])
@member_required()
def audit_export(request: TenantRequest) -> StreamingHttpResponse:
    """All that the filters leave, newest first, as CSV."""
    entries = _filtered(request, AuditEntry.objects.for_tenant(request.tenant))
    answer = StreamingHttpResponse(_lines(entries), content_type="text/csv")
    name = f"audit-{request.tenant.slug}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _filtered(request: TenantRequest, entries: AuditQuerySet) -> AuditQuerySet:
    if action := request.GET.get("action"):
        entries = entries.filter(action=action)
    if person := request.GET.get("person"):
        if person == ITSELF:
            return entries.filter(actor=None)
        entries = entries.filter(actor_id=read_id("usr", person))
    return entries


def _people(tenant: UUID) -> list[tuple[str, str]]:
    people = [
        (ids.encode("usr", actor) if actor else ITSELF, name)
        for actor, name in people_of(tenant)
    ]
    return sorted(people, key=lambda person: person[1].lower())


def _active(
    request: TenantRequest, people: list[tuple[str, str]], actions: dict[str, str]
) -> list[dict[str, Any]]:
    """The filters in force, for the chips."""
    labels = {"action": _("Action"), "person": _("Person")}
    words = {"action": actions, "person": dict(people)}
    return [
        {"name": name, "label": label, "value": words[name].get(value, value)}
        for name, label in labels.items()
        if (value := request.GET.get(name))
    ]


def _words(entry: AuditEntry) -> str:
    """The details as one line, such as `count: 3, state: Dead letter`."""
    if entry.details.keys() == {"before", "after"}:
        return f"{entry.details['before']} → {entry.details['after']}"
    return ", ".join(
        f"{_NAMES.get(name) or _unslugged(name)}: {_listed(name, value)}"
        for name, value in entry.details.items()
    )


def _listed(name: str, value: Any) -> str:
    """What changed is listed by name; any other list is before and after."""
    if not isinstance(value, list):
        return _value(name, value)
    glue = ", " if name in ("fields", "state") else " → "
    return glue.join(_value(name, part) for part in value)


def _value(name: str, value: Any) -> str:
    """What somebody typed stays as it is; our own slugs become words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if value is None or value == "":
        return _("none")
    text = str(value)
    match name:
        case "reason":
            return str(_REASONS.get(text) or REASONS.get(text, text)).rstrip(".")
        case "state":
            return LABELS.get(State(text), text) if text in set(State) else text
        case "fields" | "source_type":
            return str(_NAMES.get(text) or _unslugged(text))
    return text


def _unslugged(slug: str) -> str:
    return slug.replace("_", " ").replace("-", " ")


def _lines(entries: AuditQuerySet) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries.order_by("-id").iterator(chunk_size=500):
        at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
        cells = (
            at.replace("+00:00", "Z"),
            entry.actor_name,
            ids.encode("usr", entry.actor_id) if entry.actor_id else "",
            entry.action,
            entry.subject,
            entry.subject_name,
            json.dumps(entry.details, ensure_ascii=False) if entry.details else "",
        )
        yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> bytes:
        return text.encode()
