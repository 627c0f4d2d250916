"""What people do to follow-up rules. Every act is written to the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.credentials import provider_for
from destinations.models import Destination
from destinations.providers.base import Capability
from destinations.providers.fields import CHANNEL
from leadrails.alerts.services import close_alerts
from leadrails.core.rendering import Template, TemplateError
from leadrails.core.states import AT_PROVIDER, FAILED, SUCCEEDED
from leadrails.jobs import deadlines, receipts
from leadrails.jobs.deadline_models import Deadline, FollowUpRule
from leadrails.jobs.follow_ups import FOLLOW_UP, scope_of_rule
from leadrails.jobs.models import Job
from leadrails.tenants import audit
from leadrails.tenants.models import User

MOST_RULES = 10  # of a destination
CHANGEABLE = ("watches", "after", "action", "body_template", "target", "updated_at")
SAMPLE = 100
PLAIN = frozenset({"", "rcs", "rcs_only"})
"""Channels of a destination through which a plain text may go to anybody."""


def can_tell_read(destination: Destination) -> bool:
    """Whether it can tell that a message was read."""
    has_receipts = provider_for(destination).can(Capability.READ)
    return has_receipts and bool(destination.config.get(CHANNEL))


def can_send_text(destination: Destination) -> bool:
    return destination.config.get(CHANNEL, "") in PLAIN


def save_rule(rule: FollowUpRule, *, actor: User | None, now: datetime) -> FollowUpRule:
    """
    Add or change a rule; it holds for what is sent from now on.

    Raises:
        ValidationError: with the fields at fault; nothing is changed then.
    """
    check_rule(rule)
    with transaction.atomic():
        # One by one, so that two at once cannot pass the limit.
        Destination.objects.select_for_update().get(pk=rule.destination_id)
        mine = FollowUpRule.objects.for_tenant(rule.tenant_id)
        others = mine.filter(destination=rule.destination_id).exclude(pk=rule.pk)
        if others.count() >= MOST_RULES:
            raise ValidationError(
                _("A destination has at most %(most)s follow-ups.")
                % {"most": MOST_RULES}
            )
        is_new = rule._state.adding
        if is_new:
            rule.save(force_insert=True)
        else:
            rule.save(update_fields=CHANGEABLE)
            _forget(rule, now)
        _record(rule, actor, "follow_up.created" if is_new else "follow_up.changed")
    return rule


def check_rule(rule: FollowUpRule) -> None:
    """
    Raises:
        ValidationError: with the fields at fault.
    """
    problems: dict[str, Any] = {}
    if not FollowUpRule.SHORTEST <= rule.after < FollowUpRule.LONGEST:
        problems["after"] = _("At least a minute, and less than a week.")
    is_read = rule.watches == FollowUpRule.Watches.NOT_READ
    if is_read and not can_tell_read(rule.destination):
        problems["watches"] = _("This destination is not told what was read.")
    match rule.action:
        case FollowUpRule.Action.TEXT:
            rule.target = None
            if problem := _problem_of_text(rule):
                problems["body_template"] = problem
        case FollowUpRule.Action.DESTINATION:
            rule.body_template = ""
            if problem := _problem_of_target(rule):
                problems["target"] = problem
        case _:
            rule.body_template, rule.target = "", None
    if problems:
        raise ValidationError(problems)


def _problem_of_text(rule: FollowUpRule) -> str:
    if not can_send_text(rule.destination):
        return _("This destination sends no plain texts. Choose another destination.")
    if not rule.body_template.strip():
        return _("Write what is to be sent.")
    try:
        Template.compile(rule.body_template)
    except TemplateError as error:
        return str(error)
    return ""


def _problem_of_target(rule: FollowUpRule) -> str:
    target, place = rule.target, rule.destination
    if target is None or target.status == Destination.Status.REVOKED:
        return _("Choose a destination.")
    if target.pk == place.pk:
        return _("Choose another destination than this one.")
    if target.is_simulated is not place.is_simulated:
        return _(
            "A simulated message is not followed up by a live one, nor the reverse."
        )
    return ""


def pause_rule(rule: FollowUpRule, *, actor: User | None, now: datetime) -> None:
    """Let it rest. What it waited for is forgotten."""
    with transaction.atomic():
        if not _set_active(rule, False):
            return
        _forget(rule, now)
        _record(rule, actor, "follow_up.paused")


def resume_rule(rule: FollowUpRule, *, actor: User | None) -> None:
    """
    Let it hold for what is sent from now on.

    Raises:
        ValidationError: it does not suit its destination any more.
    """
    check_rule(rule)
    with transaction.atomic():
        if _set_active(rule, True):
            _record(rule, actor, "follow_up.resumed")


def delete_rule(rule: FollowUpRule, *, actor: User | None, now: datetime) -> None:
    with transaction.atomic():
        _forget(rule, now)
        _record(rule, actor, "follow_up.deleted")
        FollowUpRule.objects.for_tenant(rule.tenant_id).filter(pk=rule.pk).delete()


def _set_active(rule: FollowUpRule, is_active: bool) -> bool:
    mine = FollowUpRule.objects.for_tenant(rule.tenant_id)
    moved = mine.filter(pk=rule.pk, is_active=not is_active)
    rule.is_active = is_active
    return bool(moved.update(is_active=is_active, updated_at=timezone.now()))


def _forget(rule: FollowUpRule, now: datetime) -> None:
    Deadline.objects.filter(rule_id=rule.pk).delete()
    close_alerts(
        tenant_id=rule.tenant_id, kind=FOLLOW_UP, scope=scope_of_rule(rule), now=now
    )


def _record(rule: FollowUpRule, actor: User | None, action: str) -> None:
    audit.record(
        rule.destination.tenant,
        actor,
        action,
        rule.destination,
        rule=rule.public_id,
        watches=rule.watches,
        minutes=int(rule.after.total_seconds()) // 60,
        does=rule.action,
    )
    transaction.on_commit(deadlines.forget_rules)


@dataclass(frozen=True, slots=True)
class Preview:
    """Of the last `seen` messages that had their time, how many it would have met."""

    seen: int
    met: int


def preview_rule(rule: FollowUpRule, *, now: datetime) -> Preview:
    """Look at the destination's last messages. For a rule that need not be saved."""
    jobs = Job.objects.for_tenant(rule.tenant_id).filter(
        destination_id=rule.destination_id, parent_id=None
    )
    is_read = rule.watches == FollowUpRule.Watches.NOT_READ
    begun = "delivered_at" if is_read else "accepted_at"
    done = "read_at" if is_read else "delivered_at"
    ended = sorted(SUCCEEDED if is_read else AT_PROVIDER | SUCCEEDED | FAILED)
    if is_read:
        jobs = jobs.filter(channel__in=receipts.TELLING)
    had_time = jobs.filter(
        **{f"{begun}__lte": now - rule.after}, state__in=ended
    ).order_by("-id")[:SAMPLE]
    rows = list(had_time.values_list(begun, done))
    late = sum(
        1
        for since, at in rows
        if since is not None and (at is None or at > since + rule.after)
    )
    return Preview(len(rows), late)
