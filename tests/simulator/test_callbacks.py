import socket

import pytest
from twilio.request_validator import RequestValidator

from tests.simulator.receiver import Receiver
from tests.simulator.test_client import send


def tries(simulator, account, count, status="delivered"):
    def has_all(message):
        return len([c for c in message["callbacks"] if c["status"] == status]) >= count

    (entry,) = simulator.wait(account=account.sid, until=has_all)
    return [c for c in entry["callbacks"] if c["status"] == status]


def test_callbacks_have_the_documented_fields_and_verify(client, account, receiver):
    url = f"{receiver.url}/status/v1/?a=b%2Fc&d=é+x"
    encoded = url.replace("é", "%C3%A9")
    sent = send(
        client,
        messaging_service_sid=account.service_sid,
        status_callback=f"{encoded}#rc=2",
    )

    got = receiver.wait(sent.sid, 3)

    assert sorted(r.status for r in got) == ["delivered", "queued", "sent"]
    validator = RequestValidator(account.auth_token)
    for callback in got:
        assert callback.method == "POST"
        assert receiver.url + callback.path == encoded
        form = callback.form
        assert form["MessageSid"] == form["SmsSid"] == sent.sid
        assert form["SmsStatus"] == form["MessageStatus"]
        assert form["AccountSid"] == account.sid
        assert form["MessagingServiceSid"] == account.service_sid
        assert (form["From"], form["To"]) == ("55501", "+12125550100")
        assert form["ApiVersion"] == "2010-04-01"
        assert "ErrorCode" not in form
        assert ("RawDlrDoneDate" in form) == (form["MessageStatus"] == "delivered")
        signature = callback.headers["X-Twilio-Signature"]
        assert validator.validate(encoded, form, signature)
        assert not validator.validate(encoded + "x", form, signature)
    tokens = {callback.headers["I-Twilio-Idempotency-Token"] for callback in got}
    assert len(tokens) == 3


def test_a_failure_carries_its_code(client, receiver):
    sent = send(
        client, to="+12125550154", from_="+15555550100", status_callback=receiver.url
    )

    got = receiver.wait(sent.sid, 2)

    (failed,) = [r.form for r in got if r.status == "undelivered"]
    assert failed["ErrorCode"] == "30007"


def test_an_error_answer_is_not_repeated_by_default(
    simulator, client, account, receiver
):
    receiver.answers = [500, 500]
    sent = send(client, from_="+15555550100", status_callback=receiver.url)

    (only,) = tries(simulator, account, 1)

    assert (only["number"], only["http_status"]) == (1, 500)
    assert len(receiver.about(sent.sid)) == 2


@pytest.mark.parametrize("policy", ["all", "5xx", "4xx,5xx"])
def test_the_fragment_asks_for_repeats(simulator, client, account, receiver, policy):
    receiver.answers = [204, 500, 503, 500]
    url = f"{receiver.url}/#rc=5&rp={policy}&ct=2000"
    send(client, from_="+15555550100", status_callback=url)

    all_tries = tries(simulator, account, 4)

    assert [t["http_status"] for t in all_tries] == [500, 503, 500, 204]
    last = [r for r in receiver.received if r.status == "delivered"]
    assert len({r.headers["I-Twilio-Idempotency-Token"] for r in last}) == 1


def test_repeats_end_after_their_count(simulator, client, account, receiver):
    receiver.answers = [204] + [500] * 9
    send(client, from_="+15555550100", status_callback=f"{receiver.url}/#rc=2&rp=all")

    assert len(tries(simulator, account, 3)) == 3
    simulator.wait(account=account.sid)
    assert len(receiver.received) == 4


def test_a_server_that_comes_back_in_time_still_gets_it(simulator, client, account):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/#rc=5&rp=all&ct=2000"
    sent = send(client, from_="+15555550100", status_callback=url)
    first = tries(simulator, account, 1)[0]

    receiver = Receiver(port)
    try:
        got = receiver.wait(sent.sid, 1)
    finally:
        receiver.shutdown()
        receiver.server_close()

    assert first["error"] == "ClientConnectorError"
    assert "delivered" in {r.status for r in got}
