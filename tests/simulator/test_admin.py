import time

import pytest
import requests

from tests.simulator.test_client import send


def get(simulator, path, **more):
    return requests.get(f"{simulator.url}/_simulator/{path}", timeout=20, **more)


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def test_the_ledger_tells_when_a_message_came_and_what_became_of_it(
    simulator, client, account
):
    before = time.time() * 1000
    sent = send(client, body="Text")
    (entry,) = simulator.wait(account=account.sid)
    after = time.time() * 1000

    assert (entry["sid"], entry["body"], entry["to"]) == (sent.sid, "Text", sent.to)
    assert before <= entry["received_at"] <= entry["accepted_at"] + 1 <= after + 1
    times = [status["at"] for status in entry["statuses"]]
    assert times == sorted(times)
    (request,) = simulator.requests(account=account.sid)
    assert (request["sid"], request["http_status"]) == (sent.sid, 201)


def test_the_ledger_filters(simulator, client, account):
    sids = [send(client, to=f"+1212555010{n}").sid for n in range(4)]
    rows = simulator.ledger(account=account.sid)

    assert [row["sid"] for row in rows] == sids
    assert [r["sid"] for r in simulator.ledger(to="+12125550102", limit=1)] == [sids[2]]
    last_two = simulator.ledger(account=account.sid, limit=2)
    assert [row["sid"] for row in last_two] == sids[2:]
    following = simulator.ledger(account=account.sid, after=rows[0]["seq"], limit=2)
    assert [row["sid"] for row in following] == sids[1:3]
    later = int(rows[2]["received_at"]) + 60_000
    assert simulator.ledger(account=account.sid, since=later) == []


def test_only_the_secret_or_the_account_itself_sees_rows(simulator, client, account):
    send(client)
    own = (account.sid, account.auth_token)
    path = f"ledger?account={account.sid}"

    assert get(simulator, path).status_code == 401
    assert get(simulator, path, headers=bearer("wrong")).status_code == 401
    assert get(simulator, path, auth=(account.sid, "wrong")).status_code == 401
    assert len(get(simulator, path, auth=own).json()["messages"]) == 1
    assert len(get(simulator, "ledger", auth=own).json()["messages"]) == 1
    stranger = f"ledger?account=AC5111a7ed{'0' * 24}"
    assert get(simulator, stranger, auth=own).status_code == 403


def test_switches_need_the_secret(simulator, account):
    own = (account.sid, account.auth_token)
    base = f"{simulator.url}/_simulator"

    changes = [
        requests.put(f"{base}/accounts/{account.sid}", json={}, auth=own, timeout=20),
        requests.post(f"{base}/faults", json={}, auth=own, timeout=20),
        requests.delete(f"{base}/faults", auth=own, timeout=20),
    ]
    assert [answer.status_code for answer in changes] == [401, 401, 401]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"probabilities": {"nonsense": 1}}),
        ("faults", {"probabilities": {"reset": 2}}),
        ("faults", {"delays": {"sent": -1}}),
        ("faults", {"delay": {}}),
        ("faults", []),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(simulator, path, body):
    answer = requests.post(
        f"{simulator.url}/_simulator/{path}",
        json=body,
        headers=bearer(simulator.secret),
        timeout=20,
    )

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_wrong_account_setting_is_refused(simulator, account):
    for changes in ({"status": "sleeping"}, {"sid": "AC"}, {"countries": "US"}):
        with pytest.raises(AssertionError, match="400"):
            simulator.configure(account.sid, **changes)
    with pytest.raises(AssertionError, match="404"):
        simulator.configure("AC" + "0" * 32, status="closed")


def test_random_faults_repeat_with_their_seed(simulator, account):
    def outcomes():
        simulator.faults(
            seed=7, account=account.sid, probabilities={"error_before": 0.5}
        )
        answers = [
            requests.post(
                f"{simulator.url}/2010-04-01/Accounts/{account.sid}/Messages.json",
                data={"To": "+12125550100", "From": "+15555550100", "Body": "Hi"},
                auth=(account.sid, account.auth_token),
                timeout=20,
            )
            for _ in range(20)
        ]
        return [answer.status_code for answer in answers]

    try:
        first, second = outcomes(), outcomes()
    finally:
        simulator.clear_faults()

    assert first == second
    assert {201, 500} == set(first)


@pytest.mark.parametrize(
    ("kind", "count"), [("callback_lost", 0), ("callback_twice", 4)]
)
def test_random_callback_faults(simulator, client, account, receiver, kind, count):
    simulator.faults(account=account.sid, probabilities={kind: 1})
    try:
        sent = send(client, from_="+15555550100", status_callback=receiver.url)
    finally:
        simulator.clear_faults()
    simulator.wait(account=account.sid)

    assert len(receiver.wait(sent.sid, count)) == count


def test_health_needs_no_secret(simulator):
    assert get(simulator, "health").json()["status"] == "ok"
