"""A worker that is killed between the receiver's answer and its own word on it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from leadrails.alerts import outbox
from leadrails.alerts.models import Delivery
from tests.alerts.conftest import past

ROOT = Path(__file__).parents[2]
WORKER = """
import os, signal, django
django.setup()
from leadrails.alerts import outbox
outbox.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
outbox.run()
"""


def database_url():
    found = connection.settings_dict
    login = f"{found['USER']}:{found['PASSWORD']}"
    return f"postgres://{login}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "state", "calls"), [("webhook", "sent", 2), ("slack", "unknown", 1)]
)
def test_what_was_sent_by_a_worker_that_is_killed(
    kind, state, calls, make, happen, receiver, settings
):
    make(kind)
    happen()
    worker = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "LEADRAILS_WEBHOOK_HOSTS": ",".join(settings.LEADRAILS_WEBHOOK_HOSTS),
        },
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL
    assert len(receiver.received) == 1

    outbox.run()
    assert len(receiver.received) == 1  # its lease still holds
    Delivery.objects.update(lease_until=past())
    outbox.run()
    Delivery.objects.filter(state="waiting").update(due_at=past())
    outbox.run()

    assert Delivery.objects.get().state == state
    assert len(receiver.received) == calls
    ids = {got.headers.get("webhook-id") for got in receiver.received}
    assert len(ids) == 1  # by which the receiver tells that it is the same one
