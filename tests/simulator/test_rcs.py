"""RCS at Twilio: through a Messaging Service or by address, and its fallback."""

from itertools import pairwise

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest.messaging.v2.channels_sender import ChannelsSenderList

from destinations.providers.simulated import rcs_sender, sibling_sid

PLAIN, OTHER = "+12125550142", "+15555550142"


class Template:
    """The library drops the body of a card from its own classes."""

    def __init__(self, **fields):
        self.fields = fields

    def to_dict(self):
        return self.fields


@pytest.fixture
def agent(client, account):
    """The RCS sender, once it is in the pool of the account's service."""
    pool = client.messaging.v1.services(account.service_sid).channel_senders
    added = pool.create(sid=sibling_sid("XE", account.sid))
    assert (added.sender_type, added.sender) == ("RCS", rcs_sender(account.sid))
    return added.sender


@pytest.fixture
def send(client, account, receiver):
    def send(to=PLAIN, **more):
        more = {"messaging_service_sid": account.service_sid, "body": "Hi"} | more
        more = {name: value for name, value in more.items() if value is not None}
        url = f"{receiver.url}/status"
        return client.messages.create(to=to, status_callback=url, **more)

    return send


@pytest.fixture
def quickly(simulator, account):
    simulator.faults(account=account.sid, delays={"fallback": 0.3})
    yield
    simulator.clear_faults()


def told(receiver, sid, count):
    """Status, and the channel by the sender, of the first callbacks."""
    got = sorted(receiver.wait(sid, count), key=lambda one: one.at)
    return [(one.status, one.form["From"].partition(":")[0]) for one in got]


def test_a_service_with_an_agent_tries_rcs_first(
    simulator, account, send, agent, receiver
):
    sent = send()

    assert (sent.status, sent.from_) == ("accepted", None)
    assert told(receiver, sent.sid, 3) == [
        ("queued", "rcs"),
        ("sent", "rcs"),
        ("delivered", "rcs"),
    ]
    form = receiver.about(sent.sid)[-1].form
    assert (form["From"], form["To"]) == (agent, f"rcs:{PLAIN}")
    assert (form["ChannelPrefix"], form["ChannelToAddress"]) == ("rcs", form["To"])
    assert form["ChannelInstallSid"] == sibling_sid("XE", account.sid)


def test_what_is_read_is_told(send, agent, receiver):
    sent = send("+12125550186")

    receiver.wait(sent.sid, 4)
    assert receiver.about(sent.sid)[-1].form["EventType"] == "READ"


@pytest.mark.parametrize(
    ("number", "statuses"),
    [
        ("+12125550183", ["queued 55501", "sent 55501", "delivered 55501"]),
        (
            "+12125550184",
            ["queued rcs", "sent rcs", "sent 55501", "delivered 55501"],
        ),
        (
            "+12125550185",
            [
                "queued rcs",
                "sent rcs",
                "sent 55501",
                "delivered 55501",
                "delivered rcs",
            ],
        ),
        (
            "+12125550151",
            ["queued rcs", "sent rcs", "sent 55501", "undelivered 55501"],
        ),
    ],
)
def test_a_text_takes_the_place_of_what_does_not_arrive(
    send, agent, receiver, quickly, number, statuses
):
    sent = send(number)

    got = told(receiver, sent.sid, len(statuses))

    assert [" ".join(one) for one in got] == statuses
    by_text = [r.form for r in receiver.received if r.form["From"] == "55501"]
    assert {"ChannelPrefix" in form for form in by_text} == {False}


def test_the_fallback_can_be_named(client, send, agent, receiver, quickly):
    sent = send("+12125550183", fallback_from=OTHER)

    assert told(receiver, sent.sid, 3)[-1] == ("delivered", OTHER)
    assert client.messages(sent.sid).fetch().from_ == OTHER


def refused(send, **given):
    with pytest.raises(TwilioRestException) as caught:
        send(**given)
    return caught.value.code


def test_a_fallback_that_cannot_be_is_refused(account, send, request):
    assert refused(send, fallback_from=OTHER) == 21667
    request.getfixturevalue("agent")
    assert refused(send, fallback_from="+12125559999") == 21664
    alone = {"messaging_service_sid": None, "from_": OTHER, "fallback_from": OTHER}
    assert refused(send, **alone) == 21666
    by_another = {"messaging_service_sid": None, "from_": "rcs:other_agent"}
    assert refused(send, to=f"rcs:{PLAIN}", **by_another) == 63007


def test_an_rcs_address_has_no_fallback(simulator, account, send, agent, receiver):
    by_agent = {"messaging_service_sid": None, "from_": agent}
    reached = send(f"rcs:{PLAIN}", **by_agent)
    lost = send("rcs:+12125550183", **by_agent)
    by_service = send("rcs:+12125550143")

    assert told(receiver, reached.sid, 2)[-1] == ("delivered", "rcs")
    receiver.wait(lost.sid, 1)
    form = receiver.about(lost.sid)[-1].form
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "63036")
    assert form["ChannelStatusMessage"]
    assert told(receiver, by_service.sid, 3)[-1] == ("delivered", "rcs")


def test_a_template_is_rich_by_rcs_and_plain_by_text(
    simulator, client, account, send, agent, quickly
):
    card = {
        "title": "Hello {{1}}",
        "body": "Ready.",
        "media": ["https://example.org/a.png"],
        "actions": [{"type": "QUICK_REPLY", "title": "Call me", "id": "call_me"}],
    }
    types = {"twilio/card": card, "twilio/text": {"body": "Hello {{1}}, ready."}}
    made = client.content.v1.contents.create(
        Template(friendly_name="quote", language="en", variables={}, types=types)
    )
    given = {"body": None, "content_sid": made.sid, "content_variables": '{"1":"Ann"}'}

    send(**given)
    send("+12125550183", **given)

    rich, plain = simulator.wait(account=account.sid, count=2)
    assert {rich["body"], plain["body"]} == {"Hello Ann, ready."}
    (shown,) = rich["rich"]["cards"]
    assert (shown["title"], shown["media"]) == (
        "Hello Ann",
        "https://example.org/a.png",
    )
    assert shown["chips"] == [
        {"text": "Call me", "payload": "call_me", "kind": "reply"}
    ]
    assert plain["rich"] is None


def test_a_tap_comes_in_by_rcs_and_stop_holds_for_texts_too(
    simulator, client, account, send, agent, receiver
):
    url = f"{receiver.url}/in"
    webhook = {"webhook": {"callback_url": url, "callback_method": "PUT"}}
    client.messaging.v2.channels_senders(sibling_sid("XE", account.sid)).update(
        ChannelsSenderList.MessagingV2ChannelsSenderRequestsUpdate(webhook)
    )
    tap = {"ButtonText": "Call me", "ButtonPayload": "call_me"}
    by_rcs = {"sender": f"rcs:{PLAIN}", "to": agent}

    simulator.write(account, "Call me", fields=tap, **by_rcs)
    simulator.write(account, "STOP", **by_rcs)

    entries = simulator.ledger(account=account.sid)
    receiver.wait(entries[0]["sid"], 1)
    (got,) = receiver.about(entries[0]["sid"])
    form = got.form
    assert (got.method, got.path) == ("PUT", "/in")
    assert (form["ChannelPrefix"], form["ButtonPayload"]) == ("rcs", "call_me")
    assert '"postbackData": "call_me"' in form["ChannelMetadata"]
    blocked = {"messaging_service_sid": None, "from_": "+15555550100"}
    assert refused(send, **blocked) == 21610


def test_the_wait_is_that_of_the_switches(simulator, account, send, agent, quickly):
    send("+12125550184")

    (entry,) = simulator.wait(account=account.sid)
    sent = [step["at"] for step in entry["statuses"] if step["status"] == "sent"]
    (wait,) = [after - before for before, after in pairwise(sent)]
    assert wait >= 300
    assert entry["fell_back"] is True
