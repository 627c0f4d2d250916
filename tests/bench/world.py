"""
What figures are measured in: servers, a provider, and the processes that each needs.

Servers and processes are those of `make demo`, started by the same code; only the
provider is a cheaper one than the simulator. Nothing is switched off.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from leadrails.embedded import programs
from leadrails.embedded.ports import take_port
from leadrails.embedded.process import Process, Program
from leadrails.embedded.stack import Stack
from tests.bench.measure import interleave

T = TypeVar("T")
PATIENCE = 60.0  # seconds until the next message arrives


@dataclass(frozen=True)
class Size:
    """How much is measured; the tests take a little of everything."""

    runs: int = 5
    share: float = 1.0
    warm_up: bool = True

    def interleave(self, works: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
        """What the works return, `runs` times each, after a round to warm up."""
        return interleave(self.runs, works, warm_up=self.warm_up)

    def of(self, count: int, least: int = 20) -> int:
        return max(least, round(count * self.share))

    def seconds(self, seconds: float) -> float:
        return max(1.0, seconds * self.share)


class Provider:
    """The one of provider.py, in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.provider"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def answer_after(self, seconds: float) -> None:
        self._ask(f"/delay/{seconds}")

    def count(self) -> int:
        """Calls since `calls` was last asked."""
        return self._ask("/count")

    def calls(self) -> list[tuple[float, str]]:
        """When each message came, and to whom; the provider forgets them."""
        return [(at, to) for at, to in self._ask("/calls")]

    def wait_for(
        self, count: int, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Return once `count` messages came; however slowly, but they must come."""
        come, seen_at = -1, time.monotonic()
        while come < count:
            before, come = come, self.count()
            if come > before:
                seen_at = time.monotonic()
            waited = time.monotonic() - seen_at
            assert waited < PATIENCE, f"{come} of {count} messages came"
            meanwhile()
            time.sleep(0.05)

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)


class World:
    """Servers with an empty, migrated database, and Django set up to speak to it."""

    def __init__(self, stack: Stack, provider: Provider) -> None:
        self.stack = stack
        self.provider = provider
        self.web_port = take_port()
        self.web_url = f"http://127.0.0.1:{self.web_port.number}"
        self.env = {
            **stack.env,
            "LEADRAILS_PUBLIC_URL": self.web_url,
            "LEADRAILS_SIMULATOR_URL": provider.url,
        }

    def need(self, *wanted: Program) -> list[Process]:
        """Have just these running, started anew only if they are not yet."""
        running = self.stack.processes.values()
        kept = [p for p in running if p.is_wanted and p.program in wanted]
        mine = [p for p in running if p.is_wanted and not p.program.is_server]
        self.stop(*(process for process in mine if process not in kept))
        have = {process.name: process for process in kept}
        fresh = [program for program in wanted if program.name not in have]
        started = [self.stack.supervisor.start(program) for program in fresh]
        for process in started:
            process.wait_ready()
        have |= {process.name: process for process in started}
        return [have[program.name] for program in wanted]

    def stop(self, *processes: Process) -> None:
        for process in processes:
            process.ask_to_stop()
        deadline = time.monotonic() + 10
        for process in processes:
            process.wait_gone(deadline)

    @contextmanager
    def frozen(self, start_of_name: str) -> Iterator[None]:
        """Meanwhile these do nothing: a sweep would set them to work too early."""
        processes = self.stack.processes.values()
        found = [p for p in processes if p.name.startswith(start_of_name)]
        for process in found:
            process.signal_group(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in found:
                process.signal_group(signal.SIGCONT)

    @cache  # noqa: B019  the same program each time, so that it is known to run
    def web(self) -> Program:
        return programs.web(self.env, port=self.web_port.number, processes=1)

    @cache  # noqa: B019
    def drain(self, name: str = "drain", **env: str) -> Program:
        """`env` in addition, such as LEADRAILS_DRAIN_IN_FLIGHT."""
        program = programs.drain({**self.env, **env})
        argv = [word.replace("drain@", f"{name}@") for word in program.argv]
        return replace(program, name=name, argv=argv)

    @cache  # noqa: B019
    def worker(self, **env: str) -> Program:
        schedule = self.stack.state_dir / "beat-schedule"
        return programs.worker({**self.env, **env}, schedule=schedule)

    @property
    def database_pid(self) -> int:
        return self.stack.pids["postgres"]


@contextmanager
def open_world() -> Iterator[World]:
    # Servers of its own, whatever this process was given.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    folder = Path(tempfile.mkdtemp(prefix="leadrails-bench-"))
    log = (folder / "processes.log").open("a", encoding="utf-8")
    stack = Stack(
        folder / "state",
        servers_only=True,
        log=lambda name, line: print(f"{name} | {line}", file=log, flush=True),
    )
    provider = Provider()
    try:
        with stack:
            world = World(stack, provider)
            _set_up_django(world)
            yield world
        stack.destroy()
    except BaseException:
        print((folder / "processes.log").read_text()[-5000:], file=sys.stderr)
        raise
    finally:
        provider.close()
        log.close()
        stack.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _set_up_django(world: World) -> None:
    import django
    from django.core.management import call_command

    os.environ.update(world.env)
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
