"""The provider's own client library against the simulator."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException

from tests.simulator.conftest import make_client

SENDER = "+15555550100"
SPEC = Path(__file__).resolve().parents[3] / "shared/specs/twilio_api_v2010.json"
MESSAGE_FIELDS = {
    "account_sid": r"AC[0-9a-f]{32}",
    "api_version": r"2010-04-01",
    "body": r".*",
    "date_created": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000",
    "date_sent": r".*",
    "date_updated": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000",
    "direction": r"outbound-api",
    "error_code": r"",
    "error_message": r"",
    "from": r"\+15555550100",
    "messaging_service_sid": r"",
    "num_media": r"0",
    "num_segments": r"1",
    "price": r"",
    "price_unit": r"USD",
    "sid": r"SM[0-9a-f]{32}",
    "status": r"queued",
    "subresource_uris": r".*",
    "to": r"\+12125550100",
    "uri": r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Messages/SM[0-9a-f]{32}\.json",
}


def send(client, to="+12125550100", body="Hello", **more):
    more = more or {"from_": SENDER}
    return client.messages.create(to=to, body=body, **more)


def test_a_message_with_a_sender_is_queued_then_sent_then_delivered(
    simulator, client, account
):
    sent = send(client, body="Hi there")

    assert (sent.status, sent.from_, sent.body) == ("queued", SENDER, "Hi there")
    (entry,) = simulator.wait(account=account.sid)
    assert [s["status"] for s in entry["statuses"]] == ["queued", "sent", "delivered"]
    fetched = client.messages(sent.sid).fetch()
    assert (fetched.status, fetched.error_code) == ("delivered", None)
    assert fetched.date_sent >= fetched.date_created
    assert fetched.price == "-0.00790"


def test_a_service_accepts_first_and_chooses_a_sender_of_the_country(
    simulator, client, account
):
    american = send(client, messaging_service_sid=account.service_sid)
    british = send(client, to="+447700900001", from_=account.service_sid)

    assert (american.status, american.from_, american.num_segments) == (
        "accepted",
        None,
        "0",
    )
    simulator.wait(account=account.sid, count=2)
    assert client.messages(american.sid).fetch().from_ == "55501"
    assert client.messages(british.sid).fetch().from_.startswith("+447700900")
    assert client.messages(british.sid).fetch().num_segments == "1"


def test_a_message_with_media_is_an_mms(client):
    sent = send(client, from_=SENDER, media_url=["https://example.org/a.jpg"] * 2)

    assert sent.sid.startswith("MM5111a7ed")
    assert (sent.num_media, sent.num_segments) == ("2", "1")


def test_every_answer_has_the_documented_form(simulator, account):
    answer = requests.post(
        f"{simulator.url}/2010-04-01/Accounts/{account.sid}/Messages.json",
        data={"To": "+12125550100", "From": SENDER, "Body": "Hé"},
        auth=(account.sid, account.auth_token),
        timeout=20,
    )
    body = answer.json()

    assert answer.status_code == 201
    assert answer.headers["Content-Type"].startswith("application/json")
    assert re.fullmatch("RQ[0-9a-f]{32}", answer.headers["Twilio-Request-Id"])
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert body.keys() - {"tags"} == MESSAGE_FIELDS.keys()
    for name, pattern in MESSAGE_FIELDS.items():
        text = "" if body[name] is None else str(body[name])
        assert re.fullmatch(pattern, text), f"{name}: {text}"
    assert list(body) == sorted(body)


def test_the_documented_form_agrees_with_the_published_one(client, account):
    """Where the published document is at hand; its fields are kept above too."""
    fields = set(MESSAGE_FIELDS)
    for path in [SPEC] if SPEC.exists() else []:
        schemas = json.loads(path.read_text())["components"]["schemas"]
        fields = set(schemas["api.v2010.account.message"]["properties"])
        resources = {
            "api.v2010.account": f"/2010-04-01/Accounts/{account.sid}.json",
            "api.v2010.account.balance": f"/2010-04-01/Accounts/{account.sid}"
            "/Balance.json",
        }
        for name, uri in resources.items():
            answer = client.request("GET", client.api.base_url + uri)
            published = set(schemas[name]["properties"])
            assert json.loads(answer.text).keys() == published
        numbers = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
        answer = client.request("GET", client.api.base_url + numbers)
        published = schemas["api.v2010.account.incoming_phone_number"]["properties"]
        for number in json.loads(answer.text)["incoming_phone_numbers"]:
            assert number.keys() == set(published)
    assert fields == set(MESSAGE_FIELDS)


def test_lists_are_newest_first_and_paged_in_both_directions(simulator, client):
    sids = [send(client, to=f"+1212555010{n}").sid for n in range(5)]

    page = client.messages.page(page_size=2)
    first = [message.sid for message in page]
    second = page.next_page()
    third = second.next_page()

    assert [*first, *(m.sid for m in second), *(m.sid for m in third)] == sids[::-1]
    assert third.next_page() is None
    assert [m.sid for m in client.messages.list(page_size=2)] == sids[::-1]
    assert [m.sid for m in client.messages.list(limit=3, page_size=2)] == sids[:1:-1]
    assert [m.sid for m in page.next_page().previous_page()] == first


def test_a_page_object_has_relative_uris_that_keep_the_filters(client, simulator):
    for _ in range(3):
        send(client, to="+12125550142")
    path = f"/2010-04-01/Accounts/{client.account_sid}/Messages.json"
    query = "?To=%2B12125550142&PageSize=2"

    page = json.loads(client.request("GET", simulator.url + path + query).text)

    assert page["uri"] == page["first_page_uri"] == f"{path}{query}&Page=0"
    assert page["next_page_uri"].startswith(f"{path}{query}&Page=1&PageToken=PASM")
    assert page["previous_page_uri"] is None
    assert (page["page"], page["page_size"], page["start"], page["end"]) == (0, 2, 0, 1)


def test_lists_filter_by_recipient_sender_and_day(simulator, client, account):
    send(client, to="+12125550101")
    wanted = send(client, to="+12125550102", from_="+15555550123")
    simulator.wait(account=account.sid, count=2)
    now = datetime.now(UTC)
    day, hour = timedelta(days=1), timedelta(hours=1)

    def found(**filters):
        return [message.sid for message in client.messages.list(**filters)]

    assert found(to="+12125550102") == [wanted.sid]
    assert found(from_="+15555550123") == [wanted.sid]
    assert len(found(date_sent_after=now - hour)) == 2
    assert found(date_sent_after=now + hour) == []
    assert len(found(date_sent_before=now + hour)) == 2
    assert found(date_sent_before=now - hour) == []
    assert len(found(date_sent=now.date())) == 2
    assert found(date_sent=now.date() - day) == []


def test_a_final_message_can_be_redacted_and_deleted(simulator, client, account):
    sent = send(client)
    simulator.wait(account=account.sid)

    assert client.messages(sent.sid).update(body="").body == ""
    assert client.messages(sent.sid).fetch().body == ""
    assert client.messages(sent.sid).delete() is True
    with pytest.raises(TwilioRestException) as refused:
        client.messages(sent.sid).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert client.messages.list() == []


def test_a_message_underway_cannot_be_deleted(client):
    sent = send(client, to="+12125550150")

    with pytest.raises(TwilioRestException) as refused:
        client.messages(sent.sid).delete()
    assert (refused.value.status, refused.value.code) == (409, 20009)


def test_a_scheduled_message_waits_and_can_be_canceled(client, account):
    sent = send(
        client,
        messaging_service_sid=account.service_sid,
        schedule_type="fixed",
        send_at=datetime.now(UTC) + timedelta(hours=1),
    )

    assert sent.status == "scheduled"
    assert client.messages(sent.sid).update(status="canceled").status == "canceled"
    assert client.messages(sent.sid).fetch().status == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        client.messages(sent.sid).update(status="canceled")
    assert refused.value.status == 409


def test_account_balance_numbers_and_services_can_be_read(client, account):
    shown = client.api.v2010.accounts(account.sid).fetch()
    numbers = client.incoming_phone_numbers.list()
    (one,) = client.incoming_phone_numbers.list(phone_number="+447700900142")
    (service,) = client.messaging.v1.services.list()

    assert (shown.status, shown.type, shown.sid) == ("active", "Full", account.sid)
    assert client.balance.fetch().currency == "USD"
    assert len({number.sid for number in numbers}) == len(numbers) == 205
    assert (one.phone_number, one.capabilities["sms"]) == ("+447700900142", True)
    assert service.sid == account.service_sid
    fetched = client.messaging.v1.services(service.sid).fetch()
    assert fetched.date_created == service.date_created


def test_dates_are_those_of_the_documents(simulator, client, account):
    answer = client.request("GET", f"{simulator.url}/v1/Services/{account.service_sid}")
    service = json.loads(answer.text)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", service["date_created"])
    uri = f"{simulator.url}/2010-04-01/Accounts/{account.sid}.json"
    shown = json.loads(client.request("GET", uri).text)
    assert parsedate_to_datetime(shown["date_created"]).tzinfo is not None


def test_an_api_key_sends_and_lists_but_a_standard_one_sees_no_account(
    simulator, account
):
    keyed = make_client(simulator, account.key_sid, account.key_secret, account.sid)
    sent = send(keyed)

    assert [message.sid for message in keyed.messages.list()] == [sent.sid]
    with pytest.raises(TwilioRestException) as refused:
        keyed.api.v2010.accounts(account.sid).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)
    simulator.configure(account.sid, key_type="main")
    assert keyed.api.v2010.accounts(account.sid).fetch().auth_token is None
    simulator.configure(account.sid, key_type="restricted")
    with pytest.raises(TwilioException, match="HTTP 403"):
        keyed.messages.list()
    assert send(keyed).status == "queued"
