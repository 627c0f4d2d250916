"""Celery's side of rules on replies. One call each."""

from typing import Any

from celery import shared_task

from leadrails.rules import running


@shared_task(name="rules.run", ignore_result=True, acks_late=False)
def run(**_later: Any) -> None:
    """Run the rules of messages that wait. Safe to run many times at once."""
    running.run_alone()


@shared_task(name="rules.sweep", ignore_result=True, acks_late=False)
def sweep(**_later: Any) -> None:
    """Find messages whose wake-up was lost, or whose rules are tried again."""
    running.run_alone()
