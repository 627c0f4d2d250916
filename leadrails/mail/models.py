"""Mail that LeadRails itself sends: the queue, and for a week what became of it."""

from django.db import models

from leadrails.core import ids


class Mail(models.Model):
    """
    One mail to one person.

    `due_at` is when it is tried next, by the database's clock; null once it is sent
    or given up. The texts, which may hold links that let somebody in, go then too.
    """

    id = models.UUIDField(primary_key=True, default=ids.uuid7, editable=False)
    to = models.EmailField(max_length=254, blank=True, help_text="Empty: to nobody.")
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, help_text="The last one.")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="mail_due",
            )
        ]

    def __str__(self) -> str:
        return self.subject
