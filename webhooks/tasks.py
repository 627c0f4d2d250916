"""Celery's side of the callbacks' queue. One call each."""

from typing import Any

from celery import shared_task

from webhooks.services import process_callbacks


@shared_task(name="webhooks.process", ignore_result=True, acks_late=False)
def process(**_later: Any) -> None:
    """Work off the stored callbacks. Safe to run many times at once."""
    while process_callbacks():
        pass


@shared_task(name="webhooks.sweep", ignore_result=True, acks_late=False)
def sweep(**_later: Any) -> None:
    """Find callbacks whose wake-up was lost, or that could not be worked off."""
    while process_callbacks():
        pass
