"""Rules and what they did, in the words of pages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from destinations.models import Destination
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids, rich
from leadrails.core.answers import By, recognise
from leadrails.jobs.links import link
from leadrails.jobs.models import Job
from leadrails.rules.acts import acts_of
from leadrails.rules.models import Rule, Run
from leadrails.rules.outcomes import Act, State, words_of
from leadrails.rules.running import said_by
from leadrails.tenants.models import Tenant

Text = str | Promise
REHEARSED = 20  # answers of a dry run
LOOKED_AT = 300  # newest messages, to find these
MOST_OFFERED = 60

ICONS = {
    Act.TAG: "filter",
    Act.SUPPRESS: "ban",
    Act.SEND: "send",
    Act.CALL: "link",
}
TONES = {
    State.DONE: ("ok", "check"),
    State.NEEDLESS: ("neutral", "skip"),
    State.FAILED: ("failed", "x-circle"),
}
BY: dict[str, Text] = {
    By.POSTBACK: gettext_lazy("by the postback"),
    By.WORDS: gettext_lazy("by the words"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """One act of a rule: what it does, or did."""

    words: str
    icon: str
    tone: str = "neutral"
    why: Text = ""
    next_step: Text = ""
    url: str = ""


def waits_for(rule: Rule) -> list[str]:
    """What a rule waits for, one part each."""
    found = []
    if rule.postback:
        tail = "…" if rule.is_prefix else ""
        found.append(_("the postback “%(it)s”") % {"it": f"{rule.postback}{tail}"})
    return [*found, *(f"“{each}”" for each in rule.words)]


def default_name(rule: Rule) -> str:
    return (rule.words[0] if rule.words else rule.postback)[:100]


def deeds_of(rule: Rule) -> list[Deed]:
    """What a rule does, in its order."""
    return [Deed(_words(act, rule), ICONS[act]) for act in acts_of(rule)]


def _words(act: Act, rule: Rule) -> str:
    match act:
        case Act.TAG:
            return _("Tag the lead “%(tag)s”") % {"tag": rule.tag}
        case Act.SUPPRESS:
            return _("Send the person nothing more")
        case Act.SEND:
            name = {"place": rule.send_by.name if rule.send_by else "–"}
            if rule.send_text:
                return _("Send the rule's message by %(place)s") % name
            return _("Send the message of %(place)s") % name
        case Act.CALL:
            name = {"channel": rule.channel.name if rule.channel else "–"}
            return _("Call the webhook %(channel)s") % name


# What rules did ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """A rule that ran for a message."""

    run: Run
    deeds: Sequence[Deed]


def runs_of(
    tenant: Tenant, messages: Iterable[InboundMessage]
) -> dict[UUID, list[Ran]]:
    """By message, what rules did upon it."""
    runs = Run.objects.for_tenant(tenant).filter(message__in=list(messages))
    found: dict[UUID, list[Ran]] = {}
    for ran in told(tenant, with_all(runs).order_by("id")):
        found.setdefault(ran.run.message_id, []).append(ran)
    return found


def with_all(runs: Any) -> Any:
    """With what `told` needs of them."""
    return runs.select_related(
        "rule__channel", "rule__send_by", "rule__tenant", "delivery"
    )


def told(tenant: Tenant, runs: Iterable[Run]) -> Iterator[Ran]:
    for run in runs:
        yield Ran(run, [_did(tenant, run, each) for each in run.acts])


def _did(tenant: Tenant, run: Run, kept: dict[str, str]) -> Deed:
    act, state = Act(kept["act"]), State(kept["state"])
    tone, icon = TONES[state]
    why, next_step = words_of(kept["why"])
    url = ""
    if act is Act.SEND and run.job_id:
        url = link(tenant, "jobs:detail", job=ids.encode(Job.prefix, run.job_id))
    if act is Act.CALL and (call := run.delivery) is not None:
        why = f"{call.get_state_display()}. {call.answer}".strip()
        if call.state in (call.State.DEAD, call.State.UNKNOWN):
            tone, icon = TONES[State.FAILED]
        if run.rule.channel:
            channel = run.rule.channel.public_id
            url = link(tenant, "channels:detail", channel=channel)
    return Deed(_words(act, run.rule), icon, tone, why, next_step, url)


# What there is to wait for -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion that some destination's RCS content shows."""

    label: str
    postback: str
    is_prefix: bool
    place: str

    @property
    def query(self) -> str:
        """Of the page that begins a rule on it."""
        given = {"postback": self.postback, "words": self.label}
        if self.is_prefix:
            given["is_prefix"] = "on"
        return urlencode(given)


def offers(tenant: Tenant) -> list[Offer]:
    """What people can tap in the tenant's messages, each postback once."""
    rows = Destination.objects.for_tenant(tenant).listed().exclude(rich={})
    found: dict[str, Offer] = {}
    for place in rows.only("name", "rich").order_by("name", "id"):
        for suggestion in _suggestions(place.rich):
            data = suggestion.data
            is_prefix = rich.has_fields(data)
            postback = data.partition("{")[0] if is_prefix else data
            label = "" if rich.has_fields(suggestion.label) else suggestion.label
            if postback:
                offer = Offer(label, postback, is_prefix, place.name)
                found.setdefault(postback, offer)
    return list(islice(found.values(), MOST_OFFERED))


def _suggestions(kept: Any) -> Iterator[rich.Suggestion]:
    try:
        content = rich.load(kept)
    except rich.RichError:
        return
    for card in content.cards:
        yield from card.suggestions
    yield from content.suggestions


# Dry run -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    message: InboundMessage
    by: Text | None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    lines: Sequence[Line]

    @property
    def heard(self) -> int:
        return sum(line.by is not None for line in self.lines)


def rehearse(rule: Rule) -> Rehearsed:
    """What a rule, saved or not, would make of the last answers. Nothing is done."""
    mine = InboundMessage.objects.for_tenant(rule.tenant_id).defer("raw")
    lines = []
    for message in mine.order_by("-id")[:LOOKED_AT]:
        said = said_by(message)
        is_answer = bool(said.words or said.postback)
        if not is_answer or rule.destination_id not in (None, message.destination_id):
            continue
        by = recognise(rule.wanted, said)
        lines.append(Line(message, BY[by] if by else None))
        if len(lines) == REHEARSED:
            break
    return Rehearsed(lines)
