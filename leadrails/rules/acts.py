"""The acts of a rule: each only writes to the database, as the caller's transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from destinations.composing import CannotCompose, compose
from destinations.models import Destination
from destinations.providers.fields import CHANNEL
from leadrails.alerts.models import Delivery
from leadrails.alerts.outbox import call_later
from leadrails.contacts.models import InboundMessage, Suppression
from leadrails.contacts.services import suppress, suppressed
from leadrails.core import ids
from leadrails.core.children import Cause
from leadrails.core.rendering import TemplateError, lead_fields
from leadrails.jobs.children import TooManyInARow, make_child
from leadrails.leads.models import Lead
from leadrails.leads.tags import add_tag
from leadrails.rules.calls import body_of
from leadrails.rules.models import Rule
from leadrails.rules.outcomes import Act, Outcome, State


@dataclass(slots=True)
class Doing:
    """A rule that has recognised a message; `job_id` and `delivery` come of it."""

    rule: Rule
    message: InboundMessage
    lead: Lead | None
    job_id: UUID | None = None
    delivery: Delivery | None = None
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def failure(self) -> str:
        """Why the first act that failed did; empty if none did."""
        failed = (each for each in self.outcomes if each.state is State.FAILED)
        return next((each.why for each in failed), "")


def acts_of(rule: Rule) -> Iterator[Act]:
    """What a rule does, in the order in which it does it."""
    wanted = {
        Act.TAG: bool(rule.tag),
        Act.SUPPRESS: rule.suppresses,
        Act.SEND: rule.send_by_id is not None,
        Act.CALL: rule.channel_id is not None,
    }
    return (act for act, is_wanted in wanted.items() if is_wanted)


def do(doing: Doing) -> None:
    """Do all that the rule does. What fails does not keep the rest from being done."""
    for act in acts_of(doing.rule):
        doing.outcomes.append(Outcome(act, *_DO[act](doing)))


Result = tuple[State, str]
_DONE: Result = (State.DONE, "")


def _tag(doing: Doing) -> Result:
    if doing.lead is None:
        return State.FAILED, "no_lead"
    tenant_id = doing.rule.tenant_id
    if add_tag(doing.lead.pk, doing.rule.tag, tenant_id=tenant_id):
        return _DONE
    return State.NEEDLESS, "has_tag"


def _suppress(doing: Doing) -> Result:
    message = doing.message
    if not message.phone:
        return State.FAILED, "no_phone"
    stopped = suppress(
        tenant_id=message.tenant_id,
        phone=message.phone,
        reason=Suppression.Reason.OPTED_OUT,
        source=message.public_id,
        note=doing.rule.name,
    )
    return _DONE if stopped else (State.NEEDLESS, "is_stopped")


def _send(doing: Doing) -> Result:
    rule, message, lead = doing.rule, doing.message, doing.lead
    place = rule.send_by
    if place is None or place.status == Destination.Status.REVOKED:
        return State.FAILED, "place_gone"
    if message.job_id is None or lead is None:
        return State.FAILED, "no_job"
    if suppressed(rule.tenant_id, [message.phone]):
        return State.NEEDLESS, "said_stop"
    try:
        doing.job_id = make_child(
            message.job_id,
            tenant_id=rule.tenant_id,
            cause=Cause.REPLY,
            rule_id=_once(rule, message),
            destination_id=place.pk,
            message=_words(rule, place, lead),
        ).id
    except (TemplateError, CannotCompose):
        return State.FAILED, "bad_template"
    except TooManyInARow:
        return State.FAILED, "too_many"
    except LookupError:
        return State.FAILED, "no_job"
    return _DONE


def _once(rule: Rule, message: InboundMessage) -> UUID:
    """One further message for each answer, however often the person answers so."""
    return ids.uuid7_derived(message.pk, rule.pk.bytes)


def _words(rule: Rule, place: Destination, lead: Lead) -> dict[str, Any] | None:
    """The rule's own message for this lead; None for the destination's."""
    if not rule.send_text:
        return None
    channel = {CHANNEL: place.config.get(CHANNEL, "")}
    fields = lead_fields(lead.event, phone_e164=lead.phone)
    return compose(rule.send_text, channel, fields).frozen()


def _call(doing: Doing) -> Result:
    channel = doing.rule.channel
    if channel is None or not channel.is_active:
        return State.FAILED, "channel_off"
    body: dict[str, Any] = body_of(doing.rule, doing.message, doing.lead)
    doing.delivery = call_later(channel, body)
    return _DONE


_DO: dict[Act, Callable[[Doing], Result]] = {
    Act.TAG: _tag,
    Act.SUPPRESS: _suppress,
    Act.SEND: _send,
    Act.CALL: _call,
}
