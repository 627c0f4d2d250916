"""One run: start everything, load it, kill it, let it settle, compare the ledgers."""

import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from leadrails.embedded import supervisor
from leadrails.embedded.places import PROJECT
from leadrails.embedded.stack import Stack
from tests.chaos import reading
from tests.chaos.aftermath import Aftermath
from tests.chaos.assault import Assault
from tests.chaos.checker import check
from tests.chaos.clients import Load, Operator, Workspace
from tests.chaos.conclusion import Conclusion, Outcome
from tests.chaos.faults import Faults
from tests.chaos.ledgers import World
from tests.chaos.machine import machine_facts
from tests.chaos.months import OldMonths
from tests.chaos.report import Report
from tests.chaos.schedule import Fault

# Faults shall overlap; the product's own patience with what dies again and again
# would mostly leave it dead.
RESTART_AFTER = (0.5, 1.0)
WARM_UP = 3.0  # seconds of load before the first fault


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
    settle: float = 600.0
    """Seconds that everything may take to come to its end afterwards."""
    hurry_after: float = 60.0
    """Seconds of these until what is to wait for long is brought forward."""
    keep: bool = False


class Run:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.report = Report(options.folder / "report.jsonl")
        self._log = (options.folder / "processes.log").open("a", encoding="utf-8")
        self._points = options.folder / "points"
        self._points.mkdir(exist_ok=True)
        self._done: list[tuple[float, str]] = []
        self._calm_since = 0.0
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
        self.report.line(
            "begin", seed=options.seed, kills=options.kills, machine=machine_facts()
        )
        self.report.say(f"seed {options.seed}, report {self.report.path}")
        supervisor.BACK_OFF = RESTART_AFTER
        try:
            self._start()
            kills = self._break_everything()
            aftermath = Aftermath(self.stack, self.faults, self.load, self.report)
            aftermath.settle(options.settle, hurry_after=options.hurry_after)
            self.months.end()
            world = self._read()
            outcome = Outcome(kills, check(world))
            conclusion = Conclusion(self.report, self.stack, outcome)
            conclusion.tell(world, faults=self._done, calm_since=self._calm_since)
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
        self.months = OldMonths(self.stack, self.report.line)
        self.faults = Faults(
            self.stack,
            points=self._points,
            in_doubt=self.workspaces[-1].id,
            replay=self._replay,
            drop=self.months.drop_one_later,
            tell=self._tell,
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
        self._calm_since = time.time()
        seconds = round(time.monotonic() - began)
        self.report.say(f"{died} kills in {seconds} s")
        self.report.line("faults_over", kills=died, seconds=seconds)
        return died

    def _tell(self, fault: Fault) -> None:
        self._done.append((time.time(), fault.what))
        self.report.line("fault", what=fault.what, seconds=round(fault.seconds, 1))

    def _tell_progress(self, died: int) -> None:
        """In a thread: a database that dies may keep it waiting."""
        threading.Thread(target=self._progress, args=[died], daemon=True).start()

    def _progress(self, died: int) -> None:
        posts = list(self.load.ledger)
        answered = sum(post.answered_at is not None for post in posts)
        facts = {"kills": died, "posts": len(posts), "answered": answered}
        queue = reading.sample(self.stack.urls["database"])
        self.report.line(
            "progress", **facts, clicks=len(self.operator.clicks), queue=queue
        )
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
            months=list(self.months.looks),
            findings=reading.check_data(self.stack.env),
        )
        reading.read_database(world, self.stack.urls["database"])
        return world

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
