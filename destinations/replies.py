"""Have a provider post what people answer to LeadRails."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from destinations.callbacks import addresses
from destinations.credentials import provider_for
from destinations.direct import call_directly
from destinations.models import Destination
from destinations.providers.base import Capability
from leadrails.core.crypto import CannotDecrypt
from leadrails.core.delivery import Refused, SendError
from leadrails.tenants import audit
from leadrails.tenants.models import User

TIMEOUT = 10.0  # seconds; a person is waiting


@dataclass(frozen=True, slots=True)
class Connected:
    ok: bool
    sentence: str


def can_connect(destination: Destination) -> bool:
    """Whether the provider lets us enter the address at its side."""
    if addresses(destination) is None:
        return False
    try:
        return provider_for(destination).can(Capability.REPLIES)
    except CannotDecrypt:
        return False


def connect_replies(
    destination: Destination, *, actor: User | None, timeout: float = TIMEOUT
) -> Connected:
    """Enter the address at the provider, in place of what is there. Never raises."""
    where = addresses(destination)
    if where is None or not can_connect(destination):
        return Connected(False, _("The address must be entered at the provider."))
    provider = provider_for(destination)
    try:
        call_directly(
            lambda http: provider.connect_replies(where.incoming, http), timeout
        )
    except Refused as error:
        said = _("The provider refused: %(title)s (%(code)s).")
        return Connected(False, said % {"title": error.title, "code": error.code})
    except SendError:
        return Connected(False, _("The provider did not answer. Try again later."))
    audit.record(
        destination.tenant, actor, "destination.replies_connected", destination
    )
    return Connected(True, _("Replies come here from now on."))
