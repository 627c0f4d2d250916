"""What phones write to numbers at Telnyx: webhooks, STOP and START, media."""

import hashlib
from urllib.request import urlopen

import pytest
import requests
import telnyx

from destinations.providers.simulated import handsets_path
from tests.simulator.test_telnyx_messages import TO, client, refused, send

__all__ = ["client", "send"]


@pytest.fixture
def hook(client, account, receiver):
    url = f"{receiver.url}/in"
    client.messaging_profiles.update(account.telnyx_profile, webhook_url=url)
    return url


def test_a_text_is_told_to_the_profile_and_signed(
    simulator, account, client, receiver, hook
):
    simulator.write(account, "Hello", to=account.telnyx_sender)

    (got,) = (receiver.events(1), receiver.received)[1]
    event = client.webhooks.unwrap(got.body.decode(), headers=got.headers)
    payload = event.data.payload
    assert (event.data.event_type, payload.text) == ("message.received", "Hello")
    assert (payload.from_.phone_number, payload.to[0].phone_number) == (
        "+12125550142",
        account.telnyx_sender,
    )
    assert payload.to[0].status == "webhook_delivered"
    assert got.json["data"]["payload"]["autoresponse_type"] is None


def test_stop_blocks_the_whole_profile_until_start(
    simulator, account, send, receiver, hook
):
    simulator.write(account, "stop all", to=account.telnyx_sender)
    other = "+15555550201"

    assert refused(send, from_=other)[:2] == (403, "40300")
    simulator.write(account, "Start", to=other)
    assert send(from_=other).to[0].status == "queued"
    told = [e["data"]["payload"] for e in receiver.events(2)]
    heard = [p["autoresponse_type"] for p in told if p["direction"] == "inbound"]
    assert heard[:2] == ["STOP", "START"]
    answers = [
        m["body"][:16]
        for m in simulator.ledger(account=account.sid)
        if m["direction"] == "outbound-reply"
    ]
    assert answers == ["You have success"] * 2


def test_a_profile_has_its_own_words_by_country(simulator, account, client, send):
    configs = client.messaging_profiles.autoresp_configs
    answers = {"*": "No more of this at all.", "US": "Bye to the United States!"}
    for country, text in answers.items():
        configs.create(
            account.telnyx_profile,
            op="stop",
            keywords=["BASTA"],
            country_code=country,
            resp_text=text,
        )

    simulator.write(account, "Basta", to=account.telnyx_sender)

    assert refused(send)[1] == "40300"
    answer = simulator.ledger(account=account.sid)[-1]
    assert answer["body"] == "Bye to the United States!"


def test_the_failover_url_hears_of_it_when_the_first_fails(
    simulator, account, client, receiver, hook
):
    receiver.statuses["/in"] = 500
    client.messaging_profiles.update(
        account.telnyx_profile, webhook_failover_url=f"{receiver.url}/other"
    )

    simulator.write(account, "Hello", to=account.telnyx_sender)

    events = receiver.events(4)
    paths = [got.path for got in receiver.received]
    assert paths == ["/in", "/in", "/in", "/other"]
    assert [event["meta"]["attempt"] for event in events] == [1, 2, 3, 4]


def test_a_picture_of_a_phone_can_be_fetched(simulator, account, receiver, hook):
    path = handsets_path(simulator.secret, account.sid)
    form = {"with": account.telnyx_sender, "picture": "sample"}
    requests.post(f"{simulator.url}{path}{TO}/reply", data=form, timeout=20)

    (event,) = receiver.events(1)
    (media,) = event["data"]["payload"]["media"]
    with urlopen(media["url"]) as answer:
        data = answer.read()
    assert hashlib.sha256(data).hexdigest() == media["sha256"]
    assert (len(data), event["data"]["payload"]["type"]) == (media["size"], "MMS")


def test_the_requests_url_comes_before_the_profiles(client, send, receiver, hook):
    receiver.statuses["/own"] = 500

    send(webhook_url=f"{receiver.url}/own")
    receiver.events(8)
    send(webhook_url=f"{receiver.url}/own", use_profile_webhooks=False)
    receiver.events(14)

    paths = [got.path for got in receiver.received]
    assert (paths.count("/own"), paths.count("/in")) == (12, 2)


def test_a_profile_that_is_off_sends_nothing(client, account, send):
    one = client.messaging_profiles
    one.update(account.telnyx_profile, enabled=False)
    assert refused(send)[1] == "40312"
    one.update(account.telnyx_profile, enabled=True, whitelisted_destinations=["CA"])
    assert refused(send)[1] == "40309"
    with pytest.raises(telnyx.NotFoundError):
        one.retrieve("00000000-0000-4000-8000-000000000000")
