"""What a phone writes, and what the customer's web server is told of it."""

import time

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from destinations.simulator.accounts import channel_sid, sender_sid
from tests.simulator.test_client import SENDER, send

PHONE = "+12125550142"
XML = "text/xml"


def number(client, account, sender=SENDER):
    return client.incoming_phone_numbers(sender_sid(account.sid, sender))


@pytest.fixture
def listening(client, account, receiver):
    """The account's number tells the receiver of inbound messages."""
    number(client, account).update(sms_url=f"{receiver.url}/in?a=1")
    return receiver


def inbound(simulator, account):
    return [m for m in simulator.ledger(account=account.sid) if _is_in(m)]


def _is_in(message):
    return message["direction"] == "inbound"


def replies(simulator, account, count=1):
    simulator.wait(
        account=account.sid,
        until=lambda m: _is_in(m) or m["status"] in {"delivered", "failed"},
        count=count + 1,
    )
    found = simulator.ledger(account=account.sid)
    return [m for m in found if m["direction"] == "outbound-reply"]


def test_the_request_has_the_documented_fields_and_verifies(
    simulator, account, listening
):
    written = simulator.write(account, "Hello?")

    (got,) = listening.wait(written["sid"], 1)

    form = got.form
    assert form["SmsMessageSid"] == form["SmsSid"] == form["MessageSid"]
    assert (form["From"], form["To"], form["Body"]) == (PHONE, SENDER, "Hello?")
    assert (form["NumMedia"], form["NumSegments"]) == ("0", "1")
    assert (form["SmsStatus"], form["ApiVersion"]) == ("received", "2010-04-01")
    assert form["MessagingServiceSid"] == account.service_sid
    assert (form["FromState"], form["FromCountry"]) == ("NY", "US")
    assert "OptOutType" not in form
    assert got.headers["I-Twilio-Idempotency-Token"]
    validator = RequestValidator(account.auth_token)
    url, signature = listening.url + got.path, got.headers["X-Twilio-Signature"]
    assert validator.validate(url, form, signature)


def test_it_can_be_asked_for_with_get_and_then_the_url_is_signed(
    simulator, client, account, listening
):
    number(client, account).update(sms_method="GET")
    written = simulator.write(account, "a b&c=é")

    (got,) = listening.wait(written["sid"], 1)

    assert (got.method, got.form["Body"]) == ("GET", "a b&c=é")
    assert got.path.startswith("/in?a=1&")
    validator = RequestValidator(account.auth_token)
    url, signature = listening.url + got.path, got.headers["X-Twilio-Signature"]
    assert validator.validate(url, {}, signature)


def test_the_message_is_the_accounts_and_can_be_fetched(client, simulator, account):
    written = simulator.write(account, "Hello?")

    fetched = client.messages(written["sid"]).fetch()

    assert (fetched.direction, fetched.status) == ("inbound", "received")
    assert (fetched.from_, fetched.to, fetched.body) == (PHONE, SENDER, "Hello?")
    assert [m.sid for m in client.messages.list(from_=PHONE)] == [written["sid"]]


def test_a_service_that_does_not_defer_is_told_itself(
    simulator, client, account, listening
):
    client.messaging.v1.services(account.service_sid).update(
        use_inbound_webhook_on_number=False, inbound_request_url=f"{listening.url}/mg"
    )
    written = simulator.write(account, "Hello?")

    (got,) = listening.wait(written["sid"], 1)

    assert got.path == "/mg"


def test_twiml_answers_go_back_to_the_phone(simulator, account, listening):
    answer = (
        f"<Response><Message action='{listening.url}/status'><Body>Hi</Body>"
        "<Media>https://example.org/a.png</Media></Message>"
        "<Message to='+12125550143'>Forwarded</Message></Response>"
    )
    listening.bodies["/in"] = (XML, answer)
    simulator.write(account, "Hello?")

    first, second = replies(simulator, account, 2)

    assert (first["to"], first["from"], first["body"]) == (PHONE, SENDER, "Hi")
    assert first["media"] == ["https://example.org/a.png"]
    assert (second["to"], second["body"]) == ("+12125550143", "Forwarded")
    statuses = {r.status for r in listening.wait(first["sid"], 2)}
    assert statuses == {"sent", "delivered"}


def test_a_plain_text_is_the_reply_and_an_empty_answer_is_none(
    simulator, account, listening
):
    listening.bodies["/in"] = ("text/plain", "Got it")
    simulator.write(account, "One")
    assert [m["body"] for m in replies(simulator, account)] == ["Got it"]

    listening.bodies["/in"] = (XML, "<Response/>")
    listening.wait(simulator.write(account, "Two")["sid"], 1)
    assert len(replies(simulator, account)) == 1


def test_redirects_of_both_kinds_are_followed(simulator, account, listening):
    listening.bodies["/in"] = (XML, "<Response><Redirect>/more</Redirect></Response>")
    listening.bodies["/more"] = ("redirect", f"{listening.url}/last")
    written = simulator.write(account, "Hello?")

    first, second = listening.wait(written["sid"], 2)

    assert (first.path, second.path) == ("/in?a=1", "/more")
    while not (got := [r for r in listening.received if r.path == "/last"]):
        time.sleep(0.02)
    assert (got[0].method, got[0].form) == ("GET", {})  # the form is lost


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((XML, "<Response><Message>"), "12100"),
        ((XML, "<Answer/>"), "12200"),
        (("application/json", "{}"), "12300"),
        (None, "11200"),
    ],
)
def test_what_fails_goes_to_the_fallback_with_its_code(
    simulator, client, account, listening, answer, code
):
    number(client, account).update(sms_fallback_url=f"{listening.url}/other")
    if answer:
        listening.bodies["/in"] = answer
    else:
        listening.answers = [500]
    written = simulator.write(account, "Hello?")

    first, second = listening.wait(written["sid"], 2)

    assert second.path == "/other"
    assert second.form["ErrorCode"] == code
    assert second.form["ErrorUrl"] == f"{listening.url}/in?a=1"
    assert second.form["MessageSid"] == first.form["MessageSid"]


def test_the_fragment_of_an_inbound_url_asks_for_repeats(
    simulator, client, account, listening
):
    number(client, account).update(sms_url=f"{listening.url}/in#rc=2&rp=5xx")
    listening.answers = [500, 503]
    written = simulator.write(account, "Hello?")

    got = listening.wait(written["sid"], 3)

    assert len({r.headers["I-Twilio-Idempotency-Token"] for r in got}) == 1


def test_stop_blocks_the_whole_service_until_start(simulator, client, account):
    simulator.write(account, " stop ")
    (answer,) = replies(simulator, account)

    assert answer["body"].startswith("You have successfully been unsubscribed.")
    assert simulator.opt_outs(account.sid) == [
        {"scope": account.service_sid, "recipient": PHONE}
    ]
    for sender in (SENDER, "+15555550101", "55501"):
        with pytest.raises(TwilioRestException) as refused:
            send(client, to=PHONE, from_=sender)
        assert (refused.value.status, refused.value.code) == (400, 21610)
    sent = send(client, to=PHONE, messaging_service_sid=account.service_sid)
    failed = simulator.wait(account=account.sid, to=PHONE, count=2)[-1]
    assert (sent.status, failed["error_code"]) == ("accepted", 21610)

    simulator.write(account, "UNSTOP")
    assert simulator.opt_outs(account.sid) == []
    assert send(client, to=PHONE, from_=SENDER).status == "queued"


@pytest.mark.parametrize("text", ["STOP PLEASE", "don't stop", "YES", "opt out"])
def test_other_texts_change_and_answer_nothing(simulator, account, text):
    simulator.write(account, text)

    assert simulator.opt_outs(account.sid) == []
    assert [m["direction"] for m in simulator.ledger(account=account.sid)] == [
        "inbound"
    ]


def test_stop_is_still_told_and_a_second_one_is_not_answered(
    simulator, account, listening
):
    first, second = (simulator.write(account, "STOP") for _ in range(2))

    for written in (first, second):
        (got,) = listening.wait(written["sid"], 1)
        assert (got.form["Body"], "OptOutType" in got.form) == ("STOP", False)
    assert len(replies(simulator, account, 2)) == 1


def test_toll_free_is_only_lifted_by_start_and_unstop(simulator, account):
    free = "+18885550199"
    for text in ("STOP", "YES"):
        simulator.write(account, text, to=free)
    assert simulator.opt_outs(account.sid) == [{"scope": free, "recipient": PHONE}]
    assert replies(simulator, account)[0]["body"].startswith("NETWORK MSG")

    simulator.write(account, "UNSTOP", to=free)
    assert simulator.opt_outs(account.sid) == []


def test_advanced_opt_out_has_its_own_words_and_tells_the_type(
    simulator, account, listening
):
    words = {"STOP": {"words": ["BASTA"], "answer": "Adiós"}}
    simulator.service(account.sid, account.service_sid, opt_out=words)
    written = [simulator.write(account, text) for text in ("basta", "help", "START")]

    types = [listening.wait(w["sid"], 1)[0].form["OptOutType"] for w in written]

    assert types == ["STOP", "HELP", "START"]
    bodies = [m["body"] for m in replies(simulator, account, 2)]
    assert bodies[0] == "Adiós"
    assert len(bodies) == 2  # HELP is not answered to who has opted out


def test_by_whatsapp_only_advanced_opt_out_hears_stop(simulator, client, account):
    chat = {"sender": f"whatsapp:{PHONE}", "to": f"whatsapp:{SENDER}"}
    pool = client.messaging.v1.services(account.service_sid).channel_senders
    pool.create(sid=channel_sid(account.sid, chat["to"]))

    simulator.write(account, "STOP", **chat)
    assert simulator.opt_outs(account.sid) == []
    simulator.service(account.sid, account.service_sid, opt_out={})
    simulator.write(account, "STOP", **chat)

    by_chat = {"to": chat["sender"], "from_": chat["to"]}
    with pytest.raises(TwilioRestException) as refused:
        send(client, **by_chat)
    assert refused.value.code == 21610
    assert send(client, to=PHONE, from_=SENDER).status == "queued"


def test_a_reply_to_who_has_opted_out_fails(simulator, account, listening):
    listening.bodies["/in"] = (XML, "<Response><Message>Bye</Message></Response>")
    simulator.write(account, "STOP")

    confirmed, refused = replies(simulator, account, 2)

    assert (confirmed["status"], refused["body"]) == ("delivered", "Bye")
    assert (refused["status"], refused["error_code"]) == ("failed", 21610)


def test_a_loop_of_replies_is_stopped(simulator, account, listening):
    listening.bodies["/in"] = (XML, "<Response><Message>Ping</Message></Response>")
    for _ in range(16):
        simulator.write(account, "Pong")

    sent = replies(simulator, account, 31)

    assert [m["error_code"] for m in sent].count(14107) == 1


def test_a_place_and_a_button_keep_their_names(simulator, account, listening):
    fields = {"Latitude": "1.5", "Longitude": "-2", "ButtonPayload": "call_me"}
    written = simulator.write(account, "", fields=fields)

    (got,) = listening.wait(written["sid"], 1)

    assert {name: got.form[name] for name in fields} == fields
    assert got.form["Body"] == ""


def test_writing_needs_the_secret_and_a_number_of_the_account(simulator, account):
    with pytest.raises(AssertionError, match="404"):
        simulator.write(account, "Hi", to="+12125551234")
    with pytest.raises(AssertionError, match="400"):
        simulator.write(account, "Hi", tone="loud")
