"""
Sends the code that proves a phone, through a destination of the person's workspaces.

It stands above both: tenants know of no destination. The code goes out directly and
not as a job, since everyone in the workspace reads those, and so could confirm a
number that is not theirs. For the same reason a simulated destination confirms only
sample numbers: what it sends can be read by all.
"""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from destinations.credentials import provider_for
from destinations.direct import send_directly, sent_to
from destinations.models import Destination
from destinations.providers import errors
from destinations.providers.base import Capability, FoundMessage
from leadrails.contacts.permission import ask_policy
from leadrails.core import phone, policy
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import OutcomeUnknown, Refused, SendError
from leadrails.core.reasons import EXPLANATIONS
from leadrails.tenants import phones
from leadrails.tenants.models import Membership, Role, User

MAY_SEND = [role for role in Role if role.covers(Role.OPERATOR)]


def senders_of(user: User) -> list[Destination]:
    """Active destinations of workspaces where the person may send; live ones first."""
    tenants = Membership.objects.filter(user=user, role__in=MAY_SEND)
    # Of several tenants at once, and of none but the person's own.
    return list(
        Destination.objects.filter(
            tenant__in=tenants.values("tenant"), status=Destination.Status.ACTIVE
        )
        .select_related("tenant")
        .order_by("is_simulated", "tenant__name", "name", "id")
    )


def send_code(
    user: User, destination: Destination, number: str, *, now: datetime
) -> bool:
    """
    Send a code to a number as it was typed; False if it is not known to have gone.

    Raises:
        ValidationError: by field; no code was sent.
    """
    to = _read(number, destination)
    _ask_policy(destination, to, now)
    code = phones.begin(user, to, tenant=destination.tenant, now=now)
    body = _(
        "%(code)s is your LeadRails code, good for 10 minutes. If you did not ask for "
        "it, do nothing."
    )
    try:
        send_directly(
            destination,
            to=to,
            body=body % {"code": code},
            validity_seconds=int(phones.LIFETIME.total_seconds()),
        )
    except OutcomeUnknown:
        return False
    except (SendError, CannotDecrypt) as error:
        phones.withdraw(user, code)
        raise ValidationError({"destination": _why(destination, error)}) from None
    return True


def phone_url(user: User, destination: Destination) -> str:
    """The simulated phone, where the provider keeps no list to show it from."""
    if provider_for(destination).can(Capability.LIST):
        return ""
    page = reverse("destinations:handsets", args=[destination.tenant.slug])
    return f"{page}?{urlencode({'phone': user.phone})}"


def simulated_message(user: User, destination: Destination) -> FoundMessage | None:
    """
    The newest message on the simulated phone since the code was asked for.

    Raises:
        SendError, CannotDecrypt: the simulator cannot be asked.
    """
    assert destination.is_simulated
    if user.phone_code_sent_at is None:
        return None
    # The provider's dates have no fractions of a second.
    since = user.phone_code_sent_at - timedelta(seconds=1)
    return next(iter(sent_to(destination, user.phone, since=since)), None)


def _read(number: str, destination: Destination) -> str:
    read = phone.normalise(number, destination.tenant.country)
    if read.e164 is None:
        raise ValidationError({"phone": _sentence(read)})
    if destination.is_simulated and not read.is_reserved:
        message = _(
            "A simulated destination reaches no real phone. Choose a live one, or try "
            "it with the sample number +1 555 555 0100."
        )
        raise ValidationError({"phone": message})
    return read.e164


def _sentence(read: phone.Phone) -> str:
    if read.problem == "no_country_code":
        return _("Begin with + and the country code.")
    return read.sentence or ""


def _ask_policy(destination: Destination, to: str, now: datetime) -> None:
    verdict = ask_policy(destination, to, now=now, lifetime=phones.LIFETIME)
    if not isinstance(verdict, policy.Allow):
        raise ValidationError({"phone": EXPLANATIONS[verdict.reason].sentence})


def _why(destination: Destination, error: Exception) -> str:
    if isinstance(error, CannotDecrypt):
        return _("The stored credentials of this destination cannot be read.")
    if isinstance(error, Refused):
        info = errors.lookup(destination.kind, error.code, where="sync")
        return f"{info.sentence} ({error.code})"
    return _(
        "The provider could not be reached or is busy, so nothing was sent. Try again "
        "in a minute, or choose another destination."
    )
