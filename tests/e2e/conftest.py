"""The whole system, started once for all tests of this folder."""

from urllib.parse import urlsplit

import pytest

from leadrails.embedded.stack import Stack
from tests.browser import PATIENCE
from tests.e2e.system import System, leave_usual_ports
from tests.e2e.troubles import known_secrets

CUT_OFF = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
"""What htmx says of a request without an answer, which `note_failure` judges."""


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


@pytest.fixture
def page(browser, system):
    """A new visitor's page; whatever its console or network complains of fails."""
    context = browser.new_context(base_url=system.web_url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints = []

    def note_line(line):
        is_bad = line.type in ("error", "warning")
        if is_bad and not line.text.startswith(CUT_OFF):
            complaints.append(f"console: {line.text}")

    def note_answer(answer):
        if answer.status >= 400:
            complaints.append(f"{answer.status}: {answer.url}")

    def note_request(request):
        if urlsplit(request.url).netloc != urlsplit(system.web_url).netloc:
            complaints.append(f"another host: {request.url}")

    def note_failure(request):
        # Leaving a page cuts off what it was about to refresh.
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.failure}: {request.url}")

    page.on("console", note_line)
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", note_request)
    page.on("response", note_answer)
    page.on("requestfailed", note_failure)
    yield page
    context.close()
    assert complaints == []
