"""What changes sources, their workflows and signing keys. Each act is audited."""

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from leadrails.core import ids
from leadrails.core.crypto import Place
from leadrails.jobs.limits import release_source
from leadrails.leads.models import SigningKey, Source, Workflow
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User
from leadrails.tenants.services import bump_version

KEY_PREFIX = "lrs_"
LIMITS = ("hourly_ceiling", "silent_after")


@transaction.atomic
def create_source(
    tenant: Tenant,
    *,
    name: str,
    actor: User | None,
    source_type: str = "webhook",
    allowed_site_url: str = "",
    country: str = "",
    once: UUID | None = None,
) -> Source:
    """
    Make a source with its `default` workflow.

    Args:
        once: the source's id, chosen by the form, so that a form sent twice makes
            one source.

    Raises:
        ValidationError: by field, or code `again` if the form was sent before.
    """
    source = Source(
        id=once or ids.uuid7(),
        tenant=tenant,
        name=name.strip(),
        source_type=source_type,
        allowed_site_url=_site(allowed_site_url),
        country=country or tenant.country,
    )
    _refuse_again(Source.objects.filter(pk=source.pk).exists())
    source.full_clean()
    source.save(force_insert=True)
    Workflow.objects.create(tenant=tenant, source=source, name=Workflow.DEFAULT)
    bump_version(tenant)
    audit.record(tenant, actor, "source.created", source, source_type=source_type)
    return source


@transaction.atomic
def update_source(
    source: Source,
    *,
    name: str,
    allowed_site_url: str,
    country: str,
    actor: User | None,
    **limits: Any,
) -> Source:
    """
    Args:
        limits: `hourly_ceiling` and `silent_after`, either None for none; what is not
            given stays.

    Raises:
        ValidationError: by field.
    """
    source = _lock(source)
    fields: dict[str, Any] = {
        "name": name.strip(),
        "allowed_site_url": _site(allowed_site_url),
        "country": country,
        **{key: limits[key] for key in LIMITS if key in limits},
    }
    changes = {
        field: [_plain(getattr(source, field)), _plain(value)]
        for field, value in fields.items()
        if getattr(source, field) != value
    }
    if not changes:
        return source
    _refuse_revoked(source)
    if "silent_after" in changes:
        fields["watched_from"] = timezone.now() if fields["silent_after"] else None
    for field, value in fields.items():
        setattr(source, field, value)
    source.full_clean()
    source.save(update_fields=[*fields, "updated_at"])
    bump_version(source.tenant_id)
    audit.record(source.tenant, actor, "source.changed", source, **changes)
    if "hourly_ceiling" in changes:
        release_source(source.tenant_id, source.id)
    return source


@transaction.atomic
def open_form(source: Source, *, actor: User | None) -> Source:
    """Take posts of an HTML form, at a new address; an old one ends."""
    return _set_form_token(
        source, secrets.token_urlsafe(24), "source.form_opened", actor
    )


@transaction.atomic
def close_form(source: Source, *, actor: User | None) -> Source:
    return _set_form_token(source, "", "source.form_closed", actor)


def _set_form_token(
    source: Source, token: str, action: str, actor: User | None
) -> Source:
    source = _lock(source)
    _refuse_revoked(source)
    source.form_token = token
    source.save(update_fields=["form_token", "updated_at"])
    bump_version(source.tenant_id)
    audit.record(source.tenant, actor, action, source)
    return source


@transaction.atomic
def map_fields(
    source: Source, field_map: dict[str, str], *, actor: User | None
) -> Source:
    """Read fields of the source's form as fields of ours: theirs → ours."""
    source = _lock(source)
    _refuse_revoked(source)
    if source.field_map == field_map:
        return source
    source.field_map = field_map
    source.save(update_fields=["field_map", "updated_at"])
    bump_version(source.tenant_id)
    audit.record(source.tenant, actor, "source.fields_mapped", source, **field_map)
    return source


def pause_source(source: Source, *, actor: User | None) -> Source:
    return _set_status(source, Source.Status.PAUSED, "source.paused", actor)


def resume_source(source: Source, *, actor: User | None) -> Source:
    return _set_status(source, Source.Status.ACTIVE, "source.resumed", actor)


@transaction.atomic
def revoke_source(source: Source, *, actor: User | None) -> Source:
    """Refuse its posts for good; its keys go with it, leads and jobs stay."""
    source = _lock(source)
    if source.status == Source.Status.REVOKED:
        return source
    for key in SigningKey.objects.active().filter(source=source):
        revoke_signing_key(key, actor=actor)
    return _set_status(source, Source.Status.REVOKED, "source.revoked", actor)


@transaction.atomic
def _set_status(
    source: Source, status: Source.Status, action: str, actor: User | None
) -> Source:
    source = _lock(source)
    if source.status == status:
        return source
    _refuse_revoked(source)
    source.status = status
    if source.silent_after and status == Source.Status.ACTIVE:
        source.watched_from = timezone.now()
    source.save(update_fields=["status", "watched_from", "updated_at"])
    bump_version(source.tenant_id)
    audit.record(source.tenant, actor, action, source)
    return source


# Signing keys ----------------------------------------------------------------


@transaction.atomic
def issue_signing_key(
    source: Source, *, actor: User | None, once: UUID | None = None
) -> tuple[SigningKey, str]:
    """
    Make a key; its secret in the clear exists only in this answer.

    Raises:
        ValidationError: the source is revoked; code `again` if the form was sent
            before.
    """
    source = _lock(source)
    _refuse_revoked(source)
    secret = KEY_PREFIX + secrets.token_hex(20)
    key = SigningKey(
        id=once or ids.uuid7(),
        tenant_id=source.tenant_id,
        source=source,
        hint=secret[-4:],
    )
    _refuse_again(SigningKey.objects.filter(pk=key.pk).exists())
    place = Place(source.tenant_id, "leads_signingkey", key.id, "secret")
    key.secret = settings.LEADRAILS_KEYRING.encrypt(secret, place)
    key.save(force_insert=True)
    bump_version(source.tenant_id)
    audit.record(
        source.tenant, actor, "signing_key.issued", key, source=source.public_id
    )
    return key, secret


@transaction.atomic
def revoke_signing_key(key: SigningKey, *, actor: User | None) -> None:
    active = SigningKey.objects.active().filter(pk=key.pk)
    if active.update(revoked_at=timezone.now()):
        bump_version(key.tenant_id)
        source = ids.encode(Source.prefix, key.source_id)
        audit.record(key.tenant, actor, "signing_key.revoked", key, source=source)


# Workflows -------------------------------------------------------------------


@transaction.atomic
def add_workflow(source: Source, *, name: str, actor: User | None) -> Workflow:
    source = _lock(source)
    _refuse_revoked(source)
    name = name.strip()
    _refuse_taken(source, name)
    workflow = Workflow(tenant_id=source.tenant_id, source=source, name=name)
    workflow.full_clean()
    workflow.save(force_insert=True)
    bump_version(source.tenant_id)
    audit.record(
        source.tenant, actor, "workflow.added", workflow, source=source.public_id
    )
    return workflow


@transaction.atomic
def rename_workflow(workflow: Workflow, *, name: str, actor: User | None) -> Workflow:
    """Leads that name the old one are kept, but no route takes them from now on."""
    source = _lock(workflow.source)
    _refuse_revoked(source)
    before, name = workflow.name, name.strip()
    if before == Workflow.DEFAULT:
        raise ValidationError({"name": _("The default workflow keeps its name.")})
    if name == before:
        return workflow
    _refuse_taken(source, name, but=workflow)
    workflow.name = name
    workflow.full_clean()
    workflow.save(update_fields=["name"])
    bump_version(source.tenant_id)
    audit.record(source.tenant, actor, "workflow.renamed", workflow, before=before)
    return workflow


def _refuse_taken(source: Source, name: str, *, but: Workflow | None = None) -> None:
    taken = Workflow.objects.filter(source=source, name__iexact=name)
    if but is not None:
        taken = taken.exclude(pk=but.pk)
    if taken.exists():
        message = _("This source has a workflow of that name.")
        raise ValidationError({"name": message})


def pause_workflow(workflow: Workflow, *, actor: User | None) -> None:
    _set_workflow(workflow, True, "workflow.paused", actor)


def resume_workflow(workflow: Workflow, *, actor: User | None) -> None:
    _set_workflow(workflow, False, "workflow.resumed", actor)


@transaction.atomic
def _set_workflow(
    workflow: Workflow, is_paused: bool, action: str, actor: User | None
) -> None:
    rows = Workflow.objects.filter(pk=workflow.pk, is_paused=not is_paused)
    if rows.update(is_paused=is_paused):
        bump_version(workflow.tenant_id)
        source = ids.encode(Source.prefix, workflow.source_id)
        audit.record(workflow.tenant, actor, action, workflow, source=source)


# -----------------------------------------------------------------------------


def _lock(source: Source) -> Source:
    """Read the row anew, so that two acts at once see each other."""
    sources = Source.objects.select_for_update(of=("self",))
    return sources.select_related("tenant").get(pk=source.pk)


def _plain(value: Any) -> Any:
    """A value as the audit log takes it."""
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 3600:g} h"
    return value


def _refuse_revoked(source: Source) -> None:
    if source.status == Source.Status.REVOKED:
        message = _("This source is revoked for good. Create a new one instead.")
        raise ValidationError(message, code="revoked")


def _refuse_again(is_there: bool) -> None:
    if is_there:
        message = _("This form was sent before, and what it made is in the list.")
        raise ValidationError(message, code="again")


def _site(url: str) -> str:
    """Return the URL trimmed; intake compares scheme, host, port and path with it."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = None
    is_fit = parts and parts.scheme in ("http", "https") and parts.hostname
    if url and (not parts or not is_fit or parts.query or parts.fragment):
        message = _("Enter a site such as https://www.example.com, without ? and #.")
        raise ValidationError({"allowed_site_url": message})
    return url
