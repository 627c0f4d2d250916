"""What pages say of each kind of alert."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Words:
    """
    `title` may name the place, `%(where)s`, and the `%(country)s`.

    `held`: what it counts are jobs that wait, not failures.
    """

    title: Text
    sentence: Text
    next_step: Text
    tone: str = "attention"
    held: bool = False


WORDS: dict[str, Words] = {
    "destination_config_failed": Words(
        _("The provider refuses what %(where)s sends"),
        _("Its settings, credentials or account need a person. Jobs wait meanwhile."),
        _("Correct what the cause names, verify the connection and resume it."),
        "failed",
    ),
    "country_not_enabled": Words(
        _("%(where)s may not send to %(country)s"),
        _("The provider account is not enabled for this country. Its jobs wait."),
        _("Enable the country in the provider's console, then release what waits."),
    ),
    "dead_letters": Words(
        _("Jobs of %(where)s ended as dead letters"),
        _("They were given up, and these people have got no message."),
        _("Look at an example, clear the cause, then replay the jobs."),
        "failed",
    ),
    "outcome_unknown": Words(
        _("It is not known whether messages of %(where)s were sent"),
        _("The provider's answer was lost, and it cannot be asked what happened."),
        _("Compare with the provider's log, and replay only what is not in it."),
    ),
    "signature_failures": Words(
        _("Callbacks for %(where)s have a wrong signature"),
        _("They are not believed, so delivered jobs may stay “sent”."),
        _(
            "Check that the destination's auth token and the public address of this "
            "installation are the ones the provider uses."
        ),
    ),
    "circuit_open": Words(
        _("The provider does not answer %(where)s"),
        _("Nothing is lost: its jobs wait, and one call is tried now and then."),
        _("Look at the provider's status page. Sending goes on by itself."),
    ),
    "ceiling_reached": Words(
        _("%(where)s reached its ceiling of messages"),
        _("Further jobs wait, so that a flood of leads cannot spend your money."),
        _("Check that the leads are real; then raise the ceiling, or wait."),
        held=True,
    ),
    "source_ceiling": Words(
        _("A source of %(where)s reached its ceiling of messages"),
        _("Its further jobs wait, so that a flood of leads cannot spend your money."),
        _("Check that the leads are real; then raise the ceiling, or wait."),
        held=True,
    ),
    "recipient_ceiling": Words(
        _("%(where)s has more messages for one person than a day allows"),
        _("The further ones wait for the next day, or end when their time is over."),
        _("Look at the example: is a form sent again and again? Then mend the source."),
        held=True,
    ),
}

_OF_CAUSE = {
    ("destination_config_failed", "carrier_filtered"): Words(
        _("Carriers drop what %(where)s sends"),
        _("Sending goes on, but these people have got no message."),
        _("Reword the template and check the sender's registration before a replay."),
        "failed",
    ),
}

UNKNOWN = Words(
    _("A problem at %(where)s"),
    _("Something is wrong that needs a person."),
    _("Look at the example and at the destination."),
)


def words_for(kind: str, cause: str = "") -> Words:
    """
    Return the words for a kind, or for one of its causes that needs its own.

    A kind that is not in the table gets words that are true of any problem.
    """
    return _OF_CAUSE.get((kind, cause)) or WORDS.get(kind, UNKNOWN)
