"""
python -m tests.bench [--small] [--runs N] [NAME …]

Every benchmark, or those named, each in a process and with servers of its own. Prints
one JSON object a line for each figure. The exit status is 1 if a target was missed
that nothing excuses.
"""

import argparse
import signal
import subprocess
import sys
from importlib import import_module

from tests.bench.excuses import EXCUSES
from tests.bench.report import report, say
from tests.bench.world import Size, open_world

# Neighbours share processes when all run as one.
NAMES = (
    "dispatch",
    "celery",
    "queries",
    "list_pages",
    "callbacks",
    "callback_flood",
    "telnyx_flood",
    "two_drains",
    "in_flight",
    "speed_to_lead",
    "steady_load",
    "flood",
    "intake",
)
SMALL = Size(runs=1, share=0.01, warm_up=False)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--small", action="store_true", help="a little of all, at once")
    parser.add_argument("--runs", type=int, default=Size.runs, help="fewer is rougher")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        print(f"There is no benchmark “{min(unknown)}”. There are: {', '.join(NAMES)}.")
        return 2
    names = given.names or list(NAMES)
    if given.small:
        return run(names, SMALL)
    if len(names) == 1:
        return run(names, Size(runs=given.runs))
    command = [sys.executable, "-m", "tests.bench", f"--runs={given.runs}"]
    return max(_run_apart([*command, name]) for name in names)


def _run_apart(command: list[str]) -> int:
    """In a process of its own, so that no figure finds what another left behind."""
    with subprocess.Popen(command) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()  # it clears up after itself
            raise


def run(names: list[str], size: Size) -> int:
    is_good = True
    with open_world() as world:
        for name in names:
            say(name)
            for figure in import_module(f"tests.bench.{name}").measure(world, size):
                told = report(figure, EXCUSES.get(figure.name, ""))
                is_good = is_good and (told.met is not False or bool(told.excused))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
