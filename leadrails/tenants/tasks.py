"""Periodic cleaning of what logging in leaves behind."""

from typing import Any

from celery import shared_task

from leadrails.tenants.sessions import forget_ended_sessions


@shared_task(name="tenants.forget", ignore_result=True, acks_late=False)
def forget(**_later: Any) -> None:
    """Delete sessions that have run out."""
    forget_ended_sessions()
