"""
What intake must know of a source, cached per process for at most one second.

An entry is valid as long as its tenant's `version` stands, which every change to a
source, key, workflow, route or destination bumps; it is looked at again after one
second. So a revoked key works for one second at the most.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from django.conf import settings

from leadrails import statements
from leadrails.core.crypto import CannotDecrypt, Place
from leadrails.core.routing import RouteRule
from leadrails.leads.models import SigningKey, Source, Workflow
from leadrails.routing.rules import route_rules

log = logging.getLogger(__name__)

TTL = 1.0  # seconds
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class WorkflowEntry:
    id: UUID
    name: str
    is_paused: bool
    rules: tuple[RouteRule, ...]


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as intake sees it. `workflows` is keyed by the lower-case name."""

    id: UUID
    tenant_id: UUID
    status: str
    country: str
    allowed_site_url: str
    workflows: Mapping[str, WorkflowEntry]
    form_token: str = ""
    field_map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyEntry:
    id: UUID
    source_id: UUID
    tenant_id: UUID
    secret: str
    is_revoked: bool


V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Cached(Generic[V]):
    value: V
    tenant_id: UUID
    version: int


class VersionedCache(Generic[V]):
    """Values that hold while their tenant's version stands."""

    def __init__(self) -> None:
        self._entries: dict[UUID, _Cached[V]] = {}

    def get(self, wanted: UUID) -> V | None:
        cached = self._entries.get(wanted)
        if cached is None:
            return None
        if _version(cached.tenant_id) != cached.version:
            self._entries.pop(wanted, None)
            return None
        return cached.value

    def put(self, wanted: UUID, value: V, tenant_id: UUID, version: int) -> V:
        if len(self._entries) >= MAX_ENTRIES:
            self._entries.clear()
        self._entries[wanted] = _Cached(value, tenant_id, version)
        _note_version(tenant_id, version)
        return value

    def clear(self) -> None:
        self._entries.clear()


_sources: VersionedCache[SourceEntry] = VersionedCache()
_keys: VersionedCache[KeyEntry] = VersionedCache()


def find_source(source_id: UUID) -> SourceEntry | None:
    return _sources.get(source_id) or _load_source(source_id)


def find_key(key_id: UUID) -> KeyEntry | None:
    return _keys.get(key_id) or _load_key(key_id)


def forget() -> None:
    """Drop everything; tests that truncate tables need it."""
    _sources.clear()
    _keys.clear()
    _versions.clear()


def _load_source(source_id: UUID) -> SourceEntry | None:
    # The version is read before the rows, so that a change in between is seen.
    version = _version_of(Source, source_id)
    if version is None:
        return None
    source = Source.objects.get(pk=source_id)
    rules = route_rules(source)
    entry = SourceEntry(
        id=source.id,
        tenant_id=source.tenant_id,
        status=source.status,
        country=source.country,
        allowed_site_url=source.allowed_site_url,
        workflows={
            workflow.name.lower(): WorkflowEntry(
                workflow.id,
                workflow.name,
                workflow.is_paused,
                tuple(rules.get(workflow.id, ())),
            )
            for workflow in Workflow.objects.filter(source=source)
        },
        form_token=source.form_token,
        field_map=source.field_map,
    )
    return _sources.put(source_id, entry, source.tenant_id, version)


def _load_key(key_id: UUID) -> KeyEntry | None:
    version = _version_of(SigningKey, key_id)
    if version is None:
        return None
    key = SigningKey.objects.get(pk=key_id)
    place = Place(key.tenant_id, "leads_signingkey", key.id, "secret")
    try:
        secret = settings.LEADRAILS_KEYRING.decrypt(bytes(key.secret), place)
    except CannotDecrypt:
        log.error("a signing key cannot be decrypted", extra={"key": key.public_id})
        return None
    is_revoked = key.revoked_at is not None
    entry = KeyEntry(key.id, key.source_id, key.tenant_id, secret, is_revoked)
    return _keys.put(key_id, entry, key.tenant_id, version)


_VERSION = "SELECT version FROM tenants_tenant WHERE id = %(tenant)s"
_versions: dict[UUID, tuple[int, float]] = {}


def _version(tenant_id: UUID) -> int | None:
    """The tenant's version as it was at most `TTL` ago."""
    now = time.monotonic()
    version, seen_at = _versions.get(tenant_id, (None, -TTL))
    if now - seen_at < TTL:
        return version
    rows = statements.run(_VERSION, {"tenant": tenant_id})
    if not rows:
        return None
    return _note_version(tenant_id, rows[0][0])


def _note_version(tenant_id: UUID, version: int) -> int:
    if len(_versions) >= MAX_ENTRIES:
        _versions.clear()
    _versions[tenant_id] = (version, time.monotonic())
    return version


def _version_of(model: type[Source] | type[SigningKey], pk: UUID) -> int | None:
    rows = model.objects.filter(pk=pk)
    version: int | None = rows.values_list("tenant__version", flat=True).first()
    return version
