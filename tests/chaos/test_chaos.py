"""A short run: a minute of kills, then one in which all must be settled."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KILLS = 25


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path):
    options = f"--kills {KILLS} --seed 1 --settle 200 --hurry 15 --folder {tmp_path}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *options.split()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    # Two may die in one turn, so that it may be one more.
    assert int(re.search(r"\bkills +(\d+)$", done.stdout, re.MULTILINE)[1]) >= KILLS
