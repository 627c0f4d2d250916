"""What a message, an account or the settings of faults can ask for besides."""

import sqlite3
import subprocess
import sys
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests

from tests.simulator.conftest import make_client
from tests.simulator.server import ROOT, SECRET, Simulator
from tests.simulator.test_client import SENDER, send


def test_text_and_recipient_can_be_hidden(client, simulator, account):
    sent = send(
        client,
        body="Secret",
        from_=SENDER,
        content_retention="discard",
        address_retention="obfuscate",
    )

    assert (sent.body, sent.to) == ("", "+1212555XXXX")
    (entry,) = simulator.wait(account=account.sid)
    assert (entry["body"], entry["to"]) == ("Secret", "+12125550100")


@pytest.mark.parametrize(
    ("wish", "body"), [(True, '"Hi" - x'), (False, "“Hi” – x"), (None, "“Hi” – x")]
)
def test_a_message_is_encoded_smartly_if_it_asks(client, wish, body):
    option = {} if wish is None else {"smart_encoded": wish}

    assert send(client, body="“Hi” – x", from_=SENDER, **option).body == body


def test_an_mms_can_be_asked_for_without_media(client):
    assert send(client, from_=SENDER, send_as_mms=True).sid.startswith("MM")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"to": "whatsapp:+12125550142", "from_": SENDER}, 400, 21612),
        ({"to": "whatsapp:+12125550142", "from_": "whatsapp:+1999"}, 400, 63007),
        ({"to": "telegram:+12125550142", "from_": SENDER}, 400, 21211),
        ({"to": "+919876543210", "from_": "Acme"}, 400, 21408),
    ],
    ids=str,
)
def test_channels_and_names_are_checked(simulator, client, form, status, code):
    from tests.simulator.test_services import refusal

    assert refusal(send, client, **form) == (status, code)


@pytest.mark.parametrize(
    "variables", ["[]", "{", '{"1": 2}', "{}"], ids=["list", "broken", "number", "none"]
)
def test_variables_that_do_not_fill_a_template_are_refused(client, variables):
    from tests.simulator.test_documents import Template
    from tests.simulator.test_services import refusal

    made = client.content.v1.contents.create(
        Template(language="en", types={"twilio/text": {"body": "Hi {{1}}"}})
    )

    asked = {"content_sid": made.sid, "content_variables": variables}
    assert refusal(send, client, body=None, from_=SENDER, **asked) == (400, 21656)


def test_callbacks_can_be_delayed_and_out_of_order(
    simulator, client, account, receiver
):
    simulator.faults(
        seed=3,
        account=account.sid,
        probabilities={"callback_disorder": 1},
        delays={"disorder": 0.6, "callback": 0.05},
    )
    try:
        sids = [
            send(client, from_=SENDER, status_callback=receiver.url).sid
            for _ in range(8)
        ]
    finally:
        simulator.clear_faults()

    orders = {tuple(r.status for r in receiver.wait(sid, 2)) for sid in sids}

    assert ("delivered", "sent") in orders


def test_a_redirected_callback_loses_its_form(client, receiver):
    receiver.bodies["/old"] = ("redirect", f"{receiver.url}/new")
    sent = send(client, from_=SENDER, status_callback=f"{receiver.url}/old")

    receiver.wait(sent.sid, 2)

    followed = [r for r in receiver.received if urlsplit(r.path).path == "/new"]
    assert followed
    assert {(r.method, len(r.form)) for r in followed} == {("GET", 0)}


def test_a_restricted_key_may_not_change_services(simulator, account):
    keyed = make_client(simulator, account.key_sid, account.key_secret, account.sid)
    simulator.configure(account.sid, key_type="restricted")

    answer = requests.post(
        f"{simulator.url}/v1/Services",
        data={"FriendlyName": "Mine"},
        auth=(account.key_sid, account.key_secret),
        timeout=20,
    )

    assert (answer.status_code, answer.json()["code"]) == (403, 20003)
    assert send(keyed, from_=SENDER).status == "queued"


def test_another_accounts_things_are_not_found(simulator, client, account):
    made = client.messaging.v1.services.create(friendly_name="Mine")
    stranger = simulator.account(uuid4())
    own = (stranger.sid, stranger.auth_token)

    for path in (f"/v1/Services/{made.sid}", f"/v1/Services/{account.service_sid}"):
        answer = requests.get(simulator.url + path, auth=own, timeout=20)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_an_account_of_ones_own_is_printed_and_works(simulator, monkeypatch):
    monkeypatch.setenv("LEADRAILS_SIMULATOR_SECRET", SECRET)
    command = [sys.executable, "-m", "destinations.simulator", "--account", "mine"]

    printed = subprocess.run(
        [*command, "--port", str(simulator.port)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout

    fields = {line[:18].strip(): line[19:].strip() for line in printed.splitlines()}
    client = make_client(simulator, fields["Account SID"], fields["Auth token"])
    assert send(client, messaging_service_sid=fields["Messaging Service"]).sid
    assert requests.get(fields["Handsets"], timeout=20).status_code == 200


def test_a_ledger_of_an_older_version_goes_on(tmp_path):
    server = Simulator(tmp_path / "ledger.sqlite3").start()
    account = server.account(uuid4())
    client = make_client(server, account.sid, account.auth_token)
    sent = send(client, from_=SENDER)
    server.wait()
    server.stop()
    with sqlite3.connect(server.ledger_path) as ledger:
        ledger.execute("DROP INDEX message_inbound")
        for column in ("direction", "extra"):
            ledger.execute(f"ALTER TABLE message DROP COLUMN {column}")
        ledger.execute("DROP TABLE thing")

    server.start()
    kept = server.ledger()
    server.stop()

    assert [m["sid"] for m in kept] == [sent.sid]
    assert kept[0]["direction"] == "outbound-api"
