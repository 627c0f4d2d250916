"""How a job's state looks: a tone for its colour, an icon and a word."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TONES = ("ok", "waiting", "attention", "failed", "neutral")


@dataclass(frozen=True, slots=True)
class Look:
    tone: str
    icon: str
    word: str | Promise
    meaning: str | Promise


LOOKS: dict[str, Look] = {
    "queued": Look("waiting", "clock", _("Queued"), _("Will be sent next.")),
    "held": Look(
        "attention", "pause", _("Held"), _("Waits until its reason is cleared.")
    ),
    "sending": Look(
        "waiting", "send", _("Sending"), _("On its way to the provider now.")
    ),
    "accepted": Look(
        "waiting", "check", _("Accepted"), _("The provider has taken it over.")
    ),
    "sent": Look("waiting", "jobs", _("Sent"), _("Handed to the carrier.")),
    "delivered": Look(
        "ok", "check-double", _("Delivered"), _("The handset confirmed it.")
    ),
    "read": Look("ok", "eye", _("Read"), _("The recipient opened it.")),
    "retrying": Look(
        "attention", "retry", _("Retrying"), _("An attempt failed; another follows.")
    ),
    "unknown": Look(
        "attention",
        "question",
        _("Unknown"),
        _("The answer was lost; the provider is being asked."),
    ),
    "undelivered": Look(
        "failed",
        "undelivered",
        _("Undelivered"),
        _("The carrier or handset did not take it."),
    ),
    "dead": Look(
        "failed", "x-circle", _("Dead letter"), _("No more attempts are made.")
    ),
    "skipped": Look(
        "neutral", "skip", _("Skipped"), _("Deliberately not sent, with a reason.")
    ),
    "canceled": Look("neutral", "ban", _("Canceled"), _("Stopped by a person.")),
}


def look_of(state: str) -> Look:
    """A state this page does not know yet is shown by its own name, never hidden."""
    return LOOKS.get(state) or Look("neutral", "dot", state.replace("_", " "), "")
