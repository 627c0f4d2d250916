"""Shared fixtures. Nothing in the tests may talk to another machine."""

import os
import socket
from pathlib import PurePath

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadFileScheduling

from leadrails.jobs.loop import SenderLoop
from tests import emptying

pytest_plugins = ["tests.simulator.server", "tests.browser"]

SHARED = ("access", "e2e")  # folders whose tests share what takes long to start
LONG = {"access", "chaos", "e2e", "bench", "test_sweep.py"}  # folders and files
_LOOPBACK = ("127.", "::1", "localhost")


# A busy machine is slow; that says nothing about the code.
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


def pytest_configure():
    emptying.use()


def pytest_collection_modifyitems(items):
    """What takes long starts first, so that no process has it left over alone."""
    items.sort(key=lambda item: LONG.isdisjoint(_file(item.nodeid).parts))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """One more than cores: what only waits leaves its core to others."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)


class Together(LoadFileScheduling):
    """What is set up once for a file, or for a folder, is set up in one process."""

    def _split_scope(self, nodeid):
        file = _file(nodeid)
        return file.parent.name if file.parent.name in SHARED else str(file)


def _file(nodeid):
    return PurePath(nodeid.partition("::")[0])


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
