"""Whom we may message. Suppressions end every send to a number at once."""

from typing import Self

from django.db import models

from leadrails.tenants.models import TenantModel, TenantQuerySet


class SuppressionQuerySet(TenantQuerySet["Suppression"]):
    def in_force(self) -> Self:
        return self.filter(lifted_at=None)


class Suppression(TenantModel):
    """A number that this tenant must not message, and why."""

    prefix = "sup"

    class Reason(models.TextChoices):
        OPTED_OUT = "opted_out", "Replied STOP"
        BLOCKED = "blocked", "Blocked by the recipient or carrier"
        MANUAL = "manual", "Added by a person"

    phone = models.CharField(max_length=16, help_text="E.164")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    source = models.CharField(
        max_length=80, blank=True, help_text="The job or message that told us."
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "phone"],
                condition=models.Q(lifted_at=None),
                name="suppression_once_in_force",
            )
        ]

    def __str__(self) -> str:
        return self.phone
