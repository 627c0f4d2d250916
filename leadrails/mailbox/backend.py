"""`EMAIL_URL=mailbox://`: mail is kept in the database and read on a page."""

from collections.abc import Sequence

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend

from leadrails.mailbox.models import KeptMail

MOST = 500  # newest ones; it is no archive


class MailboxBackend(BaseEmailBackend):
    """Each mail once for each reader."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            kept = [
                KeptMail(
                    sender=message.from_email,
                    to=address,
                    subject=str(message.subject)[:200],
                    text=str(message.body),
                    html=_html(message),
                )
                for address in message.recipients()
            ]
            KeptMail.objects.bulk_create(kept)
        newest = KeptMail.objects.order_by("-id").values("pk")[:MOST]
        KeptMail.objects.exclude(pk__in=newest).delete()
        return len(email_messages)


def _html(message: EmailMessage) -> str:
    if not isinstance(message, EmailMultiAlternatives):
        return ""
    for content, kind in message.alternatives:
        if kind == "text/html":
            return str(content)
    return ""
