"""
A new e-mail address for a person: it counts once a link mailed to it was opened.

The link is signed over the old address, so it works once, for a day.
"""

from collections.abc import Callable

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from leadrails.mail import services as mail
from leadrails.tenants import audit, notices
from leadrails.tenants.models import User
from leadrails.tenants.notices import Where

LIFETIME = 24 * 3600  # seconds
_SALT = "tenants.email_change"


@transaction.atomic
def ask(user: User, new_email: str, *, link_of: Callable[[str], str]) -> None:
    """
    Mail the link. If somebody has the address, it goes to nobody, and looks the same.

    Raises:
        ValidationError: it is the address that the person has.
        mail.NotSetUp: no mail server is set.
    """
    new_email = new_email.strip().lower()
    if new_email == user.email.lower():
        raise ValidationError({"new_email": _("This is your address already.")})
    told = {"user": str(user.pk), "old": user.email, "new": new_email}
    token = signing.dumps(told, salt=_SALT)
    is_free = not User.objects.filter(email__iexact=new_email).exists()
    mail.queue(
        "mail/email_change",
        new_email if is_free else "",
        subject=_("Confirm your new address for LeadRails"),
        context={
            "old": user.email,
            "new": new_email,
            "link": link_of(reverse("tenants:email_confirm", args=[token])),
        },
        language=user.language,
    )
    audit.record_for(user, "member.email_change_requested", to=new_email)


def read(user: User, token: str) -> str | None:
    """Return the new address of a link that is this person's and still good."""
    try:
        told = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    if told["user"] != str(user.pk) or told["old"] != user.email:
        return None
    return str(told["new"])


@transaction.atomic
def confirm(user: User, token: str, *, where: Where) -> str | None:
    """Change the address and tell the old one; None if the link is no longer good."""
    person = User.objects.select_for_update().get(pk=user.pk)
    new_email, old_email = read(person, token), person.email
    if new_email is None:
        return None
    person.email = new_email
    try:
        with transaction.atomic():
            person.save(update_fields=["email"])
    except IntegrityError:  # somebody else has it by now
        return None
    audit.record_for(person, "member.email_changed", before=old_email, after=new_email)
    notices.tell(person, "email_changed", where=where, to=old_email)
    return new_email
