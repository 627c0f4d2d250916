"""Causes of alerts that are neither a provider's code nor a job's reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAUSES: dict[str, tuple[str | Promise, str | Promise]] = {
    # The kind's own words say it all.
    "no_answer": ("", ""),
    "wrong_signature": ("", ""),
    # What messages wait for.
    "circuit_open": (_("The provider does not answer."), ""),
    "rate_is_low": (
        _("More leads come than the destination's rate lets out."),
        _(
            "If the sender may send faster, raise the messages per second; else wait,"
            " or share the leads among several destinations."
        ),
    ),
    "nobody_sends": (
        _("No worker takes them."),
        _("This is for the operator: is the drain worker running?"),
    ),
}
