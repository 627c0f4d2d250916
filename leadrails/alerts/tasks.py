"""Celery's side of channels. One call each."""

from typing import Any

from celery import shared_task

from leadrails.alerts import outbox


@shared_task(name="alerts.tell", ignore_result=True, acks_late=False)
def tell(**_later: Any) -> None:
    """Tell people what alerts opened and closed. Safe to run many times at once."""
    outbox.run_alone()


@shared_task(name="alerts.forget", ignore_result=True, acks_late=False)
def forget(**_later: Any) -> None:
    """Delete the log of old deliveries."""
    outbox.forget()
