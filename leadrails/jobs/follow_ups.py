"""Carry out follow-up rules: another text, another destination, or an alert."""

from datetime import timedelta
from uuid import UUID

from destinations.composing import CannotCompose, compose
from leadrails.alerts.services import open_alert
from leadrails.contacts.models import InboundMessage
from leadrails.core import ids
from leadrails.core.children import Cause
from leadrails.core.follow_ups import Verdict, Watches, judge
from leadrails.core.rendering import TemplateError, lead_fields
from leadrails.core.states import State
from leadrails.jobs.children import TooManyInARow, child_id, make_child
from leadrails.jobs.deadline_models import Deadline, FollowUpRule
from leadrails.jobs.effects import scope_of
from leadrails.jobs.models import Job

FOLLOW_UP = "follow_up"  # kind of alert
LOOK_AGAIN = timedelta(minutes=1)
BROKEN_TEXT = "follow_up_text"  # cause of an alert
Action = FollowUpRule.Action


def act(
    rule_id: UUID,
    *,
    tenant_id: UUID,
    job_id: UUID,
    state: State,
    reason: str,
) -> timedelta | None:
    """
    Do what a rule says for a job whose time is over; it is locked by the caller.

    Returns when to look again; None if there is nothing more to do.
    """
    rules = FollowUpRule.objects.for_tenant(tenant_id).select_related("target")
    rule = rules.filter(pk=rule_id, is_active=True).first()
    if rule is None:
        return None
    jobs = Job.objects.for_tenant(tenant_id)
    verdict = judge(
        Watches(rule.watches),
        state,
        reason,
        has_fallback=jobs.filter(pk=child_id(job_id, Cause.FALLBACK)).exists(),
        may_fall_back=_may_fall_back(job_id),
        has_answered=_has_answered(tenant_id, job_id),
    )
    if verdict is Verdict.WAIT:
        return LOOK_AGAIN
    if verdict is Verdict.ACT:
        _do(rule, job_id)
    return None


def _may_fall_back(job_id: UUID) -> bool:
    waiting = Deadline.objects.filter(job_id=job_id, kind=Deadline.Kind.FALLBACK)
    return waiting.exists()


def _has_answered(tenant_id: UUID, job_id: UUID) -> bool:
    job = Job.objects.for_tenant(tenant_id).filter(pk=job_id).first()
    if job is None or job.accepted_at is None:
        return False
    said = InboundMessage.objects.for_tenant(tenant_id).from_phone(job.recipient)
    return said.filter(id__gte=ids.uuid7_floor(job.accepted_at)).exists()


def _do(rule: FollowUpRule, job_id: UUID) -> None:
    match rule.action:
        case Action.ALERT:
            _tell(rule, job_id, rule.watches)
        case Action.DESTINATION:
            if rule.target and rule.target.status != rule.target.Status.REVOKED:
                _send(rule, job_id, None)
        case Action.TEXT:
            _send_text(rule, job_id)


def _send_text(rule: FollowUpRule, job_id: UUID) -> None:
    jobs = Job.objects.for_tenant(rule.tenant_id).select_related("lead")
    job = jobs.filter(pk=job_id).first()
    if job is None or job.lead.is_erased:
        return
    fields = lead_fields(job.lead.event, phone_e164=job.lead.phone)
    try:
        composed = compose(rule.body_template, {}, fields)
    except (TemplateError, CannotCompose):
        _tell(rule, job_id, BROKEN_TEXT)
        return
    _send(rule, job_id, composed.frozen())


def _send(rule: FollowUpRule, job_id: UUID, message: dict[str, object] | None) -> None:
    try:
        make_child(
            job_id,
            tenant_id=rule.tenant_id,
            cause=Cause.FOLLOW_UP,
            rule_id=rule.id,
            destination_id=rule.target_id,
            message=message,
        )
    except TooManyInARow:
        return


def _tell(rule: FollowUpRule, job_id: UUID, cause: str) -> None:
    open_alert(
        tenant_id=rule.tenant_id,
        kind=FOLLOW_UP,
        scope=scope_of_rule(rule),
        cause=cause,
        destination_id=rule.destination_id,
        job_id=job_id,
    )


def scope_of_rule(rule: FollowUpRule) -> str:
    return scope_of(rule.destination_id, ids.encode(FollowUpRule.prefix, rule.id))
