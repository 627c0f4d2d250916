"""What the pages of a destination show of it, besides its row."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from destinations import services
from destinations.credentials import secret_dates
from destinations.models import Destination, RcsSheet
from destinations.providers import errors
from destinations.providers.base import Capability, Provider
from destinations.providers.fields import BY_RCS, CHANNEL, Field, Section
from destinations.providers.registry import PROVIDERS
from leadrails.core import ids
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.reasons import EXPLANATIONS
from leadrails.jobs.models import Job
from leadrails.tenants.doors import TenantRequest, read_id
from leadrails.tenants.models import Tenant

COUNTED = 5_000  # newest jobs of each destination; more would cost more than it says
_DELIVERED = ("delivered", "read")
_FAILED = ("dead", "undelivered")
_RECENT = f"""
SELECT wanted.id, recent.state, count(*)
FROM unnest(%(destinations)s::uuid[]) AS wanted (id)
CROSS JOIN LATERAL (
  SELECT state, reason FROM {Job._meta.db_table}
  WHERE tenant_id = %(tenant)s AND destination_id = wanted.id AND id >= %(since)s
  ORDER BY id DESC LIMIT {COUNTED}
) AS recent
WHERE recent.reason <> 'replaced'
GROUP BY 1, 2
"""  # noqa: S608 - both are constants


@dataclass(frozen=True, slots=True)
class Recent:
    """Jobs of the last 24 hours; `is_capped`: of the newest of them."""

    delivered: int = 0
    failed: int = 0
    others: int = 0

    @property
    def total(self) -> int:
        return self.delivered + self.failed + self.others

    @property
    def is_capped(self) -> bool:
        return self.total >= COUNTED


def access_destination(request: TenantRequest, public_id: str) -> Destination:
    """Return a destination of the page's tenant that is not deleted, or answer 404."""
    mine = Destination.objects.for_tenant(request.tenant).listed()
    return get_object_or_404(
        mine.select_related("tenant"), pk=read_id("dst", public_id)
    )


def recent_jobs(tenant: UUID, destinations: Iterable[UUID]) -> dict[UUID, Recent]:
    since = ids.uuid7_floor(timezone.now() - timedelta(hours=24))
    wanted = list(destinations)
    counts: dict[UUID, Counter[str]] = {pk: Counter() for pk in wanted}
    with connection.cursor() as cursor:
        cursor.execute(
            _RECENT, {"destinations": wanted, "tenant": tenant, "since": since}
        )
        for destination, state, count in cursor.fetchall():
            counts[destination][state] = count
    return {pk: _recent(found) for pk, found in counts.items()}


def _recent(states: Counter[str]) -> Recent:
    delivered = sum(states[state] for state in _DELIVERED)
    failed = sum(states[state] for state in _FAILED)
    return Recent(delivered, failed, states.total() - delivered - failed)


def waiting_jobs(destination: Destination) -> int:
    """How many jobs wait because the destination is paused, up to COUNTED."""
    held = Job.objects.for_tenant(destination.tenant_id).filter(
        destination_id=destination.pk, state="held", reason="destination_paused"
    )
    return len(held.order_by("-id").values_list("id")[:COUNTED])


_ABILITIES = {
    Capability.MEDIA: gettext_lazy("pictures (MMS)"),
    Capability.CONTENT: gettext_lazy("content templates"),
    Capability.SCHEDULE: gettext_lazy("sending later"),
    Capability.SMART_ENCODING: gettext_lazy("Smart Encoding"),
    Capability.RCS: gettext_lazy("RCS"),
    Capability.READ: gettext_lazy("read receipts"),
}


def words_of(capabilities: Collection[Capability]) -> list[str]:
    return [str(words) for name, words in _ABILITIES.items() if name in capabilities]


def needs_of(provider: type[Provider]) -> list[str]:
    """The labels of what one has to have at hand."""
    return [f.label for f in provider.fields if f.section is Section.CONNECTION]


def use_case_hint(destination: Destination) -> str:
    """Whether the sender was registered for something else; empty if not."""
    use_case = destination.verification.get("use_case")
    if not use_case or use_case == destination.purpose:
        return ""
    return _(
        "The provider has this sender down for “%(word)s”, but this destination's"
        " purpose is “%(purpose)s”. Carriers block messages that do not fit what the"
        " sender was registered for: change the one or the other."
    ) % {
        "word": destination.verification.get("use_case_word", ""),
        "purpose": destination.get_purpose_display(),
    }


def label_of(destination: Destination) -> str:
    provider = PROVIDERS.get(destination.kind)
    return provider.label if provider else destination.kind


def sender_of(destination: Destination) -> str:
    """The sender as people know it: the service if there is one, else the number."""
    return PROVIDERS[destination.kind].sender_of(destination.config).shown


def agent_name(tenant: Tenant, destination: Destination) -> str:
    """What a phone shows above an RCS message: the agent's name, as far as known."""
    sheet = RcsSheet.objects.for_tenant(tenant).first()
    return str((sheet.values if sheet else {}).get("display_name") or destination.name)


def text_sender(destination: Destination) -> str:
    """Whom the text message comes from that goes when RCS does not."""
    config = {n: text for n, text in destination.config.items() if n != CHANNEL}
    if number := config.get("fallback_from"):
        return str(number)
    return PROVIDERS[destination.kind].sender_of(config).shown


def pause_sentence(destination: Destination) -> str:
    """Why a destination is paused, in words; empty if it is not."""
    if not destination.is_paused:
        return ""
    reason = destination.pause_reason
    if reason in {"", services.MANUAL}:
        return _("Somebody paused it by hand.")
    if reason in EXPLANATIONS:
        return EXPLANATIONS[reason].sentence
    return errors.lookup(destination.kind, reason).sentence


def pause_docs(destination: Destination) -> str | None:
    return errors.docs_url(destination.kind, destination.pause_reason)


@dataclass(frozen=True, slots=True)
class Setting:
    """A provider's field as a page may show it: a secret only by its date."""

    label: str
    text: str = ""
    set_at: datetime | None = None
    is_secret: bool = False


def settings_of(destination: Destination) -> tuple[list[Setting], bool]:
    """(settings that are filled in, whether the secrets can be read)."""
    try:
        dates, is_readable = secret_dates(destination), True
    except CannotDecrypt:
        dates, is_readable = {}, False
    is_by_rcs = destination.config.get(CHANNEL) in BY_RCS
    shown = (
        _setting(field, destination, dates)
        for field in PROVIDERS[destination.kind].fields
        if is_by_rcs or not field.is_of_rcs
    )
    return [setting for setting in shown if setting], is_readable


def _setting(
    field: Field, destination: Destination, dates: dict[str, datetime]
) -> Setting | None:
    if field.secret:
        at = dates.get(field.name)
        return Setting(field.label, set_at=at, is_secret=True) if at else None
    text = str(destination.config.get(field.name, ""))
    return Setting(field.label, field.shown(text)) if text else None
