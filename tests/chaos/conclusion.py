"""Writes down how a run ended: figures, and what holds and what does not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from leadrails.embedded.stack import Stack
from tests.chaos import reading
from tests.chaos.breach import Breach
from tests.chaos.ledgers import World
from tests.chaos.report import Report, doubts, recoveries, spread, table

HISTORIES = 5
"""Jobs whose whole history a failure prints."""


@dataclass(frozen=True, slots=True)
class Outcome:
    kills: int
    breaches: dict[str, list[Breach]]

    @property
    def is_good(self) -> bool:
        return not any(self.breaches.values())


class Conclusion:
    def __init__(self, report: Report, stack: Stack, outcome: Outcome) -> None:
        self._report = report
        self._stack = stack
        self._outcome = outcome

    def tell(
        self, world: World, *, faults: Iterable[tuple[float, str]], calm_since: float
    ) -> None:
        """
        Args:
            faults: when each was done (Unix time), and what.
            calm_since: Unix time of the end of all faults.
        """
        self._tell_times(world, list(faults), calm_since)
        self._tell_figures(world)
        for name, breaches in self._outcome.breaches.items():
            self._tell_invariant(name, breaches)
        self._report.line("end", is_good=self._outcome.is_good)
        if not self._outcome.is_good:
            self._report.say("not all holds: run the same seed again")

    def _tell_times(
        self, world: World, faults: list[tuple[float, str]], calm_since: float
    ) -> None:
        jobs_of = {job.id: job.lead_id for job in world.jobs}
        times = recoveries(faults, world.posts, world.messages, jobs_of)
        for line in table(times):
            self._report.say(line)
        in_doubt = {
            "during the run": doubts(world.moves),
            "after the last fault": doubts(world.moves, since=calm_since),
        }
        for when, seconds in in_doubt.items():
            self._report.say(f"doubts settled {when}: {spread(seconds)}")
        self._report.line("recovery", seconds=times)
        self._report.line("doubts", seconds=in_doubt)

    def _tell_figures(self, world: World) -> None:
        figures = {
            "kills": self._outcome.kills,
            "posts": len(world.posts),
            "answered": sum(p.answered_at is not None for p in world.posts),
            "repeated": sum(p.tries > 1 for p in world.posts),
            "leads": len(world.leads),
            "jobs": len(world.jobs),
            "replays": sum(job.replay_of is not None for job in world.jobs),
            "attempts": len(world.attempts),
            "messages": len(world.messages),
            "by_telnyx": sum("-" in message.sid for message in world.messages),
            "by_rcs": sum(job.channel == "rcs" for job in world.jobs),
            "fallbacks": sum(job.cause == "fallback" for job in world.jobs),
            "follow_ups": sum(job.cause == "follow_up" for job in world.jobs),
            "labelled": sum(job.is_possible_duplicate for job in world.jobs),
            "doubled": _count_doubled(world),
            "states": dict(Counter(job.state for job in world.jobs)),
            "outcomes": dict(Counter(a.outcome for a in world.attempts)),
            "stops": [round(seconds, 1) for _, seconds in world.stops],
            "never_told": sum(not message.is_told for message in world.messages),
            "months": len({look.name for look in world.months}),
        }
        self._report.line("figures", **figures)
        for name, value in figures.items():
            self._report.say(f"{name:<12} {value}")

    def _tell_invariant(self, name: str, breaches: list[Breach]) -> None:
        self._report.line(
            "invariant",
            name=name,
            breaches=len(breaches),
            first=[[breach.what, breach.job_id] for breach in breaches[:100]],
        )
        mark = "BROKEN" if breaches else "holds "
        self._report.say(f"{mark} {name}" + (f": {len(breaches)}" * bool(breaches)))
        for breach in breaches[:HISTORIES]:
            self._tell_breach(breach)

    def _tell_breach(self, breach: Breach) -> None:
        self._report.say(f"  {breach.what} {breach.job_id or ''}")
        if breach.job_id is None:
            return
        found = reading.history(
            breach.job_id, self._stack.urls["database"], self._stack.ledger
        )
        self._report.line("history", what=breach.what, job=breach.job_id, found=found)
        self._report.say(reading.as_text(found))


def _count_doubled(world: World) -> int:
    """Jobs that became several messages."""
    counts = Counter(message.job_id for message in world.messages)
    return sum(count > 1 for job_id, count in counts.items() if job_id)
