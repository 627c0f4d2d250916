"""Processes die where they are told to, once, and nowhere else."""

import os
import signal
import subprocess
import sys

PROGRAM = """
from leadrails.core.crashpoints import crash_here
crash_here("here")
print("passed")
crash_here("there")
print("came through")
"""


def run(folder=None):
    given = {"LEADRAILS_CRASHPOINTS": str(folder)} if folder else {}
    keep = {k: v for k, v in os.environ.items() if k != "LEADRAILS_CRASHPOINTS"}
    return subprocess.run(
        [sys.executable, "-u", "-c", PROGRAM],
        env={**keep, **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_armed_point_kills_one_process_and_is_spent(tmp_path):
    (tmp_path / "there").touch()
    first, second = run(tmp_path), run(tmp_path)
    assert (first.returncode, first.stdout) == (-signal.SIGKILL, "passed\n")
    assert (second.returncode, second.stdout) == (0, "passed\ncame through\n")


def test_points_are_harmless_without_the_variable(tmp_path):
    (tmp_path / "here").touch()
    assert run().returncode == 0
