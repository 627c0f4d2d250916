"""RCS at Telnyx: agent messages, their limits, fallback, reads and taps."""

import pytest

from tests.simulator.test_telnyx_messages import TO, client, refused

__all__ = ["client"]
TEXT = {"content_message": {"text": "Hi"}}
CARD = {"title": "Quote", "description": "Ready.", "suggestions": []}


@pytest.fixture
def send(client, account, receiver):
    def send(agent_message=TEXT, to=TO, **more):
        return client.messages.rcs.send(
            agent_id=account.telnyx_agent,
            messaging_profile_id=account.telnyx_profile,
            to=to,
            agent_message=agent_message,
            webhook_url=f"{receiver.url}/status",
            **more,
        ).data

    return send


@pytest.fixture
def quickly(simulator, account):
    simulator.faults(account=account.sid, delays={"fallback": 0.3})
    yield
    simulator.clear_faults()


def told(receiver, count):
    """Event, type and status of the first webhooks."""
    return [
        (
            event["data"]["event_type"].partition(".")[2],
            event["data"]["payload"]["type"],
            event["data"]["payload"]["to"][0]["status"],
        )
        for event in receiver.events(count)
    ]


def test_a_message_of_an_agent_is_delivered_and_read(send, receiver, account):
    sent = send(to="+12125550186")

    assert (sent.from_.agent_id, sent.type) == (account.telnyx_agent, "RCS")
    assert told(receiver, 3) == [
        ("sent", "RCS", "sent"),
        ("finalized", "RCS", "delivered"),
        ("read", "RCS", "read"),
    ]
    payload = receiver.received[1].json["data"]["payload"]
    assert (payload["body"], payload["id"]) == ({"text": "Hi"}, sent.id)


FALLBACK = {"from": "+15555550200", "text": "By text"}
BY_SMS = [("sent", "SMS", "sent"), ("finalized", "SMS", "delivered")]
SENT = ("sent", "RCS", "sent")


@pytest.mark.parametrize(
    ("number", "given", "expected"),
    [
        ("+12125550183", FALLBACK, BY_SMS),
        ("+12125550184", FALLBACK, [SENT, *BY_SMS]),
        ("+12125550187", FALLBACK, [SENT, *BY_SMS]),
        (
            "+12125550185",
            FALLBACK,
            [SENT, *BY_SMS, ("finalized", "RCS", "delivered")],
        ),
        ("+12125550183", None, [("finalized", "RCS", "sending_failed")]),
        (
            "+12125550184",
            None,
            [SENT, ("finalized", "RCS", "delivery_unconfirmed")],
        ),
        ("+12125550187", None, [SENT, ("finalized", "RCS", "delivery_failed")]),
    ],
)
def test_a_text_takes_the_place_of_what_does_not_arrive(
    send, receiver, quickly, number, given, expected
):
    more = {"sms_fallback": given} if given else {}

    sent = send(to=number, **more)

    assert told(receiver, len(expected)) == expected
    payloads = [got.json["data"]["payload"] for got in receiver.received]
    assert {payload["id"] for payload in payloads} == {sent.id}
    texts = {p["text"] for p in payloads if p["type"] == "SMS"}
    assert texts == ({"By text"} if given else set())


def test_a_message_waits_as_long_as_its_ttl(send, receiver):
    message = TEXT | {"ttl": "0.2s"}

    send(message, to="+12125550184", extra_body={"fallback": FALLBACK})

    assert told(receiver, 3) == [SENT, *BY_SMS]


@pytest.mark.parametrize(
    ("content", "where", "code"),
    [
        ({"text": "x" * 3073}, "/text", "10015"),
        ({}, "", "40316"),
        ({"text": "x", "content_info": {"file_url": "http://a.b"}}, "", "40304"),
        ({"content_info": {"file_url": "no"}}, "/content_info/file_url", "10003"),
        (
            {"text": "x", "suggestions": [{"reply": {"text": "y" * 26}}]},
            "/suggestions/0/reply/text",
            "10015",
        ),
        (
            {"text": "x", "suggestions": [{"reply": {"text": "y"}}] * 12},
            "/sug",
            "10015",
        ),
        (
            {
                "rich_card": {
                    "carousel_card": {"card_width": "SMALL", "card_contents": [CARD]}
                }
            },
            "/rich_card/carousel_card/card_contents",
            "10015",
        ),
        (
            {
                "rich_card": {
                    "standalone_card": {
                        "card_orientation": "VERTICAL",
                        "thumbnail_image_alignment": "LEFT",
                        "card_content": CARD | {"title": "x" * 201},
                    }
                }
            },
            "/rich_card/standalone_card/card_content/title",
            "10015",
        ),
    ],
)
def test_a_limit_is_told_with_the_place_at_fault(send, content, where, code):
    answer = refused(send, agent_message={"content_message": content})

    assert answer[1] == code
    assert answer[2].startswith(f"/agent_message/content_message{where}")


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({"body": "Hello"}, {"text": "Hello"}),
        (
            {"body": "Yes", "fields": {"ButtonText": "Yes", "ButtonPayload": "y1"}},
            {
                "suggestion_response": {
                    "postback_data": "y1",
                    "text": "Yes",
                    "type": "REPLY",
                }
            },
        ),
        (
            {"fields": {"Latitude": "1.5", "Longitude": "-2.5"}},
            {"location": {"latitude": 1.5, "longitude": -2.5}},
        ),
    ],
)
def test_what_a_phone_writes_goes_to_the_agents_url(
    simulator, client, account, receiver, given, body
):
    client.messaging.rcs.agents.update(
        account.telnyx_agent, webhook_url=f"{receiver.url}/agent"
    )

    simulator.write(account, **{"to": f"rcs:{account.telnyx_agent}", **given})

    (event,) = receiver.events(1)
    payload = event["data"]["payload"]
    assert (payload["body"], payload["from"]["phone_number"]) == (body, TO)
    assert payload["to"][0]["agent_id"] == account.telnyx_agent
    assert receiver.received[0].path == "/agent"


def test_stop_to_the_agent_blocks_the_profile(simulator, account, send):
    simulator.write(account, "STOP", to=f"rcs:{account.telnyx_agent}")

    assert refused(send)[:2] == (403, "40300")
