"""
Named points at which a process dies when told to, so that recovery can be tried.

`LEADRAILS_CRASHPOINTS` names a folder. A process that passes the point `after_claim`
while a file of that name lies there takes the file away and kills itself, so each
file costs one process its life. Without the variable a point costs one comparison.
"""

import os
import signal

_FOLDER = os.environ.get("LEADRAILS_CRASHPOINTS")


def crash_here(name: str) -> None:
    """Die as by SIGKILL if the point is armed: nothing is flushed or closed."""
    if _FOLDER is not None:
        _crash_if_armed(_FOLDER, name)


def _crash_if_armed(folder: str, name: str) -> None:
    try:
        # Whoever removes the file is the one to die: no two can.
        os.unlink(f"{folder}/{name}")  # noqa: PTH108 - passed thousands of times
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
