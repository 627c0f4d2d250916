"""
Links by which a person sets their password: mailed to them, or passed on by an owner.

A link is good for three days and once: it is signed over the password it replaces, and
over the tenants its person belongs to, so that no link outlives a further membership.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from leadrails.mail import services as mail
from leadrails.tenants import audit, services
from leadrails.tenants.models import Membership, Role, User
from leadrails.tenants.notices import Where


class _Tokens(PasswordResetTokenGenerator):
    def _make_hash_value(self, user: User, timestamp: int) -> str:
        tenants = Membership.objects.filter(user=user.pk).order_by("tenant")
        belongs = "|".join(str(pk) for pk in tenants.values_list("tenant", flat=True))
        return f"{super()._make_hash_value(user, timestamp)}|{belongs}"


_tokens = _Tokens()


def may_issue(membership: Membership) -> bool:
    """
    Whether this tenant's owners may hand out a link.

    Not for a person of several tenants: the link would let the owner of one log in
    to all of them.
    """
    others = Membership.objects.filter(user=membership.user_id).exclude(
        pk=membership.pk
    )
    return membership.user.is_active and not others.exists()


@transaction.atomic
def issue(membership: Membership, *, actor: User | None) -> str:
    """
    Return the token of a link that sets the member's password.

    Raises:
        ValidationError: the person belongs to another tenant too.
        PermissionDenied: `actor` is no owner.
    """
    tenant = membership.tenant
    owners = Membership.objects.for_tenant(tenant).filter(role=Role.OWNER)
    if actor is not None and not owners.filter(user=actor).exists():
        raise PermissionDenied
    if not may_issue(membership):
        raise ValidationError(
            _("This person belongs to another workspace too, so no link can be made.")
        )
    audit.record(tenant, actor, "member.link_issued", membership.user)
    return _tokens.make_token(membership.user)


def read(user_id: UUID, token: str) -> User | None:
    """Return whose password the link sets, or None if it is used up or too old."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user if user and _tokens.check_token(user, token) else None


@transaction.atomic
def redeem(
    user_id: UUID, token: str, *, password: str, name: str = "", where: Where
) -> User | None:
    """Set the password, once; None if another was faster or the link is old."""
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first()
    if user is None or not _tokens.check_token(user, token):
        return None
    services.change_password(user, password=password, where=where)
    services.update_profile(user, name=name or user.name)
    return user


def path_of(user: User, token: str) -> str:
    kwargs = {"user": user.public_id, "token": token}
    return reverse("tenants:welcome", kwargs=kwargs)


@transaction.atomic
def mail_reset(email: str, *, link_of: Callable[[str], str]) -> None:
    """
    Mail the person of the address, if there is one, a link.

    For an address nobody has the same is done for nobody, so that neither the answer
    nor the time it takes tells which.

    Args:
        link_of: makes a whole link of a path.

    Raises:
        mail.NotSetUp: no mail server is set.
    """
    found = User.objects.filter(email__iexact=email.strip(), is_active=True).first()
    user = found or User(email=email)
    mail.queue(
        "mail/password_reset",
        user.email if found else "",
        subject=_("Set a new password for LeadRails"),
        context={"link": link_of(path_of(user, _tokens.make_token(user)))},
        language=user.language,
    )
    if found:
        audit.record_for(user, "member.reset_requested", is_own=False)
