"""Whom we may no longer message, and what people wrote to us."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from destinations.providers.inbound import Media
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.core import ids
from leadrails.core.optout import OptOut
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User


def suppress(
    *, tenant_id: UUID, phone: str, reason: str, source: str = "", note: str = ""
) -> bool:
    """Stop all messages to `phone` at once; False if they were stopped already."""
    before = Suppression.objects.for_tenant(tenant_id).in_force()
    if not phone or before.filter(phone=phone).exists():
        return False
    Suppression.objects.bulk_create(
        [
            Suppression(
                tenant_id=tenant_id,
                phone=phone,
                reason=reason,
                source=source[:80],
                note=note[:200],
            )
        ],
        ignore_conflicts=True,
    )
    return True


def lift_opt_out(*, tenant_id: UUID, phone: str, source: str) -> bool:
    """
    Let messages to `phone` go again, since the person said so.

    What a person of the tenant, or a carrier, has stopped stays stopped.
    """
    stopped = Suppression.objects.for_tenant(tenant_id).in_force()
    theirs = stopped.filter(phone=phone, reason=Suppression.Reason.OPTED_OUT)
    return bool(phone) and _lift(theirs, source) > 0


def add_suppression(tenant: Tenant, phone: str, *, note: str, actor: User) -> bool:
    """A person stops the messages to a number; False if they were stopped already."""
    with transaction.atomic():
        added = suppress(
            tenant_id=tenant.id,
            phone=phone,
            reason=Suppression.Reason.MANUAL,
            note=note,
        )
        if added:
            audit.record(tenant, actor, "suppression.added", phone=phone, note=note)
    return added


def remove_suppression(row: Suppression, *, because: str, actor: User) -> bool:
    """A person lets messages to the number go again; False if they did already."""
    with transaction.atomic():
        mine = Suppression.objects.for_tenant(row.tenant_id).in_force()
        if not _lift(mine.filter(pk=row.pk), because):
            return False
        audit.record(row.tenant, actor, "suppression.removed", row, because=because)
    return True


def _lift(rows: Any, because: str) -> int:
    lifted: int = rows.update(lifted_at=timezone.now(), lifted_because=because[:200])
    return lifted


def keep_message(
    message: InboundMessage, files: Iterable[Media] = (), *, fetches: bool
) -> bool:
    """
    Store what a person wrote, and do at once what they said of further messages.

    Returns False if it was stored before: providers post some messages twice, and an
    old STOP that comes again must not undo a START since.
    """
    InboundMessage.objects.bulk_create([message], ignore_conflicts=True)
    mine = InboundMessage.objects.for_tenant(message.tenant_id)
    if not mine.filter(pk=message.pk).exists():
        if message.error_code:
            mine.filter(provider_id=message.provider_id, error_code="").update(
                error_code=message.error_code
            )
        return False
    state = InboundMedia.State.WAITING if fetches else InboundMedia.State.LINK
    InboundMedia.objects.bulk_create(
        InboundMedia(
            tenant_id=message.tenant_id,
            message=message,
            position=position,
            is_thumbnail=file.is_thumbnail,
            url=file.url,
            content_type=file.content_type,
            name=file.name,
            size=file.size,
            state=state,
            due_at=message.received_at if fetches else None,
        )
        for position, file in enumerate(files)
    )
    _obey(message)
    return True


def _obey(message: InboundMessage) -> None:
    if message.opt_out == OptOut.STOP:
        suppress(
            tenant_id=message.tenant_id,
            phone=message.phone,
            reason=Suppression.Reason.OPTED_OUT,
            source=message.public_id,
        )
    elif message.opt_out == OptOut.START:
        lift_opt_out(
            tenant_id=message.tenant_id, phone=message.phone, source=message.public_id
        )


def note_reviewed(
    message: InboundMessage, *, stops: bool, actor: User, now: datetime
) -> None:
    """A person has judged whether a message asks for no more; `stops` if it does."""
    with transaction.atomic():
        mine = InboundMessage.objects.for_tenant(message.tenant_id).to_review()
        if not mine.filter(pk=message.pk).update(reviewed_at=now):
            return
        if stops:
            suppress(
                tenant_id=message.tenant_id,
                phone=message.phone,
                reason=Suppression.Reason.OPTED_OUT,
                source=message.public_id,
            )
        audit.record(message.tenant, actor, "message.reviewed", message, stops=stops)


def suppressed(tenant_id: UUID, phones: Iterable[str]) -> Mapping[str, Suppression]:
    """Which of these numbers are not messaged, and why."""
    wanted = [phone for phone in set(phones) if phone]
    if not wanted:
        return {}
    rows = Suppression.objects.for_tenant(tenant_id).in_force()
    return {row.phone: row for row in rows.filter(phone__in=wanted)}


def forget_messages(before: datetime, *, batch: int = 1_000) -> int:
    """Delete what people wrote before then, in batches; return how many messages."""
    deleted = 0
    while True:
        old = InboundMessage.objects.filter(pk__lt=ids.uuid7_floor(before))
        rows = list(old.values_list("pk", flat=True)[:batch])
        InboundMedia.objects.filter(message__in=rows).delete()
        InboundMessage.objects.filter(pk__in=rows).delete()
        deleted += len(rows)
        if len(rows) < batch:
            return deleted
