"""Routes: which leads of a source go to which destination."""

from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.tenants.models import TenantModel, TenantQuerySet


class RouteQuerySet(TenantQuerySet["Route"]):
    def listed(self) -> Self:
        return self.exclude(status=Route.Status.REVOKED)


class Route(TenantModel):
    """One workflow of a source to exactly one destination, under conditions."""

    prefix = "rt"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REVOKED = "revoked", _("Deleted")

    source = models.ForeignKey("leads.Source", models.PROTECT, related_name="routes")
    workflow = models.ForeignKey(
        "leads.Workflow", models.PROTECT, related_name="routes"
    )
    destination = models.ForeignKey(Destination, models.PROTECT, related_name="routes")
    name = models.CharField(max_length=200)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    priority = models.PositiveSmallIntegerField(
        default=100, help_text="0 to 10000; lower goes first."
    )
    conditions = models.JSONField(default=dict, blank=True)
    is_additional = models.BooleanField(
        default=False,
        help_text="Also send when another route reaches the same person for the same "
        "purpose.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RouteQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(priority__range=(0, 10000)),
                name="route_priority_range",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="route_by_tenant"),
        ]

    def __str__(self) -> str:
        return self.name
