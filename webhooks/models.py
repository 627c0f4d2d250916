"""Raw callbacks, stored before they are understood."""

from django.db import models

from leadrails.tenants.models import PublicIdModel, Tenant, TenantQuerySet


class RawCallback(PublicIdModel):
    """
    A provider's request as it came. Rows with `processed_at` null are the queue.

    Partitioned by month over `id`; no database foreign keys.
    """

    prefix = "cbk"

    class Kind(models.TextChoices):
        STATUS = "status", "Status of a message"
        INBOUND = "inbound", "Message from a person"

    tenant = models.ForeignKey(
        Tenant, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    destination_id = models.UUIDField()
    job_id = models.UUIDField(null=True)
    attempt = models.PositiveSmallIntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.TextField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    is_signed = models.BooleanField(help_text="The provider's signature was checked.")
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    objects = TenantQuerySet["RawCallback"].as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(processed_at=None),
                name="callback_unprocessed",
            ),
            models.Index(fields=["job_id"], name="callback_by_job"),
        ]

    def __str__(self) -> str:
        return self.public_id
