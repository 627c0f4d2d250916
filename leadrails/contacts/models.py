"""
Whom we may message, and what they wrote back.

Messages from people are few beside those to them, and a provider may post one twice,
weeks apart: one table with one key tells, so these are not partitioned by month.
"""

import mimetypes
from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from leadrails.core.web_address import is_web_address
from leadrails.tenants.models import TenantModel, TenantQuerySet

IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class SuppressionQuerySet(TenantQuerySet["Suppression"]):
    def in_force(self) -> Self:
        return self.filter(lifted_at=None)


class Suppression(TenantModel):
    """A number that this tenant must not message, and why."""

    prefix = "sup"

    class Reason(models.TextChoices):
        OPTED_OUT = "opted_out", _("Replied STOP")
        BLOCKED = "blocked", _("Blocked by the recipient or carrier")
        MANUAL = "manual", _("Added by a person")

    phone = models.CharField(max_length=16, help_text="E.164")
    reason = models.CharField(max_length=20, choices=Reason.choices)
    source = models.CharField(
        max_length=80, blank=True, help_text="The job or message that told us."
    )
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="The message that lifted it, or a person's reason.",
    )

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "phone"],
                condition=models.Q(lifted_at=None),
                name="suppression_once_in_force",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="suppression_by_tenant"),
            models.Index(fields=["tenant", "phone", "id"], name="suppression_by_phone"),
        ]

    def __str__(self) -> str:
        return self.phone


class InboundMessageQuerySet(TenantQuerySet["InboundMessage"]):
    def from_phone(self, phone: str) -> Self:
        return self.filter(phone=phone) if phone else self.none()

    def to_review(self) -> Self:
        return self.filter(wants_review=True, reviewed_at=None)


class InboundMessage(TenantModel):
    """
    What a person wrote to one of the tenant's senders, over whatever channel.

    `content` has what is not text: `location` and `button`, by the words of
    `destinations.providers.inbound`. `raw` is all that the provider said. Lead and job
    are those it answers, as far as we can tell; retention may have deleted them.
    """

    prefix = "inb"

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        MEDIA = "media", _("File")
        LOCATION = "location", _("Location")
        BUTTON = "button", _("Button")
        OTHER = "other", _("Other")

    class OptOut(models.TextChoices):
        STOP = "stop", _("Stop")
        START = "start", _("Start again")
        HELP = "help", _("Help")

    destination_id = models.UUIDField()
    lead_id = models.UUIDField(null=True)
    job_id = models.UUIDField(null=True)
    provider_id = models.CharField(max_length=64)
    channel = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    sender = models.CharField(max_length=200, help_text="As it came.")
    phone = models.CharField(max_length=16, blank=True, help_text="E.164, or empty.")
    recipient = models.CharField(max_length=200, blank=True)
    service = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    content = models.JSONField(default=dict)
    opt_out = models.CharField(max_length=5, choices=OptOut.choices, blank=True)
    is_answered = models.BooleanField(
        default=False, help_text="The provider answered the opt-out and said so."
    )
    wants_review = models.BooleanField(
        default=False, help_text="It may ask for no more messages, in its own words."
    )
    reviewed_at = models.DateTimeField(null=True)
    error_code = models.CharField(
        max_length=20, blank=True, help_text="Why the provider posted it twice."
    )
    raw = models.JSONField(default=dict)
    callback_id = models.UUIDField(help_text="The raw callback's row.")
    received_at = models.DateTimeField()

    objects = InboundMessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "provider_id"], name="inbound_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "id"], name="inbound_by_tenant"),
            models.Index(fields=["tenant", "phone", "id"], name="inbound_by_phone"),
            models.Index(
                fields=["tenant", "id"],
                condition=models.Q(wants_review=True, reviewed_at=None),
                name="inbound_to_review",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def location(self) -> Any:
        return self.content.get("location")

    @property
    def button(self) -> Any:
        return self.content.get("button")


class InboundMedia(TenantModel):
    """
    A file that came with a message: a link, or fetched and kept here.

    Links of some providers end after weeks, and of some ask for the account's key.
    """

    prefix = "med"

    class State(models.TextChoices):
        LINK = "link", _("Left as a link")
        WAITING = "waiting", _("Will be fetched")
        KEPT = "kept", _("Kept")
        REFUSED = "refused", _("Not kept")

    message = models.ForeignKey(
        InboundMessage, models.CASCADE, related_name="media", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    is_thumbnail = models.BooleanField(
        default=False, db_default=False, help_text="It shows the file before it."
    )
    url = models.CharField(max_length=2000)
    content_type = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(null=True, help_text="Bytes.")
    state = models.CharField(max_length=10, choices=State.choices)
    problem = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, help_text="When it is fetched next.")
    data = models.BinaryField(null=True)

    objects = TenantQuerySet["InboundMedia"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "position"], name="media_once_in_message"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="waiting"),
                name="media_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.public_id

    @property
    def is_kept(self) -> bool:
        return self.state == self.State.KEPT

    @property
    def is_link(self) -> bool:
        """Whether it may be offered as one: anybody may have posted the address."""
        return is_web_address(self.url)

    @property
    def is_image(self) -> bool:
        """Whether browsers may show it in a page."""
        return self.content_type in IMAGES

    @property
    def is_safe(self) -> bool:
        """Whether browsers may be told what it is: nothing that runs."""
        return self.content_type.startswith(("image/", "audio/", "video/"))

    @property
    def ending(self) -> str:
        return mimetypes.guess_extension(self.content_type) or ""
