"""Celery's side of the queue: wake-ups and sweeps. One call each."""

from typing import Any

from celery import shared_task
from celery.signals import worker_ready, worker_shutdown, worker_shutting_down
from django.conf import settings
from django.utils import timezone

from leadrails import partitions, retention
from leadrails.alone import one_at_a_time
from leadrails.jobs import lineage, overdue, queue, tallies
from leadrails.jobs.contents import mend_contents
from leadrails.jobs.loop import sender_loop
from leadrails.jobs.low_water import LowWater
from leadrails.jobs.wake import EXPIRES, drain_waker
from leadrails.jobs.watch import watch

_due, _expired = LowWater(), LowWater()  # of the sweeps of this process


@worker_ready.connect
def look_at_once(sender: Any, **_later: Any) -> None:
    """What fell due while no drain ran is not left to the next sweep."""
    if drain_waker.queue in sender.app.amqp.queues.consume_from:
        drain_due_jobs.apply_async(queue=drain_waker.queue, expires=EXPIRES)


@worker_shutting_down.connect  # a Celery signal: the only word of a SIGTERM
def stop_draining(**_later: Any) -> None:
    sender_loop.stop()


@worker_shutdown.connect
def close_connections(**_later: Any) -> None:
    sender_loop.close()


@shared_task(name="jobs.drain", ignore_result=True, acks_late=False)
def drain_due_jobs(**_later: Any) -> None:
    """Send what is due. Safe to run many times at once: claims never overlap."""
    if sender_loop.run() and queue.is_anything_due():
        drain_waker.wake()


@shared_task(name="jobs.sweep", ignore_result=True, acks_late=False)
def sweep(**_later: Any) -> None:
    """
    Start a drain when something is due: lost wake-ups, retries, releases.

    Always by a task, so that under load the idle ones join those at work.
    """
    if queue.is_anything_due(_due):
        drain_due_jobs.apply_async(queue=drain_waker.queue, expires=2)


@shared_task(name="jobs.overdue", ignore_result=True, acks_late=False)
def look_at_overdue(**_later: Any) -> None:
    """Fall back from and follow up on what did not arrive, or was not read, in time."""
    overdue.sweep()


@shared_task(name="jobs.reap", ignore_result=True, acks_late=False)
def reap_expired_leases(**_later: Any) -> None:
    """Take over the jobs of workers that died."""
    if any(queue.reap(_expired)):
        drain_waker.wake()


@shared_task(name="jobs.beat", ignore_result=True, acks_late=False)
def count_on(**_later: Any) -> None:
    """Let nothing of a restored backup be sent, and make the next one be noticed."""
    lineage.beat()


@shared_task(name="jobs.tally", ignore_result=True, acks_late=False)
def fold_tallies(**_later: Any) -> None:
    """Add up what was counted since."""
    tallies.fold()


@shared_task(name="jobs.partitions", ignore_result=True, acks_late=False)
def make_partitions(**_later: Any) -> None:
    """Keep the months ahead in place."""
    partitions.ensure(now=timezone.now(), ahead=settings.LEADRAILS_PARTITIONS_AHEAD)


@shared_task(name="jobs.drop_months", ignore_result=True, acks_late=False)
def drop_old_months(**_later: Any) -> None:
    """Drop the months that the settings no longer keep."""
    retention.drop_old(now=timezone.now())


@shared_task(name="jobs.watch", ignore_result=True, acks_late=False)
def watch_destinations(**_later: Any) -> None:
    """Open what no single job tells, and close what is over."""
    watch()


@shared_task(name="jobs.contents", ignore_result=True, acks_late=False)
@one_at_a_time
def keep_contents(**_later: Any) -> None:
    """Have providers keep what destinations send by RCS."""
    mend_contents(timezone.now())
