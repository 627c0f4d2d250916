"""
Ends every started process when the supervisor is gone, even by SIGKILL.

Run by path as a process of its own (standard library only, no imports from here).
It reads "+PID SIGNAL" and "-PID" lines from the supervisor's pipe; the end of the
pipe means the supervisor died. What stops by SIGTERM (web, workers) is ended before
what stops by SIGINT (the database).
"""

import os
import signal
import sys
import time

PATIENCE = 3.0


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return not _only_zombies(group)


def _only_zombies(group: int) -> bool:
    """A dead leader that nobody has waited for still counts for killpg."""
    try:
        with os.scandir("/proc") as entries:
            members = [entry.name for entry in entries if entry.name.isdigit()]
    except OSError:
        return False
    return all(_is_zombie_or_other(name, group) for name in members)


def _is_zombie_or_other(pid: str, group: int) -> bool:
    try:
        file = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return True
    try:
        # pid (name, which may hold spaces) state parent group …
        state, _, pgrp = os.read(file, 1000).rpartition(b")")[2].split()[:3]
    except OSError:
        return True
    finally:
        os.close(file)
    return int(pgrp) != group or state in {b"Z", b"X"}


def end(groups: dict[int, int]) -> None:
    """One signal to each leader, then SIGKILL for what is left of its group."""
    for leader, number in groups.items():
        try:
            os.kill(leader, number)
        except ProcessLookupError:
            continue
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(alive(group) for group in groups):
        time.sleep(0.05)
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            continue


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        words = line[1:].split()
        if line.startswith("+"):
            watched[int(words[0])] = int(words[1])
        else:
            watched.pop(int(words[0]), None)
    ordinary = {pid: n for pid, n in watched.items() if n != signal.SIGINT}
    end(ordinary)
    end({pid: n for pid, n in watched.items() if pid not in ordinary})


if __name__ == "__main__":
    main()
