"""Celery's side of the callbacks' queue. One call each."""

import threading
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from webhooks.media import fetch_waiting
from webhooks.polling import LIMIT, poll
from webhooks.prices import note_prices
from webhooks.services import process_callbacks
from webhooks.watch import watch

_turn = threading.Lock()
_is_asked = threading.Event()
_is_stopping = threading.Event()


@worker_shutting_down.connect  # a Celery signal: the only word of a SIGTERM
def stop_working(**_later: Any) -> None:
    """Leave what is not claimed yet to others, or to the next start."""
    _is_stopping.set()


@shared_task(name="webhooks.process", ignore_result=True, acks_late=False)
def process(**_later: Any) -> None:
    """Work off the stored callbacks. Safe to run many times at once."""
    _work_off()


@shared_task(name="webhooks.sweep", ignore_result=True, acks_late=False)
def sweep(**_later: Any) -> None:
    """Find callbacks whose wake-up was lost, or that could not be worked off."""
    _work_off()


@shared_task(name="webhooks.poll", ignore_result=True, acks_late=False)
def ask_providers(**_later: Any) -> None:
    """Ask for the status of messages that no callback has told the end of."""
    while poll() == LIMIT:
        pass


@shared_task(name="webhooks.media", ignore_result=True, acks_late=False)
def fetch_files(**_later: Any) -> None:
    """Fetch the files that people sent."""
    while not _is_stopping.is_set() and fetch_waiting():
        pass


@shared_task(name="webhooks.prices", ignore_result=True, acks_late=False)
def ask_prices(**_later: Any) -> None:
    """Ask what the messages of the last hour cost."""
    note_prices()


@shared_task(name="webhooks.watch", ignore_result=True, acks_late=False)
def watch_callbacks(**_later: Any) -> None:
    """Open and close the alerts about callbacks."""
    watch()


def _work_off() -> None:
    """
    Let one thread of the process do it, for all that are asked meanwhile.

    More would wait for each other's jobs, and keep the worker from its other tasks.
    """
    _is_asked.set()
    while (
        _is_asked.is_set()
        and not _is_stopping.is_set()
        and _turn.acquire(blocking=False)
    ):
        try:
            _is_asked.clear()
            process_callbacks(is_stopping=_is_stopping.is_set)
        finally:
            _turn.release()
