"""The part of a run after the faults: all is started again and comes to its end."""

import subprocess
import sys
import time
from contextlib import suppress

import psycopg

from leadrails.embedded.places import PROJECT
from leadrails.embedded.stack import Stack
from tests.chaos import reading
from tests.chaos.assault import Errand
from tests.chaos.clients import Load
from tests.chaos.faults import Faults
from tests.chaos.report import Report

PATIENCE = 120.0  # seconds for everything to be started again
STOP_PATIENCE = 40.0  # seconds for what was asked to stop
ASK_EVERY = 15.0  # seconds
TELL_EVERY = 10.0  # seconds
# The provider is asked for what its callbacks did not tell after 5 s where it cannot
# call back, and after 15 minutes where it can; and once more for failures, after an
# hour, since they may have been taken back: no run waits that long.
ASK = """
import sys, datetime, django
django.setup()
from webhooks.polling import poll
poll(corrected_after=datetime.timedelta(hours=float(sys.argv[1])))
"""


# Retries wait up to half an hour, which no run does either.
BRING_FORWARD = """
UPDATE jobs_queueentry entry SET due_at = now() FROM jobs_job job
WHERE job.id = entry.job_id AND job.state = 'retrying'
  AND entry.lease_until IS NULL AND entry.due_at > now() + interval '20 seconds'
"""
# Follow-ups wait for a minute, three times in a row.
BE_OVERDUE = """
UPDATE jobs_deadline SET due_at = now() WHERE due_at > now() + interval '20 seconds'
"""
# A refusal counted as an answer.
ASK_ANEW = """
UPDATE jobs_job SET asked_at = NULL WHERE state IN ('accepted', 'sent', 'undelivered')
"""


class Aftermath:
    def __init__(self, stack: Stack, faults: Faults, load: Load, report: Report):
        self._stack = stack
        self._faults = faults
        self._load = load
        self._report = report
        self._is_mended = False

    def settle(self, longest: float, *, hurry_after: float) -> float:
        """
        Wait for the end, at most `longest` seconds; return how long it took.

        Args:
            hurry_after: seconds until what is to wait for long is brought forward.
        """
        began = time.monotonic()
        self._end_faults()
        self._load.stop(min(60.0, longest))
        now = time.monotonic()
        self._wait_until_nothing_is_left(began + longest, now + hurry_after)
        seconds = round(time.monotonic() - began, 1)
        left = self._left()
        self._report.line("settled", seconds=seconds, left=left)
        self._report.say(f"settled after {seconds:g} s; left: {left}")
        return seconds

    def _end_faults(self) -> None:
        deadline = time.monotonic() + STOP_PATIENCE
        while self._faults.is_stopping and time.monotonic() < deadline:
            self._faults.tick()
            time.sleep(0.05)
        self._faults.end()
        self._wait_until_all_run()
        # Whoever was started again may have missed it.
        self._faults.end()
        self._faults.restrict_key()

    def _wait_until_all_run(self) -> None:
        """Who dies of its last wounds meanwhile is started again, too."""
        deadline = time.monotonic() + PATIENCE
        processes = self._stack.processes.values()
        while not all(p.is_running and p.program.ready(p) for p in processes):
            if time.monotonic() > deadline:
                raise RuntimeError("something does not start any more")
            time.sleep(0.1)

    def _wait_until_nothing_is_left(self, deadline: float, hurry_at: float) -> None:
        ask = Errand(ASK_EVERY, lambda: self._ask_provider(hours=1))
        tell = Errand(TELL_EVERY, lambda: self._report.say(f"settling: {left}"))
        while (now := time.monotonic()) < deadline:
            left = self._left()
            if left is not None and not any(left.values()):
                return
            if left is not None and set(_names(left)) == {reading.NOT_HEARD}:
                self._mend_key()
                self._ask_provider(hours=0)
            ask.run_if_due(now)
            tell.run_if_due(now)
            if now > hurry_at:
                hurry_at = now + ASK_EVERY
                self._mend_key()
                self._bring_forward()
            time.sleep(0.5)

    def _mend_key(self) -> None:
        """Who may not read cannot hear what no callback told, either."""
        if not self._is_mended:
            self._is_mended = (
                self._faults.mend_key() and self._run(ASK_ANEW) is not None
            )

    def _bring_forward(self) -> None:
        jobs, deadlines = self._run(BRING_FORWARD), self._run(BE_OVERDUE)
        self._report.line("brought_forward", jobs=jobs, deadlines=deadlines)

    def _run(self, statement: str) -> int | None:
        """Return how many rows it changed; None while the database is away."""
        with suppress(psycopg.Error):
            url = self._stack.urls["database"]
            with psycopg.connect(url, connect_timeout=2) as database:
                return database.execute(statement).rowcount
        return None

    def _left(self) -> dict[str, int] | None:
        try:
            return reading.count_open(self._stack.urls["database"], self._stack.ledger)
        except psycopg.Error:
            return None

    def _ask_provider(self, *, hours: int) -> None:
        """See ASK."""
        done = subprocess.run(
            [sys.executable, "-c", ASK, str(hours)],
            cwd=PROJECT,
            env={**self._stack.env, "LEADRAILS_PUBLIC_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            self._report.line("not_asked", error=done.stderr[-500:])


def _names(left: dict[str, int]) -> list[str]:
    return [name for name, count in left.items() if count]
