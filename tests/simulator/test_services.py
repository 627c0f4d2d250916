"""Messaging Services: settings, pool, and which sender a message gets."""

import pytest
from twilio.base.exceptions import TwilioRestException

from destinations.simulator.accounts import sender_sid
from tests.simulator.conftest import make_client
from tests.simulator.test_client import send
from tests.simulator.test_documents import CAMPAIGN

NEW_YORK, MIAMI, TORONTO, FREE = (
    "+12125550199",
    "+13055550199",
    "+14165550199",
    "+18885550199",
)


@pytest.fixture
def service(client):
    return client.messaging.v1.services.create(friendly_name="Mine")


@pytest.fixture
def add(client, account, service):
    def add(*numbers, to=service.sid):
        pool = client.messaging.v1.services(to).phone_numbers
        return [
            pool.create(phone_number_sid=sender_sid(account.sid, number))
            for number in numbers
        ]

    return add


@pytest.fixture
def sender_of(simulator, account, client, service):
    def sender_of(to, **more):
        sent = send(client, to=to, messaging_service_sid=service.sid, **more)
        simulator.wait(account=account.sid, to=to)
        return client.messages(sent.sid).fetch()

    return sender_of


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **kwargs)
    return refused.value.status, refused.value.code


def test_a_service_is_made_changed_and_deleted(client, service):
    named = client.messaging.v1.services(service.sid)

    changed = named.update(sticky_sender=False, validity_period=60, usecase="marketing")

    assert (changed.friendly_name, changed.sticky_sender) == ("Mine", False)
    assert (named.fetch().validity_period, named.fetch().usecase) == (60, "marketing")
    assert service.sid in [one.sid for one in client.messaging.v1.services.list()]
    assert named.delete() is True
    assert refusal(named.fetch) == (404, 20404)
    assert service.sid not in [one.sid for one in client.messaging.v1.services.list()]


def test_wrong_settings_are_refused(client, service):
    update = client.messaging.v1.services(service.sid).update

    assert refusal(update, validity_period=0) == (400, 21624)
    assert refusal(update, inbound_request_url="nonsense") == (400, 21609)
    assert refusal(update, inbound_method="DELETE") == (400, 20001)
    assert refusal(update, usecase="gossip") == (400, 20001)
    assert refusal(update, friendly_name="x" * 65) == (400, 21658)


def test_a_number_is_in_one_service_only(client, account, service, add):
    (added,) = add(NEW_YORK)
    first = "+15555550100"

    assert (added.phone_number, added.country_code) == (NEW_YORK, "US")
    assert refusal(add, NEW_YORK) == (409, 21710)
    assert refusal(add, first) == (409, 21712)
    pool = client.messaging.v1.services(account.service_sid).phone_numbers
    assert pool(sender_sid(account.sid, first)).delete() is True
    assert add(first)[0].phone_number == first
    mine = client.messaging.v1.services(service.sid).phone_numbers
    assert [n.phone_number for n in mine.list()] == [NEW_YORK, first]


def test_an_empty_service_sends_nothing(client, service):
    sid = service.sid

    assert refusal(send, client, messaging_service_sid=sid) == (400, 21704)


def test_no_sender_that_fits_fails_the_message(add, sender_of):
    add(TORONTO)

    failed = sender_of("+447700900007")

    assert (failed.status, failed.error_code) == ("failed", 21703)


def test_the_area_code_decides_and_an_overlay_counts_as_the_same(
    client, account, add, sender_of
):
    add(NEW_YORK, MIAMI)

    assert sender_of("+12125550101").from_ == NEW_YORK
    assert sender_of("+16465550101").from_ == NEW_YORK  # shares 212's territory
    assert sender_of("+17865550101").from_ == MIAMI


def test_canada_prefers_toll_free_and_then_its_own_numbers(
    client, account, service, add, sender_of
):
    add(NEW_YORK, TORONTO, FREE)

    assert sender_of("+14165550101").from_ == FREE
    pool = client.messaging.v1.services(service.sid).phone_numbers
    pool(sender_sid(account.sid, FREE)).delete()
    assert sender_of("+14165550102").from_ == TORONTO


def test_without_a_number_of_the_country_a_us_one_is_taken(add, sender_of):
    add(TORONTO, FREE)

    assert sender_of("+447700900007").from_ == FREE


def test_a_recipient_keeps_its_number_and_others_spread_evenly(
    simulator, account, client
):
    simulator.configure(account.sid, numbers=["+447700900777", "+447700900778"])
    service = client.messaging.v1.services.create(friendly_name="UK")
    pool = client.messaging.v1.services(service.sid).phone_numbers
    for number in ("+447700900777", "+447700900778"):
        pool.create(phone_number_sid=sender_sid(account.sid, number))

    for turn in range(2):
        for n in range(4):
            to = f"+44770090000{n}"
            send(client, to=to, messaging_service_sid=service.sid)
        sent = simulator.wait(account=account.sid, count=4 * (turn + 1))

    by_recipient = {}
    for message in sent:
        by_recipient.setdefault(message["to"], set()).add(message["from"])
    assert [len(senders) for senders in by_recipient.values()] == [1] * 4
    used = [message["from"] for message in sent]
    assert used.count("+447700900777") == used.count("+447700900778") == 4


def test_who_wrote_to_a_number_keeps_it_until_it_leaves_the_pool(
    simulator, account, client, service, add, sender_of
):
    simulator.configure(account.sid, numbers=["+447700900777", "+447700900778"])
    first, _ = add("+447700900777", "+447700900778")
    pool = client.messaging.v1.services(service.sid).phone_numbers

    def write(sender):
        simulator.write(account, "Hi", sender=sender, to="+447700900777")

    write("+447700900001")
    write("+447700900002")
    assert sender_of("+447700900001").from_ == "+447700900777"
    pool(first.sid).delete()
    add("+447700900777")
    write("+447700900003")

    # Now it has one recipient and the other none.
    assert sender_of("+447700900002").from_ == "+447700900778"


def test_names_are_used_where_the_country_takes_them(client, service, add, sender_of):
    named = client.messaging.v1.services(service.sid)
    add(NEW_YORK)
    named.alpha_senders.create(alpha_sender="Acme")
    named.destination_alpha_senders.create(alpha_sender="AcmeDE", iso_country_code="DE")

    assert sender_of("+447700900007").from_ == "Acme"
    assert sender_of("+4915112345678").from_ == "AcmeDE"
    assert sender_of("+12125550101").from_ == NEW_YORK
    assert refusal(named.alpha_senders.create, alpha_sender="123") == (400, 21657)


def test_a_number_without_a_campaign_does_not_reach_us_numbers(
    simulator, account, client
):
    send(client, from_=NEW_YORK)
    (american,) = simulator.wait(account=account.sid)
    send(client, to="+447700900007", from_=NEW_YORK)
    british = simulator.wait(account=account.sid, count=2)[-1]

    assert (american["status"], american["error_code"]) == ("failed", 30034)
    assert british["status"] == "delivered"


def test_a_registered_service_reaches_them(simulator, account, service, add, sender_of):
    add(NEW_YORK)
    assert sender_of("+12125550101").error_code == 30034

    simulator.service(account.sid, service.sid, is_registered=True)

    assert sender_of("+12125550102").status == "delivered"


def test_a_campaign_registers_its_service_until_it_is_deleted(
    simulator, account, client, service, add, sender_of
):
    add(NEW_YORK)
    campaigns = client.messaging.v1.services(service.sid).us_app_to_person

    made = campaigns.create(**CAMPAIGN)

    assert (made.campaign_status, made.messaging_service_sid) == (
        "PENDING",
        service.sid,
    )
    assert campaigns(made.sid).fetch().campaign_status == "VERIFIED"
    named = client.messaging.v1.services(service.sid)
    assert named.fetch().us_app_to_person_registered is True
    assert sender_of("+12125550101").status == "delivered"
    assert refusal(campaigns.create, **CAMPAIGN) == (409, 20409)
    simulator.service(account.sid, service.sid, is_registered=False)
    assert campaigns(made.sid).fetch().campaign_status == "SUSPENDED"
    assert sender_of("+12125550102").error_code == 30034
    assert campaigns(made.sid).delete() is True
    assert refusal(campaigns(made.sid).fetch) == (404, 20404)
    assert named.fetch().us_app_to_person_registered is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"description": "short"},
        {"message_flow": "x" * 2049},
        {"message_samples": ["Hi Ann, thanks for asking us."]},
        {"message_samples": ["Hi", "Ho"]},
        {"us_app_to_person_usecase": "GOSSIP"},
        {"brand_registration_sid": "BN1"},
        {"privacy_policy_url": "nonsense"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_campaign_that_would_be_turned_down_is_refused(client, service, wrong):
    campaigns = client.messaging.v1.services(service.sid).us_app_to_person

    assert refusal(campaigns.create, **CAMPAIGN | wrong) == (400, 20001)


def test_the_first_service_has_a_campaign(client, account):
    named = client.messaging.v1.services(account.service_sid)

    (campaign,) = named.us_app_to_person.list()

    assert campaign.campaign_status == "VERIFIED"


def test_the_service_calls_back_and_encodes_smartly(
    simulator, client, account, receiver, add, service, sender_of
):
    add(FREE)
    client.messaging.v1.services(service.sid).update(
        smart_encoding=True, status_callback=receiver.url
    )

    sent = sender_of("+12125550101", body="“Hi” – it’s us…")

    assert sent.body == '"Hi" - it\'s us...'
    assert receiver.wait(sent.sid, 3)[0].form["MessagingServiceSid"] == service.sid


def test_a_paced_sender_queues_and_its_queue_can_be_full(simulator, client, account):
    simulator.configure(account.sid, is_paced=True, queue_seconds=2)
    for _ in range(3):  # at once, after 1 s, after 2 s
        send(client, from_="+15555550100", validity_period=1)

    assert refusal(send, client, from_="+15555550100") == (429, 21611)
    messages = simulator.wait(account=account.sid, count=3)
    assert [message["error_code"] for message in messages] == [None, None, 30036]


def test_pools_and_settings_survive_a_restart(tmp_path):
    from uuid import uuid4

    from tests.simulator.server import Simulator

    server = Simulator(tmp_path / "ledger.sqlite3").start()
    account = server.account(uuid4())
    client = make_client(server, account.sid, account.auth_token)
    made = client.messaging.v1.services.create(friendly_name="Kept")
    named = client.messaging.v1.services(made.sid)
    named.phone_numbers.create(phone_number_sid=sender_sid(account.sid, FREE))

    server.stop()
    server.start()

    named = make_client(server, account.sid, account.auth_token).messaging.v1.services(
        made.sid
    )
    kept = [number.phone_number for number in named.phone_numbers.list()]
    name = named.fetch().friendly_name
    server.stop()
    assert (name, kept) == ("Kept", [FREE])
