"""
A person's own phone, proven by a code: it is where their test events go.

The code is kept as a keyed hash, so the database alone does not give it away; it is
good for ten minutes and five tries. Whoever asks waits a minute before the next, and
gets ten a day, since each costs a workspace money and may bother a stranger.
"""

import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadrails.core import ids
from leadrails.core.phone import mask
from leadrails.tenants import audit
from leadrails.tenants.models import AuditEntry, Tenant, User

LIFETIME = timedelta(minutes=10)
MOST_TRIES = 5
PAUSE = timedelta(seconds=60)
MOST_PER_DAY = 10
REQUESTED = "member.phone_code_requested"
_FIELDS = (
    "phone",
    "phone_confirmed_at",
    "phone_code",
    "phone_code_sent_at",
    "phone_code_tries",
)


def is_pending(user: User, *, now: datetime) -> bool:
    """Whether a code that was sent can still be entered."""
    sent_at = user.phone_code_sent_at
    return bool(user.phone_code and sent_at and now < sent_at + LIFETIME)


def begin(user: User, phone: str, *, tenant: Tenant, now: datetime) -> str:
    """
    Note the number and return the code to send to it.

    Args:
        phone: in E.164. Others may have confirmed the same one.
        tenant: whose destination sends it, so its audit log says so.

    Raises:
        ValidationError: another number is confirmed; too soon; too often.
    """
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic():
        person = _locked(user)
        if person.confirmed_phone:
            message = _("A number is confirmed already. Remove it first.")
            raise ValidationError({"phone": message})
        _keep_pace(person, tenant, now)
        person.phone = phone
        person.phone_code = _sealed(person, code)
        person.phone_code_sent_at = now
        person.phone_code_tries = 0
        person.save(update_fields=_FIELDS)
        audit.record(tenant, user, REQUESTED, user, to=mask(phone))
    return code


def withdraw(user: User, code: str) -> None:
    """Forget a code that was not sent, so that another can be asked for at once."""
    with transaction.atomic():
        person = _locked(user)
        if constant_time_compare(person.phone_code, _sealed(person, code)):
            _clear(person)
            person.phone_code_sent_at = None
            person.save(update_fields=_FIELDS)


def confirm(user: User, code: str, *, now: datetime) -> None:
    """
    Take the code for proof that the phone is this person's.

    Raises:
        ValidationError: on `code`; the try is counted, and the fifth wrong one
            ends the code.
    """
    with transaction.atomic():
        # The lock makes a hundred tries at once count as a hundred.
        person = _locked(user)
        problem = _try(person, code, now)
        person.save(update_fields=_FIELDS)
        if not problem:
            _record_everywhere(person, "member.phone_confirmed")
    if problem:  # raised here, so that the try stays counted
        raise ValidationError({"code": problem})


def remove(user: User) -> None:
    """Forget the number, be it confirmed or on its way to be."""
    with transaction.atomic():
        person = _locked(user)
        if person.confirmed_phone:
            _record_everywhere(person, "member.phone_removed")
        _clear(person)  # but when the last code was sent stays, to keep the pace
        person.save(update_fields=_FIELDS)


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _clear(person: User) -> None:
    person.phone, person.phone_confirmed_at = "", None
    person.phone_code, person.phone_code_tries = "", 0


def _try(person: User, code: str, now: datetime) -> str:
    """Judge a code and change the person accordingly; return what is wrong."""
    if not is_pending(person, now=now):
        return _("This code is too old or used up. Ask for a new one.")
    person.phone_code_tries += 1
    if constant_time_compare(person.phone_code, _sealed(person, code)):
        person.phone_confirmed_at = now
        person.phone_code, person.phone_code_tries = "", 0
        return ""
    left = MOST_TRIES - person.phone_code_tries
    if left <= 0:
        person.phone_code = ""
        return _("That is not the code, and it was the last try. Ask for a new one.")
    return ngettext(
        "That is not the code. %(count)d try is left.",
        "That is not the code. %(count)d tries are left.",
        left,
    ) % {"count": left}


def _keep_pace(person: User, tenant: Tenant, now: datetime) -> None:
    sent_at = person.phone_code_sent_at
    if sent_at and now < sent_at + PAUSE:
        seconds = int((sent_at + PAUSE - now).total_seconds()) + 1
        message = ngettext(
            "A code was sent a moment ago. Ask for a new one in %(count)d second.",
            "A code was sent a moment ago. Ask for a new one in %(count)d seconds.",
            seconds,
        ) % {"count": seconds}
        raise ValidationError(message, code="too_soon")
    tenants = {tenant.pk, *person.memberships.values_list("tenant_id", flat=True)}
    today = AuditEntry.objects.filter(
        tenant__in=tenants,
        id__gte=ids.uuid7_floor(now - timedelta(days=1)),
        actor=person,
        action=REQUESTED,
    )
    if today.count() >= MOST_PER_DAY:
        message = _("That were %(count)d codes within a day. Try again tomorrow.")
        raise ValidationError(message % {"count": MOST_PER_DAY}, code="too_many")


def _record_everywhere(person: User, action: str) -> None:
    """The number counts in all workspaces, so each log has it, masked."""
    for membership in person.memberships.select_related("tenant"):
        audit.record(
            membership.tenant, person, action, person, phone=person.masked_phone
        )


def _sealed(person: User, code: str) -> str:
    """Bound to the person and number, so that no code opens another lock."""
    text = f"{person.pk}|{person.phone}|{code}"
    return salted_hmac("leadrails.tenants.phones", text, algorithm="sha256").hexdigest()
