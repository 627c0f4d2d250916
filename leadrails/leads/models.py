"""Sources, their keys and workflows, and the leads that came in."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from leadrails.tenants.models import PublicIdModel, Tenant, TenantModel, TenantQuerySet


class SourceQuerySet(TenantQuerySet["Source"]):
    def listed(self) -> Self:
        return self.exclude(status=Source.Status.REVOKED)


class Source(TenantModel):
    """Where leads come from: a form, a CRM, another vendor."""

    prefix = "src"

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        REVOKED = "revoked", _("Revoked")

    name = models.CharField(max_length=200)
    source_type = models.CharField(max_length=100, default="webhook")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE
    )
    allowed_site_url = models.URLField(max_length=500, blank=True)
    country = models.CharField(
        max_length=2, default="US", help_text="Read national phone numbers as from here"
    )
    hourly_ceiling = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most messages an hour that its leads cause."
    )
    silent_after = models.DurationField(
        null=True, blank=True, help_text="Tell us when no lead came for so long."
    )
    watched_from = models.DateTimeField(
        null=True, blank=True, help_text="Silence before this is not counted."
    )
    form_token = models.CharField(
        max_length=43,
        blank=True,
        default="",
        db_default="",
        help_text="Part of the address that an HTML form posts to.",
    )
    field_map = models.JSONField(
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        help_text="A form's field to ours.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=["active", "paused", "revoked"]),
                name="source_known_status",
            )
        ]
        indexes = [models.Index(fields=["tenant", "id"], name="source_by_tenant")]

    def __str__(self) -> str:
        return self.name

    @property
    def silent_hours(self) -> int | None:
        """After how many hours without a lead an alert opens; None for never."""
        silence = self.silent_after
        return round(silence.total_seconds() / 3600) if silence else None


class WorkflowQuerySet(TenantQuerySet["Workflow"]):
    pass


class Workflow(TenantModel):
    """A named set of routes inside a source; each source has one called `default`."""

    prefix = "wf"
    DEFAULT = "default"

    source = models.ForeignKey(Source, models.PROTECT, related_name="workflows")
    name = models.CharField(max_length=100)
    is_paused = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = WorkflowQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "source", Lower("name"), name="workflow_name_once_per_source"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SigningKeyQuerySet(TenantQuerySet["SigningKey"]):
    def active(self) -> Self:
        return self.filter(revoked_at=None)


class SigningKey(TenantModel):
    """A secret that a source signs its posts with. Several may be active at a time."""

    prefix = "key"

    source = models.ForeignKey(Source, models.PROTECT, related_name="keys")
    secret = models.BinaryField(help_text="Encrypted; shown once when issued.")
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = SigningKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.public_id


LONGEST_TAG = 40  # characters
MOST_TAGS = 20  # of a lead

LISTED = (
    "tenant",
    "source",
    "received_at",
    "phone",
    "phone_raw",
    "phone_problem",
    "email",
    "name",
    "job_count",
    "is_test",
    "source_paused",
    "tags",
)


class LeadQuerySet(TenantQuerySet["Lead"]):
    def listed(self) -> Self:
        """With what a list shows of each lead."""
        return self.only(*LISTED)

    def tagged(self, tag: str) -> Self:
        # In the statement itself: a plan for any parameter uses no partial index.
        has_some = models.Func(
            models.F("tags"),
            template="%(expressions)s <> '{}'",
            output_field=models.BooleanField(),
        )
        return self.filter(has_some, tags__contains=[tag])


class Lead(PublicIdModel):
    """
    One accepted lead event. Partitioned by month over `id`; no database foreign keys.

    `event` is the body as it was posted. The flat columns serve lists and search.
    `trail` holds what every route said: `[{route_id, name, took, why}]`.
    """

    prefix = "evt"
    ERASED = "erased_at"  # the only key of an event that was erased

    tenant = models.ForeignKey(
        Tenant, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    source = models.ForeignKey(
        Source, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    workflow = models.ForeignKey(
        Workflow,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    received_at = models.DateTimeField()
    idempotency_key = models.CharField(max_length=200)
    phone = models.CharField(max_length=16, blank=True, help_text="E.164, or empty.")
    phone_raw = models.CharField(max_length=100, blank=True)
    phone_problem = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=320, blank=True)
    name = models.CharField(max_length=300, blank=True)
    event = models.JSONField()
    trail = models.JSONField(default=list)
    job_count = models.PositiveSmallIntegerField(default=0)
    is_test = models.BooleanField(default=False)
    source_paused = models.BooleanField(default=False)
    remote_ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)
    tags = ArrayField(
        models.CharField(max_length=LONGEST_TAG),
        default=list,
        db_default=models.Value([], ArrayField(models.CharField())),
        blank=True,
    )

    objects = LeadQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "id"], name="lead_by_tenant"),
            models.Index(fields=["tenant", "source", "id"], name="lead_by_source"),
            models.Index(fields=["tenant", "phone", "id"], name="lead_by_phone"),
            models.Index(
                fields=["tenant", "id"],
                condition=models.Q(job_count=0),
                name="lead_unrouted",
            ),
            models.Index(
                fields=["tenant", "id"],
                condition=~models.Q(tags=[]),
                name="lead_tagged",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_unrouted(self) -> bool:
        return self.job_count == 0

    @property
    def is_erased(self) -> bool:
        return set(self.event) == {self.ERASED}

    @property
    def erased_at(self) -> datetime | None:
        return (
            datetime.fromisoformat(self.event[self.ERASED]) if self.is_erased else None
        )


class IdempotencyKey(models.Model):
    """A key that a source used, and the answer it got; kept for 30 days."""

    pk = models.CompositePrimaryKey("tenant_id", "source_id", "key")
    tenant_id = models.UUIDField()
    source_id = models.UUIDField()
    key = models.CharField(max_length=200)
    body_sha256 = models.BinaryField(max_length=32)
    lead_id = models.UUIDField()
    job_count = models.PositiveSmallIntegerField()
    workflow = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_by_age")]

    def __str__(self) -> str:
        return self.key


class Nonce(models.Model):
    """A nonce that a signing key used; kept for 15 minutes."""

    pk = models.CompositePrimaryKey("key_id", "nonce")
    key_id = models.UUIDField()
    nonce = models.UUIDField(help_text="The 32 hex characters are 128 bits.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="nonce_by_age")]

    def __str__(self) -> str:
        return str(self.nonce)
