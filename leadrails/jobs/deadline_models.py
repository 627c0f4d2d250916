"""What is to be looked at later: times, and the rules that set them."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.tenants.models import TenantModel, TenantQuerySet


class Deadline(models.Model):
    """
    When to look whether a message arrived or was read: `leadrails/jobs/deadlines.py`.

    Narrow: only jobs have one whose destination falls back by LeadRails or has rules.
    Gone as soon as it is met, passed on or of no more use. No foreign keys, like all
    that lies beside the queue.
    """

    class Kind(models.TextChoices):
        FALLBACK = "fallback", _("A plain text goes if it does not arrive")
        RECALL = "recall", _("It and its plain text are compared")
        NOT_DELIVERED = "not_delivered", _("Not delivered")
        NOT_READ = "not_read", _("Delivered, but not read")

    pk = models.CompositePrimaryKey("job_id", "kind", "rule_id")
    job_id = models.UUIDField()
    kind = models.CharField(max_length=13, choices=Kind.choices)
    rule_id = models.UUIDField(help_text="The follow-up rule, or all zeros.")
    tenant_id = models.UUIDField()
    due_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="deadline_due"),
            models.Index(fields=["rule_id"], name="deadline_by_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job_id} at {self.due_at}"


class FollowUpRule(TenantModel):
    """What happens when a destination's message is not delivered, or not read."""

    prefix = "flw"

    class Watches(models.TextChoices):
        NOT_DELIVERED = "not_delivered", _("is not delivered")
        NOT_READ = "not_read", _("is delivered, but not read")

    class Action(models.TextChoices):
        TEXT = "text", _("Send another text from here")
        DESTINATION = "destination", _("Send through another destination")
        ALERT = "alert", _("Open an alert")

    SHORTEST = timedelta(minutes=1)
    LONGEST = timedelta(days=7)

    destination = models.ForeignKey(Destination, models.CASCADE, related_name="+")
    watches = models.CharField(max_length=13, choices=Watches.choices)
    after = models.DurationField(help_text="Time that it gets.")
    action = models.CharField(max_length=12, choices=Action.choices)
    body_template = models.TextField(max_length=5000, blank=True, default="")
    target = models.ForeignKey(
        Destination, models.CASCADE, related_name="+", null=True, blank=True
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TenantQuerySet["FollowUpRule"].as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    after__gte=timedelta(minutes=1), after__lt=timedelta(days=7)
                ),
                name="follow_up_in_time",
            ),
            models.CheckConstraint(
                condition=models.Q(action="text", target=None)
                & ~models.Q(body_template="")
                | models.Q(action="destination", target__isnull=False)
                | models.Q(action="alert", target=None),
                name="follow_up_knows_what",
            ),
            models.CheckConstraint(
                condition=models.Q(watches__in=["not_delivered", "not_read"]),
                name="follow_up_known_case",
            ),
        ]
        indexes = [
            models.Index(fields=["destination"], name="follow_up_by_destination"),
        ]

    def __str__(self) -> str:
        return self.public_id
