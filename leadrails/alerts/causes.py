"""Causes of alerts that are neither a provider's code nor a job's reason."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CAUSES: dict[str, tuple[str | Promise, str | Promise]] = {
    # The kind's own words say it all.
    "no_answer": ("", ""),
    "wrong_signature": ("", ""),
    # What a follow-up waited for in vain.
    "not_read": (_("Delivered, but not read in time."), ""),
    "follow_up_text": (
        _("The follow-up's text could not be filled in for a lead."),
        _("Correct the text of the follow-up."),
    ),
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
    # Why a rule on replies could not do what it should.
    "no_lead": (
        _("No lead is known for the number that wrote, so none could be tagged."),
        _("See under Conversations who wrote, and to which destination."),
    ),
    "no_phone": (
        _("The message came without a phone number."),
        _("See under Conversations what the provider posted."),
    ),
    "no_job": (
        _("Nothing was sent to this person yet that one could go on from."),
        _("Answer by hand."),
    ),
    "place_gone": (
        _("The destination that should send the further message was deleted."),
        _("Choose another destination in the rule."),
    ),
    "bad_template": (
        _("The rule's message could not be made for this lead."),
        _("Correct it in the rule: a lead may lack a field that it names."),
    ),
    "channel_off": (
        _("The webhook that the rule calls is paused or removed."),
        _("Resume it in the settings of channels, or choose another in the rule."),
    ),
    "too_many": (
        _("Too many messages followed each other without a word of the person."),
        _("Look at the example: which rules send after each other?"),
    ),
    "broke": (
        _("LeadRails could not do it, although it tried several times."),
        _("This is for the operator: the log of the default worker says why."),
    ),
}
