"""Sending by Telnyx's own library, and the webhooks that tell of it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import telnyx

from destinations.simulator.scenarios import SCENARIOS, Fault
from destinations.simulator.telnyx.errors import TelnyxError
from destinations.simulator.telnyx.front import RATE, take_rate
from destinations.simulator.vocabulary import at_telnyx

TO = "+12125550142"


@pytest.fixture
def client(simulator, account):
    with make_client(simulator, account) as client:
        yield client


def make_client(simulator, account):
    return telnyx.Telnyx(
        api_key=account.telnyx_key,
        public_key=account.telnyx_public_key,
        base_url=f"{simulator.url}/v2",
        max_retries=0,
    )


@pytest.fixture
def send(client, account):
    def send(**given):
        usual = {"from_": account.telnyx_sender, "to": TO, "text": "Hello"}
        fields = {k: v for k, v in (usual | given).items() if v is not None}
        return client.messages.send(**fields).data

    return send


def refused(call, **given):
    with pytest.raises(telnyx.APIStatusError) as caught:
        call(**given)
    (error,) = caught.value.body["errors"]
    where = error.get("source", {}).get("pointer")
    return caught.value.status_code, error["code"], where


def test_a_message_is_queued_sent_and_delivered_and_both_events_are_signed(
    simulator, account, client, send, receiver
):
    sent = send(webhook_url=f"{receiver.url}/a?x=1")

    assert (sent.to[0].status, sent.encoding, sent.parts) == ("queued", "GSM-7", 1)
    assert sent.messaging_profile_id == account.telnyx_profile
    (entry,) = simulator.wait(account=account.sid)
    statuses = [step["status"] for step in entry["statuses"]]
    assert statuses == ["queued", "sending", "sent", "delivered"]
    receiver.events(2)
    events = [
        client.webhooks.unwrap(got.body.decode(), headers=got.headers)
        for got in receiver.received
    ]
    told = [(e.data.event_type, e.data.payload.to[0].status) for e in events]
    assert told == [("message.sent", "sent"), ("message.finalized", "delivered")]
    assert {event.data.payload.id for event in events} == {sent.id}
    assert events[1].data.payload.completed_at is not None
    assert events[0].meta.attempt == 1
    assert events[0].meta.delivered_to == f"{receiver.url}/a?x=1"
    assert client.messages.retrieve(sent.id).data.to[0].status == "delivered"


def test_a_webhook_is_tried_thrice_and_then_at_the_other_url(send, receiver):
    """With the same event id, and a redirect is a failure too."""
    receiver.statuses["/a"] = 302
    receiver.statuses["/b"] = 500
    url = receiver.url

    send(webhook_url=f"{url}/a", webhook_failover_url=f"{url}/b", text="x")

    events = [e for e in receiver.events(12) if e["data"]["event_type"][-4:] == "sent"]
    metas = [(e["meta"]["attempt"], e["meta"]["delivered_to"]) for e in events]
    ends = [f"{url}/a"] * 3 + [f"{url}/b"] * 3
    assert metas == list(zip(range(1, 7), ends, strict=True))
    assert len({event["data"]["id"] for event in events}) == 1


def test_a_webhook_without_an_answer_in_two_seconds_has_failed(send, receiver):
    receiver.waits["/slow"] = 2.2

    send(webhook_url=f"{receiver.url}/slow", webhook_failover_url=None)

    events = receiver.events(4)
    first = [e for e in events if e["data"]["event_type"] == "message.sent"]
    assert [event["meta"]["attempt"] for event in first] == [1, 2]


def test_a_long_text_in_another_script_has_more_parts(send):
    assert send(text="я" * 71).parts == 2
    assert send(text="“quoted”", encoding="auto").smart_encoding_applied is True
    assert send(text="“quoted”", encoding="ucs2").encoding == "UCS-2"


def test_media_are_fetched_and_described(simulator, send):
    url = f"{simulator.url}/handsets/assets/sunrise.png"

    sent = send(media_urls=[url])

    (media,) = sent.media
    assert (sent.type, media.content_type, len(media.sha256)) == (
        "MMS",
        "image/png",
        64,
    )
    assert media.size > 1000
    lost = f"{simulator.url}/handsets/assets/lost.png"
    assert refused(send, media_urls=[lost]) == (400, "40317", "/media_urls/0")


def test_the_pool_keeps_the_number_that_a_recipient_knows(client, account):
    def used(to, **more):
        sent = client.messages.send_number_pool(
            messaging_profile_id=account.telnyx_profile, to=to, text="Hi", **more
        )
        return sent.data.from_.phone_number

    first = used(TO)
    others = {used(f"+1212555013{n}") for n in range(5)}
    assert used(TO) == first
    assert len(others) == 5
    assert used("+447700900001").startswith("+447700900")


def test_a_scheduled_message_waits_and_can_be_cancelled(client, send):
    sent = send(send_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat())

    assert client.messages.retrieve(sent.id).data.to[0].status == "scheduled"
    assert client.messages.cancel_scheduled(sent.id).to[0].status == "cancelled"
    assert client.messages.retrieve(sent.id).data.to[0].status == "cancelled"
    assert refused(client.messages.cancel_scheduled, id=sent.id)[1] == "10015"
    soon = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    assert refused(send, send_at=soon) == (400, "10015", "/send_at")


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"to": "212"}, (400, "40310", "/to")),
        ({"extra_body": {"to": None}}, (422, "10004", "/to")),
        ({"from_": "+15555550100"}, (400, "40305", "/from")),
        ({"from_": "+12125550198"}, (400, "40305", "/from")),
        ({"from_": None}, (422, "10004", "/from")),
        ({"from_": "Acme"}, (422, "10004", "/messaging_profile_id")),
        ({"messaging_profile_id": "no"}, (404, "10005", "/messaging_profile_id")),
        ({"to": "+919876543210"}, (400, "40309", "/to")),
        ({"text": ""}, (400, "40316", "/text")),
        ({"text": "x" * 1531}, (400, "40302", "/text")),
        ({"text": "x" * 1000, "auto_detect": True}, (400, "40328", "/text")),
        ({"text": "я", "encoding": "gsm7"}, (400, "40304", "/text")),
        ({"type": "FAX"}, (400, "10015", "/type")),
        ({"media_urls": ["http://a.b/c"] * 11}, (400, "40317", "/media_urls")),
        ({"type": "SMS", "media_urls": ["http://a.b"]}, (400, "40304", "/media_urls")),
        ({"type": "MMS", "from_": "+447700900200"}, (400, "40308", "/from")),
        ({"webhook_url": "nonsense"}, (422, "10003", "/webhook_url")),
        ({"extra_body": {"colour": "red"}}, (400, "10015", "/colour")),
    ],
    ids=str,
)
def test_a_wrong_request_is_refused_with_the_documented_code(send, given, answer):
    assert refused(send, **given) == answer


def test_a_key_that_is_not_right_is_refused(simulator, account):
    for key in ("KEY0123", account.telnyx_key[:-1] + "x", account.auth_token):
        with (
            telnyx.Telnyx(api_key=key, base_url=f"{simulator.url}/v2") as client,
            pytest.raises(telnyx.AuthenticationError) as caught,
        ):
            client.balance.retrieve()
        assert caught.value.body["errors"][0]["code"] == "10009"


STATUSES = {
    Fault.RATE_LIMITED: 429,
    Fault.ERROR_BEFORE: 500,
    Fault.ERROR_AFTER: 500,
    Fault.UNAVAILABLE: 503,
    Fault.BAD_GATEWAY: 502,
    Fault.HANG: telnyx.APITimeoutError,
    Fault.ANSWER_LOST: telnyx.APIConnectionError,
    Fault.RESET: telnyx.APIConnectionError,
}


def outcome_of(send, scenario):
    try:
        wait = 0.5 if scenario.fault is Fault.HANG else 6
        send(to=f"+121255501{scenario.number or '00'}", timeout=wait)
    except telnyx.APIStatusError as error:
        code = scenario.refusal and int(error.body["errors"][0]["code"])
        return code or error.status_code
    except telnyx.APIConnectionError as error:
        return type(error)
    return 200


def test_each_scenario_answers_and_ends_in_telnyx_words(
    simulator, account, client, send
):
    scenarios = [at_telnyx(scenario) for scenario in SCENARIOS]
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda s: outcome_of(send, s), scenarios))
        for scenario, outcome in zip(scenarios, outcomes, strict=True):
            expected = scenario.refusal or STATUSES.get(scenario.fault, 200)
            assert outcome == expected, scenario.name
        again = [scenario for scenario in scenarios if scenario.is_once]
        assert set(pool.map(lambda s: outcome_of(send, s), again)) == {200}

    accepted = {s.name: s for s in scenarios if len(s.steps) > 1}
    entries = simulator.wait(
        account=account.sid,
        count=len(accepted),
        until=lambda m: m["status"] == accepted[m["scenario"]].final_status,
    )
    found = {m["scenario"]: m["error_code"] for m in entries}
    assert found == {name: s.final_code for name, s in accepted.items()}
    filtered = next(m for m in entries if m["scenario"] == "undelivered_30007")
    (error,) = client.messages.retrieve(filtered["sid"]).data.errors
    assert (error.code, error.source.pointer) == ("40002", "/to/0/phone_number")


def test_too_many_requests_name_the_rate(send):
    with pytest.raises(telnyx.RateLimitError) as caught:
        send(to="+12125550180")

    headers = caught.value.response.headers
    assert (headers["retry-after"], headers["x-ratelimit-remaining"]) == ("1", "0")
    assert {"x-ratelimit-limit", "x-ratelimit-reset"} <= set(headers)


def test_a_recipient_can_ask_for_any_code(simulator, account, send):
    assert refused(send, to="+15005540322")[:2] == (400, "40322")
    assert refused(send, to="+15005520012")[:2] == (403, "20012")
    send(to="+15005540017")

    (entry,) = simulator.wait(account=account.sid)
    assert (entry["status"], entry["error_code"]) == ("delivery_failed", 40017)


def test_an_account_sends_fifty_in_a_second():
    rates = {}
    left = [take_rate(rates, "AC1", 7) for _ in range(RATE)]

    assert (left[0], left[-1]) == (49, 0)
    with pytest.raises(TelnyxError):
        take_rate(rates, "AC1", 7)
    assert take_rate(rates, "AC2", 7) == take_rate(rates, "AC1", 8) == 49


def test_lost_bad_and_double_webhooks_come_as_told(
    simulator, account, client, send, receiver
):
    send(to="+12125550174", webhook_url=f"{receiver.url}/bad")

    receiver.events(2)
    for got in receiver.received:
        with pytest.raises(ValueError, match="Signature verification failed"):
            client.webhooks.unwrap(got.body.decode(), headers=got.headers)
    send(to="+12125550173", webhook_url=f"{receiver.url}/lost")
    simulator.faults(
        account=account.sid,
        probabilities={"callback_twice": 1},
    )
    send(webhook_url=f"{receiver.url}/twice")
    simulator.clear_faults()
    events = receiver.events(6)[2:]
    assert len({event["data"]["id"] for event in events}) == 2
    assert {got.path for got in receiver.received} == {"/bad", "/twice"}


def test_twilios_list_has_none_of_it(simulator, account, send):
    from tests.simulator.conftest import make_client as twilio

    send()

    assert twilio(simulator, account.sid, account.auth_token).messages.list() == []
