"""
A changed limit counts at once, also for what waits because of the old one.

Limits themselves are read at each claim. Here is what was decided by the old ones
before: the waits of jobs on hold, and the part of the rate that is spoken for.
"""

from typing import Any
from uuid import UUID

from django.db import transaction

from destinations.models import Destination
from destinations.services import update_destination
from leadrails.core.reasons import Reason
from leadrails.jobs import gates
from leadrails.jobs.releases import release_of_destination, release_of_source
from leadrails.jobs.wake import drain_waker
from leadrails.tenants.models import User


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
    if new.messages_per_second != old.messages_per_second:
        gates.change_rate(
            new.pk, old=old.messages_per_second, new=new.messages_per_second
        )
        released += 1
    if released:
        drain_waker.wake()
    return new


def release_source(tenant_id: UUID, source_id: UUID) -> None:
    """Let go what the source's hourly ceiling held, once this is committed."""

    def release() -> None:
        if release_of_source(tenant_id, source_id, Reason.SOURCE_CEILING):
            drain_waker.wake()

    transaction.on_commit(release)
