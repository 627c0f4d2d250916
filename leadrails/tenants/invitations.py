"""
Invitations: whoever opens the link joins the workspace in the role it is for.

The owner who invites is told the same whether the address has an account or not. The
link is mailed where there is a mail server, and shown once to pass on in any case. Only
its hash is kept; it is good for a week and once.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from leadrails.mail import services as mail
from leadrails.tenants import audit, services
from leadrails.tenants.models import Invitation, Membership, Role, Tenant, User
from leadrails.tenants.notices import Where

LIFETIME = timedelta(days=7)
LinkOf = Callable[[str], str]
"""Makes a whole link of a path."""


class HasAccount(Exception):
    """The invited address has an account: its person must log in to accept."""


@transaction.atomic
def invite(
    tenant: Tenant, email: str, *, role: Role, actor: User | None, link_of: LinkOf
) -> tuple[Invitation, str]:
    """
    Return the invitation and its link; one that is open already gets a new link.

    Raises:
        ValidationError: on `email`: it is none, or a member's.
        PermissionDenied: `actor` is no owner.
    """
    services.lock_owners(tenant, actor)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None
    members = Membership.objects.for_tenant(tenant)
    if members.filter(user__email__iexact=email).exists():
        raise ValidationError({"email": _("This person is a member already.")})
    open_ones = Invitation.objects.for_tenant(tenant).open()
    found = open_ones.filter(email__iexact=email).first()
    made = found or Invitation(tenant=tenant, email=email)
    made.role, made.invited_by = Role(role), actor
    link = _with_new_link(made, link_of)
    audit.record(tenant, actor, "invitation.made", made, role=role)
    return made, link


@transaction.atomic
def renew(invitation: Invitation, *, actor: User | None, link_of: LinkOf) -> str:
    """
    Return a new link, good for another week; the old one stops working.

    Raises:
        ValidationError: it was accepted or revoked meanwhile.
        PermissionDenied: `actor` is no owner.
    """
    services.lock_owners(invitation.tenant, actor)
    locked = _locked(invitation.pk)
    if locked is None or locked.ended_at is not None:
        raise ValidationError(_("This invitation is no longer open."))
    link = _with_new_link(locked, link_of)
    audit.record(locked.tenant, actor, "invitation.renewed", locked)
    return link


@transaction.atomic
def revoke(invitation: Invitation, *, actor: User | None) -> None:
    services.lock_owners(invitation.tenant, actor)
    still_open = Invitation.objects.open().filter(pk=invitation.pk)
    if still_open.update(ended_at=Now(), digest=b""):
        audit.record(invitation.tenant, actor, "invitation.revoked", invitation)


def read(pk: UUID, token: str) -> Invitation | None:
    """Return what the link invites to, or None if it is used up or too old."""
    good = Invitation.objects.open().filter(pk=pk, expires_at__gt=Now())
    found = good.select_related("tenant", "invited_by").first()
    is_it = found and secrets.compare_digest(bytes(found.digest), _digest(token))
    return found if is_it else None


def account_of(invitation: Invitation) -> User | None:
    return User.objects.filter(email__iexact=invitation.email).first()


@transaction.atomic
def accept(pk: UUID, token: str, user: User) -> Membership | None:
    """
    Let the person in; None if the link was used meanwhile.

    Raises:
        ValidationError: it invites another address.
    """
    invitation = _locked(pk)
    if invitation is None or read(pk, token) is None:
        return None
    if user.email.lower() != invitation.email.lower():
        raise ValidationError(_("This invitation is for another address."))
    return _join(invitation, user)


@transaction.atomic
def accept_as_new(
    pk: UUID, token: str, *, name: str, password: str, where: Where
) -> User | None:
    """
    Make the account and let its person in; None if the link was used meanwhile.

    Raises:
        HasAccount: somebody has the address.
        ValidationError: by field.
    """
    invitation = _locked(pk)
    if invitation is None or read(pk, token) is None:
        return None
    user = account_of(invitation)
    if user is None:
        user = services.create_user(invitation.email, password, name=name)
    elif user.has_usable_password() or user.memberships.exists():
        raise HasAccount
    else:  # made by an earlier release, and never opened
        services.change_password(user, password=password, where=where)
        services.update_profile(user, name=name)
    _join(invitation, user)
    return user


def _join(invitation: Invitation, user: User) -> Membership:
    invitation.ended_at, invitation.accepted_by = Now(), user
    invitation.digest = b""
    invitation.save(update_fields=["ended_at", "accepted_by", "digest"])
    tenant, role = invitation.tenant, Role(invitation.role)
    return services.add_member(tenant, user, role=role, actor=user)


def _locked(pk: UUID) -> Invitation | None:
    rows = Invitation.objects.select_for_update(of=("self",)).select_related("tenant")
    return rows.filter(pk=pk).first()


def _with_new_link(invitation: Invitation, link_of: LinkOf) -> str:
    token = secrets.token_urlsafe(32)
    invitation.digest = _digest(token)
    invitation.expires_at = Now() + LIFETIME
    kwargs = {"invitation": invitation.public_id, "token": token}
    link = link_of(reverse("tenants:invitation", kwargs=kwargs))
    if mail.is_set_up():
        invitation.mail = mail.queue(
            "mail/invitation",
            invitation.email,
            subject=_("Join %(tenant)s on LeadRails") % {"tenant": invitation.tenant},
            context={"invitation": invitation, "link": link},
        )
    invitation.save()
    return link


def _digest(token: str) -> bytes:
    # The token has 256 random bits, so a fast hash is enough: nothing can be guessed.
    return hashlib.sha256(token.encode(errors="replace")).digest()
