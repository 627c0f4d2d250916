"""Ctrl-C ends a demo: all of it, and soon."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from uuid import uuid4

import pytest

from leadrails.embedded.places import PROJECT, data_folder
from tests.e2e.processes import all_processes, descendants
from tests.e2e.system import leave_usual_ports

MARK = "LEADRAILS_TEST_MARK"
# `make demo` as it is, but for the folder: the clone's own may be in use.
DEMO = """
import sys
from pathlib import Path
from leadrails.embedded import __main__ as commands
commands.STATE = Path(sys.argv[1])
sys.exit(commands.main(["up"]))
"""
LONGEST = 5.0  # seconds
STARTED_IN = 200.0  # seconds, however busy the machine is


@pytest.fixture
def demo(tmp_path):
    """A process, the lines it has said, and its mark in the environment of all."""
    mark = f"{MARK}={uuid4()}"
    servers = {"DATABASE_URL", "REDIS_URL"}  # the test run's; it is to start its own
    kept = {name: text for name, text in os.environ.items() if name not in servers}
    folder = tmp_path / "state"
    leave_usual_ports(folder)
    process = subprocess.Popen(
        [sys.executable, "-c", DEMO, str(folder)],
        cwd=PROJECT,
        env=kept | dict([mark.split("=")]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines = []
    reader = threading.Thread(target=lines.extend, args=[process.stdout])
    reader.start()
    try:
        yield process, lines, mark
    finally:
        if process.poll() is None:
            process.kill()  # its guard ends the rest
        process.wait()
        reader.join()
        process.stdout.close()
        shutil.rmtree(data_folder(folder), ignore_errors=True)


def test_ctrl_c_ends_a_demo_at_work_and_leaves_no_process(demo):
    process, lines, mark = demo
    deadline = time.monotonic() + STARTED_IN
    while not any("Posting" in line for line in lines):
        assert process.poll() is None, "".join(lines)
        assert time.monotonic() < deadline, "".join(lines)
        time.sleep(0.05)
    family = descendants(process.pid)
    said = " ".join(one.command for one in family)
    for word in ("postgres", "redis", "simulator", "granian", "celery", "guard.py"):
        assert word in said

    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    assert process.wait(LONGEST) == 0, "".join(lines)
    assert time.monotonic() - began < LONGEST
    left = [one for one in all_processes() if one in family or mark in one.environment]
    assert left == []
    assert not any("Traceback" in line for line in lines), "".join(lines)
    assert not any("killed" in line for line in lines), "".join(lines)
