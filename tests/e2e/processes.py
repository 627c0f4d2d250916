"""The machine's processes, as Linux shows them."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """Equal are only the same ones: a number may come again, a time does not."""

    pid: int
    started: int
    parent: int = field(compare=False)
    command: str = field(compare=False)
    environment: frozenset = field(compare=False, repr=False)


def all_processes():
    """Those that run; not those whose parent only has to notice their end."""
    return [found for path in Path("/proc").glob("[0-9]*") if (found := _read(path))]


def descendants(pid):
    """The processes that it has started, and those that they have started."""
    everything, family, new = all_processes(), [], {pid}
    while new:
        children = [one for one in everything if one.parent in new]
        family += children
        new = {one.pid for one in children}
    return family


def _read(folder):
    try:
        # pid (name, which may hold spaces) state parent …
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:  # it has ended
        return None
    if stat[0] in "ZX":
        return None
    try:
        environment = (folder / "environ").read_text(errors="replace")
    except OSError:  # another user's
        environment = ""
    return Process(
        pid=int(folder.name),
        started=int(stat[19]),
        parent=int(stat[1]),
        command=command,
        environment=frozenset(environment.split("\0")),
    )
