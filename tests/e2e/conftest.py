"""The whole system, started once for all tests of this folder."""

import pytest

from leadrails.embedded.stack import Stack
from tests.e2e.system import System, leave_usual_ports
from tests.e2e.troubles import known_secrets


@pytest.fixture(scope="session")
def system(tmp_path_factory):
    """
    The demo without its leads: own servers, own ports, own folder.

    A demo that runs in the same clone has another folder and other ports.
    """
    lines = []
    folder = tmp_path_factory.mktemp("e2e") / "state"
    leave_usual_ports(folder)
    stack = Stack(folder, log=lambda name, line: lines.append(f"{name} | {line}"))
    system = System(stack, lines)
    known = {}
    try:
        with pytest.MonkeyPatch.context() as environment:
            # The test run has servers of its own; these must not be used here.
            environment.delenv("DATABASE_URL", raising=False)
            environment.delenv("REDIS_URL", raising=False)
            system.start()
        known = known_secrets(system)
        yield system
    finally:
        system.stop()
    said = "\n".join(lines)
    assert [name for name, secret in known.items() if secret in said] == []
