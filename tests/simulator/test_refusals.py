from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.simulator.test_client import SENDER

TO = "+12125550100"


@pytest.fixture
def post(simulator, account):
    def post(user=account.sid, password=account.auth_token, **form):
        return requests.post(
            f"{simulator.url}/2010-04-01/Accounts/{account.sid}/Messages.json",
            data={"To": TO, "From": SENDER, "Body": "Hello"} | form,
            auth=(user, password),
            timeout=20,
        )

    return post


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": "12"}, 400, 21211),
        ({"To": "+1212555"}, 400, 21211),
        ({"To": "ann@example.org"}, 400, 21211),
        ({"To": "+15005550001"}, 400, 21211),
        ({"To": "+15005550002"}, 400, 21612),
        ({"To": "+15005550003"}, 400, 21408),
        ({"To": "+15005550004"}, 400, 21610),
        ({"To": "+15005550009"}, 400, 21614),
        ({"To": "+919876543210"}, 400, 21408),
        ({"From": "not a sender at all!"}, 400, 21212),
        ({"From": "+15005550001"}, 400, 21212),
        ({"From": "+15005550007"}, 400, 21606),
        ({"From": "+15005550008"}, 429, 21611),
        ({"From": "+12125551234"}, 400, 21659),
        ({"From": "55501", "To": "+447700900001"}, 400, 21659),
        ({"From": "ACME"}, 400, 21612),
        ({"From": None}, 400, 21603),
        ({"To": None}, 400, 21604),
        ({"Body": ""}, 400, 21602),
        ({"Body": None}, 400, 21619),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"StatusCallback": "/relative"}, 400, 21609),
        ({"StatusCallback": "https://under_score.example.org/"}, 400, 21609),
        ({"StatusCallback": "ftp://example.org/"}, 400, 21609),
        ({"MediaUrl": "nonsense"}, 400, 21620),
        ({"MediaUrl": ["https://example.org/a.png"] * 11}, 400, 21623),
        ({"ValidityPeriod": "36001"}, 400, 21624),
        ({"ContentVariables": "{}"}, 400, 21654),
        ({"ContentSid": "HX" + "0" * 32}, 400, 21655),
        ({"FallbackFrom": SENDER}, 400, 21666),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 404, 21701),
        ({"MessagingServiceSid": "nonsense"}, 400, 21705),
        ({"ScheduleType": "fixed"}, 400, 35118),
        ({"Bdy": "Hello"}, 400, 20001),
    ],
    ids=str,
)
def test_a_wrong_request_is_refused_with_the_documented_code(post, form, status, code):
    answer = post(**form)

    more_info = f"https://www.twilio.com/docs/errors/{code}"
    assert answer.status_code == status
    assert answer.json().keys() == {"code", "message", "more_info", "status"}
    assert (answer.json()["code"], answer.json()["more_info"]) == (code, more_info)
    assert answer.json()["status"] == status


def test_a_refused_request_leaves_no_message_but_a_trace(simulator, account, post):
    post(To="12")

    assert simulator.ledger(account=account.sid) == []
    (trace,) = simulator.requests(account=account.sid)
    assert (trace["to"], trace["http_status"], trace["code"]) == ("12", 400, 21211)


def test_the_magic_sender_and_alphanumeric_senders_are_accepted(post):
    assert post(From="+15005550006").status_code == 201
    assert post(From="ACME", To="+447700900001").status_code == 201


def test_wrong_credentials_are_refused_in_one_form(simulator, account, post):
    stranger = "AC5111a7ed" + "0" * 24

    for user, password in [
        (account.sid, "wrong"),
        (account.sid, ""),
        (stranger, account.auth_token),
        (account.key_sid, account.auth_token),
        ("AC" + "0" * 32, account.auth_token),
    ]:
        answer = post(user=user, password=password)
        assert answer.status_code == 401
        assert answer.json() == {
            "code": 20003,
            "message": "Authenticate",
            "more_info": "https://www.twilio.com/docs/errors/20003",
            "status": 401,
        }


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_an_inactive_account_can_be_read_but_not_used(simulator, account, post, status):
    simulator.configure(account.sid, status=status)

    answer = post()
    shown = requests.get(
        f"{simulator.url}/2010-04-01/Accounts/{account.sid}.json",
        auth=(account.sid, account.auth_token),
        timeout=20,
    )

    assert (answer.status_code, answer.json()["code"]) == (401, 20005)
    assert shown.json()["status"] == status


def test_a_message_underway_fails_when_its_account_is_suspended(
    simulator, account, post
):
    simulator.faults(account=account.sid, delays={"sent": 0.3})
    try:
        post()
        simulator.configure(account.sid, status="suspended")
        (entry,) = simulator.wait(account=account.sid)
    finally:
        simulator.clear_faults()

    assert (entry["status"], entry["error_code"]) == ("failed", 30002)


def test_a_trial_account_reaches_verified_numbers_only_and_signs_its_text(
    simulator, account, post
):
    simulator.configure(account.sid, type="Trial", verified=["+12125550107"])

    assert post().json()["code"] == 21608
    allowed = post(To="+12125550107").json()
    assert allowed["body"] == "Sent from your Twilio trial account - Hello"


def test_an_account_chooses_its_countries(simulator, account, post):
    simulator.configure(account.sid, countries=["IN", "CA"])

    assert post(To="+919876543210").status_code == 201
    assert post(To="+14165550100").status_code == 201
    assert post(To="+12125550100").json()["code"] == 21408


def test_more_requests_at_a_time_than_allowed_are_refused(simulator, account, post):
    simulator.configure(account.sid, max_concurrent=1)
    simulator.faults(account=account.sid, delays={"answer": 0.3})
    try:
        with ThreadPoolExecutor(3) as pool:
            answers = [f.result() for f in [pool.submit(post) for _ in range(3)]]
    finally:
        simulator.clear_faults()

    codes = sorted(answer.json().get("code", 0) for answer in answers)
    assert codes == [0, 20429, 20429]


def test_an_unknown_path_is_answered_like_the_provider(simulator):
    answer = requests.get(f"{simulator.url}/2010-04-01/Nothing.json", timeout=20)

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
