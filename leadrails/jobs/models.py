"""
Jobs, their attempts and the provider's events.

They are partitioned by month over the job's id, which carries the time of its lead.
No database foreign keys join any of these or the queue's tables.
"""

from decimal import Decimal
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from destinations.models import Destination
from leadrails.core.states import State
from leadrails.jobs.deadline_models import Deadline, FollowUpRule
from leadrails.jobs.queue_models import (
    Gate,
    Lane,
    Lineage,
    QueueEntry,
    SourceHour,
    Tally,
    TallyChange,
)
from leadrails.tenants.models import PublicIdModel, Tenant, TenantQuerySet

__all__ = [
    "Attempt",
    "Deadline",
    "DeliveryEvent",
    "FollowUpRule",
    "Gate",
    "Job",
    "JobQuerySet",
    "Lane",
    "Lineage",
    "QueueEntry",
    "SourceHour",
    "Tally",
    "TallyChange",
]


LISTED = (
    "tenant",
    "lead",
    "destination",
    "recipient",
    "is_test",
    "state",
    "reason",
    "created_at",
    "due_at",
    "attempts",
    "error_code",
    "is_possible_duplicate",
    "is_contradicted",
    "cause",
    "channel",
)


class JobQuerySet(TenantQuerySet["Job"]):
    def listed(self) -> Self:
        """With what a list shows of each job."""
        return self.only(*LISTED)


class Job(PublicIdModel):
    """A lead on its way to one destination."""

    prefix = "job"
    GIVEN = "given"
    """The key of a `message` that is not made of the destination's template."""

    tenant = models.ForeignKey(
        Tenant, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    lead = models.ForeignKey(
        "leads.Lead",
        models.DO_NOTHING,
        related_name="jobs",
        db_constraint=False,
        db_index=False,
    )
    source_id = models.UUIDField()
    route = models.ForeignKey(
        "routing.Route",
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=True,
    )
    destination = models.ForeignKey(
        Destination,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    replay_of = models.UUIDField(null=True, help_text="The job this one replays.")
    parent_id = models.UUIDField(null=True, help_text="The job that brought it about.")
    cause = models.CharField(
        max_length=12,
        blank=True,
        help_text="Why its parent did: see `leadrails.core.children`.",
        default="",
        db_default="",
    )
    recipient = models.CharField(
        max_length=16, blank=True, help_text="E.164", default="", db_default=""
    )
    is_test = models.BooleanField(default=False, db_default=False)

    state = models.CharField(max_length=12, choices=[(s, s) for s in State])
    reason = models.CharField(
        max_length=40, blank=True, help_text="A reason slug.", default="", db_default=""
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(help_text="When the state last changed.")
    expires_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, help_text="The next try, for pages.")
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)

    message = models.JSONField(null=True, help_text="Frozen at the first attempt.")
    channel = models.CharField(
        max_length=8,
        blank=True,
        help_text="What carried it: rcs, whatsapp, sms, mms; empty for a plain text.",
        default="",
        db_default="",
    )
    encoding = models.CharField(max_length=5, blank=True, default="", db_default="")
    segments = models.PositiveSmallIntegerField(null=True)
    provider_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    sender = models.CharField(max_length=64, blank=True, default="", db_default="")
    error_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    error_message = models.CharField(
        max_length=500, blank=True, default="", db_default=""
    )
    price = models.DecimalField(max_digits=12, decimal_places=6, null=True)
    price_unit = models.CharField(max_length=3, blank=True, default="", db_default="")
    accepted_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(
        null=True, help_text="When the provider was last asked for the status."
    )
    is_end_confirmed = models.BooleanField(
        help_text="The provider was asked once more about a failure.",
        default=False,
        db_default=False,
    )
    is_possible_duplicate = models.BooleanField(default=False, db_default=False)
    is_contradicted = models.BooleanField(
        help_text="Delivered after the provider had called it a failure.",
        default=False,
        db_default=False,
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state__in=["held", "skipped", "dead"])
                | ~models.Q(reason=""),
                name="job_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[str(s) for s in State]),
                name="job_known_state",
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="job_by_tenant"),
            models.Index(
                fields=["tenant", "destination", "id"], name="job_by_destination"
            ),
            # Order and ceilings per person; adopting a message by its recipient.
            models.Index(fields=["tenant", "recipient", "id"], name="job_by_recipient"),
            models.Index(fields=["lead"], name="job_by_lead"),
            # One keyset per rare state; a page over several states merges them.
            *(
                models.Index(
                    fields=["tenant", "id"],
                    condition=models.Q(state=state),
                    name=f"job_{state}",
                )
                for state in (
                    "held",
                    "retrying",
                    "unknown",
                    "undelivered",
                    "dead",
                    "skipped",
                    "canceled",
                )
            ),
            # The same for the states that most jobs pass, and for the rare last one.
            models.Index(
                fields=["tenant", "state", "id"],
                condition=models.Q(
                    state__in=["queued", "sending", "accepted", "sent", "read"]
                ),
                name="job_under_way",
            ),
            # Few jobs were brought about by another one.
            models.Index(
                fields=["replay_of"],
                condition=models.Q(replay_of__isnull=False),
                name="job_replays",
            ),
            models.Index(
                fields=["parent_id"],
                condition=models.Q(parent_id__isnull=False),
                name="job_children",
            ),
            models.Index(
                fields=["provider_id"],
                condition=models.Q(provider_id__gt=""),
                name="job_by_provider_id",
            ),
            # Why jobs are stuck or failed; most never had a reason or an error.
            *(
                models.Index(
                    fields=["tenant", field, "id"],
                    condition=models.Q(**{f"{field}__gt": ""}),
                    name=f"job_by_{field}",
                )
                for field in ("reason", "error_code", "cause", "channel")
            ),
            # What still waits for the provider's last word.
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["accepted", "sent"]),
                name="job_awaiting_callback",
            ),
            # Failures that may yet be taken back.
            models.Index(
                fields=["changed_at"],
                condition=models.Q(state="undelivered", is_end_confirmed=False),
                name="job_unconfirmed",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def charge(self) -> Decimal | None:
        """What it costs; some providers write a price as what it takes away."""
        return None if self.price is None else abs(self.price)


class Attempt(models.Model):
    """One call to the provider. Written before the call, finished after it."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted by the provider")
        NOT_SENT = "not_sent", _("Not sent")
        REFUSED = "refused", _("Refused")
        UNKNOWN = "unknown", _("Outcome unknown")
        ABSENT = "absent", _("Found not to have been sent")

    pk = models.CompositePrimaryKey("job_id", "number")
    job_id = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    tenant = models.ForeignKey(
        Tenant, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    destination_id = models.UUIDField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(
        max_length=10, choices=Outcome.choices, blank=True, default="", db_default=""
    )
    http_status = models.PositiveSmallIntegerField(null=True)
    error_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    error_message = models.CharField(
        max_length=500, blank=True, default="", db_default=""
    )
    provider_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    request = models.JSONField(null=True, help_text="What was sent, secrets redacted.")
    response = models.JSONField(null=True)

    objects = TenantQuerySet["Attempt"].as_manager()

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.job_id}"


class DeliveryEvent(models.Model):
    """The provider's later word on a message. Append-only; the key is the dedupe."""

    pk = models.CompositePrimaryKey("job_id", "provider_id", "status", "error")
    job_id = models.UUIDField()
    provider_id = models.CharField(max_length=64)
    status = models.CharField(max_length=40, help_text="The provider's own word.")
    error = models.CharField(max_length=20)
    tenant = models.ForeignKey(
        Tenant, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    attempt = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, blank=True, help_text="Ours, if known.")
    received_at = models.DateTimeField()
    callback_id = models.UUIDField(null=True, help_text="The raw callback's row.")
    payload = models.JSONField(default=dict)

    objects = TenantQuerySet["DeliveryEvent"].as_manager()

    def __str__(self) -> str:
        return f"{self.status} of {self.provider_id}"
