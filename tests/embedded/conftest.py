import sys

import pytest

from leadrails.embedded.process import Program
from leadrails.embedded.supervisor import Supervisor


@pytest.fixture
def said():
    """Pairs of speaker and line, as they were logged."""
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(tmp_path, lambda name, line: said.append((name, line)))
    yield supervisor
    supervisor.stop()


@pytest.fixture
def no_servers_named(monkeypatch):
    """The test run has servers of its own; what is tested here starts others."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)


def make_program(code, *, name="thing", **changes):
    """A program in Python that is ready once it says "ready"."""
    changes.setdefault("patience", 10.0)
    return Program(
        name=name,
        argv=[sys.executable, "-u", "-S", "-c", code],
        env={},
        ready=lambda process: process.is_announced,
        ready_words="ready",
        **changes,
    )
