"""Where leads go: a provider's settings, a template, and limits."""

from datetime import timedelta
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from destinations.providers.fields import CHANNEL
from leadrails.core.quiet_hours import Hours
from leadrails.tenants.models import TenantModel, TenantQuerySet


class DestinationQuerySet(TenantQuerySet["Destination"]):
    def listed(self) -> Self:
        """All but revoked ones: revoking is the soft delete."""
        return self.exclude(status=Destination.Status.REVOKED)


class Destination(TenantModel):
    """One way out, through the tenant's own account at a provider."""

    prefix = "dst"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REVOKED = "revoked", _("Deleted")

    class Purpose(models.TextChoices):
        TRANSACTIONAL = "transactional", _("Transactional: answers what the lead asked")
        MARKETING = "marketing", _("Marketing")

    class WhenUnknown(models.TextChoices):
        HOLD = "hold", _("Wait for a person")
        RESEND = "resend", _("Send it again")

    class Quiet(models.TextChoices):
        WORKSPACE = "workspace", _("As the workspace says, for marketing")
        ALWAYS = "always", _("The workspace's quiet hours, whatever the purpose")
        OWN = "own", _("Quiet hours of its own")
        NEVER = "never", _("None: send at any hour")

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, help_text="A key of the provider registry.")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    pause_reason = models.CharField(
        max_length=60, blank=True, help_text="`manual`, or the code that paused it."
    )
    is_simulated = models.BooleanField(help_text="Fixed when the destination is made.")
    purpose = models.CharField(
        max_length=20, choices=Purpose.choices, default=Purpose.TRANSACTIONAL
    )
    config = models.JSONField(default=dict, help_text="The provider's public fields.")
    credentials = models.BinaryField(
        default=bytes, help_text="One encrypted JSON object of its secret fields."
    )
    secrets_set_at = models.JSONField(
        default=dict, blank=True, help_text="When each secret field was last set."
    )
    recipient_template = models.CharField(max_length=200, default="{{ phone }}")
    body_template = models.TextField(max_length=5000)
    rich = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What goes by RCS, with fields in it; see leadrails.core.rich.",
    )
    content_sid = models.CharField(
        max_length=64,
        default="",
        db_default="",
        blank=True,
        help_text="Under which the provider keeps what is to go by RCS, if it does.",
    )
    had_channel = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It sent otherwise than now, as RCS is sent: reports may still come.",
    )
    allowed_countries = ArrayField(
        models.CharField(max_length=2), default=list, blank=True
    )
    held_countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text="Countries that the account may not reach until its owner says so.",
    )
    hourly_ceiling = models.PositiveIntegerField(default=1000)
    daily_per_recipient = models.PositiveSmallIntegerField(default=5)
    time_to_live = models.DurationField(default=timedelta(hours=4))
    max_attempts = models.PositiveSmallIntegerField(default=24)
    messages_per_second = models.FloatField(default=10, db_default=10)
    max_in_flight = models.PositiveSmallIntegerField(default=100, db_default=100)
    when_unknown = models.CharField(
        max_length=10,
        choices=WhenUnknown.choices,
        default=WhenUnknown.HOLD,
        db_default=WhenUnknown.HOLD,
        help_text="What to do in doubt if the provider cannot be asked.",
    )
    queue_objective = models.DurationField(
        default=timedelta(minutes=5),
        db_default=timedelta(minutes=5),
        help_text="A message that waits longer is an alert.",
    )
    quiet = models.CharField(
        max_length=10,
        choices=Quiet.choices,
        default=Quiet.WORKSPACE,
        db_default=Quiet.WORKSPACE,
        help_text="Which quiet hours of its recipients it keeps.",
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_to = models.TimeField(null=True, blank=True)
    fingerprint = models.BinaryField(
        default=bytes,
        max_length=32,
        help_text="HMAC of sender or service, to notice that two tenants share it.",
    )
    inbound_secret = models.CharField(max_length=40, unique=True)
    inbound_secret_previous = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="Good for a day after the secret was changed.",
    )
    inbound_secret_set_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    verification = models.JSONField(default=dict, blank=True)
    delivered_once = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = DestinationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused", "revoked"]),
                name="destination_known_status",
            ),
            models.CheckConstraint(
                condition=models.Q(max_attempts__range=(1, 50)),
                name="destination_sane_attempts",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    messages_per_second__gt=0, max_in_flight__range=(1, 1000)
                ),
                name="destination_sane_rate",
            ),
            models.CheckConstraint(
                condition=models.Q(when_unknown__in=["hold", "resend"]),
                name="destination_known_doubt_policy",
            ),
            models.CheckConstraint(
                condition=models.Q(quiet__in=["workspace", "always", "own", "never"]),
                name="destination_known_quiet_policy",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="destination_by_tenant"),
            models.Index(fields=["fingerprint"], name="destination_by_fingerprint"),
            models.Index(
                fields=["inbound_secret_previous"],
                condition=models.Q(inbound_secret_previous__gt=""),
                name="destination_by_old_secret",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def may_have_channel(self) -> bool:
        """Whether a message of it may have gone otherwise than as a plain text."""
        return self.had_channel or bool(self.config.get(CHANNEL))

    @property
    def is_paused(self) -> bool:
        return self.status == self.Status.PAUSED

    @property
    def quiet_hours(self) -> Hours | None:
        """The quiet hours that its messages keep; reads its workspace."""
        if self.quiet == self.Quiet.OWN:
            return self.tenant.quiet_between(self.quiet_from, self.quiet_to)
        is_marketing = self.purpose == self.Purpose.MARKETING
        if self.quiet == self.Quiet.ALWAYS or (
            self.quiet == self.Quiet.WORKSPACE and is_marketing
        ):
            return self.tenant.quiet_hours
        return None

    @property
    def resends_in_doubt(self) -> bool:
        return self.when_unknown == self.WhenUnknown.RESEND

    def __repr__(self) -> str:
        return f"<Destination {self.public_id}>"

    def __getstate__(self) -> dict[str, Any]:
        """Never pickle credentials into a cache or a task."""
        return {**super().__getstate__(), "credentials": b""}


class RcsSheet(TenantModel):
    """What a workspace tells carriers to get an RCS agent; see `rcs_sheet`."""

    prefix = "rcs"

    values = models.JSONField(default=dict)
    steps = models.JSONField(default=dict)
    pictures = models.JSONField(
        default=dict, help_text="What the files were that somebody had looked at."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = TenantQuerySet["RcsSheet"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="rcs_sheet_one_per_tenant")
        ]

    def __str__(self) -> str:
        return self.public_id


class ContentTemplate(TenantModel):
    """RCS content of a destination that lies, or is to lie, at its provider."""

    prefix = "cnt"

    destination = models.ForeignKey(
        Destination, models.CASCADE, related_name="content_templates"
    )
    digest = models.CharField(
        max_length=64, help_text="Of the account and all that is kept: SHA-256."
    )
    sid = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    tried_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField(null=True, help_text="When the provider had it.")
    checked_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(
        null=True, help_text="When the destination was given other content."
    )
    deleted_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["ContentTemplate"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "digest"],
                condition=models.Q(deleted_at=None),
                name="content_template_once",
            )
        ]
        indexes = [
            # What is to be made, looked after or deleted: a handful of rows.
            models.Index(
                fields=["tried_at"],
                condition=models.Q(deleted_at=None),
                name="content_template_live",
            )
        ]

    def __str__(self) -> str:
        return self.public_id
