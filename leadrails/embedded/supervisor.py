"""Keeps processes running while it lives, and lets none outlive it."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from leadrails.embedded import guard
from leadrails.embedded.places import Unusable
from leadrails.embedded.process import Log, Process, Program, StartFailed

BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_AFTER = 30.0
"""Seconds after which an end counts as the first one again."""
GRACE = 3.0
"""Seconds that processes get to finish what they hold."""
SERVER_GRACE = 1.5


class Supervisor:
    """Starts, restarts and ends processes; one supervisor per state folder."""

    def __init__(
        self, state: Path, log: Log, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self.log = log
        self.on_change = on_change
        self.processes: dict[str, Process] = {}
        self._lock_file = _take_lock(state / "lock")
        self._guard = _start_guard(self._lock_file)
        self._ends: dict[str, int] = {}
        self._restart_at: dict[str, float] = {}
        self._turn = threading.RLock()
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self, program: Program) -> Process:
        """Start it without waiting; `Process.wait_ready` waits."""
        process = Process(program, self.log)
        with self._turn:
            self.processes[program.name] = process
            self._launch(process)
            if not self._watcher.is_alive():
                self._watcher.start()
        return process

    def kill(self, name: str, *, stay_dead: bool = False) -> None:
        """End a process and its children as a crash would."""
        with self._turn:
            process = self.processes[name]
            process.is_wanted = not stay_dead
            process.signal_group(signal.SIGKILL)
            process.wait_gone(time.monotonic() + GRACE)

    def restart(self, name: str) -> None:
        """Stop it in order if it runs, start it and wait until it is ready."""
        with self._turn:
            process = self.processes[name]
            process.ask_to_stop()
            process.wait_gone(time.monotonic() + GRACE)
            self._restart_at.pop(name, None)
            self._launch(process)
        process.wait_ready()

    def stop(self) -> None:
        """One signal each, servers last; what does not go is killed. Takes < 5 s."""
        self._stopping.set()
        with self._turn:
            everything = list(self.processes.values())
            servers = [p for p in everything if p.program.is_server]
            others = [p for p in everything if not p.program.is_server]
            for group, grace in ((others, GRACE), (servers, SERVER_GRACE)):
                for process in group:
                    process.ask_to_stop()
                deadline = time.monotonic() + grace
                for process in group:
                    process.wait_gone(deadline)
        if self._watcher.is_alive():
            self._watcher.join()
        self._tell_guard("", end=True)
        self._guard.wait()
        self._lock_file.close()

    def _launch(self, process: Process) -> None:
        if process.pid:
            self._tell_guard(f"-{process.pid}\n")
        process.start()
        stop_signal = int(process.program.stop_signal)
        self._tell_guard(f"+{process.pid} {stop_signal}\n")
        self.on_change()

    def _watch(self) -> None:
        while not self._stopping.wait(0.25):
            with self._turn:
                for process in self.processes.values():
                    if process.is_wanted and not process.is_running:
                        self._heal(process)

    def _heal(self, process: Process) -> None:
        """The first look sets the time of the restart, a later one does it."""
        name, now = process.name, time.monotonic()
        if name not in self._restart_at:
            if now - process.started_at > STEADY_AFTER:
                self._ends[name] = 0
            wait = BACK_OFF[min(self._ends.get(name, 0), len(BACK_OFF) - 1)]
            self._ends[name] = self._ends.get(name, 0) + 1
            self._restart_at[name] = now + wait
            ended = f"{name} ended by itself ({_describe(process.exit_code)})"
            self.log("leadrails", f"{ended}; starting it again in {wait:g} s")
        elif now >= self._restart_at[name]:
            del self._restart_at[name]
            self._launch(process)

    def _tell_guard(self, words: str, *, end: bool = False) -> None:
        pipe: IO[bytes] | None = self._guard.stdin
        if pipe is None or pipe.closed:
            return
        try:
            pipe.write(words.encode("ascii"))
            if end:
                pipe.close()
        except BrokenPipeError:
            self.log("leadrails", "the guard process is gone; a crash may leave others")
            pipe.close()


def running_supervisor(state: Path) -> int | None:
    """The process id of the supervisor that holds this state folder."""
    try:
        file = (state / "lock").open("r", encoding="ascii")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read() or 0)
    return None


def stop_running(state: Path, *, patience: float = 10.0) -> bool:
    """Stop another supervisor; False when none runs."""
    pid = running_supervisor(state)
    if pid is None:
        return False
    with suppress(ProcessLookupError):  # dead already, its guard is clearing up
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while running_supervisor(state) is not None:
        if time.monotonic() > deadline:
            raise Unusable(f"Process {pid} does not stop; end it and try again.")
        time.sleep(0.1)
    return True


def _take_lock(path: Path) -> IO[str]:
    """
    Hold the state folder. The guard inherits the lock, so that a new start waits
    until everything a killed supervisor had started is gone.
    """
    file = path.open("a+", encoding="ascii")
    deadline = time.monotonic() + 10
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            file.seek(0)
            pid = int(file.read() or 0)
            if _is_alive(pid) or time.monotonic() > deadline:
                file.close()
                raise Unusable(
                    f"It already runs here as process {pid}; make stop ends it."
                ) from None
            time.sleep(0.1)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_guard(lock_file: IO[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,
        pass_fds=[lock_file.fileno()],
        cwd="/",
    )


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"code {code}"


__all__ = ["StartFailed", "Supervisor", "running_supervisor", "stop_running"]
