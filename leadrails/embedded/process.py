"""One started program: its session, its log lines, its end."""

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from leadrails.embedded.guard import alive
from leadrails.embedded.places import PROJECT, Account, running_as

Log = Callable[[str, str], None]


class StartFailed(Exception):
    """A program ended or stayed silent while it should have come up."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """How to start something, and how to see that it is ready."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[["Process"], bool]
    ready_words: str = ""
    """What it logs once it is ready; `ready` may ask `Process.is_announced`."""
    folder: Path = PROJECT
    account: Account | None = None
    feed: str = ""
    """What it reads from standard input: a place for secrets that `ps` cannot show."""
    is_server: bool = False
    """Stopped after everything that uses it."""
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 60.0
    """Seconds it may take to get ready."""
    drop: tuple[str, ...] = ()
    """Log lines that hold one of these say nothing to anybody."""


@dataclass
class Process:
    """
    A program in a session of its own, so that it gets one signal and only ours.

    A Ctrl-C in the terminal reaches the supervisor alone; a group that outlives its
    leader (web processes, beat) is ended with it.
    """

    program: Program
    log: Log
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=30))
    started_at: float = 0.0
    is_wanted: bool = False
    """Whether its end would be unexpected."""
    _announced: threading.Event = field(default_factory=threading.Event)
    _popen: subprocess.Popen[str] | None = None
    _pump: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int:
        """The leader's process id; 0 when it was never started."""
        return self._popen.pid if self._popen else 0

    @property
    def is_announced(self) -> bool:
        return self._announced.is_set()

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll() if self._popen else None

    @property
    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        self._end_group()
        self.recent.clear()
        self._announced.clear()
        self.started_at = time.monotonic()
        self._popen = subprocess.Popen(
            self.program.argv,
            cwd=self.program.folder,
            env=dict(self.program.env),
            stdin=subprocess.PIPE if self.program.feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **running_as(self.program.account),
        )
        self.is_wanted = True
        if self._popen.stdin:
            self._popen.stdin.write(self.program.feed)
            self._popen.stdin.close()
        self._pump = threading.Thread(target=self._read_lines, daemon=True)
        self._pump.start()

    def wait_ready(self) -> None:
        """Return once it is ready; StartFailed with its last words otherwise."""
        deadline = time.monotonic() + self.program.patience
        while not self.program.ready(self):
            if not self.is_running:
                raise StartFailed(self._last_words(f"ended with {self.exit_code}"))
            if time.monotonic() > deadline:
                raise StartFailed(self._last_words("is not ready in time"))
            time.sleep(0.02)

    def ask_to_stop(self) -> None:
        """The one signal. Some servers hang on a second."""
        self.is_wanted = False
        self.send(self.program.stop_signal)

    def send(self, number: signal.Signals) -> None:
        if self._popen and self.is_running:
            self._popen.send_signal(number)

    def signal_group(self, number: signal.Signals) -> None:
        """For what a leader's children must feel too: SIGKILL, SIGSTOP, SIGCONT."""
        if self._popen:
            try:
                os.killpg(self._popen.pid, number)
            except ProcessLookupError:
                return

    def wait_gone(self, until: float) -> None:
        """Wait for the whole group; at `until` (monotonic) it is killed."""
        if not self._popen:
            return
        try:
            self._popen.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.log(self.name, "did not stop in time and was killed")
        while time.monotonic() < until and alive(self._popen.pid):
            time.sleep(0.02)
        self._end_group()

    def _end_group(self) -> None:
        if self._popen:
            self.signal_group(signal.SIGKILL)
            self._popen.wait()
            if self._pump:
                self._pump.join(timeout=1)

    def _read_lines(self) -> None:
        popen = self._popen
        if popen is None or popen.stdout is None:
            return
        with popen.stdout as lines:
            for line in lines:
                text = line.rstrip()
                if self.program.ready_words and self.program.ready_words in text:
                    self._announced.set()
                if text and not any(part in text for part in self.program.drop):
                    self.recent.append(text)
                    self.log(self.name, text)

    def _last_words(self, what: str) -> str:
        words = "\n".join(f"  {line}" for line in self.recent)
        return f"{self.name} {what}" + (f"; its last words:\n{words}" if words else ".")
