"""
Channels, and what goes out by them.

An `AlertEvent` is told to a channel by one `Notice`; a `Delivery` is a message with one
notice, or with all of a quiet time; a `Try` is one call. They commit apart from the
network, so whoever dies in between leaves a row that says how far it came.
"""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leadrails.alerts.severity import Severity
from leadrails.tenants.models import TenantModel, TenantQuerySet, User


class ChannelQuerySet(TenantQuerySet["Channel"]):
    def listed(self) -> Self:
        return self.exclude(status=Channel.Status.REMOVED)

    def active(self) -> Self:
        return self.filter(status=Channel.Status.ACTIVE)

    def of_workspace(self) -> Self:
        return self.filter(user=None)


class Channel(TenantModel):
    """A way by which alerts reach people: the workspace's, or one person's own."""

    prefix = "chn"

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SLACK = "slack", _("Slack")
        WEBHOOK = "webhook", _("Webhook")
        SMS = "sms", _("SMS")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REMOVED = "removed", _("Removed")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=100)
    user = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose own it is; empty for the workspace's.",
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    address = models.CharField(
        max_length=254,
        blank=True,
        help_text="A mail address or number, or a URL's head.",
    )
    destination_id = models.UUIDField(null=True, blank=True, help_text="Sends the SMS.")
    secret = models.BinaryField(
        default=bytes, help_text="One encrypted JSON object: `url`, `key`."
    )
    least = models.CharField(
        max_length=10, choices=Severity.choices, default=Severity.WARNING
    )
    kinds = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Of alerts; empty for all.",
    )
    hears_alerts = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Off for one that rules on replies call alone.",
    )
    tells_end = models.BooleanField(default=True)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    wakes = models.BooleanField(
        default=False, help_text="Severe alerts come in quiet hours too."
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=300, blank=True, help_text="The latest.")

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "user", "kind"],
                condition=models.Q(user__isnull=False),
                name="channel_once_per_person",
            )
        ]
        indexes = [models.Index(fields=["tenant", "-id"], name="channel_by_tenant")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.status == self.Status.ACTIVE

    @property
    def has_quiet_hours(self) -> bool:
        return self.quiet_from is not None and self.quiet_to is not None


class DeliveryQuerySet(TenantQuerySet["Delivery"]):
    pass


class Delivery(TenantModel):
    """One message to one channel."""

    prefix = "ntc"

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Given up")
        UNKNOWN = "unknown", _("Not known")
        DROPPED = "dropped", _("Not wanted any more")

    channel = models.ForeignKey(Channel, models.CASCADE, related_name="deliveries")
    alert = models.ForeignKey(
        "alerts.Alert",
        models.CASCADE,
        null=True,
        related_name="deliveries",
        help_text="Empty for a digest and for a test.",
    )
    is_digest = models.BooleanField(default=False)
    is_test = models.BooleanField(default=False)
    is_call = models.BooleanField(
        default=False, db_default=False, help_text="A rule's, and tells of no alert."
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    content = models.JSONField(
        null=True, help_text="What is said; fixed at the first try."
    )
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=300, blank=True, help_text="The latest.")
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["channel"],
                condition=models.Q(is_digest=True, state="waiting", tries=0),
                name="digest_collected_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="delivery_due",
            ),
            models.Index(
                fields=["channel", "lease_until"],
                condition=models.Q(state="sending"),
                name="delivery_under_way",
            ),
            models.Index(fields=["channel", "-id"], name="delivery_by_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"


class Notice(models.Model):
    """That one channel is told of one event: never twice."""

    event = models.ForeignKey(
        "alerts.AlertEvent", models.CASCADE, related_name="notices"
    )
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+")
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="notices")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "channel"], name="notice_once_per_channel"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.channel_id}"


class Try(models.Model):
    """One call. It has no end if whoever made it died."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent")
        NOT_SENT = "not_sent", _("Not sent")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Not known")

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "tries"
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "number"], name="try_once_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"try {self.number}: {self.outcome or 'not ended'}"
