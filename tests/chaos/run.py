"""One run: start everything, load it, kill it, let it settle, compare the ledgers."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from leadrails.embedded import supervisor
from leadrails.embedded.places import PROJECT
from leadrails.embedded.stack import Stack
from tests.chaos import reading
from tests.chaos.aftermath import Aftermath
from tests.chaos.assault import Assault
from tests.chaos.checker import Breach, check
from tests.chaos.clients import Load, Operator, Workspace
from tests.chaos.faults import Faults
from tests.chaos.ledgers import World
from tests.chaos.report import Report, recoveries, table
from tests.chaos.schedule import Fault

# Faults shall overlap; the product's own patience with what dies again and again
# would mostly leave it dead.
RESTART_AFTER = (0.5, 1.0)
WARM_UP = 3.0  # seconds of load before the first fault
HISTORIES = 5
"""Jobs whose whole history a failure prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    kills: int
    seed: int
    minutes: float
    folder: Path
    rate: float = 10.0
    flood: int = 60
    pace: float = 1.0
    """Below 1 the faults follow faster on each other."""
    settle: float = 2000.0
    """Seconds that everything may take to come to its end afterwards."""
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    kills: int
    breaches: dict[str, list[Breach]]

    @property
    def is_good(self) -> bool:
        return not any(self.breaches.values())


class Run:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.report = Report(options.folder / "report.jsonl")
        self._log = (options.folder / "processes.log").open("a", encoding="utf-8")
        self._points = options.folder / "points"
        self._points.mkdir(exist_ok=True)
        self._done: list[tuple[float, str]] = []
        self.stack = Stack(
            options.folder / "state",
            web_processes=2,
            log=self._write_log,
            extra_env={
                "LEADRAILS_CRASHPOINTS": str(self._points),
                "LEADRAILS_SIMULATOR_DURABLE": "1",
            },
        )

    def __call__(self) -> Outcome:
        options = self.options
        self.report.line("begin", seed=options.seed, kills=options.kills)
        self.report.say(f"seed {options.seed}, report {self.report.path}")
        supervisor.BACK_OFF = RESTART_AFTER
        try:
            self._start()
            kills = self._break_everything()
            aftermath = Aftermath(self.stack, self.faults, self.load, self.report)
            aftermath.settle(options.settle)
            world = self._read()
            outcome = Outcome(kills, check(world))
            self._conclude(world, outcome)
        finally:
            self.stack.stop() if options.keep else self.stack.destroy()
            self.report.close()
            self._log.close()
        return outcome

    # Start --------------------------------------------------------------------

    def _start(self) -> None:
        _choose_ports(self.stack.state_dir)
        self.stack.start()
        first = self.stack.processes["drain"].program
        argv = [word.replace("drain@", "drain-2@") for word in first.argv]
        second = replace(first, name="drain-2", argv=argv)
        starting = self.stack.supervisor.start(second)
        self.workspaces = self._seed()
        starting.wait_ready()
        reading.watch(self.stack.urls["database"])
        url = self.stack.urls["web"]
        self.load = Load(
            self.workspaces,
            web_url=url,
            seed=self.options.seed,
            rate=self.options.rate,
            flood=self.options.flood,
        )
        self.operator = Operator(
            self.workspaces[1], web_url=url, database_url=self.stack.urls["database"]
        )
        self.faults = Faults(
            self.stack, points=self._points, replay=self._replay, tell=self._tell
        )
        self.report.say(f"started: {', '.join(self.stack.processes)}")

    def _seed(self) -> list[Workspace]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.chaos.seed"],
            cwd=PROJECT,
            env=self.stack.env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"no workspaces were made:\n{done.stderr}")
        facts = json.loads(done.stdout.splitlines()[-1])
        return [Workspace(**{**one, "id": UUID(one["id"])}) for one in facts]

    # Faults -------------------------------------------------------------------

    def _break_everything(self) -> int:
        """Return how many died."""
        options = self.options
        self.load.start()
        self.faults.calm_provider()
        time.sleep(WARM_UP * options.pace)
        began = time.monotonic()
        assault = Assault(
            self.faults,
            self.load,
            seed=options.seed,
            pace=options.pace,
            replay=self._replay,
            tell_progress=self._tell_progress,
        )
        died = assault.until(options.kills, deadline=began + options.minutes * 60)
        seconds = round(time.monotonic() - began)
        self.report.say(f"{died} kills in {seconds} s")
        self.report.line("faults_over", kills=died, seconds=seconds)
        return died

    def _tell(self, fault: Fault) -> None:
        self._done.append((time.time(), fault.what))
        self.report.line("fault", what=fault.what, seconds=round(fault.seconds, 1))

    def _tell_progress(self, died: int) -> None:
        posts = list(self.load.ledger)
        answered = sum(post.answered_at is not None for post in posts)
        facts = {"kills": died, "posts": len(posts), "answered": answered}
        self.report.line("progress", **facts, clicks=len(self.operator.clicks))
        self.report.say(f"{died} kills, {answered} of {len(posts)} posts answered")

    def _replay(self) -> bool:
        """In a thread: whoever is asked may die over it, or sleep."""
        threading.Thread(target=self.operator.replay_one, daemon=True).start()
        return True

    # Comparison ---------------------------------------------------------------

    def _read(self) -> World:
        world = World(
            posts=list(self.load.ledger),
            clicks=list(self.operator.clicks),
            stops=list(self.faults.stops),
            messages=list(reading.read_messages(self.stack.ledger)),
        )
        reading.read_database(world, self.stack.urls["database"])
        return world

    def _conclude(self, world: World, outcome: Outcome) -> None:
        self._tell_figures(world, outcome)
        for name, breaches in outcome.breaches.items():
            self.report.line(
                "invariant",
                name=name,
                breaches=len(breaches),
                first=[[breach.what, breach.job_id] for breach in breaches[:100]],
            )
            mark = "BROKEN" if breaches else "holds "
            self.report.say(f"{mark} {name}" + (f": {len(breaches)}" * bool(breaches)))
            for breach in breaches[:HISTORIES]:
                self._tell_breach(breach)
        self.report.line("end", is_good=outcome.is_good, seed=self.options.seed)
        if not outcome.is_good:
            again = f"make chaos N={self.options.kills} SEED={self.options.seed}"
            self.report.say(f"the same schedule again: {again}")

    def _tell_figures(self, world: World, outcome: Outcome) -> None:
        jobs_of = {job.id: job.lead_id for job in world.jobs}
        times = recoveries(self._done, world.posts, world.messages, jobs_of)
        for line in table(times):
            self.report.say(line)
        figures = {
            "kills": outcome.kills,
            "faults": len(self._done),
            "posts": len(world.posts),
            "answered": sum(p.answered_at is not None for p in world.posts),
            "repeated": sum(p.tries > 1 for p in world.posts),
            "leads": len(world.leads),
            "jobs": len(world.jobs),
            "replays": sum(job.replay_of is not None for job in world.jobs),
            "attempts": len(world.attempts),
            "messages": len(world.messages),
            "states": dict(Counter(job.state for job in world.jobs)),
            "outcomes": dict(Counter(a.outcome for a in world.attempts)),
            "stops": [round(seconds, 1) for _, seconds in world.stops],
            "never_told": sum(not message.is_told for message in world.messages),
        }
        self.report.line("figures", **figures)
        self.report.line("recovery", seconds=times)
        for name, value in figures.items():
            self.report.say(f"{name:<12} {value}")

    def _tell_breach(self, breach: Breach) -> None:
        self.report.say(f"  {breach.what} {breach.job_id or ''}")
        if breach.job_id is None:
            return
        found = reading.history(
            breach.job_id, self.stack.urls["database"], self.stack.ledger
        )
        self.report.line("history", what=breach.what, job=breach.job_id, found=found)
        self.report.say(reading.as_text(found))

    def _write_log(self, name: str, line: str) -> None:
        self._log.write(f"{time.time():.3f} {name} | {line}\n")
        self._log.flush()


def _choose_ports(state: Path) -> None:
    """Not the usual ones, which tests and demos on this machine may call."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = state / "ports.json"
    if not file.exists():
        file.write_text(json.dumps({"web": _free_port(), "simulator": _free_port()}))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
