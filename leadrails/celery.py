"""
The Celery app. Redis only wakes work that PostgreSQL already holds.

Flush Redis and nothing is lost, only late: beat's sweeps find due rows each second.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.signals import worker_ready
from click import Option

from leadrails.beat import BeatThread
from leadrails.start import read_settings, settle_memory

read_settings()

AUTOGROUP = Path("/proc/self/autogroup")  # man 7 sched


class Niceness(bootsteps.Step):
    """
    Gives way to others of the machine, with `--nice`.

    Who posts a lead or a callback waits for its answer, and providers hang up after
    seconds; what is stored can wait. Threads that start later inherit it.
    """

    label = "Niceness"

    def __init__(self, worker: Any, *, nice: int = 0, **options: Any) -> None:
        os.nice(nice)
        # Linux shares the processor among sessions first; within one, nice counts.
        if os.getsid(0) == os.getpid():
            with suppress(OSError):
                AUTOGROUP.write_text(str(nice))
        super().__init__(worker, **options)


app = Celery("leadrails")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_default_queue="default",
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2},
    timezone="UTC",
    beat_scheduler="leadrails.beat:Scheduler",
    beat_schedule={
        name: {"task": name, "schedule": seconds, "options": {"expires": seconds * 2}}
        for name, seconds in {
            "jobs.sweep": 1.0,
            "jobs.overdue": 1.0,
            "jobs.reap": 5.0,
            "jobs.beat": 5.0,
            "jobs.tally": 5.0,
            "webhooks.sweep": 2.0,
            "rules.sweep": 5.0,
            "webhooks.poll": 5.0,
            "webhooks.media": 5.0,
            "webhooks.prices": 1800.0,
            "jobs.watch": 30.0,
            "jobs.contents": 15.0,
            "webhooks.watch": 60.0,
            "leads.watch": 60.0,
            "alerts.tell": 5.0,
            "alerts.forget": 3600.0,
            "jobs.partitions": 6 * 3600.0,
            "jobs.drop_months": 6 * 3600.0,
            "leads.forget": 300.0,
            "tenants.forget": 3600.0,
            "mail.send": 10.0,
            "mail.forget": 3600.0,
        }.items()
    },
)
app.user_options["worker"].add(
    Option(["--with-beat"], is_flag=True, help="Run beat in this worker: on one only.")
)
app.user_options["worker"].add(
    Option(["--nice"], type=int, default=0, help="As the command nice has it.")
)
app.steps["worker"].add(BeatThread)
app.steps["worker"].add(Niceness)
app.autodiscover_tasks()


@worker_ready.connect
def _started(**_later: Any) -> None:
    settle_memory()
