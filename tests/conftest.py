"""Shared fixtures. Nothing in the tests may talk to another machine."""

import socket
from pathlib import Path

import pytest

from leadrails.jobs.loop import SenderLoop

pytest_plugins = ["tests.simulator.server", "tests.browser"]

TESTS = Path(__file__).parent
SHARED = ("e2e",)  # folders whose tests share what takes long to start
_LOOPBACK = ("127.", "::1", "localhost")


def pytest_collection_modifyitems(items):
    """What is set up once for a file, or for a folder, is set up in one process."""
    for item in items:
        folder = item.path.parent
        shared = folder if folder.name in SHARED else item.path
        item.add_marker(pytest.mark.xdist_group(shared.relative_to(TESTS).as_posix()))


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch):
    """A connection to anything but this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self, address):
        if isinstance(address, tuple) and not str(address[0]).startswith(_LOOPBACK):
            pytest.fail(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def drain(simulator, settings):
    """Send what is due through the simulator, which cannot call back."""
    settings.LEADRAILS_SIMULATOR_URL = simulator.url
    settings.LEADRAILS_PUBLIC_URL = ""
    loop = SenderLoop(linger=0)
    yield loop.run
    loop.close()
