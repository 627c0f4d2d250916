"""
People's own channels: mail to their address, SMS to their confirmed phone.

Owners and admins get severe alerts by mail unless they say otherwise; nobody else gets
anything unless they ask. The row of that default is made when it is first needed.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from leadrails.alerts.models import Channel
from leadrails.alerts.severity import Severity
from leadrails.tenants import audit
from leadrails.tenants.models import Membership, Role, Tenant, User

TOLD_BY_DEFAULT = [role for role in Role if role.covers(Role.ADMIN)]


def make_defaults(tenants: Iterable[UUID]) -> None:
    """Make what owners and admins have without asking. Safe to race."""
    own = Channel.objects.filter(
        tenant=OuterRef("tenant"), user=OuterRef("user"), kind=Channel.Kind.EMAIL
    )
    missing = Membership.objects.filter(
        ~Exists(own), tenant__in=set(tenants), role__in=TOLD_BY_DEFAULT
    ).select_related("user", "tenant")
    fresh = [default_for(member) for member in missing]
    Channel.objects.bulk_create(fresh, ignore_conflicts=True)


def default_for(member: Membership) -> Channel:
    """A mail channel as it is unless the person says otherwise; not saved."""
    is_told = Role(member.role) in TOLD_BY_DEFAULT
    return Channel(
        tenant_id=member.tenant_id,
        user=member.user,
        kind=Channel.Kind.EMAIL,
        name="E-mail",
        least=Severity.SEVERE,
        status=Channel.Status.ACTIVE if is_told else Channel.Status.PAUSED,
        time_zone=member.user.time_zone or member.tenant.time_zone,
        created_at=member.created_at,
    )


def own_channels(tenant: Tenant, user: User) -> dict[str, Channel]:
    """By kind; only those that there are."""
    rows = Channel.objects.for_tenant(tenant).filter(user=user)
    return {row.kind: row for row in rows.select_related("user")}


def save_own(
    tenant: Tenant, user: User, choices: Mapping[str, Mapping[str, Any]]
) -> None:
    """
    Keep what a person chose.

    Args:
        choices: fields by kind. A kind without `least` is switched off.
    """
    with transaction.atomic():
        for kind, fields in choices.items():
            values = dict(fields)
            is_on = bool(values.get("least"))
            if not is_on:
                values.pop("least", None)
            status = Channel.Status.ACTIVE if is_on else Channel.Status.PAUSED
            label = str(Channel.Kind(kind).label)
            Channel.objects.update_or_create(
                tenant=tenant,
                user=user,
                kind=kind,
                defaults={**values, "status": status},
                create_defaults={**values, "status": status, "name": label},
            )
        said = {
            kind: fields.get("least") or "nothing" for kind, fields in choices.items()
        }
        audit.record(tenant, user, "member.alerts_chosen", user, **said)
