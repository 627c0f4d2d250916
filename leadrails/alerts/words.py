"""What pages and docs say of each kind of alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leadrails.alerts.causes import CAUSES
from leadrails.alerts.severity import Severity
from leadrails.core.reasons import EXPLANATIONS

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """
    `title` may name the place, `%(where)s`, and the `%(country)s`; `figures` may name
    the alert's details.

    `is_told`: a cause that is one of our own slugs says nothing that is not here.
    `opens` and `closes` end the sentences “It opens when …” and “It closes by itself
    when …”. `counts` is what its number counts: failures, waits, or nothing.
    """

    title: Text
    sentence: Text
    next_step: Text
    opens: Text
    closes: Text
    figures: Text = ""
    severity: Severity = Severity.WARNING
    counts: str = "failures"
    is_told: bool = False

    @property
    def tone(self) -> str:
        return "failed" if self.severity is Severity.SEVERE else "attention"

    def measured(self, details: Mapping[str, Any]) -> str:
        """The figures as a sentence; empty where the alert has none."""
        try:
            return str(self.figures) % details
        except KeyError:
            return ""


WORDS: dict[str, Words] = {
    "destination_config_failed": Words(
        title=_("The provider refuses what %(where)s sends"),
        sentence=_(
            "Its settings, credentials or account need a person. Messages wait"
            " meanwhile, and go out if it is mended in time."
        ),
        next_step=_("Correct what the cause names, verify the connection, resume it."),
        opens=_("the provider refuses the account or the sender"),
        closes=_("the destination is resumed, or the provider takes a message again"),
        severity=Severity.SEVERE,
    ),
    "country_not_enabled": Words(
        title=_("%(where)s may not send to %(country)s"),
        sentence=_("The provider account is not enabled for it. Messages to it wait."),
        is_told=True,
        next_step=_(
            "Enable the country in the provider's console, then release what waits."
        ),
        opens=_("the provider refuses a message because of the recipient's country"),
        closes=_("the country is released"),
    ),
    "dead_letters": Words(
        title=_("Messages of %(where)s were given up"),
        sentence=_("LeadRails tried and stopped; these people have got no message."),
        next_step=_("Look at an example, clear the cause, then send them again."),
        opens=_(
            "a job ends as a dead letter for a cause that you can clear: out of time or"
            " of attempts, a template that fails, a message that is refused as written"
        ),
        closes=_("each one of the last 7 days was replayed with success"),
        severity=Severity.SEVERE,
    ),
    "failure_rate": Words(
        title=_("Many messages of %(where)s fail"),
        figures=_("Failed within the last hour: %(failed)s of the latest %(of)s."),
        sentence=_("Most of them for this cause:"),
        next_step=_(
            "Open an example. Bad numbers point to the source of the leads, refusals to"
            " the message or its sender."
        ),
        opens=_(
            "at least 10 messages, and 20 % of those whose leads came within an hour,"
            " were refused or not delivered (those with an alert of their own apart:"
            " dead letters, filtered ones; and people who opted out)"
        ),
        closes=_("less than 10 % of an hour's messages fail"),
        severity=Severity.SEVERE,
    ),
    "outcome_unknown": Words(
        title=_("It is not known whether messages of %(where)s were sent"),
        sentence=_(
            "The provider's answer was lost, and it cannot be asked what happened."
            " These people may have the message or not."
        ),
        next_step=_(
            "Compare with the provider's log, and replay only what is not in it."
        ),
        opens=_("an answer was lost, and the provider cannot be asked"),
        closes=_("no message's outcome is unknown any more"),
        is_told=True,
        severity=Severity.SEVERE,
    ),
    "signature_failures": Words(
        title=_("Callbacks for %(where)s have a wrong signature"),
        sentence=_("They are not believed, so delivered messages may stay “sent”."),
        next_step=_(
            "Check that the destination's auth token or public key, the public address"
            " of this server and its clock are right."
        ),
        opens=_("a callback with the right address is signed with another key"),
        closes=_("one is believed again and none was wrong for an hour"),
    ),
    "callbacks_given_up": Words(
        title=_("Callbacks for %(where)s could not be matched with a message"),
        sentence=_(
            "They came at an address that this server made and were given up after some"
            " minutes. The database may have forgotten messages that were sent."
        ),
        next_step=_(
            "Was a backup restored? Then compare with the provider's log before you"
            " release or replay anything."
        ),
        opens=_("a callback cannot be matched or understood, ten times"),
        closes=_("all callbacks of a day could be"),
    ),
    "messages_to_judge": Words(
        title=_("People may have asked for no more messages"),
        sentence=_(
            "They wrote so in words of their own, which stop nothing by themselves."
            " Until somebody has read them, messages to these people still go out."
        ),
        next_step=_("Read them, and say for each whether it means stop."),
        opens=_("a person's message seems to ask for no more, in words of their own"),
        closes=_("each one was read by a person"),
        figures=_("%(messages)s wait to be read."),
        counts="",
    ),
    "circuit_open": Words(
        title=_("The provider does not answer %(where)s"),
        sentence=_(
            "Nothing is lost: messages wait, and one call is tried now and then."
        ),
        next_step=_("Look at the provider's status page. Sending goes on by itself."),
        opens=_("five calls in a row have no answer"),
        closes=_("one call is answered"),
    ),
    "provider_outage": Words(
        title=_("%(where)s does not answer anybody here"),
        figures=_(
            "Destinations of this workspace without an answer: %(destinations)s."
        ),
        sentence=_(
            "It is the provider or the network to it, not your settings. Nothing is"
            " lost: messages wait, and calls are tried now and then."
        ),
        next_step=_(
            "Change nothing. Look at the provider's status page; if it is well, this"
            " server's network needs its operator."
        ),
        opens=_(
            "half of all destinations of one provider have no answer, at least two of"
            " them, or the only one twice in a row"
        ),
        closes=_("less than a quarter of them are without an answer"),
        severity=Severity.SEVERE,
        counts="",
    ),
    "queue_age": Words(
        title=_("Messages of %(where)s wait too long"),
        figures=_("Minutes that the oldest has waited: %(minutes)s."),
        sentence=_("People hear from you later than you want."),
        next_step=_(
            "Clear what holds them up, or allow a longer wait in the destination."
        ),
        opens=_(
            "the oldest message waits longer than the destination's limit (5 minutes"
            " unless changed), behind a rate, a ceiling or a provider that is down;"
            " replays, quiet hours and what waits for a person do not count"
        ),
        closes=_("the oldest waits less than half of that"),
        counts="waits",
    ),
    "callbacks_silent": Words(
        title=_("No callback comes for %(where)s"),
        sentence=_(
            "Messages are sent, but the provider's word on what became of them does not"
            " get here. LeadRails asks for it instead, so statuses come 15 minutes late"
            " and opt-outs may be missed."
        ),
        next_step=_(
            "Check that the provider can reach the public address of this server"
            " (LEADRAILS_PUBLIC_URL): name, certificate and firewall."
        ),
        opens=_(
            "the ends of the newest 3 or more messages had to be asked for, 15 minutes"
            " after the provider took them, although there is a public address"
        ),
        closes=_("a callback comes"),
        counts="",
    ),
    "source_silent": Words(
        title=_("No lead comes from %(where)s"),
        figures=_("Hours without a lead: %(hours)s."),
        sentence=_("If people still fill in the form, their leads do not get here."),
        next_step=_(
            "Send a lead through the form yourself. If none appears, look at what the"
            " sender says: an expired key, a changed address."
        ),
        opens=_(
            "no lead came for as long as the source's settings say (off unless set;"
            " test events do not count)"
        ),
        closes=_("a lead comes, or the alarm or the source is switched off"),
        counts="",
        severity=Severity.SEVERE,
    ),
    "ceiling_reached": Words(
        title=_("%(where)s reached its ceiling of messages"),
        sentence=_(
            "Further messages wait, so that a flood of leads cannot spend your money."
        ),
        next_step=_("Check that the leads are real; then raise the ceiling, or wait."),
        opens=_("a destination has sent as many messages as its hour allows"),
        closes=_("nothing waits for it any more"),
        counts="waits",
    ),
    "source_ceiling": Words(
        title=_("%(where)s reached its ceiling of messages"),
        sentence=_(
            "Further messages to its leads wait: a flood cannot spend your money."
        ),
        next_step=_("Check that the leads are real; then raise the ceiling, or wait."),
        opens=_("a source's leads have caused as many messages as its hour allows"),
        closes=_("nothing waits for it any more"),
        counts="waits",
    ),
    "restored_backup": Words(
        title=_("A backup was restored: messages of %(where)s wait for your decision"),
        sentence=_("They waited when it was made, and may have been sent since."),
        next_step=_("Compare with the provider's log, then release or cancel them."),
        opens=_("the database is a restored backup in which messages wait"),
        closes=_("they are released or canceled"),
        counts="waits",
        severity=Severity.SEVERE,
    ),
    "recipient_ceiling": Words(
        title=_("%(where)s has more messages for one person than a day allows"),
        sentence=_(
            "The further ones wait for the next day, or end when their time is over."
        ),
        next_step=_(
            "Look at the example: is a form sent again and again? Then mend the source."
        ),
        opens=_("a person has got as many messages as a day allows"),
        closes=_("nothing waits for it any more"),
        counts="waits",
        severity=Severity.NOTICE,
    ),
    "reply_rule_failed": Words(
        title=_("The rule “%(where)s” cannot do what it should"),
        sentence=_("Somebody answered, and not all that the rule says was done."),
        next_step=_("Open the rule under Conversations, Rules; its page lists why."),
        opens=_("a rule on replies runs and one of its acts fails"),
        closes=_("the rule runs without a failure, or is changed, paused or deleted"),
    ),
    "reply_webhook_failed": Words(
        title=_("The webhook “%(where)s” does not take what rules send"),
        figures=_("It answered: %(answer)s."),
        sentence=_("It was tried ten times over some hours; nothing more is tried."),
        next_step=_("Mend the receiver or the address, then send a test message."),
        opens=_("a rule's call of a webhook is given up"),
        closes=_("a rule's call of it gets through, or it is removed"),
    ),
    "follow_up": Words(
        title=_("Somebody should look after messages from %(where)s"),
        sentence=_("A follow-up of this destination asks for a person."),
        next_step=_(
            "Reach these people another way. Some phones never tell that a message was"
            " read, so that alone proves nothing."
        ),
        opens=_("a message was not delivered, or not read, in a follow-up's time"),
        closes=_("the follow-up is changed, paused or deleted"),
        severity=Severity.NOTICE,
    ),
    "stray_rows": Words(
        title=_("Rows of %(where)s carry a time that cannot be right"),
        figures=_("Rows outside every month that exists: %(rows)s."),
        sentence=_(
            "They are kept and handled, but the server's clock was wrong, or the months"
            " ahead were not made."
        ),
        next_step=_(
            "This is for the operator: set the clock right, and the rows go by"
            " themselves in time. See “Rows outside every month” in docs/alerts.md."
        ),
        opens=_("a row lies in the default partition of a monthly table"),
        closes=_("none lies there any more"),
        counts="",
        severity=Severity.NOTICE,
    ),
}

_OF_CAUSE = {
    ("destination_config_failed", "carrier_filtered"): Words(
        title=_("Carriers drop what %(where)s sends"),
        figures=_("Dropped within the last hour: %(filtered)s of %(sent)s."),
        sentence=_("Sending goes on, but these people have got no message."),
        next_step=_(
            "Reword the template and check the sender's registration before a replay."
        ),
        opens=_(
            "carriers filter 5 messages that are 10 % of the last hour's, or the first"
            " one of a destination that never delivered any"
        ),
        closes=_(
            "the destination delivers, and carriers filter less than 5 % of an hour's"
            " messages"
        ),
        severity=Severity.SEVERE,
    ),
}

UNKNOWN = Words(
    title=_("A problem at %(where)s"),
    sentence=_("Something is wrong that needs a person."),
    next_step=_("Look at the example and at the destination."),
    opens="",
    closes="",
)


def words_for(kind: str, cause: str = "") -> Words:
    """
    Return the words for a kind, or for one of its causes that needs its own.

    A kind that is not in the table gets words that are true of any problem.
    """
    return _OF_CAUSE.get((kind, cause)) or WORDS.get(kind, UNKNOWN)


def words_of_cause(cause: str) -> tuple[Text, Text] | None:
    """A cause that is a slug, as a sentence and what helps; None for a code."""
    if explanation := EXPLANATIONS.get(cause):
        return explanation.sentence, explanation.next_step
    return CAUSES.get(cause)


def table() -> str:
    """Every kind with its rules, as Markdown for docs/alerts.md."""
    lines = [
        "| Kind | Severity | Opens when | Closes by itself when |",
        "| --- | --- | --- | --- |",
    ]
    every = [(f"`{kind}`", words) for kind, words in WORDS.items()]
    every += [
        (f"`{kind}`, `{cause}`", words) for (kind, cause), words in _OF_CAUSE.items()
    ]
    lines += [
        f"| {name} | {words.severity} | {words.opens} | {words.closes} |"
        for name, words in every
    ]
    return "\n".join(lines)
