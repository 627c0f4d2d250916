import os
import signal
import subprocess
import sys
import threading
import time
from uuid import uuid4

import pytest

from tests.simulator.conftest import make_client
from tests.simulator.server import ROOT, Simulator
from tests.simulator.test_client import send
from tests.simulator.test_handsets import rich_by_telnyx

VARIABLE = "LEADRAILS_SIMULATOR_SECRET"


@pytest.fixture
def server(tmp_path):
    """A simulator of its own, since these tests stop it."""
    server = Simulator(tmp_path / "ledger.sqlite3").start()
    yield server
    if server.process.poll() is None:
        server.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_was_underway_goes_on_after_a_restart(server, receiver, how):
    account = server.account(uuid4())
    client = make_client(server, account.sid, account.auth_token)
    server.faults(delays={"final": 1.0})
    sent = send(client, from_="+15555550100", status_callback=receiver.url)
    server.wait(until=lambda message: message["status"] == "sent")

    server.stop(how)
    server.start()

    (entry,) = server.wait()
    assert entry["status"] == "delivered"
    assert [s["status"] for s in entry["statuses"]] == ["queued", "sent", "delivered"]
    receiver.wait(sent.sid, 2)
    assert make_client(server, account.sid, account.auth_token).messages(
        sent.sid
    ).fetch().sid == (sent.sid)


def test_a_callback_that_was_due_is_sent_after_a_restart(server, receiver):
    account = server.account(uuid4())
    client = make_client(server, account.sid, account.auth_token)
    sent = send(
        client,
        to="+12125550171",
        from_="+15555550100",
        status_callback=receiver.url,
    )
    server.wait()

    server.stop(signal.SIGKILL)
    server.start()

    statuses = [r.status for r in receiver.wait(sent.sid, 3)]
    assert statuses.count("delivered") == 2


def test_a_fallback_that_was_due_is_taken_after_a_restart(server, receiver):
    account = server.account(uuid4())
    server.faults(delays={"fallback": 1.0})
    rich_by_telnyx(
        server,
        account,
        {"text": "Hi"},
        to="+12125550184",
        sms_fallback={"from": account.telnyx_sender, "text": "By text"},
        webhook_url=f"{receiver.url}/status",
    )
    server.wait(until=lambda message: message["status"] == "sent")

    server.stop(signal.SIGKILL)
    server.start()

    (entry,) = server.wait()
    assert (entry["status"], entry["body"]) == ("delivered", "By text")
    kinds = [event["data"]["payload"]["type"] for event in receiver.events(3)]
    assert (kinds[0], kinds[-1]) == ("RCS", "SMS")  # the first may come twice


def test_a_durable_ledger_forgets_nothing_that_was_answered(tmp_path, monkeypatch):
    monkeypatch.setenv("LEADRAILS_SIMULATOR_DURABLE", "1")
    server = Simulator(tmp_path / "ledger.sqlite3")
    sids = []
    for _ in range(4):
        server.start()
        account = server.account(uuid4())
        client = make_client(server, account.sid, account.auth_token)
        sids.append(send(client, from_="+15555550100").sid)
        server.stop(signal.SIGKILL)

    server.start()
    kept = [message["sid"] for message in server.ledger()]
    server.stop()

    assert kept == sids


def test_settings_of_accounts_survive(server):
    account = server.account(uuid4())
    server.configure(account.sid, type="Trial", verified=["+12125550100"])

    server.stop()
    server.start()

    assert server.configure(account.sid)["type"] == "Trial"
    assert server.configure(account.sid)["verified"] == ["+12125550100"]


def test_it_stops_soon_whatever_hangs(server):
    account = server.account(uuid4())
    client = make_client(server, account.sid, account.auth_token)

    def hang():
        with pytest.raises(Exception, match=r"Connection|Remote"):
            send(client, to="+12125550169", from_="+15555550100")

    thread = threading.Thread(target=hang)
    thread.start()
    server.wait()
    time.sleep(0.05)

    assert server.stop() < 10  # the answer itself hangs for a minute
    thread.join()
    assert server.process.returncode == 0


def test_it_says_which_variable_is_missing(tmp_path):
    command = [sys.executable, "-m", "destinations.simulator", "--ledger", "unused"]
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}

    ended = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
    )

    assert ended.returncode == 1
    assert f"Set {VARIABLE}" in ended.stderr
