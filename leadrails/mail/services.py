"""
The system's own mail: rendered at once, sent by a worker, tried again for a day.

A mail is a row, so that a lost wake-up or a flushed Redis makes it late, not lost. A
worker that dies between the mail server's yes and ours makes it come twice, under the
same Message-ID.
"""

import logging
import smtplib
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import force_str

from leadrails.jobs.wake import Waker
from leadrails.mail.models import Mail

log = logging.getLogger(__name__)

# After each failed try; after the last the mail is given up.
WAITS = tuple(timedelta(minutes=n) for n in (1, 5, 15, 60, 240, 480, 960))
LEASE = timedelta(minutes=3)  # a try takes less: EMAIL_TIMEOUT is in seconds
KEPT = timedelta(days=7)
PERMANENT = 500  # and above: the mail server's final no (RFC 5321, 4.2.1)

mail_waker = Waker("mail.send", "default", quiet=0.1)


class NotSetUp(Exception):
    """No mail server is set: EMAIL_URL."""


def is_set_up() -> bool:
    """Whether mail can be sent; pages show links to copy where it cannot."""
    return bool(settings.LEADRAILS_HAS_MAIL)


def queue(
    template: str,
    to: str,
    *,
    subject: str,
    context: Mapping[str, Any],
    language: str = "",
) -> Mail:
    """
    Render `template`.txt and `template`.html and have them sent soon after commit.

    Both extend `mail/base.txt` and `mail/base.html`. Links in `context` must be whole.

    Args:
        template: without extension, such as "mail/invitation".
        to: an address; empty does the same work for nobody, where the answer's time
            must not tell whether there is somebody.
        language: of the reader; the present one if empty.

    Raises:
        NotSetUp: ask `is_set_up` before.
    """
    if not is_set_up():
        raise NotSetUp
    with translation.override(language or translation.get_language()):
        subject = " ".join(str(subject).split())[:200]
        whole = {**context, "subject": subject, "to": to}
        text = render_to_string(f"{template}.txt", whole)
        html = render_to_string(f"{template}.html", whole)
    mail = Mail(to=to, subject=subject, text=text.strip() + "\n", html=html.strip())
    mail.due_at = Now()
    mail.save(force_insert=True)
    transaction.on_commit(mail_waker.wake)
    return mail


def send_due() -> int:
    """Try each mail that is due, once; return how many were tried."""
    tried = 0
    while (mail := _claim()) is not None:
        _try(mail)
        tried += 1
    return tried


@transaction.atomic
def _claim() -> Mail | None:
    """Take the one that has waited longest; others leave it alone for `LEASE`."""
    due = Mail.objects.filter(due_at__lte=Now()).order_by("due_at")
    mail = due.select_for_update(skip_locked=True).first()
    if mail is not None:
        mail.tries += 1
        mail.due_at = Now() + LEASE
        mail.save(update_fields=["tries", "due_at"])
    return mail


def _try(mail: Mail) -> None:
    try:
        if mail.to:
            deliver(mail.pk, mail.to, mail.subject, mail.text, mail.html)
    except (smtplib.SMTPException, OSError) as error:
        _failed(mail, words_of(error), is_final=is_final(error))
    else:
        _end(mail, sent_at=Now(), error="")


def deliver(
    pk: UUID,
    to: str,
    subject: str,
    text: str,
    html: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> None:
    """
    Hand a mail to the mail server.

    Args:
        pk: makes its Message-ID, so that a repeated one can be told.

    Raises:
        SMTPException, OSError: see `words_of` and `is_final`.
    """
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[to],
        connection=get_connection(),
        headers={
            "Message-ID": f"<{pk}@{sender.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",
            **(headers or {}),
        },
    )
    message.attach_alternative(html, "text/html")
    message.send()


def _failed(mail: Mail, error: str, *, is_final: bool) -> None:
    if is_final or mail.tries > len(WAITS):
        log.warning("mail %s given up after %s tries: %s", mail.pk, mail.tries, error)
        _end(mail, failed_at=Now(), error=error)
        return
    log.warning("mail %s not sent, try %s: %s", mail.pk, mail.tries, error)
    later = Now() + WAITS[mail.tries - 1]
    _mine(mail).update(due_at=later, error=error)


def _end(mail: Mail, **facts: Any) -> None:
    _mine(mail).update(due_at=None, text="", html="", **facts)


def _mine(mail: Mail) -> Any:
    """Only as long as nobody else has taken it up after our lease."""
    return Mail.objects.filter(pk=mail.pk, tries=mail.tries, due_at__isnull=False)


def is_final(error: Exception) -> bool:
    """Whether this address will never take it; what is wrong with us may be mended."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= PERMANENT for code, _text in error.recipients.values())


def words_of(error: Exception) -> str:
    """What the mail server said, or why it could not be reached."""
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return f"{type(error).__name__}: {error}"[:300]
    words = force_str(said, errors="replace")
    return f"{code} {' '.join(words.split())}"[:300]


def forget() -> int:
    """Delete what was sent or given up a week ago."""
    old = Mail.objects.filter(due_at=None, created_at__lt=Now() - KEPT)
    deleted, _by_model = old.delete()
    return deleted
