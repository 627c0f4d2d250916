"""A worker that dies amid the rules of a message: all of them run once."""

import os
import signal
import subprocess
import sys

import pytest

from leadrails.alerts.models import Delivery
from leadrails.jobs.models import Job, QueueEntry
from leadrails.leads.models import Lead
from leadrails.rules import acts, running
from leadrails.rules.models import Pending, Run
from leadrails.rules.outcomes import Act
from leadrails.rules.running import run_waiting
from tests.alerts.test_kills import ROOT, database_url

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = """
import os, signal, django
django.setup()
from leadrails.rules import running
from leadrails.rules.models import Pending
Pending.delete = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
running.run_waiting()
"""


class Killed(BaseException):
    pass


def die(*_, **__):
    raise Killed


def end_well(job):
    run_waiting()

    assert Run.objects.count() == 2
    assert Lead.objects.get(pk=job.lead_id).tags == ["first", "warm"]
    child = Job.objects.get(parent_id=job.id)
    assert QueueEntry.objects.filter(job_id=child.id).count() == 1
    assert Delivery.objects.filter(is_call=True).count() == 1
    assert not Pending.objects.exists()


@pytest.fixture(autouse=True)
def said(job, make_rule, make_channel, answer):
    make_rule(tag="first")
    make_rule(tag="warm", send_by=job.destination, channel=make_channel())
    answer()


def test_rules_run_once_although_a_worker_is_killed_before_the_end(job):
    worker = subprocess.run(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
        },
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL
    assert not Run.objects.exists()
    end_well(job)


@pytest.mark.parametrize(
    ("where", "name"), [(acts._DO, Act.CALL), (vars(running), "_write")]
)
def test_rules_run_once_wherever_they_are_cut_off(job, monkeypatch, where, name):
    with monkeypatch.context() as broken:
        broken.setitem(where, name, die)
        with pytest.raises(Killed):
            run_waiting()
    assert not Run.objects.exists()
    end_well(job)
