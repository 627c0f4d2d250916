"""Open problems and their history. One row per problem, not per failure."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from leadrails.alerts.channel_models import Channel, Delivery, Notice, Try
from leadrails.tenants.models import Tenant, TenantModel, TenantQuerySet, User

__all__ = ["Alert", "AlertEvent", "Channel", "Delivery", "Notice", "Try"]


class AlertQuerySet(TenantQuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)

    def awake(self, now: datetime) -> Self:
        """Open and not snoozed: what the count of the navigation shows."""
        is_awake = models.Q(snoozed_until=None) | models.Q(snoozed_until__lte=now)
        return self.open().filter(is_awake)


class Alert(TenantModel):
    """A problem a person should look at."""

    prefix = "alr"

    kind = models.CharField(max_length=40)
    scope = models.CharField(
        max_length=120, help_text="What is unwell, e.g. destination:dst_… or …:RU"
    )
    cause = models.CharField(
        max_length=60, blank=True, help_text="The latest cause: an error code or slug."
    )
    destination_id = models.UUIDField(null=True, blank=True)
    source_id = models.UUIDField(null=True, blank=True)
    job_id = models.UUIDField(null=True, blank=True, help_text="The latest example.")
    details = models.JSONField(default=dict)
    failures = models.PositiveIntegerField(default=1)
    times_opened = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    snoozed_until = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "scope"],
                condition=models.Q(resolved_at=None),
                name="alert_open_once",
            )
        ]
        indexes = [models.Index(fields=["tenant", "-id"], name="alert_by_tenant")]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}"


class AlertEventQuerySet(TenantQuerySet["AlertEvent"]):
    pass


class AlertEvent(models.Model):
    """
    One line of an alert's history, and what channels are told of.

    That an alert opens and closes is written by a trigger of its table: many statements
    move alerts, and what they tell commits with them or not at all.
    """

    class What(models.TextChoices):
        OPENED = "opened", _("Opened")
        REOPENED = "reopened", _("Opened again")
        CURED = "cured", _("Cured by itself")
        RESOLVED = "resolved", _("Resolved")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Snoozed for a day")
        COMMENTED = "commented", _("Comment")

    tenant = models.ForeignKey(Tenant, models.PROTECT, related_name="+")
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="events")
    what = models.CharField(max_length=12, choices=What.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=254, blank=True)
    cause = models.CharField(max_length=60, blank=True)
    text = models.TextField(max_length=2000, blank=True)
    is_told = models.BooleanField(
        default=True, help_text="Nothing is left to tell the channels."
    )

    objects = AlertEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(is_told=False),
                name="alert_event_to_tell",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"

    @property
    def is_opening(self) -> bool:
        return self.what in (self.What.OPENED, self.What.REOPENED)
