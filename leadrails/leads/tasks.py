"""Periodic cleaning of what intake remembers for a while."""

from typing import Any

from celery import shared_task

from leadrails.leads.retention import forget_old_keys
from leadrails.leads.watch import watch


@shared_task(name="leads.forget", ignore_result=True, acks_late=False)
def forget(**_later: Any) -> None:
    """Delete nonces after 15 minutes and idempotency keys after 30 days."""
    forget_old_keys()


@shared_task(name="leads.watch", ignore_result=True, acks_late=False)
def watch_sources(**_later: Any) -> None:
    """Open and close the alerts about sources."""
    watch()
