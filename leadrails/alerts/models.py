"""Open problems. One row per problem, not per failure."""

from datetime import datetime
from typing import Self

from django.db import models

from leadrails.tenants.models import TenantModel, TenantQuerySet, User


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
