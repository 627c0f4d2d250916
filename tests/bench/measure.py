"""
Measuring: runs in turn, medians, the CPU and memory of a process and its children.

CPU is user and system time from the process table, so that who waits for a core
costs nothing. On a shared machine it still grows when the cores are full, for a
value and its limit alike: that is why both run in turn and why ratios count.
"""

import math
import os
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_TICKS = os.sysconf("SC_CLK_TCK")


def interleave(
    runs: int, works: Mapping[str, Callable[[], T]], *, warm_up: bool = True
) -> dict[str, list[T]]:
    """
    Run each work `runs` times, in turn: what disturbs one disturbs all.

    The order turns too, so that nobody is always the one after somebody else. The
    first round warms caches, connections and prepared statements and is left out.
    """
    found: dict[str, list[T]] = {name: [] for name in works}
    for run in range(runs + warm_up):
        names = list(works) if run % 2 else list(works)[::-1]
        for name in names:
            found[name].append(works[name]())
    return {name: results[int(warm_up) :] for name, results in found.items()}


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def tree(pid: int) -> list[int]:
    """A process and all that descend from it and still run."""
    children = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children[int(fields[1])].append(int(folder.name))
    found = [pid]
    for one in found:  # it grows while it is read
        found += children[one]
    return found


def cpu_seconds(pid: int) -> float:
    """
    CPU time of a process, its children and those of them that ended.

    The kernel counts in hundredths of a second: measure over at least one second.
    """
    ticks = 0
    for one in tree(pid):
        ticks += sum(map(int, _stat(one)[11:15]))  # utime stime cutime cstime
    return ticks / _TICKS


def memory_mb(pid: int) -> float:
    """Proportional set size of one process: pages shared by n count 1/n."""
    text = _text(Path(f"/proc/{pid}/smaps_rollup"))
    sizes = [int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:"]
    return sum(sizes) / 1024


def _stat(pid: int) -> list[str]:
    """From the state on; the name before it stands in brackets and may hold spaces."""
    return _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _text(file: Path) -> str:
    """Empty if the process has ended."""
    try:
        return file.read_text()
    except OSError:
        return ""
