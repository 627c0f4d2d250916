"""Writes down what was done and what came of it, as it goes."""

import json
import math
import sys
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from leadrails.core.states import State
from tests.chaos.ledgers import Message, Move, Post


class Report:
    """JSON lines in a file; what a person wants to see also on standard output."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._began = time.time()
        self._file = path.open("a", encoding="utf-8")
        self._turn = threading.Lock()

    def line(self, kind: str, **facts) -> None:
        now = time.time()
        fields = {"at": round(now, 3), "kind": kind, **facts}
        with self._turn:
            self._file.write(json.dumps(fields, default=str) + "\n")
            self._file.flush()

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.time() - self._began:7.1f} s  {text}\n")
        sys.stdout.flush()

    def close(self) -> None:
        self._file.close()


def recoveries(
    faults: Iterable[tuple[float, str]],
    posts: Iterable[Post],
    messages: Iterable[Message],
    jobs_of: dict,
) -> dict[str, list[float]]:
    """
    Seconds from each fault to the first success after it, by kind of fault.

    A success is a lead whose post began after the fault and whose message the
    provider took: intake, queue, drain and provider all work again.

    Args:
        jobs_of: the lead of each job.
    """
    taken: dict = {}
    for message in messages:
        lead = jobs_of.get(message.job_id)
        taken[lead] = min(taken.get(lead, message.received_at), message.received_at)
    courses = sorted(
        (post.first_at, taken[post.lead_id])
        for post in posts
        if post.lead_id in taken and post.lead_id is not None
    )
    begins = [begin for begin, _ in courses]
    # The earliest success among this course and all that began later.
    earliest = [end for _, end in courses]
    for index in range(len(earliest) - 2, -1, -1):
        earliest[index] = min(earliest[index], earliest[index + 1])
    found = defaultdict(list)
    for at, what in faults:
        index = bisect_left(begins, at)
        if index < len(begins):
            found[what].append(earliest[index] - at)
    return dict(found)


def doubts(moves: Iterable[Move], since: float = 0.0) -> list[float]:
    """
    Seconds for which jobs were unknown, each time; counted from `since` on, and
    without those that were settled by then.
    """
    began: dict = {}
    found = []
    for move in moves:
        if move.new == State.UNKNOWN:
            began[move.job_id] = move.at
        elif move.old == State.UNKNOWN and move.at > since:
            found.append(move.at - max(since, began.pop(move.job_id, move.at)))
    return found


def share(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    parts = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("longest", 1.0)]
    told = [f"{name} {share(values, part):.1f} s" for name, part in parts]
    return f"{len(values)}, " + ", ".join(told)


def table(times: dict[str, Sequence[float]]) -> list[str]:
    """The spread by kind of fault and over all."""
    everything = [value for values in times.values() for value in values]
    rows = [f"{'recovery from':<32}times and seconds"]
    for what, values in [*sorted(times.items()), ("all", everything)]:
        rows.append(f"{what:<32}{spread(values)}")
    return rows
