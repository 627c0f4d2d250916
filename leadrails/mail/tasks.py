"""Celery's side of the system's mail. One call each."""

import threading
from typing import Any

from celery import shared_task

from leadrails.mail.services import forget, send_due

_turn = threading.Lock()


@shared_task(name="mail.send", ignore_result=True, acks_late=False)
def send(**_later: Any) -> None:
    """
    Send what is due. Safe to run many times at once.

    One thread of a worker does it, so that a mail server that hangs holds up nothing
    else; whoever finds it busy has its mail sent in the same round or the next.
    """
    if _turn.acquire(blocking=False):
        try:
            send_due()
        finally:
            _turn.release()


@shared_task(name="mail.forget", ignore_result=True, acks_late=False)
def forget_old(**_later: Any) -> None:
    """Delete the records of old mail."""
    forget()
