"""Who may read which of the kept mail."""

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse

from leadrails.mailbox.models import KeptMail
from leadrails.tenants.models import Membership, Role, User


def readable(user: User) -> QuerySet[KeptMail]:
    """
    All but mail to members of workspaces that the person does not own.

    Mail holds links that let somebody in, so an owner of one workspace reads none of
    another's.
    """
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("tenant")
    others = Membership.objects.exclude(tenant__in=owned).values("user")
    strangers = User.objects.filter(pk__in=others).values(address=Lower("email"))
    return KeptMail.objects.exclude(to__in=strangers)


def is_owner(user: User) -> bool:
    return Membership.objects.filter(user=user, role=Role.OWNER).exists()


def mailbox_link(request: HttpRequest) -> dict[str, str]:
    """Add `mailbox_url` where mail stays here and the person may read it."""
    if not settings.LEADRAILS_KEEPS_MAIL or getattr(request, "role", "") != Role.OWNER:
        return {}
    return {"mailbox_url": reverse("mailbox:list")}
