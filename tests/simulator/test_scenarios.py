"""Every row of the table, over the wire."""

import re
import time
from pathlib import Path

import pytest
import requests
from twilio.request_validator import RequestValidator

from destinations.simulator.scenario_table import table
from destinations.simulator.scenarios import SCENARIOS, Fault, scenario_for
from tests.simulator.test_client import SENDER

DOCS = Path(__file__).resolve().parents[2] / "docs/simulator.md"
LOST = requests.exceptions.ConnectionError
ANSWERS = {
    Fault.RATE_LIMITED: (429, 20429),
    Fault.ERROR_BEFORE: (500, 20500),
    Fault.ERROR_AFTER: (500, 20500),
    Fault.UNAVAILABLE: (503, 20503),
    Fault.BAD_GATEWAY: (502, None),
    Fault.ANSWER_LOST: LOST,
    Fault.HANG: requests.exceptions.ReadTimeout,
    Fault.RESET: LOST,
    Fault.SLOW: (201, None),
}
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def number_of(name):
    return f"+121255501{BY_NAME[name].number or '00'}"


@pytest.fixture
def post(simulator, account, receiver):
    def post(to, timeout=20):
        answer = requests.post(
            f"{simulator.url}/2010-04-01/Accounts/{account.sid}/Messages.json",
            data={
                "To": to,
                "From": SENDER,
                "Body": "Hello",
                "StatusCallback": f"{receiver.url}/status/?a=1#rc=1&rp=all",
            },
            auth=(account.sid, account.auth_token),
            timeout=timeout,
        )
        is_json = "json" in answer.headers["Content-Type"]
        return answer.status_code, answer.json().get("code") if is_json else None

    return post


def outcome_of(post, scenario, to):
    try:
        return post(to, timeout=0.5 if scenario.fault is Fault.HANG else 20)
    except requests.exceptions.RequestException as error:
        return type(error)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_scenario_answers_and_ends_as_its_row_says(
    simulator, account, post, scenario
):
    to = number_of(scenario.name)

    outcome = outcome_of(post, scenario, to)

    if scenario.refusal:
        assert outcome == (429 if scenario.refusal == 21611 else 400, scenario.refusal)
    else:
        assert outcome == (ANSWERS[scenario.fault] if scenario.fault else (201, None))
    if scenario.is_once:
        assert simulator.ledger(account=account.sid) == []
        assert post(to) == (201, None)
    if not scenario.steps:
        assert simulator.ledger(account=account.sid) == []
        return
    (entry,) = simulator.wait(
        account=account.sid, until=lambda m: m["status"] == scenario.final_status
    )
    assert entry["error_code"] == scenario.final_code
    assert entry["scenario"] == scenario.name


def test_a_scenario_of_once_begins_anew_after_it_got_through(post):
    to = number_of("rate_limited_once")

    assert [post(to)[0] for _ in range(4)] == [429, 201, 429, 201]


def test_a_refusal_for_too_many_requests_names_a_wait(simulator, account):
    answer = requests.post(
        f"{simulator.url}/2010-04-01/Accounts/{account.sid}/Messages.json",
        data={"To": number_of("rate_limited_always"), "From": SENDER, "Body": "Hi"},
        auth=(account.sid, account.auth_token),
        timeout=20,
    )

    assert answer.headers["Retry-After"] == "1"


def test_a_late_callback_comes_twice_with_one_token(simulator, account, post, receiver):
    post(number_of("callback_late_and_twice"))
    (entry,) = simulator.wait(account=account.sid)

    got = receiver.wait(entry["sid"], 3)

    late = [r for r in got if r.status == "delivered"]
    delivered_at = entry["statuses"][-1]["at"] / 1000
    assert [round(r.at - delivered_at) for r in late] == [3, 4]
    assert len({r.headers["I-Twilio-Idempotency-Token"] for r in late}) == 1


def test_callbacks_can_come_in_reverse_order(simulator, account, post, receiver):
    post(number_of("callbacks_reversed"))
    (entry,) = simulator.wait(account=account.sid)

    got = receiver.wait(entry["sid"], 2)

    assert [r.status for r in got] == ["delivered", "sent"]


def test_lost_callbacks_never_come(simulator, account, post, receiver):
    post(number_of("callbacks_lost"))
    simulator.wait(account=account.sid)

    time.sleep(0.3)

    assert receiver.received == []


def test_a_bad_signature_is_really_bad(simulator, account, post, receiver):
    post(number_of("callback_bad_signature"))
    (entry,) = simulator.wait(account=account.sid)

    for got in receiver.wait(entry["sid"], 2):
        signature = got.headers["X-Twilio-Signature"]
        url = receiver.url + got.path
        validator = RequestValidator(account.auth_token)
        assert re.fullmatch("[A-Za-z0-9+/]{27}=", signature)
        assert not validator.validate(url, got.form, signature)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("+12125550100", "delivered"),
        ("+12125550149", "delivered"),
        ("+12125550199", "delivered"),
        ("+13055550154", "undelivered_30007"),
        ("+12125551054", "delivered"),
        ("+447700900054", "undelivered_30007"),
        ("+447700900154", "delivered"),
        ("+49151255550154", "undelivered_30007"),
    ],
)
def test_the_last_digits_pick_the_scenario(number, name):
    assert scenario_for(number).name == name


def test_no_two_scenarios_share_a_number():
    numbers = [scenario.number for scenario in SCENARIOS]

    assert len(set(numbers)) == len(numbers) == len(BY_NAME)
    assert all(number == "" or 50 <= int(number) <= 99 for number in numbers)


def test_the_documented_table_is_the_one_in_the_code():
    assert table() in DOCS.read_text()
