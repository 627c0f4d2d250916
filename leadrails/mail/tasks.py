"""Celery's side of the system's mail. One call each."""

from typing import Any

from celery import shared_task

from leadrails.alone import one_at_a_time
from leadrails.mail.services import forget, send_due


@shared_task(name="mail.send", ignore_result=True, acks_late=False)
@one_at_a_time
def send(**_later: Any) -> None:
    """Send what is due. Safe to run many times at once."""
    send_due()


@shared_task(name="mail.forget", ignore_result=True, acks_late=False)
def forget_old(**_later: Any) -> None:
    """Delete the records of old mail."""
    forget()
