"""What only Twilio does: its request, its list and its ways to refuse a check."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl
from uuid import uuid4

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from destinations.composing import Composed, as_sent, size_of
from destinations.providers.answers import (
    MAX_PAGES,
    Auth,
    TooManyMessages,
)
from destinations.providers.base import (
    Capability,
    Content,
    Message,
)
from destinations.providers.http import ProviderSession
from destinations.providers.twilio import TwilioSMS
from destinations.providers.twilio_verification import TRIAL, messaging_url
from leadrails.core.delivery import NotSent, OutcomeUnknown, Refused
from tests.contract.canned import CLOSE, canned, reply

AC = "AC" + "0123456789abcdef" * 2
SK = "SK" + "0123456789abcdef" * 2
MG = "MG" + "0123456789abcdef" * 2
HX = "HX" + "0123456789abcdef" * 2
SM = "SM" + "0123456789abcdef" * 2
TOKEN = "fedcba9876543210" * 2
KEY_SECRET = "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
CREATED = reply(201, {"sid": SM, "status": "queued", "num_segments": "1"})
CALLBACK = "https://leads.example.com/twilio/status/?j=1&m=%7E"
FULL = Message(
    to="+12125550100",
    body="Hi Ann, 50% off & more: é 👋",
    media=("https://h.example/a.jpg", "https://h.example/b.jpg"),
    callback_url=CALLBACK,
    validity_seconds=14_400,
)


def make(base_url, *, credentials=None, **config):
    config = {"account_sid": AC, "from_number": "+15555550100", **config}
    credentials = credentials or {"auth_token": TOKEN}
    return TwilioSMS.from_config(config, credentials, base_url=base_url)


def official(base_url, user, password, account):
    client = Client(
        user,
        password,
        account,
        http_client=TwilioHttpClient(timeout=10),
        environment={"unused": "1"},
    )
    client.api.base_url = client.messaging.base_url = base_url
    return client


def sent(message, **settings):
    """The one request that sending makes."""

    async def act():
        async with canned(CREATED) as server, ProviderSession() as http:
            await make(server.url, **settings).send(message, http)
            return server.requests[0]

    return asyncio.run(act())


def form_of(request):
    return parse_qsl(request.body.decode(), keep_blank_values=True)


@pytest.mark.parametrize(
    ("settings", "sender"),
    [
        ({}, {"from_": "+15555550100"}),
        ({"from_number": "55501"}, {"from_": "55501"}),
        ({"from_number": "LeadRails"}, {"from_": "LeadRails"}),
        ({"messaging_service_sid": MG}, {"messaging_service_sid": MG}),
        ({"from_number": MG}, {"messaging_service_sid": MG}),
    ],
)
@pytest.mark.parametrize(
    ("credentials", "user"),
    [
        ({"auth_token": TOKEN}, (AC, TOKEN)),
        ({"api_key_sid": SK, "api_key_secret": KEY_SECRET}, (SK, KEY_SECRET)),
        (
            {"auth_token": TOKEN, "api_key_sid": SK, "api_key_secret": KEY_SECRET},
            (SK, KEY_SECRET),
        ),
    ],
)
def test_the_request_is_that_of_the_official_client(
    settings, sender, credentials, user
):
    async def theirs():
        async with canned(CREATED) as server:
            client = official(server.url, *user, AC)
            with client.http_client.session:
                await asyncio.to_thread(
                    client.messages.create,
                    to=FULL.to,
                    body=FULL.body,
                    media_url=list(FULL.media),
                    status_callback=f"{CALLBACK}#rc=5&rp=all&ct=2000",
                    validity_period=14_400,
                    **sender,
                )
            return server.requests[0]

    expected = asyncio.run(theirs())
    request = sent(FULL, credentials=credentials, **settings)

    assert request.line == expected.line
    assert sorted(form_of(request)) == sorted(form_of(expected))
    for name in ("Authorization", "Content-Type", "Accept"):
        assert request.headers[name] == expected.headers[name]


OPTIONS = {
    "smart_encoded": "true",
    "shorten_urls": "true",
    "message_intent": "notifications",
    "content_retention": "discard",
    "address_retention": "obfuscate",
    "risk_check": "disable",
}
AT = datetime(2026, 11, 22, 9, 30, 15, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "message", "theirs"),
    [
        pytest.param(
            {"messaging_service_sid": MG, **OPTIONS},
            {"body": "Hi", "send_at": AT},
            {
                "messaging_service_sid": MG,
                "body": "Hi",
                "schedule_type": "fixed",
                "send_at": AT,
                "smart_encoded": True,
                "shorten_urls": True,
                "message_intent": "notifications",
                "content_retention": "discard",
                "address_retention": "obfuscate",
                "risk_check": "disable",
            },
            id="every option",
        ),
        pytest.param(
            {"from_number": "whatsapp:+15555550100", "smart_encoded": "false"},
            {"body": "Hi", "validity_seconds": 36_000},
            {
                "to": "whatsapp:+12125550100",
                "from_": "whatsapp:+15555550100",
                "body": "Hi",
                "validity_period": 14_400,
                "smart_encoded": False,
            },
            id="WhatsApp by number",
        ),
        pytest.param(
            {"messaging_service_sid": MG, "channel": "whatsapp"},
            {
                "body": "",
                "content": Content(HX, {"1": "Ann “A” é", "when": "9:30"}),
            },
            {
                "to": "whatsapp:+12125550100",
                "messaging_service_sid": MG,
                "content_sid": HX,
                "content_variables": '{"1": "Ann “A” é", "when": "9:30"}',
            },
            id="WhatsApp template by service",
        ),
        pytest.param(
            {},
            {"body": "not sent", "content": Content(HX)},
            {"from_": "+15555550100", "content_sid": HX},
            id="a template without variables",
        ),
        pytest.param(
            {},
            {"body": "", "media": ("https://h.example/a.jpg",)},
            {"from_": "+15555550100", "media_url": ["https://h.example/a.jpg"]},
            id="a picture alone",
        ),
    ],
)
def test_every_setting_goes_as_the_official_client_sends_it(settings, message, theirs):
    async def official_request():
        async with canned(CREATED) as server:
            client = official(server.url, AC, TOKEN, AC)
            with client.http_client.session:
                await asyncio.to_thread(
                    client.messages.create, **{"to": "+12125550100", **theirs}
                )
            return server.requests[0]

    expected = form_of(asyncio.run(official_request()))
    request = sent(Message(to="+12125550100", **message), **settings)

    assert sorted(form_of(request)) == sorted(expected)


def test_an_account_that_hides_numbers_cannot_be_asked_for_a_message():
    assert make("http://h").can(Capability.LIST)
    assert not make("http://h", address_retention="obfuscate").can(Capability.LIST)


def test_what_is_not_given_is_not_sent():
    request = sent(Message(to="+12125550100", body="Hi"))

    assert form_of(request) == [
        ("To", "+12125550100"),
        ("From", "+15555550100"),
        ("Body", "Hi"),
    ]


@pytest.mark.parametrize(
    ("seconds", "period"), [(0, "5"), (60, "60"), (86_400, "36000")]
)
def test_the_validity_period_stays_in_twilios_range(seconds, period):
    request = sent(Message(to="+1", body="x", validity_seconds=seconds))

    assert dict(form_of(request))["ValidityPeriod"] == period


@pytest.mark.parametrize("by", ["token", "key"])
def test_the_official_client_sees_the_same_message_as_we_do(simulator, by):
    account = simulator.account(uuid4())
    user = (account.sid, account.auth_token)
    credentials = {"auth_token": account.auth_token}
    if by == "key":
        user = (account.key_sid, account.key_secret)
        credentials = dict(zip(("api_key_sid", "api_key_secret"), user, strict=True))
    provider = TwilioSMS.from_config(
        {"account_sid": account.sid, "from_number": account.sender},
        credentials,
        base_url=simulator.url,
    )
    message = Message(to="+12125550100", body="Hi é 👋", validity_seconds=600)

    async def act():
        async with ProviderSession() as http:
            return await provider.send(message, http)

    receipt = asyncio.run(act())
    client = official(simulator.url, *user, account.sid)
    with client.http_client.session:
        seen = client.messages(receipt.provider_id).fetch()
        listed = client.messages.list(to=message.to)
        theirs = client.messages.create(
            to=message.to, from_=account.sender, body=message.body, validity_period=600
        )

    assert (seen.body, seen.from_) == (message.body, account.sender)
    assert [row.sid for row in listed] == [receipt.provider_id]
    rows = simulator.ledger(account=account.sid)
    assert [row["sid"] for row in rows] == [receipt.provider_id, theirs.sid]
    assert what_was_asked(rows[0]) == what_was_asked(rows[1])
    requests = simulator.requests(account=account.sid)
    assert [request["http_status"] for request in requests] == [201, 201]


def what_was_asked(row):
    """A ledger row without what the simulator adds in its own time."""
    added = {"seq", "sid", "status", "received_at", "accepted_at", "statuses"}
    kept = {key: value for key, value in row.items() if key not in added}
    assert {"account", "to", "from", "body", "media", "callback_url"} <= set(kept)
    return kept


def row(minutes, sid=SM, **changes):
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    return {
        "sid": sid,
        "status": "sent",
        "to": "+12125550100",
        "from": "+15555550100",
        "body": "Hi",
        "date_created": format_datetime(at),
        "date_updated": format_datetime(at),
        **changes,
    }


def page(*rows, more=None):
    uri = f"/2010-04-01/Accounts/{AC}/Messages.json?Page={more}" if more else None
    return reply(200, {"messages": list(rows), "next_page_uri": uri})


def find(*replies, to="+12125550100", minutes=10):
    async def act():
        async with canned(*replies) as server, ProviderSession() as http:
            since = datetime.now(UTC) - timedelta(minutes=minutes)
            found = await make(server.url).find(to, since, http)
            return [m.provider_id[-1] for m in found], server.requests

    return asyncio.run(act())


def sid(last):
    return SM[:-1] + last


def test_the_list_is_followed_until_a_page_has_nothing_recent():
    found, requests = find(
        page(row(1, sid("1")), row(2, sid("2")), more=1),
        page(row(30, sid("3")), row(3, sid("4")), more=2),
        page(row(31, sid("5")), more=3),
        page(row(0, sid("6"))),
    )

    assert found == ["1", "2", "4"]
    assert [request.line.split()[1].split("?")[1] for request in requests] == [
        "To=%2B12125550100&PageSize=50",
        "Page=1",
        "Page=2",
    ]


def test_a_message_that_slid_onto_the_next_page_is_found_once():
    found, _ = find(page(row(1), more=1), page(row(1), row(2, sid("2"))))

    assert found == ["f", "2"]


def test_all_recipients_can_be_listed_at_once():
    _, requests = find(page(), to=None)

    assert requests[0].line.split()[1].endswith("/Messages.json?PageSize=1000")


@pytest.mark.parametrize(
    ("settings", "to", "numbers"),
    [
        ({}, None, ["+1", "whatsapp:+2", "+3"]),
        (
            {"channel": "whatsapp"},
            "whatsapp:%2B12125550100",
            ["sms:+1", "+2", "sms:rcs:+3"],
        ),
    ],
)
def test_a_message_by_another_channel_is_none_to_this_person(settings, to, numbers):
    rows = page(
        row(1, sid("1"), to="+1"),
        row(2, sid("2"), to="whatsapp:+2"),
        row(3, sid("3"), to="rcs:+3"),
    )

    async def act():
        async with canned(rows) as server, ProviderSession() as http:
            since = datetime.now(UTC) - timedelta(minutes=10)
            whom = "+12125550100" if to else None
            found = await make(server.url, **settings).find(whom, since, http)
            return [message.to for message in found], server.requests[0].line

    found, line = asyncio.run(act())

    assert found == numbers
    if to:
        assert f"To={to}&" in line


def test_a_list_that_is_too_long_for_its_use_is_not_used():
    async def act(*replies):
        async with canned(*replies) as server, ProviderSession() as http:
            since = datetime.now(UTC) - timedelta(minutes=10)
            found = await make(server.url).find(None, since, http, max_pages=2)
            return len(found)

    first, second = page(row(1, sid("1")), more=1), page(row(2, sid("2")))
    assert asyncio.run(act(first, second)) == 2
    with pytest.raises(TooManyMessages):
        asyncio.run(act(first, page(row(2, sid("2")), more=2)))


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/x",
        "//evil.example/x",
        f"/2010-04-01/Accounts/AC{'f' * 32}/Messages.json?Page=1",
        "@evil.example/",
    ],
)
def test_a_list_that_leads_elsewhere_is_not_followed(uri):
    with pytest.raises(OutcomeUnknown, match="elsewhere"):
        find(reply(200, {"messages": [row(1)], "next_page_uri": uri}))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(200, {}), id="no list"),
        pytest.param(reply(200, {"messages": [1]}), id="no messages"),
        pytest.param(page(row(1, date_created=None)), id="no date"),
        pytest.param(page(row(1, date_created="soon")), id="bad date"),
        pytest.param(page(row(1, sid=None)), id="no sid"),
        pytest.param(reply(500, {"code": 20500}), id="500"),
        pytest.param(CLOSE, id="closed"),
        # Made when tests are collected: recent still when this one runs.
        pytest.param(page(row(-60), more=1), id="endless"),
    ],
)
def test_a_list_that_cannot_be_read_to_its_end_is_never_an_absence(answer):
    with pytest.raises(OutcomeUnknown):
        find(answer)


def test_an_endless_list_ends():
    async def act():
        async with canned(page(row(1), more=1)) as server, ProviderSession() as http:
            since = datetime.now(UTC) - timedelta(hours=1)
            with pytest.raises(OutcomeUnknown, match="too many"):
                await make(server.url).find(None, since, http)
            return len(server.requests)

    assert asyncio.run(act()) == MAX_PAGES


def test_a_key_that_may_not_list_says_so():
    with pytest.raises(Refused) as caught:
        find(reply(403, {"code": 20003, "message": "Permission Denied"}))

    assert (caught.value.code, caught.value.http_status) == ("20003", 403)


def test_only_ids_of_messages_are_asked_after():
    async def act():
        async with canned(CREATED) as server, ProviderSession() as http:
            with pytest.raises(NotSent):
                await make(server.url).fetch("../../Accounts", http)
            return server.requests

    assert asyncio.run(act()) == []


def test_prices_and_segments_are_read():
    answer = reply(
        200, row(1, price="-0.00750", price_unit="USD", num_segments="3", status="sent")
    )

    async def act():
        async with canned(answer) as server, ProviderSession() as http:
            return await make(server.url).fetch(SM, http)

    update = asyncio.run(act())

    assert (str(update.price), update.price_unit, update.segments) == (
        "-0.00750",
        "USD",
        3,
    )


ACCOUNT = {"status": "active", "type": "Full"}
NUMBERS = reply(200, {"incoming_phone_numbers": [{"capabilities": {"sms": True}}]})
UNAUTHORIZED = reply(401, {"code": 20003, "status": 401})
FORBIDDEN = reply(403, {"code": 20003, "status": 403})
LIST = page()
TOKEN_ONLY = {"auth_token": TOKEN}
KEY = {"api_key_sid": SK, "api_key_secret": KEY_SECRET}


def account(**changes):
    return reply(200, {**ACCOUNT, **changes})


def verify(*replies, credentials=TOKEN_ONLY, **config):
    async def act():
        async with canned(*replies) as server, ProviderSession() as http:
            provider = make(server.url, credentials=credentials, **config)
            return await provider.verify_credentials(http), server.requests

    return asyncio.run(act())


@pytest.mark.parametrize(
    ("credentials", "replies", "ok", "code"),
    [
        (TOKEN_ONLY, [account(), NUMBERS], True, "good"),
        (TOKEN_ONLY, [account(type="Trial"), NUMBERS], True, "trial"),
        (TOKEN_ONLY, [account(status="suspended")], False, "suspended"),
        (TOKEN_ONLY, [account(status="closed")], False, "closed"),
        (TOKEN_ONLY, [account(status="odd")], False, "unexpected"),
        (TOKEN_ONLY, [UNAUTHORIZED], False, "wrong_secret"),
        (TOKEN_ONLY, [reply(401, {"code": 20005})], False, "suspended"),
        (TOKEN_ONLY, [reply(403, {"code": 20008})], False, "test_credentials"),
        (TOKEN_ONLY, [reply(404, {"code": 20404})], False, "wrong_account"),
        (TOKEN_ONLY, [reply(400, {})], False, "unexpected"),
        (TOKEN_ONLY, [reply(429, {"code": 20429})], False, "rate_limited"),
        (TOKEN_ONLY, [reply(503, {"code": 20503})], False, "unreachable"),
        (TOKEN_ONLY, [reply(200, b"<html>login</html>")], False, "unreachable"),
        (TOKEN_ONLY, [CLOSE], False, "unreachable"),
        (KEY, [LIST, UNAUTHORIZED, NUMBERS], True, "good"),
        (KEY, [LIST, FORBIDDEN, NUMBERS], True, "good"),
        (KEY, [LIST, account(type="Trial"), NUMBERS], True, "trial"),
        (KEY, [LIST, account(status="suspended")], False, "suspended"),
        (KEY, [UNAUTHORIZED], False, "wrong_secret"),
        (KEY, [FORBIDDEN], False, "right_missing"),
        (KEY, [reply(401, {"code": 20005})], False, "suspended"),
        ({**KEY, **TOKEN_ONLY}, [LIST, account(), NUMBERS], True, "good"),
        ({**KEY, **TOKEN_ONLY}, [LIST, UNAUTHORIZED], False, "wrong_secret"),
    ],
)
def test_verifying_says_one_sentence_for_each_case(credentials, replies, ok, code):
    result, _ = verify(*replies, credentials=credentials)

    assert (result.ok, result.code) == (ok, code)
    assert result.sentence.endswith(".")
    assert "{" not in result.sentence
    assert not any(secret in result.sentence for secret in (TOKEN, KEY_SECRET))


def test_a_check_repeats_nothing_and_takes_nothing_from_the_environment(monkeypatch):
    for name in ("EDGE", "REGION", "ACCOUNT_SID", "AUTH_TOKEN"):
        monkeypatch.setenv(f"TWILIO_{name}", "elsewhere")

    result, requests = verify(reply(503, {"code": 20503}))

    assert result.code == "unreachable"
    assert len(requests) == 1
    _, requests = verify(account(), NUMBERS)
    keys = {request.headers["Authorization"] for request in requests}
    assert keys == {Auth.basic(AC, TOKEN).header}


def test_the_words_tell_a_wrong_key_from_a_wrong_token():
    by_token, _ = verify(UNAUTHORIZED)
    by_key, _ = verify(UNAUTHORIZED, credentials=KEY)

    assert "Auth token" in by_token.sentence
    assert "API key" in by_key.sentence


def test_a_standard_key_is_checked_by_listing_messages():
    _, requests = verify(LIST, UNAUTHORIZED, NUMBERS, credentials=KEY)

    assert requests[0].line == (
        f"GET /2010-04-01/Accounts/{AC}/Messages.json?PageSize=1 HTTP/1.1"
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NUMBERS, None),
        (reply(200, {"incoming_phone_numbers": []}), "not among"),
        (
            reply(200, {"incoming_phone_numbers": [{"capabilities": {"sms": False}}]}),
            "cannot send SMS",
        ),
        (reply(200, {"incoming_phone_numbers": [None]}), None),
        (reply(200, {}), None),
        (FORBIDDEN, None),
        (reply(404, {"error": "no such path"}), None),
        (reply(500, {}), None),
    ],
)
def test_a_from_number_of_another_account_is_a_hint(answer, words):
    result, _ = verify(account(), answer)

    assert result.ok
    assert [words in hint for hint in result.hints] == ([True] if words else [])


@pytest.mark.parametrize(
    ("answer", "is_hint"),
    [
        (reply(200, {"sid": MG}), False),
        (reply(404, {"code": 20404}), True),
        (reply(404, {"error": "no such path"}), False),
        (FORBIDDEN, False),
    ],
)
def test_a_service_of_another_account_is_a_hint(answer, is_hint):
    result, requests = verify(account(), answer, messaging_service_sid=MG)

    assert result.ok
    assert bool(result.hints) is is_hint
    assert requests[1].line.startswith(f"GET /v1/Services/{MG} ")


@pytest.mark.parametrize(
    ("fields", "use_case", "word", "smart", "hints"),
    [
        ({"usecase": "marketing"}, "marketing", "marketing", None, 0),
        ({"usecase": "notifications"}, "transactional", "notifications", None, 0),
        (
            {"usecase": "undeclared", "smart_encoding": True},
            None,
            "undeclared",
            True,
            0,
        ),
        ({"us_app_to_person_registered": False}, None, "", None, 1),
        ({"usecase": 5, "smart_encoding": "yes"}, None, "5", None, 0),
    ],
)
def test_what_the_service_says_of_itself_is_kept(fields, use_case, word, smart, hints):
    answer = reply(200, {"sid": MG, **fields})

    result, _ = verify(account(), answer, messaging_service_sid=MG)

    assert (result.use_case, result.use_case_word) == (use_case, word)
    assert (result.smart_encoding, len(result.hints)) == (smart, hints)


def test_a_trial_tells_what_it_puts_before_a_message(simulator):
    account = simulator.account(uuid4())
    simulator.configure(account.sid, type="Trial", verified=["+12125550100"])
    provider = TwilioSMS.from_config(
        {"account_sid": account.sid, "from_number": account.sender},
        {"auth_token": account.auth_token},
        base_url=simulator.url,
    )

    async def act():
        async with ProviderSession() as http:
            await provider.send(Message(to="+12125550100", body="Hi"), http)
            return await provider.verify_credentials(http)

    result = asyncio.run(act())

    (row,) = simulator.ledger(account=account.sid)
    assert row["body"] == f"{result.prefix}Hi"


def test_a_number_without_pictures_is_a_hint_only_to_who_sends_them():
    numbers = [{"capabilities": {"sms": True, "mms": False}}]
    answer = reply(200, {"incoming_phone_numbers": numbers})

    plain, _ = verify(account(), answer)
    pictures, _ = verify(account(), answer, media_urls="https://h.example/a.jpg")

    assert plain.hints == ()
    assert "MMS" in pictures.hints[0]


@pytest.mark.parametrize("sender", ["LeadRails", "whatsapp:+15555550100"])
def test_nothing_is_asked_about_a_sender_that_is_not_listed(sender):
    _, requests = verify(account(), from_number=sender)

    assert len(requests) == 1


@pytest.mark.parametrize(
    ("base", "messaging"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com"),
        (
            "https://api.dublin.ie1.twilio.com",
            "https://messaging.dublin.ie1.twilio.com",
        ),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("https://api.twilio.com.evil.example", "https://api.twilio.com.evil.example"),
    ],
)
def test_services_have_a_host_of_their_own(base, messaging):
    assert messaging_url(base) == messaging


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "suspended"}, "suspended"),
        ({"status": "closed"}, "closed"),
        ({"type": "Trial"}, "trial"),
    ],
)
def test_the_simulator_and_we_agree_on_accounts(simulator, changes, code):
    account = simulator.account(uuid4())
    simulator.configure(account.sid, **changes)

    assert verify_at(simulator, account, auth_token=account.auth_token).code == code


@pytest.mark.parametrize(
    ("key_type", "code"),
    [("main", "good"), ("standard", "good"), ("restricted", "right_missing")],
)
def test_the_simulator_and_we_agree_on_keys(simulator, key_type, code):
    account = simulator.account(uuid4())
    simulator.configure(account.sid, key_type=key_type)
    key = {"api_key_sid": account.key_sid, "api_key_secret": account.key_secret}

    assert verify_at(simulator, account, **key).code == code


def verify_at(simulator, account, **credentials):
    provider = TwilioSMS.from_config(
        {"account_sid": account.sid, "messaging_service_sid": account.service_sid},
        credentials,
        base_url=simulator.url,
    )

    async def act():
        async with ProviderSession() as http:
            return await provider.verify_credentials(http)

    return asyncio.run(act())


# What leaves, by the simulator ---------------------------------------------------


def left(simulator, message, account=None, **config):
    """(the message as the simulator shows it, as it left)."""
    account = account or simulator.account(uuid4())
    own = {"account_sid": account.sid, "from_number": account.sender}
    provider = TwilioSMS.from_config(
        {**own, **config}, {"auth_token": account.auth_token}, base_url=simulator.url
    )

    async def act():
        async with ProviderSession() as http:
            receipt = await provider.send(message, http)
            found = await provider.find(message.to, datetime.now(UTC) - DAY, http)
            assert [m.provider_id for m in found] == [receipt.provider_id]
            assert {m.to for m in found} == {message.to}

    asyncio.run(act())
    client = official(simulator.url, account.sid, account.auth_token, account.sid)
    with client.http_client.session:
        (seen,) = client.messages.list()
    return seen


DAY = timedelta(days=1)
TO = "+12125550100"
OFFICE = "“Ann” – it’s done… " + "a" * 90


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({}, OFFICE),
        ({"smart_encoded": "true"}, OFFICE),
        ({"smart_encoded": "true"}, f"{OFFICE} \U0001f600"),
        ({"smart_encoded": "false"}, "é" * 200),
        ({"smart_encoded": "true"}, "\t|€[]{}" * 30),
    ],
)
def test_the_simulator_bills_what_we_counted(simulator, config, body):
    composed = Composed(body)

    seen = left(simulator, Message(to=TO, body=body), **config)

    assert seen.body == as_sent(composed, config, {})
    assert int(seen.num_segments) == size_of(composed, config, {}).segments


def test_a_trial_is_billed_for_its_notice(simulator):
    account = simulator.account(uuid4())
    simulator.configure(account.sid, type="Trial", verified=[TO])
    told = {"prefix": TRIAL.prefix}
    composed = Composed("a" * 150)

    seen = left(simulator, Message(to=TO, body=composed.body), account)

    assert seen.body == as_sent(composed, {}, told)
    assert int(seen.num_segments) == size_of(composed, {}, told).segments == 2


def test_a_template_kept_at_the_provider_is_filled_in(simulator):
    account = simulator.account(uuid4())
    client = official(simulator.url, account.sid, account.auth_token, account.sid)
    client.content.base_url = simulator.url
    text = {"twilio/text": {"body": "Hello {{1}}, it is {{when}}."}}
    payload = {
        "friendly_name": "hello",
        "language": "en",
        "variables": {"1": "you", "when": "now"},
        "types": text,
    }
    request = type("Payload", (), {"to_dict": lambda self: payload})()
    with client.http_client.session:
        made = client.content.v1.contents.create(request)
    content = Content(made.sid, {"1": "Ann “A”", "when": "9:30"})

    seen = left(simulator, Message(to=TO, body="", content=content), account)

    assert seen.body == "Hello Ann “A”, it is 9:30."


def test_options_are_taken_by_the_simulator(simulator):
    account = simulator.account(uuid4())
    options = {name: OPTIONS[name] for name in OPTIONS if name != "address_retention"}
    config = {**options, "messaging_service_sid": account.service_sid}
    soon = datetime.now(UTC) + timedelta(hours=1)

    seen = left(simulator, Message(to=TO, body="Hi", send_at=soon), account, **config)

    assert (seen.status, seen.messaging_service_sid) == (
        "scheduled",
        account.service_sid,
    )


def test_a_whatsapp_message_is_found_again(simulator):
    seen = left(
        simulator, Message(to=TO, body="Hi"), from_number="whatsapp:+15555550100"
    )

    assert (seen.to, seen.from_) == (f"whatsapp:{TO}", "whatsapp:+15555550100")
