"""
Moving stored secrets to the newest master key while the product serves.

Each row is re-encrypted by one UPDATE that applies only if nobody replaced the
secret meanwhile, so it needs no lock and may be stopped and started at will.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import models

from destinations.credentials import fingerprint
from destinations.models import Destination
from leadrails.core.crypto import CannotDecrypt, Keyring, Place
from leadrails.tenants.factor_secrets import FactorSecret, factor_secrets
from leadrails.tenants.models import TenantModel

# Everything encrypted at rest: model and field. All but the first lie above this app.
SEALED = (
    ("destinations.Destination", "credentials"),
    ("leads.SigningKey", "secret"),
    ("alerts.Channel", "secret"),
)


@dataclass(slots=True)
class Rotation:
    """
    What a run did: rows moved, rows it could not read, and rows per key afterwards.
    """

    moved: int = 0
    unreadable: list[str] = field(default_factory=list)
    left: Counter[int] = field(default_factory=Counter)


def rotate_credentials(*, batch: int = 500, is_rehearsal: bool = False) -> Rotation:
    ring: Keyring = settings.LEADRAILS_KEYRING
    result = Rotation()
    for label, name in SEALED:
        model = apps.get_model(label)
        for row in _rows(model, name, batch):
            token = bytes(getattr(row, name))
            key_id = _key_id(token)
            if key_id != ring.primary:
                key_id = _move(row, name, token, ring, result, is_rehearsal)
            else:
                _check(row, name, token, ring, result)
            if key_id is not None:
                result.left[key_id] += 1
    for secret in factor_secrets():
        _move_factor(secret, ring, result, is_rehearsal)
    if not is_rehearsal:
        _refresh_fingerprints(batch)
    return result


def _rows(model: type[models.Model], name: str, batch: int) -> Iterator[Any]:
    """By id, in batches: no cursor stays open while rows change."""
    after: UUID | None = None
    while True:
        rows = model._default_manager.exclude(**{name: b""}).order_by("pk")
        page = list((rows.filter(pk__gt=after) if after else rows)[:batch])
        yield from page
        if len(page) < batch:
            return
        after = page[-1].pk


def _key_id(token: bytes) -> int | None:
    try:
        return Keyring.key_id(token)
    except CannotDecrypt:
        return None


def _move(
    row: TenantModel,
    name: str,
    token: bytes,
    ring: Keyring,
    result: Rotation,
    is_rehearsal: bool,
) -> int | None:
    """Return the id of the key that the row's secret is under afterwards."""
    place = Place(row.tenant_id, row._meta.db_table, row.pk, name)
    try:
        fresh = ring.encrypt(ring.decrypt(token, place), place)
    except CannotDecrypt as error:
        result.unreadable.append(f"{row.public_id}: {error}")
        return _key_id(token)
    if is_rehearsal:
        result.moved += 1
        return _key_id(token)
    same = type(row)._default_manager.filter(**{"pk": row.pk, name: token})
    result.moved += same.update(**{name: fresh})
    return ring.primary


def _move_factor(
    secret: FactorSecret, ring: Keyring, result: Rotation, is_rehearsal: bool
) -> None:
    """The same for second factors, which allauth keeps in a form of its own."""
    key_id = _key_id(secret.token)
    try:
        plain = ring.decrypt(secret.token, secret.place)
    except CannotDecrypt as error:
        result.unreadable.append(f"second factor {secret.pk}: {error}")
    else:
        if key_id != ring.primary:
            if is_rehearsal:
                result.moved += 1
            else:
                fresh = ring.encrypt(plain, secret.place)
                result.moved += secret.replace(fresh)
                key_id = ring.primary
    if key_id is not None:
        result.left[key_id] += 1


def _check(
    row: TenantModel, name: str, token: bytes, ring: Keyring, result: Rotation
) -> None:
    """A key under the right number may still be the wrong one."""
    place = Place(row.tenant_id, row._meta.db_table, row.pk, name)
    try:
        ring.decrypt(token, place)
    except CannotDecrypt as error:
        result.unreadable.append(f"{row.public_id}: {error}")


def _refresh_fingerprints(batch: int) -> None:
    """They are keyed by the primary key too."""
    for row in _rows(Destination, "fingerprint", batch):
        fresh = fingerprint(row.kind, row.config, is_simulated=row.is_simulated)
        if bytes(row.fingerprint) != fresh:
            Destination.objects.filter(pk=row.pk, config=row.config).update(
                fingerprint=fresh
            )
