"""
Rules on what people tap or write, and what came of them.

A message waits in `Pending` from the moment it is kept until its rules have run. That
commits with what they did, so a rule runs once for a message, whoever is killed.
"""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.alerts.models import Channel, Delivery
from leadrails.contacts.models import InboundMessage
from leadrails.core.answers import LONGEST_POSTBACK, LONGEST_WORDS, Wanted
from leadrails.leads.models import LONGEST_TAG
from leadrails.tenants.models import TenantModel, TenantQuerySet


class RuleQuerySet(TenantQuerySet["Rule"]):
    def listed(self) -> Self:
        return self.exclude(status=Rule.Status.DELETED)

    def active(self) -> Self:
        return self.filter(status=Rule.Status.ACTIVE)


class Rule(TenantModel):
    """
    What is done when a person answers so. Its acts go in the order of their fields.

    Rules run in the order in which they were made.
    """

    prefix = "rul"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DELETED = "deleted", _("Deleted")

    name = models.CharField(max_length=100)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    destination = models.ForeignKey(
        Destination,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose answers it hears; empty for all.",
    )
    postback = models.CharField(max_length=LONGEST_POSTBACK, blank=True)
    is_prefix = models.BooleanField(default=False)
    words = ArrayField(
        models.CharField(max_length=LONGEST_WORDS),
        default=list,
        blank=True,
        help_text="Labels that are tapped, or answers that are written.",
    )
    tag = models.CharField(max_length=LONGEST_TAG, blank=True)
    suppresses = models.BooleanField(default=False)
    send_by = models.ForeignKey(
        Destination,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Sends a further message to the person; empty for none.",
    )
    send_text = models.TextField(
        blank=True, help_text="A template; empty for the destination's own."
    )
    channel = models.ForeignKey(
        Channel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The webhook that is called; empty for none.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(postback="", words=[]), name="rule_waits_for_some"
            ),
            models.CheckConstraint(
                condition=~models.Q(
                    tag="", suppresses=False, send_by=None, channel=None
                ),
                name="rule_does_something",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "id"],
                condition=models.Q(status="active"),
                name="rule_active",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            postback=self.postback, is_prefix=self.is_prefix, words=tuple(self.words)
        )


class Pending(models.Model):
    """A message whose rules have not run yet."""

    message = models.OneToOneField(
        InboundMessage, models.CASCADE, primary_key=True, related_name="+"
    )
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "pending"
        indexes = [models.Index(fields=["due_at", "message"], name="pending_due")]

    def __str__(self) -> str:
        return str(self.message_id)


class Run(TenantModel):
    """
    That a rule ran for a message, and what came of each act, in their order.

    `acts` is `[{act, state, why}]`, in the words of `leadrails.rules.outcomes`.
    """

    prefix = "run"

    rule = models.ForeignKey(Rule, models.PROTECT, related_name="runs")
    message = models.ForeignKey(InboundMessage, models.CASCADE, related_name="+")
    by = models.CharField(max_length=10, help_text="By what it was recognised.")
    acts = models.JSONField(default=list)
    is_failed = models.BooleanField(default=False)
    job_id = models.UUIDField(null=True, help_text="The further message's.")
    delivery = models.ForeignKey(
        Delivery, models.SET_NULL, null=True, related_name="+", help_text="The call."
    )
    ran_at = models.DateTimeField()

    objects = TenantQuerySet["Run"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "rule"], name="run_once_for_a_message"
            )
        ]
        indexes = [models.Index(fields=["rule", "-id"], name="run_by_rule")]

    def __str__(self) -> str:
        return self.public_id
