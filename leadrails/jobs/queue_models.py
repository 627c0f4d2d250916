"""
The queue of what is due, and what is known about it: gates, lanes, counts.

Narrow tables that are written all the time. A row of the queue is deleted when its
job settles.
"""

from django.db import models

from leadrails.jobs.low_water import EVER


class QueueEntry(models.Model):
    """
    A job that is due at some time. Claimed by a lease; deleted when the job settles.

    `due_at`, `lease_until` are compared with the database's clock only.
    """

    job_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    destination_id = models.UUIDField()
    is_bulk = models.BooleanField(default=False, help_text="A replay: live goes first.")
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    worker = models.UUIDField(null=True, help_text="The process that holds the lease.")

    class Meta:
        indexes = [
            models.Index(
                fields=["destination_id", "is_bulk", "due_at"],
                condition=models.Q(lease_until=None),
                name="queue_due_by_lane",
            ),
            # Used by whoever names the second condition: claims are to go by lanes.
            models.Index(
                fields=["due_at"],
                condition=models.Q(lease_until=None, due_at__gt=EVER),
                name="queue_due",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(lease_until__isnull=False),
                name="queue_leased",
            ),
        ]
        verbose_name_plural = "queue entries"

    def __str__(self) -> str:
        return f"{self.job_id} due {self.due_at}"


class Gate(models.Model):
    """
    How a destination may send just now: its rate and its circuit breaker.

    Shared by all drains; a destination without a row is at rest. The rate is a
    bucket that is kept as one time: when the next message would be due if all had
    gone evenly (the generic cell rate algorithm). The circuit is open until
    `open_until`; when that has passed one call may try (`is_probing`).
    """

    destination_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    free_at = models.DateTimeField(null=True)
    claimed = models.BigIntegerField(
        default=0, db_default=0, help_text="Jobs so far. Claims at once tell by it."
    )
    share = models.FloatField(
        default=1, db_default=1, help_text="Of the rate, when last told to slow down."
    )
    slowed_until = models.DateTimeField(null=True)
    troubles = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls without an answer, in a row."
    )
    openings = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often in a row the circuit opened."
    )
    open_until = models.DateTimeField(null=True)
    is_probing = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1), name="gate_share"
            )
        ]

    def __str__(self) -> str:
        return f"gate of {self.destination_id}"


class SourceHour(models.Model):
    """What a source with a ceiling made us send within an hour."""

    source_id = models.UUIDField(primary_key=True)
    tenant_id = models.UUIDField()
    hour = models.DateTimeField()
    started = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.started} of {self.source_id}"


class Lane(models.Model):
    """A destination's place in the round of claims: who was served last waits."""

    pk = models.CompositePrimaryKey("destination_id", "is_bulk")
    destination_id = models.UUIDField()
    is_bulk = models.BooleanField()
    tenant_id = models.UUIDField()
    served_at = models.DateTimeField()
    hour = models.DateTimeField(null=True, help_text="The hour that is counted.")
    started_this_hour = models.PositiveIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"lane of {self.destination_id}"


class Lineage(models.Model):
    """
    Which database this is, and how far it has come. One row.

    A copy in another place has another fingerprint; one that went back in time has
    fewer `beats` than the witness outside of it remembers.
    """

    key = models.PositiveSmallIntegerField(primary_key=True, default=1)
    id = models.UUIDField(help_text="The witness knows it by this name.")
    system = models.BigIntegerField(null=True, help_text="PostgreSQL's identifier.")
    database = models.BigIntegerField(null=True)
    timeline = models.CharField(max_length=8, blank=True)
    beats = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(key=1), name="lineage_is_one_row")
        ]

    def __str__(self) -> str:
        return f"{self.id} at beat {self.beats}"


class Tally(models.Model):
    """
    How many leads or jobs there are of each hour: `leadrails/jobs/tallies.py`.

    `what` is a job's state, and `about_id` its destination; or `what` is "lead", and
    `about_id` its source. The hour is the lead's, as its id and those of its jobs say.
    """

    pk = models.CompositePrimaryKey("tenant_id", "what", "hour", "about_id")
    tenant_id = models.UUIDField()
    what = models.CharField(max_length=12)
    hour = models.DateTimeField()
    about_id = models.UUIDField()
    number = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["hour"], name="tally_by_age")]
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.number} {self.what} at {self.hour}"


class TallyChange(models.Model):
    """What is not added to the tallies yet. The table has no key: rows only pass."""

    tenant_id = models.UUIDField()
    what = models.CharField(max_length=12)
    hour = models.DateTimeField()
    about_id = models.UUIDField()
    number = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.number:+} {self.what} at {self.hour}"
