import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from leadrails.embedded.guard import alive
from leadrails.embedded.places import PROJECT, Unusable
from leadrails.embedded.process import StartFailed
from leadrails.embedded.supervisor import Supervisor, running_supervisor, stop_running
from tests.embedded.conftest import make_program

STAYS = "import time; print('ready'); time.sleep(600)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {STAYS}"
WITH_CHILD = f"import os; os.fork(); {STAYS}"


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def test_what_ends_by_itself_is_started_again(supervisor, said):
    process = supervisor.start(make_program(STAYS))
    process.wait_ready()
    first = process.pid

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: process.pid != first and process.is_running)
    process.wait_ready()
    (told,) = [line for name, line in said if name == "leadrails"]
    assert told == "thing ended by itself (SIGKILL); starting it again in 0.5 s"


def test_what_is_to_stay_dead_stays_dead_until_it_is_restarted(supervisor):
    process = supervisor.start(make_program(STAYS))
    process.wait_ready()

    supervisor.kill("thing", stay_dead=True)
    time.sleep(1)
    assert not process.is_running

    supervisor.restart("thing")
    assert process.is_running


def test_children_do_not_outlive_a_killed_leader(supervisor):
    process = supervisor.start(make_program(WITH_CHILD))
    process.wait_ready()
    first = process.pid

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: process.pid != first)
    assert not alive(first)


def test_stopping_takes_less_than_five_seconds_even_if_one_does_not_listen(tmp_path):
    supervisor = Supervisor(tmp_path, lambda *_: None)
    deaf = supervisor.start(make_program(DEAF, name="deaf"))
    server = supervisor.start(make_program(DEAF, name="server", is_server=True))
    for process in (deaf, server):
        process.wait_ready()

    began = time.monotonic()
    supervisor.stop()

    assert time.monotonic() - began < 5
    assert not alive(deaf.pid)
    assert not alive(server.pid)


def test_a_program_that_does_not_come_up_is_quoted(supervisor):
    process = supervisor.start(
        make_program("print('no such table'); raise SystemExit(3)")
    )
    with pytest.raises(StartFailed, match=r"ended with 3; its last words:\n +no such"):
        process.wait_ready()


def test_secrets_reach_a_program_by_its_input_and_not_its_arguments(supervisor, said):
    code = "print('ready', len(input())); import time; time.sleep(600)"
    process = supervisor.start(make_program(code, feed="secret\n"))
    process.wait_ready()
    wait_until(lambda: ("thing", "ready 6") in said)


def test_one_folder_has_one_supervisor(supervisor, tmp_path):
    with pytest.raises(Unusable, match=f"already runs here as process {os.getpid()}"):
        Supervisor(tmp_path, lambda *_: None)


SUPERVISED = """
    import sys, time
    from pathlib import Path
    from leadrails.embedded.supervisor import Supervisor
    from tests.embedded.conftest import make_program
    from tests.embedded.test_supervisor import WITH_CHILD, DEAF
    supervisor = Supervisor(Path(sys.argv[1]), lambda *_: None)
    for name, code in (("parent", WITH_CHILD), ("deaf", DEAF)):
        process = supervisor.start(make_program(code, name=name))
        process.wait_ready()
        print(process.pid, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def supervised(tmp_path):
    """Another Python with a supervisor in it, and what that one started."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISED), str(tmp_path)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process, [int(process.stdout.readline()) for _ in range(2)]
        process.kill()


def test_nothing_outlives_a_supervisor_that_is_killed(supervised, tmp_path):
    process, leaders = supervised
    assert running_supervisor(tmp_path) == process.pid

    process.kill()

    wait_until(lambda: not any(alive(pid) for pid in leaders))
    wait_until(lambda: running_supervisor(tmp_path) is None)


def test_a_new_start_waits_until_the_remains_are_gone(supervised, tmp_path):
    process, leaders = supervised
    process.kill()
    process.wait()

    successor = Supervisor(tmp_path, lambda *_: None)

    assert not any(alive(pid) for pid in leaders)
    successor.stop()


def test_a_supervisor_can_be_stopped_from_outside(supervised, tmp_path):
    _, leaders = supervised
    assert stop_running(tmp_path)
    assert not any(alive(pid) for pid in leaders)
    assert not stop_running(tmp_path)
