"""Channels: made, changed, paused and removed. What is secret is sealed in the row."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leadrails.alerts.models import Channel
from leadrails.alerts.services import close_alerts
from leadrails.core.crypto import Place
from leadrails.core.signing import new_webhook_key
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User

CALL_FAILED = "reply_webhook_failed"
Kind = Channel.Kind
Status = Channel.Status
FIELDS = (
    "name",
    "address",
    "destination_id",
    "least",
    "kinds",
    "hears_alerts",
    "tells_end",
    "quiet_from",
    "quiet_to",
    "wakes",
    "time_zone",
)
LONG = 20  # characters of a path, of which the last four give little away
MOST = 50  # of a workspace; each alert goes to all


def seal(channel: Channel, secret: Mapping[str, str]) -> None:
    """Put a secret into the row; saving it is the caller's."""
    text = json.dumps(dict(secret), sort_keys=True)
    place = _place(channel)
    channel.secret = settings.LEADRAILS_KEYRING.encrypt(text, place)


def open_secret(channel: Channel) -> dict[str, str]:
    """
    Raises:
        CannotDecrypt: the key is gone, or the row was tampered with.
    """
    if not channel.secret:
        return {}
    token = bytes(channel.secret)
    text = settings.LEADRAILS_KEYRING.decrypt(token, _place(channel))
    opened: dict[str, str] = json.loads(text)
    return opened


def _place(channel: Channel) -> Place:
    return Place(channel.tenant_id, Channel._meta.db_table, channel.id, "secret")


def masked(url: str) -> str:
    """What of an address may be shown: the rest may be a secret."""
    parts = urlsplit(url)
    tail = url[-4:] if len(parts.path) + len(parts.query) >= LONG else ""
    return f"{parts.scheme}://{parts.netloc}/…{tail}"


def address_of(channel: Channel) -> str:
    """Where it leads now: a person's own follows what the person has confirmed."""
    if channel.user is None:
        return channel.address
    if channel.kind == Kind.SMS:
        return channel.user.confirmed_phone
    return channel.user.email


def create_channel(
    tenant: Tenant,
    *,
    once: Any,
    kind: str,
    url: str = "",
    actor: User | None,
    **fields: Any,
) -> tuple[Channel, str]:
    """
    Return the new channel and, for a webhook, its signing key: it is shown once.

    Args:
        once: the id that the form brought, so that one sent twice makes one channel.

    Raises:
        ValidationError: there are too many; it was made already.
    """
    _check(fields)
    channel = Channel(pk=once, tenant=tenant, kind=kind, **fields)
    key = new_webhook_key() if kind == Kind.WEBHOOK else ""
    if url:
        channel.address = masked(url)
        seal(channel, {"url": url, **({"key": key} if key else {})})
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        ours = Channel.objects.for_tenant(tenant).listed().of_workspace()
        if Channel.objects.filter(pk=once).exists():
            raise ValidationError(_("This channel was made already."), code="made")
        if ours.count() >= MOST:
            problem = _("A workspace has %(most)d channels at most.")
            raise ValidationError(problem % {"most": MOST})
        channel.save(force_insert=True)
        audit.record(tenant, actor, "channel.created", channel, kind=kind)
    return channel, key


def update_channel(
    channel: Channel, *, url: str = "", actor: User | None, **fields: Any
) -> None:
    """
    Args:
        url: a new address; empty keeps the old one.

    Raises:
        ValidationError: by field.
        CannotDecrypt: the stored key cannot be read, so it cannot be kept.
    """
    _check(fields)
    changed = [name for name in FIELDS if name in fields]
    changed = [name for name in changed if getattr(channel, name) != fields[name]]
    for name in changed:
        setattr(channel, name, fields[name])
    if url:
        seal(channel, {**open_secret(channel), "url": url})
        channel.address = masked(url)
    if not changed and not url:
        return
    names = [*changed, *(["secret", "address"] if url else [])]
    with transaction.atomic():
        channel.save(update_fields=[*names, "updated_at"])
        said = [*changed, *(["url"] if url else [])]
        audit.record(channel.tenant, actor, "channel.changed", channel, fields=said)


def change_key(channel: Channel, *, actor: User | None) -> str:
    """Return a webhook's new signing key; the old one signs no more."""
    key = new_webhook_key()
    seal(channel, {**open_secret(channel), "key": key})
    with transaction.atomic():
        channel.save(update_fields=["secret", "updated_at"])
        audit.record(channel.tenant, actor, "channel.key_changed", channel)
    return key


def pause(channel: Channel, *, actor: User | None) -> bool:
    """Tell it nothing until it is resumed; False if it was paused already."""
    return _move(channel, Status.ACTIVE, Status.PAUSED, "channel.paused", actor)


def resume(channel: Channel, *, actor: User | None) -> bool:
    """Tell it what happens from now on; False if it was not paused."""
    return _move(channel, Status.PAUSED, Status.ACTIVE, "channel.resumed", actor)


def scope_of(channel: Channel) -> str:
    return f"channel:{channel.public_id}"


def remove(channel: Channel, *, actor: User | None) -> None:
    """Forget its secret and tell it nothing more. Its log stays."""
    now = timezone.now()
    with transaction.atomic():
        rows = Channel.objects.for_tenant(channel.tenant_id).listed()
        if rows.filter(pk=channel.pk).update(
            status=Status.REMOVED, secret=b"", updated_at=now
        ):
            close_alerts(
                tenant_id=channel.tenant_id,
                kind=CALL_FAILED,
                scope=scope_of(channel),
                now=now,
            )
            audit.record(channel.tenant, actor, "channel.removed", channel)


def note_outcome(channel_id: Any, failure: str, *, now: datetime) -> None:
    """Keep on the channel itself whether alerts get through, for its pages."""
    rows = Channel.objects.filter(pk=channel_id)
    if not failure:
        rows.update(succeeded_at=now, failing_since=None, failure="")
        return
    rows.update(failure=failure[:300])
    rows.filter(failing_since=None).update(failing_since=now)


def _move(
    channel: Channel, before: Status, after: Status, action: str, actor: User | None
) -> bool:
    now = timezone.now()
    with transaction.atomic():
        rows = Channel.objects.for_tenant(channel.tenant_id)
        moved = rows.filter(pk=channel.pk, status=before).update(
            status=after, failing_since=None, failure="", updated_at=now
        )
        if moved:
            audit.record(channel.tenant, actor, action, channel)
    return bool(moved)


def _check(fields: Mapping[str, Any]) -> None:
    begins, ends = fields.get("quiet_from"), fields.get("quiet_to")
    if (begins is None) != (ends is None):
        missing = "quiet_from" if begins is None else "quiet_to"
        raise ValidationError({missing: _("Give both times, or neither.")})
