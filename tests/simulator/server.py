"""
A real simulator process for tests of any part of the product.

Use it with `from tests.simulator.server import simulator  # noqa: F401`, or import
the fixture in a conftest.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from destinations.providers import simulated

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-simulator-secret-for-tests"
FINAL = {"delivered", "undelivered", "failed", "read", "canceled"}
FINAL |= {"sending_failed", "delivery_failed", "delivery_unconfirmed", "cancelled"}


@dataclass(frozen=True)
class Account:
    sid: str
    auth_token: str
    service_sid: str
    key_sid: str
    key_secret: str
    telnyx_key: str
    telnyx_public_key: str
    telnyx_profile: str
    telnyx_agent: str
    sender: str = "+15555550100"
    telnyx_sender: str = "+15555550200"


class Simulator:
    """Starts on a free port; `.stop()` and `.start()` again keep the ledger."""

    def __init__(self, ledger: Path, secret: str = SECRET, port: int = 0):
        self.ledger_path = ledger
        self.secret = secret
        self.port = port
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> "Simulator":
        command = [sys.executable, "-m", "destinations.simulator"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--ledger", str(self.ledger_path)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "LEADRAILS_SIMULATOR_SECRET": self.secret},
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("simulator listening on "), line
        self.url = line.split()[-1]
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def stop(self, how: int = signal.SIGTERM) -> float:
        """Seconds until the process was gone."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(timeout=30)
        self.process.stdout.close()
        return time.monotonic() - began

    def account(self, tenant_id: UUID) -> Account:
        sid = simulated.account_sid(tenant_id)
        key_sid = simulated.sibling_sid("SK", sid)
        return Account(
            sid=sid,
            auth_token=simulated.auth_token(self.secret, sid),
            service_sid=simulated.sibling_sid("MG", sid),
            key_sid=key_sid,
            key_secret=simulated.auth_token(self.secret, key_sid),
            telnyx_key=simulated.telnyx_api_key(self.secret, sid),
            telnyx_public_key=simulated.telnyx_public_key(self.secret, sid),
            telnyx_profile=simulated.telnyx_profile_id(sid),
            telnyx_agent=simulated.telnyx_agent_id(sid),
        )

    def ledger(self, **filters) -> list[dict]:
        """Messages, oldest first; filters: to, account, since, limit, after."""
        return self._call("GET", "ledger", query=filters)["messages"]

    def requests(self, **filters) -> list[dict]:
        """Every request to create a message, with its outcome, oldest first."""
        return self._call("GET", "requests", query=filters)["requests"]

    def listings(self, **filters) -> list[dict]:
        """Every page of a list of messages that was asked for, oldest first."""
        return self._call("GET", "listings", query=filters)["listings"]

    def wait(self, *, count=1, until=None, timeout=30.0, **filters) -> list[dict]:
        """The messages, once there are `count` and `until` holds for each of them."""
        until = until or (lambda message: message["status"] in FINAL)
        deadline = time.monotonic() + timeout
        while True:
            messages = self.ledger(**filters)
            if len(messages) >= count and all(map(until, messages)):
                return messages
            assert time.monotonic() < deadline, f"not in time: {messages}"
            time.sleep(0.02)

    def wait_until_over(self, timeout=30.0, *, account=None) -> None:
        """Return once nothing is underway, or nothing of one account."""
        deadline = time.monotonic() + timeout
        while self._underway(account):
            assert time.monotonic() < deadline, "messages are still underway"
            time.sleep(0.02)
        self.ledger(limit=1)

    def _underway(self, account) -> int:
        if account is None:
            return self.health()["messages_underway"]
        self.ledger(limit=1)  # it has all when it was read
        query = "SELECT count(*) FROM message WHERE account = ? AND plan <> '[]'"
        with closing(
            sqlite3.connect(f"file:{self.ledger_path}?mode=ro", uri=True)
        ) as db:
            return db.execute(query, [account]).fetchone()[0]

    def configure(self, account_sid: str, **changes) -> dict:
        return self._call("PUT", f"accounts/{account_sid}", body=changes)

    def service(self, account_sid: str, service_sid: str, **changes) -> dict:
        path = f"accounts/{account_sid}/services/{service_sid}"
        return self._call("PUT", path, body=changes)

    def write(
        self, account: Account, body="", *, sender="+12125550142", **more
    ) -> dict:
        """A message from a phone to the account's number, or to another one."""
        given = {"from": sender, "to": account.sender, "body": body} | more
        return self._call("POST", "inbound", body={"account": account.sid} | given)

    def opt_outs(self, account_sid: str) -> list[dict]:
        return self._call("GET", "optouts", query={"account": account_sid})["opt_outs"]

    def faults(self, **settings) -> dict:
        """See docs/simulator.md; e.g. `faults(probabilities={"answer_lost": 1})`."""
        return self._call("POST", "faults", body=settings)

    def clear_faults(self) -> None:
        self._call("DELETE", "faults")

    def health(self) -> dict:
        return self._call("GET", "health")

    def _call(self, method, path, *, query=None, body=None):
        url = f"{self.url}/_simulator/{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        request = urllib.request.Request(
            url,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.secret}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{error.code}: {error.read().decode()}") from error


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    server = Simulator(tmp_path_factory.mktemp("simulator") / "ledger.sqlite3").start()
    yield server
    server.stop()
