"""Log lines that tell at a glance who is speaking."""

import os
import sys
import threading
from typing import TextIO

WIDTH = 9
COLOURS = {
    "leadrails": "1",
    "postgres": "34",
    "redis": "31",
    "web": "32",
    "drain": "36",
    "worker": "33",
    "simulator": "35",
}


class Console:
    """`web       | …`, in colour on a terminal that wants it."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._has_colour = self._stream.isatty() and "NO_COLOR" not in os.environ

    def __call__(self, name: str, line: str) -> None:
        prefix = f"{name:<{WIDTH}} |"
        if self._has_colour:
            prefix = f"\033[{COLOURS.get(name, '0')}m{prefix}\033[0m"
        with self._lock:
            try:
                print(prefix, line, file=self._stream, flush=True)
            except (BrokenPipeError, ValueError):
                return  # nobody reads any more; the processes matter more


def silent(_name: str, _line: str) -> None:
    """For tests: a program's last words still stand in the error."""
