"""The provider's ledger beside ours: do both know the same of each message?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from destinations.direct import call_directly
from destinations.handsets import has_simulator
from destinations.providers import simulated, simulated_ledger
from destinations.providers.simulated_ledger import Entry
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.core.delivery import SendError
from leadrails.core.states import FAILED, SUCCEEDED, State
from leadrails.jobs.models import Attempt, Job
from leadrails.tenants.doors import TenantRequest, member_required
from leadrails.tenants.models import Role, Tenant

SHOWN = 50
PATIENCE = 5.0  # seconds; the simulator is beside us
OLDEST_LEAD = timedelta(days=40)
"""A job's id has the time of its lead, of which a message may be a late replay."""
VERDICTS = ("same", "behind", "differs", "unknown")


@dataclass(frozen=True, slots=True)
class Row:
    """
    One message, by both.

    `verdict` is same, behind (their word is on its way to us), differs, or unknown
    (nothing here belongs to it).
    """

    entry: Entry
    job: Job | None
    message: InboundMessage | None
    verdict: str


@require_safe
@member_required()
def simulator(request: TenantRequest) -> HttpResponse:
    """The last messages of the workspace's simulated account, as both know them."""
    rows: list[Row] = []
    problem = ""
    try:
        if has_simulator():
            rows = _rows(request.tenant)
    except SendError as error:
        problem = str(error)
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        counts[row.verdict] += 1
    context: dict[str, Any] = {
        "rows": rows,
        "counts": counts,
        "problem": problem,
        "has_simulator": has_simulator(),
        "most": SHOWN,
        "may_write": request.role.covers(Role.OPERATOR),
        "words": {
            "same": _("Agree"),
            "behind": _("On its way to us"),
            "differs": _("Differ"),
            "unknown": _("Not ours"),
        },
    }
    return render(request, "destinations/simulator.html", context)


def _rows(tenant: Tenant) -> list[Row]:
    url, secret = settings.LEADRAILS_SIMULATOR_URL, settings.LEADRAILS_SIMULATOR_SECRET
    account = simulated.account_sid(tenant.pk)
    entries = call_directly(
        lambda http: simulated_ledger.read(
            url, secret, account, limit=SHOWN, http=http
        ),
        PATIENCE,
    )
    jobs, messages = _jobs(tenant, entries), _messages(tenant, entries)
    return [
        _row(entry, jobs.get(entry.provider_id), messages.get(entry.provider_id))
        for entry in entries
    ]


def _jobs(tenant: Tenant, entries: Sequence[Entry]) -> dict[str, Job]:
    """The job of each message, found by its attempts."""
    sent = [entry.provider_id for entry in entries if entry.state]
    if not sent:
        return {}
    since = ids.uuid7_floor(min(entry.at for entry in entries) - OLDEST_LEAD)
    attempts = Attempt.objects.for_tenant(tenant).filter(
        job_id__gte=since, provider_id__in=sent
    )
    tried = dict(attempts.values_list("provider_id", "job_id"))
    jobs = Job.objects.for_tenant(tenant).in_bulk(set(tried.values()))
    return {known: jobs[job] for known, job in tried.items() if job in jobs}


def _messages(tenant: Tenant, entries: Sequence[Entry]) -> dict[str, InboundMessage]:
    came = [entry.provider_id for entry in entries if entry.state is None]
    mine = InboundMessage.objects.for_tenant(tenant).filter(provider_id__in=came)
    return {message.provider_id: message for message in mine} if came else {}


def _row(entry: Entry, job: Job | None, message: InboundMessage | None) -> Row:
    if entry.state is None:
        verdict = "same" if message else "behind"
    elif job is None:
        verdict = "unknown"
    elif job.provider_id != entry.provider_id:
        verdict = "same"  # a later attempt speaks for the job
    else:
        verdict = _verdict(entry.state, State(job.state))
    return Row(entry, job, message, verdict)


def _verdict(theirs: State, ours: State) -> str:
    """Given up here and not delivered there is the same: nothing arrived."""
    is_same = theirs is ours or (theirs in FAILED and ours in FAILED)
    if is_same or (theirs in SUCCEEDED and ours in SUCCEEDED):
        return "same"
    is_open = ours not in FAILED and ours not in SUCCEEDED
    return "behind" if is_open else "differs"
