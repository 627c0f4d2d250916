"""Who may read which of the kept mail."""

from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse

from leadrails.alerts.models import Channel
from leadrails.mailbox.models import KeptMail
from leadrails.tenants.models import Invitation, Membership, Role, User


def readable(user: User) -> QuerySet[KeptMail]:
    """
    All but mail that has to do with workspaces which the person does not own.

    Mail holds links that let somebody in, so an owner of one workspace reads none to
    another's members, to whom it invites, and to whom it tells of its alerts.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("tenant")
    members = Membership.objects.exclude(tenant__in=owned).values("user")
    guests = Invitation.objects.exclude(tenant__in=owned)
    channels = Channel.objects.exclude(tenant__in=owned).exclude(address="")
    strangers = (
        Q(reader__in=_addresses(User.objects.filter(pk__in=members), "email"))
        | Q(reader__in=_addresses(guests, "email"))
        | Q(reader__in=_addresses(channels, "address"))
    )
    mails = KeptMail.objects.alias(reader=Lower("to"))
    return mails.filter(Q(reader=user.email.lower()) | ~strangers)


def _addresses(rows: QuerySet[Any, Any], field: str) -> QuerySet[Any, Any]:
    return rows.values(reader=Lower(field))


def is_owner(user: User) -> bool:
    return Membership.objects.filter(user=user, role=Role.OWNER).exists()


def mailbox_link(request: HttpRequest) -> dict[str, str]:
    """Add `mailbox_url` where mail stays here and the person may read it."""
    if not settings.LEADRAILS_KEEPS_MAIL or getattr(request, "role", "") != Role.OWNER:
        return {}
    return {"mailbox_url": reverse("mailbox:list")}
