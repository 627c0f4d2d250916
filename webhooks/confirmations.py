"""What a person who says stop, start or help is answered where no provider does."""

from django.utils.translation import gettext as _

from destinations.models import Destination
from destinations.providers.inbound import Inbound
from leadrails.core.optout import OptOut


def confirmation(said: Inbound, place: Destination) -> str:
    """
    Return the text; empty where the provider answers, or nothing is asked for.

    It is the answer to the provider's own request, so no suppression holds it up: that
    one text is allowed to those who said stop.
    """
    if not said.needs_answer:
        return ""
    name = {"name": place.tenant.name}
    match said.opt_out:
        case OptOut.STOP:
            return (
                _(
                    "%(name)s: You are unsubscribed and will get no more messages."
                    " Reply START to resubscribe."
                )
                % name
            )
        case OptOut.START:
            return (
                _(
                    "%(name)s: You are subscribed again. Reply HELP for help, STOP to"
                    " unsubscribe. Msg&data rates may apply."
                )
                % name
            )
        case OptOut.HELP:
            return (
                _("%(name)s: Reply STOP to unsubscribe. Msg&data rates may apply.")
                % name
            )
    return ""
