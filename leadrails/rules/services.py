"""Rules on replies: made, changed, paused and deleted by people."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from destinations.composing import compiled
from leadrails.alerts.models import Delivery, Try
from leadrails.core.answers import LONGEST_POSTBACK, LONGEST_WORDS
from leadrails.core.rendering import TemplateError
from leadrails.leads.tags import clean_tag
from leadrails.rules.models import Rule, Run
from leadrails.rules.running import close_failures
from leadrails.tenants import audit
from leadrails.tenants.models import Tenant, User

Status = Rule.Status
FIELDS = (
    "name",
    "destination",
    "postback",
    "is_prefix",
    "words",
    "tag",
    "suppresses",
    "send_by",
    "send_text",
    "channel",
)
MOST = 100  # of a workspace; each is asked at each message
MOST_WORDS = 20  # of a rule


def create_rule(
    tenant: Tenant, *, once: Any, actor: User | None, **fields: Any
) -> Rule:
    """
    Args:
        once: the id that the form brought, so that one sent twice makes one rule.

    Raises:
        ValidationError: by field; there are too many; it was made already.
    """
    rule = Rule(pk=once, tenant=tenant, **fields)
    check(rule)
    with transaction.atomic():
        Tenant.objects.select_for_update().get(pk=tenant.pk)
        if Rule.objects.filter(pk=once).exists():
            raise ValidationError(_("This rule was made already."), code="made")
        if Rule.objects.for_tenant(tenant).listed().count() >= MOST:
            problem = _("A workspace has %(most)d rules at most.")
            raise ValidationError(problem % {"most": MOST})
        rule.save(force_insert=True)
        audit.record(tenant, actor, "rule.created", rule)
    return rule


def update_rule(rule: Rule, *, actor: User | None, **fields: Any) -> None:
    """
    Raises:
        ValidationError: by field.
    """
    changed = [name for name in FIELDS if getattr(rule, name) != fields[name]]
    for name in changed:
        setattr(rule, name, fields[name])
    check(rule)
    if not changed:
        return
    with transaction.atomic():
        rule.save(update_fields=[*changed, "updated_at"])
        audit.record(rule.tenant, actor, "rule.changed", rule, fields=changed)
        close_failures(rule, now=timezone.now())


def pause(rule: Rule, *, actor: User | None) -> bool:
    """Let it hear nothing until it is resumed; False if it was paused already."""
    return _move(rule, [Status.ACTIVE], Status.PAUSED, "rule.paused", actor)


def resume(rule: Rule, *, actor: User | None) -> bool:
    """Let it hear what comes from now on; False if it was not paused."""
    return _move(rule, [Status.PAUSED], Status.ACTIVE, "rule.resumed", actor)


def delete(rule: Rule, *, actor: User | None) -> bool:
    """Let it hear nothing more. What it did stays on the pages of messages."""
    before = [Status.ACTIVE, Status.PAUSED]
    return _move(rule, before, Status.DELETED, "rule.deleted", actor)


def check(rule: Rule) -> None:
    """
    Raises:
        ValidationError: by field; nothing to wait for, nothing to do, or too much.
    """
    wrong: dict[str, str] = {}
    if not (rule.postback or rule.words):
        wrong["words"] = _("Say what the rule waits for: a postback, words, or both.")
    if len(rule.postback) > LONGEST_POSTBACK:
        wrong["postback"] = _("A postback has at most 2,048 characters.")
    if len(rule.words) > MOST_WORDS:
        wrong["words"] = _("At most %(most)d answers.") % {"most": MOST_WORDS}
    if any(len(each) > LONGEST_WORDS for each in rule.words):
        most = {"most": LONGEST_WORDS}
        wrong["words"] = _("An answer has at most %(most)d characters.") % most
    try:
        rule.tag = clean_tag(rule.tag)
    except ValidationError as error:
        wrong["tag"] = error.messages[0]
    if not (rule.tag or rule.suppresses or rule.send_by or rule.channel):
        wrong["tag"] = _("Say what the rule does: at least one of these.")
    if rule.suppresses and rule.send_by:
        wrong["suppresses"] = _(
            "Once nothing more is sent to the person, no further message can go."
        )
    if problem := _problem_with(rule.send_text):
        wrong["send_text"] = problem
    if wrong:
        raise ValidationError(wrong)


def _problem_with(template: str) -> str:
    """What keeps a template from being filled in, as a sentence; empty if nothing."""
    try:
        compiled(template)
    except TemplateError as error:
        return str(error)
    return ""


def _move(
    rule: Rule, before: list[Status], after: Status, action: str, actor: User | None
) -> bool:
    now = timezone.now()
    with transaction.atomic():
        mine = Rule.objects.for_tenant(rule.tenant_id).filter(pk=rule.pk)
        moved = mine.filter(status__in=before).update(status=after, updated_at=now)
        if moved:
            audit.record(rule.tenant, actor, action, rule)
            close_failures(rule, now=now)
    return bool(moved)


def forget_calls(messages: Any) -> None:
    """Empty what webhooks were told of these messages; what waits does not go."""
    runs = Run.objects.filter(message__in=messages).exclude(delivery=None)
    calls = list(runs.values_list("delivery", flat=True))
    Try.objects.filter(delivery__in=calls).update(answer="")
    rows = Delivery.objects.filter(pk__in=calls)
    rows.update(content=None, answer="")
    open_ = rows.filter(state__in=[Delivery.State.WAITING, Delivery.State.SENDING])
    open_.update(state=Delivery.State.DROPPED, lease_until=None, ended_at=Now())
