"""
The rules of a message, run once.

A message that may interest a rule is put into `Pending` by the transaction that keeps
it. Another one takes it up, does all that its rules do, writes that down, and takes it
out: a kill before the end undoes the whole, and nothing is done twice. A rule that
fails for a reason not foreseen is tried again, ever later, and in the end told of.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from leadrails import statements
from leadrails.alerts.services import close_alerts, open_alert
from leadrails.alone import one_at_a_time
from leadrails.contacts.models import InboundMessage
from leadrails.core.answers import By, Said, recognise
from leadrails.jobs.wake import Waker
from leadrails.leads.models import Lead
from leadrails.rules.acts import Doing, acts_of, do
from leadrails.rules.models import Pending, Rule, Run
from leadrails.rules.outcomes import Outcome, State

log = logging.getLogger(__name__)

RULE_FAILED = "reply_rule_failed"
MAX_TRIES = 7  # within about four minutes
WAIT = timedelta(seconds=2)  # doubles with each try

rule_waker = Waker("rules.run", "default", quiet=0.05)

# Nothing is written for the many workspaces that have no rule.
_WAIT = """
INSERT INTO rules_pending (message_id, due_at, tries)
SELECT %(message)s, now(), 0
WHERE EXISTS (SELECT FROM rules_rule
  WHERE tenant_id = %(tenant)s AND status = 'active')
ON CONFLICT DO NOTHING
RETURNING message_id
"""


def let_rules_hear(message: InboundMessage) -> None:
    """Have the rules of the tenant run for a new message, once it is committed."""
    if not said_by(message).words and not said_by(message).postback:
        return
    parameters = {"message": message.pk, "tenant": message.tenant_id}
    if statements.run(_WAIT, parameters):
        transaction.on_commit(rule_waker.wake)


def said_by(message: InboundMessage) -> Said:
    tap = message.button or {}
    label, postback = str(tap.get("text") or ""), str(tap.get("payload") or "")
    return Said(words=label or message.body, postback=postback)


def run_waiting() -> int:
    """Run the rules of all messages that are due; return how many there were."""
    done = 0
    while _run_next():
        done += 1
    return done


def _run_next() -> bool:
    with transaction.atomic():
        due = Pending.objects.filter(due_at__lte=Now()).order_by("due_at", "message")
        waiting = due.select_for_update(skip_locked=True).first()
        if waiting is None:
            return False
        is_last = waiting.tries + 1 >= MAX_TRIES
        try:
            with transaction.atomic():
                is_done = _run(waiting.message_id, is_last=is_last)
        except Exception:
            log.exception("the rules of a message broke")
            is_done = False
        if is_done or is_last:
            waiting.delete()
        else:
            waiting.tries += 1
            wait = WAIT * 2**waiting.tries
            Pending.objects.filter(pk=waiting.pk).update(
                tries=waiting.tries, due_at=Now() + wait
            )
    return True


def _run(message_id: UUID, *, is_last: bool) -> bool:
    """Run the rules that have not run; False if one broke and is to be tried again."""
    message = InboundMessage.objects.select_related("tenant").get(pk=message_id)
    ran = set(Run.objects.filter(message=message).values_list("rule_id", flat=True))
    leads = Lead.objects.for_tenant(message.tenant_id).select_related("tenant")
    lead = leads.filter(pk=message.lead_id).first() if message.lead_id else None
    is_done = True
    for rule, by in recognising(message):
        if rule.pk in ran:
            continue
        doing = Doing(rule, message, lead)
        try:
            with transaction.atomic():
                do(doing)
        except Exception:
            log.exception("a rule broke", extra={"rule": rule.public_id})
            if not is_last:
                is_done = False
                continue
            doing = _gave_up(doing)
        _write(doing, by, now=timezone.now())
    return is_done


def _gave_up(doing: Doing) -> Doing:
    acts = [Outcome(act, State.FAILED, "broke") for act in acts_of(doing.rule)]
    return Doing(doing.rule, doing.message, doing.lead, outcomes=acts)


def recognising(message: InboundMessage) -> list[tuple[Rule, By]]:
    """The active rules that a message is for, and by what, in their order."""
    said = said_by(message)
    rules = Rule.objects.for_tenant(message.tenant_id).active().order_by("id")
    # The locks keep a rule from being changed or deleted while it runs.
    mine = rules.select_related("channel", "send_by", "tenant").select_for_update(
        of=("self",)
    )
    return [
        (rule, by)
        for rule in mine
        if rule.destination_id in (None, message.destination_id)
        and (by := recognise(rule.wanted, said)) is not None
    ]


def _write(doing: Doing, by: By, *, now: datetime) -> None:
    rule, message = doing.rule, doing.message
    Run.objects.create(
        tenant_id=rule.tenant_id,
        rule=rule,
        message=message,
        by=by.value,
        acts=[outcome.kept for outcome in doing.outcomes],
        is_failed=bool(doing.failure),
        job_id=doing.job_id,
        delivery=doing.delivery,
        ran_at=now,
    )
    if doing.failure:
        open_alert(
            tenant_id=rule.tenant_id,
            kind=RULE_FAILED,
            scope=scope_of(rule),
            cause=doing.failure,
            job_id=message.job_id,
            details={"rule": rule.name},
        )
    else:
        close_failures(rule, now=now)


def close_failures(rule: Rule, *, now: datetime) -> None:
    """The rule went well, or is not what it was when it failed."""
    scope = scope_of(rule)
    close_alerts(tenant_id=rule.tenant_id, kind=RULE_FAILED, scope=scope, now=now)


def scope_of(rule: Rule) -> str:
    return f"rule:{rule.public_id}"


run_alone = one_at_a_time(run_waiting)
