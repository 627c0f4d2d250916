"""
What a person does to the ways in which they log in.

Each act is in the audit log of every workspace of theirs, and mailed to them.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from leadrails.tenants import audit, factors, notices
from leadrails.tenants.models import Tenant, User
from leadrails.tenants.notices import Where


@transaction.atomic
def add_app(user: User, secret: str, code: str, *, where: Where) -> None:
    """
    Set up an app by a code of it.

    Raises:
        ValidationError: the code does not fit, or there is an app already.
    """
    factors.add_app(user, secret, code)
    _note(user, "app_added", where)


@transaction.atomic
def add_passkey(user: User, name: str, credential: Any, *, where: Where) -> None:
    """
    Keep a passkey.

    Raises:
        ValidationError: the browser's answer does not fit.
    """
    factor = factors.add_passkey(user, name, credential)
    _note(user, "passkey_added", where, name=factors.passkey_name(factor))


@transaction.atomic
def remove_app(user: User, *, where: Where) -> None:
    """
    Remove the app, if there is one.

    Raises:
        ValidationError: a workspace of the person wants two factors.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if app := factors.app_of(user):
        _keep_one(user)
        factors.remove(app)
        _note(user, "app_removed", where)


@transaction.atomic
def remove_passkey(user: User, pk: int, *, where: Where) -> None:
    """
    Remove a passkey of the person's own.

    Raises:
        Http404: they have none of that number.
        ValidationError: a workspace of the person wants two factors.
    """
    User.objects.select_for_update().get(pk=user.pk)
    factor = factors.own_passkey(user, pk)
    _keep_one(user)
    name = factors.passkey_name(factor)
    factors.remove(factor)
    _note(user, "passkey_removed", where, name=name)


@transaction.atomic
def renew_recovery_codes(user: User, *, where: Where) -> None:
    if factors.recovery_codes(user, renew=True):
        _note(user, "recovery_codes_made", where)


@transaction.atomic
def check_code(user: User, code: str, *, where: Where) -> bool:
    """Use up a code of the app or a recovery code."""
    used = factors.check_code(user, code)
    if used is not None and used.type == factors.Kind.RECOVERY_CODES:
        left = factors.count_recovery_codes(user)
        _note(user, "recovery_code_used", where, left=left)
    return used is not None


@transaction.atomic
def remove_all(user: User) -> int:
    """For whoever lost app and codes: done from the shell, by nobody's hand."""
    removed = factors.remove_all(user)
    if removed:
        audit.record_for(user, "member.factors_removed", is_own=False)
        notices.tell(user, "factors_removed", where=Where())
    return removed


def strict_tenants(user: User) -> list[Tenant]:
    """The person's workspaces that want two factors of everybody."""
    strict = Tenant.objects.filter(needs_two_factors=True)
    mine = user.memberships.values_list("tenant")
    return list(strict.filter(pk__in=mine).order_by("name"))


def _keep_one(user: User) -> None:
    count = len(factors.passkeys_of(user)) + bool(factors.app_of(user))
    strict = strict_tenants(user)
    if count == 1 and strict:
        raise ValidationError(
            _(
                "%(tenant)s wants two factors of every member. Set up another one "
                "before you remove this."
            )
            % {"tenant": strict[0]}
        )


def _note(user: User, event: str, where: Where, **details: Any) -> None:
    audit.record_for(user, f"member.{event}", **details)
    notices.tell(user, event, where=where)
