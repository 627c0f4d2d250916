"""The application's processes: the same commands as in production."""

import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from leadrails.embedded.ports import LOOPBACK
from leadrails.embedded.process import Process, Program

CELERY = (sys.executable, "-m", "celery", "--quiet", "-A", "leadrails", "worker")
# Workers find each other through the database; chatter would only cost idle time.
CALM = ("--without-gossip", "--without-mingle", "--without-heartbeat")
CELERY_READY = " ready."
# The warning against root is about pickled tasks; ours are JSON.
CELERY_NOISE = (
    "SecurityWarning: You're running the worker with superuser",
    "You're running the worker with superuser privileges",
    "absolutely not recommended!",
    "Please specify a different user using the --uid option.",
    "User information: uid=",
    "_warn_or_raise_security_error(",
)
# Static files come from where they lie; production collects them into the image.
WEB_NOISE = ("UserWarning: No directory at:", "mw_instance = middleware(")
# Most of a lead's or callback's time its thread waits for the disk. With four, a stall
# of a moment took seconds to catch up with at 500 callbacks a second; 16 gain nothing.
WEB_THREADS = 8


def web(env: Mapping[str, str], *, port: int, processes: int) -> Program:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--host", LOOPBACK, "--port", str(port)]
    command += ["--workers", str(processes), "--blocking-threads", str(WEB_THREADS)]
    command += ["--respawn-failed-workers", "--workers-kill-timeout", "2"]
    return Program(
        name="web",
        argv=[*command, "leadrails.wsgi:application"],
        env=env,
        ready=_answers(f"http://{LOOPBACK}:{port}/healthz"),
        drop=WEB_NOISE,
    )


def drain(env: Mapping[str, str]) -> Program:
    """One per core; it sends, and nothing else shares its loop."""
    return _worker("drain", env, "-Q", "drain", "-c", "2")


def worker(env: Mapping[str, str], *, schedule: Path) -> Program:
    """It gives way to `web`, whose answers somebody waits for."""
    beat = ("--with-beat", "--schedule", str(schedule))
    return _worker("worker", env, "-Q", "default", "-c", "4", "--nice", "5", *beat)


def simulator(env: Mapping[str, str], *, port: int, ledger: Path) -> Program:
    command = [sys.executable, "-m", "destinations.simulator", "--host", LOOPBACK]
    return Program(
        name="simulator",
        argv=[*command, "--port", str(port), "--ledger", str(ledger)],
        env=env,
        ready=_answers(f"http://{LOOPBACK}:{port}/_simulator/health"),
    )


def _worker(name: str, env: Mapping[str, str], *options: str) -> Program:
    common = ["-n", f"{name}@%h", "-P", "threads", "--loglevel", "INFO", *CALM]
    return Program(
        name=name,
        argv=[*CELERY, *common, *options],
        env=env,
        ready=lambda process: process.is_announced,
        ready_words=CELERY_READY,
        drop=CELERY_NOISE,
    )


def _answers(url: str) -> Callable[[Process], bool]:
    def ready(_process: Process) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ready
