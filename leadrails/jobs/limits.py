"""
A changed limit counts at once, also for what waits because of the old one.

Limits themselves are read at each claim. Here is what was decided by the old ones
before: the waits of jobs on hold, and the part of the rate that is spoken for.
"""

from datetime import time
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from destinations.checks import check_quiet_times
from destinations.models import Destination
from destinations.services import update_destination
from leadrails.core.reasons import Reason
from leadrails.jobs import gates
from leadrails.jobs.contents import keep_content
from leadrails.jobs.releases import release_of_destination, release_of_source
from leadrails.jobs.wake import drain_waker
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User
from leadrails.tenants.services import bump_version, update_tenant


def change_destination(
    destination: Destination, *, actor: User | None, **changes: Any
) -> Destination:
    """
    Change a destination's settings, and let go what only the old ones held.

    Raises:
        ValidationError: see `destinations.services.update_destination`.
    """
    old = Destination.objects.get(pk=destination.pk)
    new = update_destination(destination, actor=actor, **changes)
    released = 0
    if new.hourly_ceiling > old.hourly_ceiling:
        released += release_of_destination(new, Reason.DESTINATION_CEILING)
    if new.daily_per_recipient > old.daily_per_recipient:
        released += release_of_destination(new, Reason.RECIPIENT_CEILING)
    if new.quiet_hours != old.quiet_hours:
        released += release_of_destination(new, Reason.QUIET_HOURS)
    if new.messages_per_second != old.messages_per_second:
        gates.change_rate(
            new.pk, old=old.messages_per_second, new=new.messages_per_second
        )
        released += 1
    if new.rich or old.rich:
        keep_content(new)
    if released:
        drain_waker.wake()
    return new


def change_quiet_hours(
    tenant: Tenant,
    *,
    quiet_from: time | None,
    quiet_to: time | None,
    quiet_by_law: bool,
    actor: User | None,
) -> None:
    """
    Change the hours in which people get no marketing; None and None for none.

    What waits because of the old ones is judged anew.

    Raises:
        ValidationError: with the fields at fault.
    """
    check_quiet_times(quiet_from, quiet_to)
    with transaction.atomic():
        fresh = Tenant.objects.select_for_update().get(pk=tenant.pk)
        fields = {
            "quiet_from": quiet_from,
            "quiet_to": quiet_to,
            "quiet_by_law": quiet_by_law,
        }
        changes = {
            name: [str(getattr(fresh, name) or ""), str(value or "")]
            for name, value in fields.items()
            if getattr(fresh, name) != value
        }
        if not changes:
            return
        for name, value in fields.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=list(fields))
        _tell_workers(fresh)
        bump_version(fresh)
        audit.record(fresh, actor, "tenant.quiet_hours_changed", fresh, **changes)
    _end_quiet(tenant)


def change_workspace(
    tenant: Tenant, *, name: str, time_zone: str, country: str, actor: User | None
) -> None:
    """
    Change what a workspace is called and where it is.

    Its time zone is that of people whose own is not known: what waits for the end of
    their quiet hours is judged anew.

    Raises:
        ValidationError: see `leadrails.tenants.services.update_tenant`.
    """
    is_elsewhere = time_zone != tenant.time_zone
    with transaction.atomic():
        update_tenant(
            tenant, name=name, time_zone=time_zone, country=country, actor=actor
        )
        if is_elsewhere:
            _tell_workers(tenant)
    if is_elsewhere:
        _end_quiet(tenant)


def _tell_workers(tenant: Tenant) -> None:
    """They keep a destination with its workspace until its own row changes."""
    Destination.objects.for_tenant(tenant).update(updated_at=timezone.now())


def _end_quiet(tenant: Tenant) -> None:
    """Let go what waits for quiet hours, to be judged by the new ones."""
    mine = Destination.objects.for_tenant(tenant).listed()
    released = [release_of_destination(row, Reason.QUIET_HOURS) for row in mine]
    if any(released):
        drain_waker.wake()


def release_source(tenant_id: UUID, source_id: UUID) -> None:
    """Let go what the source's hourly ceiling held, once this is committed."""

    def release() -> None:
        if release_of_source(tenant_id, source_id, Reason.SOURCE_CEILING):
            drain_waker.wake()

    transaction.on_commit(release)
