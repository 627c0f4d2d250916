"""The part of a run after the faults: all is started again and comes to its end."""

import subprocess
import sys
import time

import psycopg

from leadrails.embedded.places import PROJECT
from leadrails.embedded.stack import Stack
from tests.chaos import reading
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
print(poll(corrected_after=datetime.timedelta(hours=float(sys.argv[1]))))
"""


class Aftermath:
    def __init__(self, stack: Stack, faults: Faults, load: Load, report: Report):
        self._stack = stack
        self._faults = faults
        self._load = load
        self._report = report

    def settle(self, longest: float) -> float:
        """Wait for the end, at most `longest` seconds; return how long it took."""
        began = time.monotonic()
        self._end_faults()
        self._load.stop(min(60.0, longest))
        self._wait_until_nothing_is_left(began + longest)
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

    def _wait_until_all_run(self) -> None:
        """Who dies of its last wounds meanwhile is started again, too."""
        deadline = time.monotonic() + PATIENCE
        processes = self._stack.processes.values()
        while not all(p.is_running and p.program.ready(p) for p in processes):
            if time.monotonic() > deadline:
                raise RuntimeError("something does not start any more")
            time.sleep(0.1)

    def _wait_until_nothing_is_left(self, deadline: float) -> None:
        asked_at = told_at = time.monotonic()
        while (now := time.monotonic()) < deadline:
            left = self._left()
            is_over = left is not None and not any(left.values())
            if is_over or now - asked_at > ASK_EVERY:
                asked_at = now
                if not self._ask_provider(hours=0 if is_over else 1) and is_over:
                    return
            if now - told_at > TELL_EVERY:
                told_at = now
                self._report.say(f"settling: {left}")
            time.sleep(0.5)

    def _left(self) -> dict[str, int] | None:
        try:
            return reading.count_open(self._stack.urls["database"], self._stack.ledger)
        except psycopg.Error:
            return None

    def _ask_provider(self, *, hours: int) -> int:
        """Return how many messages were asked for; see ASK."""
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
            return 0
        return int(done.stdout.split()[-1])
