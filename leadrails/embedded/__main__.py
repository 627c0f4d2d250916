"""
python -m leadrails.embedded COMMAND

up       start everything, send the demo's leads once, stay until Ctrl-C
once     the same, but stop afterwards; exit code 0 if every lead went as expected
servers  PostgreSQL and Redis only: run the command that follows, or stay
stop     stop what runs in this folder
clean    stop, and remove all data and programs
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from leadrails.embedded.console import Console, silent
from leadrails.embedded.demo import Demo
from leadrails.embedded.places import STATE, Unusable, remove_private_folder
from leadrails.embedded.process import StartFailed
from leadrails.embedded.stack import Stack
from leadrails.embedded.supervisor import running_supervisor, stop_running

SERVER_FOLDERS = 8
"""How many `servers` may run beside each other in one clone."""


class Interrupted(Exception):
    """Ctrl-C or a request to stop: an ordinary end, told apart from errors."""


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__)
        return 2
    stop = _end_on_signals()
    try:
        return COMMANDS[arguments[0]](arguments[1:], stop)
    except Interrupted:
        return 130 if arguments[0] == "once" else 0  # else it is how one ends it
    except (Unusable, StartFailed) as error:
        print(error, file=sys.stderr)
        return 1


def up(_arguments: list[str], stop: threading.Event) -> int:
    with Stack(STATE, log=Console()) as stack, closing(Demo(stack)) as demo:
        summary = demo.run_leads()
        print(summary.json(), flush=True)
        demo.greet()
        stop.wait()
    return 0


def once(_arguments: list[str], _stop: threading.Event) -> int:
    with Stack(STATE, log=Console()) as stack, closing(Demo(stack)) as demo:
        summary = demo.run_leads()
    print(summary.json(), flush=True)  # the last line, after all processes' last words
    return 0 if summary.is_right else 1


def servers(arguments: list[str], stop: threading.Event) -> int:
    with Stack(_free_folder(), servers_only=True, log=silent) as stack:
        names = ("DATABASE_URL", "REDIS_URL")
        found = {name: stack.env[name] for name in names}
        if arguments:
            command = subprocess.Popen(arguments, env={**os.environ, **found})
            try:
                return command.wait()
            except Interrupted:
                return command.wait()  # it got the same Ctrl-C
        for name, value in found.items():
            print(f"export {name}={value}", flush=True)
        stop.wait()
    return 0


def stop(_arguments: list[str], _stop: threading.Event) -> int:
    stopped = [stop_running(folder) for folder in _state_folders()]
    print("Stopped." if any(stopped) else "Nothing runs here.")
    return 0


def clean(_arguments: list[str], _stop: threading.Event) -> int:
    for folder in _state_folders():
        stop_running(folder)
    remove_private_folder()
    shutil.rmtree(STATE, ignore_errors=True)
    print("Removed the data, the servers' programs and all logs of this folder.")
    return 0


COMMANDS = {"up": up, "once": once, "servers": servers, "stop": stop, "clean": clean}


def _state_folders() -> list[Path]:
    return [STATE, *STATE.glob("servers-*")]


def _free_folder() -> Path:
    """Test runs beside each other share nothing."""
    for number in range(1, SERVER_FOLDERS + 1):
        folder = STATE / f"servers-{number}"
        if running_supervisor(folder) is None:
            return folder
    raise Unusable(f"{SERVER_FOLDERS} sets of servers run here already.")


def _end_on_signals() -> threading.Event:
    """The first signal interrupts; later ones do not disturb the clearing up."""
    stop = threading.Event()

    def end(_number: int, _frame: object) -> None:
        if not stop.is_set():
            stop.set()
            raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    return stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
