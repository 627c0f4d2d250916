"""What is Telnyx's alone: the form, the request, the signature, the check."""

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from telnyx import Telnyx

from destinations.providers import simulated, telnyx_inbound, telnyx_messages
from destinations.providers import telnyx_verification as words
from destinations.providers.base import Capability, Message, SignatureCheck
from destinations.providers.http import ProviderSession
from destinations.providers.inbound import NotInbound
from destinations.providers.telnyx import TelnyxSMS
from destinations.providers.telnyx_signature import check
from leadrails.core.delivery import NotSent
from tests.contract.canned import canned, reply

SIGNER = Ed25519PrivateKey.generate()
OTHER = Ed25519PrivateKey.generate()
PROFILE = "4000eba1-a0c0-4563-9925-b25e842a7cb6"
API_KEY = "KEY0193A5B2C4D6E8F0A1B2C3D4E5F60718_abcDEF0123456789abcDEF"
VALID, INVALID = SignatureCheck.VALID, SignatureCheck.INVALID


def public(signer):
    return base64.b64encode(signer.public_key().public_bytes_raw()).decode()


CONFIG = {
    "messaging_profile_id": PROFILE,
    "public_key": public(SIGNER),
    "from_number": "+15555550200",
}


def make(base_url="http://127.0.0.1", **changes):
    return TelnyxSMS.from_config(
        {**CONFIG, **changes}, {"api_key": API_KEY}, base_url=base_url
    )


# The form -------------------------------------------------------------------------


def problems(*, simulated=False, api_key=API_KEY, **changes):
    return TelnyxSMS.validate({**CONFIG, **changes}, {"api_key": api_key}, simulated)


def test_the_fields_are_what_the_portal_calls_them():
    asked = [field for field in TelnyxSMS.fields if field.is_of_account]

    assert [field.label for field in asked] == [
        "API key",
        "Public key",
        "Messaging profile ID",
        "From number",
        "Previous public key",
        "RCS agent ID",
    ]
    assert [field.name for field in TelnyxSMS.fields if field.secret] == ["api_key"]


@pytest.mark.parametrize("sender", ["", "+15555550200", "55502", "ACME Ltd"])
def test_a_number_a_code_a_name_or_a_pool_may_send(sender):
    assert problems(from_number=sender) == {}


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"api_key": ""}, "api_key", "Enter the API key"),
        ({"api_key": "SK123"}, "api_key", "KEY followed by"),
        ({"public_key": ""}, "public_key", "Enter the Public key"),
        ({"public_key": "A" * 44}, "public_key", "32 bytes"),
        ({"public_key_previous": "x"}, "public_key_previous", "32 bytes"),
        ({"messaging_profile_id": "MG1"}, "messaging_profile_id", "like 4000eba1"),
        ({"from_number": "A name too long"}, "from_number", "at most 11"),
        ({"from_number": "555-0200"}, "from_number", "E.164"),
        ({"send_after": "5"}, "send_after", "from 6 to 1,440"),
        ({"encoding": "ebcdic"}, "encoding", "Choose one of"),
        ({"simulated": True}, "api_key", "takes only the simulated key"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes, field, part):
    found = problems(**changes)

    assert list(found) == [field]
    assert part in found[field]


def test_a_simulated_key_is_not_taken_for_a_live_destination():
    key = simulated.telnyx_api_key("x", f"AC{simulated.MARK}{'0' * 24}")

    assert "belongs to the simulator" in problems(api_key=key)["api_key"]
    assert problems(api_key=key, simulated=True) == {}


@pytest.mark.parametrize(
    ("sender", "media", "rate"),
    [
        ("", "", 50),
        ("", "https://h.example/a.png", 15),
        ("ACME", "", 50),
        ("55502", "", 50),
        ("+18885550198", "", 20),
        ("+18885550198", "https://h.example/a.png", 15),
        ("+12125550198", "", 1),
        ("+447700900200", "", 0.1),
    ],
)
def test_the_rate_is_the_lesser_of_sender_and_account(sender, media, rate):
    config = {**CONFIG, "from_number": sender, "media_urls": media}

    assert TelnyxSMS.messages_per_second(config) == rate


def test_a_pool_is_its_profile_and_a_name_is_nobodys_own():
    pool = TelnyxSMS.sender_of({**CONFIG, "from_number": ""})
    name = TelnyxSMS.sender_of({**CONFIG, "from_number": "ACME"})

    assert (pool.id, pool.account, pool.number) == (PROFILE, PROFILE, "")
    assert (name.id, name.shown) == ("", "ACME")
    assert TelnyxSMS.sender_of(CONFIG).number == "+15555550200"
    assert not make(from_number="ACME").can(Capability.REPLIES)
    assert make().can(Capability.REPLIES)


# The request ----------------------------------------------------------------------

CALLBACK = "https://leads.example.com/webhooks/status/dst_1/job_1/1/1/abc"
PLAIN = {
    "to": "+12125550100",
    "from": "+15555550200",
    "messaging_profile_id": PROFILE,
    "type": "SMS",
    "text": "Hi Ann",
}
PICTURE = "https://h.example/a.png"


@pytest.mark.parametrize(
    ("config", "message", "changes"),
    [
        pytest.param({}, {}, {}, id="plain"),
        pytest.param({"from_number": ""}, {}, {"from": None}, id="pool"),
        pytest.param({"from_number": "ACME"}, {}, {"from": "ACME"}, id="name"),
        pytest.param(
            {"subject": "Your quote"},
            {"media": (PICTURE,)},
            {"type": "MMS", "media_urls": [PICTURE], "subject": "Your quote"},
            id="pictures",
        ),
        pytest.param({"subject": "Unused"}, {}, {}, id="subject without pictures"),
        pytest.param({"encoding": "auto"}, {}, {"encoding": "auto"}, id="encoding"),
        pytest.param({}, {"validity_seconds": 60}, {}, id="no validity"),
        pytest.param(
            {},
            {"send_at": datetime(2026, 11, 22, 1, 30, tzinfo=UTC)},
            {"send_at": "2026-11-22T01:30:00Z"},
            id="later",
        ),
        pytest.param(
            {},
            {"callback_url": CALLBACK},
            {
                "webhook_url": CALLBACK,
                "webhook_failover_url": CALLBACK,
                "use_profile_webhooks": False,
            },
            id="callback",
        ),
    ],
)
def test_the_request_has_what_was_given_and_nothing_else(config, message, changes):
    async def act():
        answer = {"data": {"id": PROFILE, "to": [{"status": "queued"}]}}
        async with canned(reply(200, answer)) as server, ProviderSession() as http:
            wanted = Message(to="+12125550100", body="Hi Ann", **message)
            await make(server.url, **config).send(wanted, http)
            return server.requests

    (request,) = asyncio.run(act())

    assert request.line == "POST /v2/messages HTTP/1.1"
    assert request.headers["Authorization"] == f"Bearer {API_KEY}"
    expected = {k: v for k, v in {**PLAIN, **changes}.items() if v is not None}
    assert json.loads(request.body) == expected


def test_only_ids_of_messages_are_asked_after():
    with pytest.raises(NotSent):
        asyncio.run(make().fetch("../balance", None))


def test_replies_are_entered_in_the_profile():
    async def act():
        async with (
            canned(reply(200, {"data": {}})) as server,
            ProviderSession() as http,
        ):
            await make(server.url).connect_replies("https://h.example/in", http)
            return server.requests

    (request,) = asyncio.run(act())

    assert request.line == f"PATCH /v2/messaging_profiles/{PROFILE} HTTP/1.1"
    assert json.loads(request.body) == {
        "webhook_url": "https://h.example/in",
        "webhook_failover_url": "https://h.example/in",
        "webhook_api_version": "2",
    }


# The signature --------------------------------------------------------------------

BODY = b'{"data":{"event_type":"message.sent","id":"1","record_type":"event"}}'
NOW = 1_795_000_000


def headers(body=BODY, at=NOW, signer=SIGNER):
    signature = base64.b64encode(signer.sign(f"{at}|".encode() + body)).decode()
    return {"Telnyx-Timestamp": str(at), "Telnyx-Signature-Ed25519": signature}


@pytest.mark.parametrize(
    ("given", "body", "expected"),
    [
        pytest.param(headers(), BODY, VALID, id="right"),
        pytest.param(headers(signer=OTHER), BODY, VALID, id="the other key"),
        pytest.param(headers(at=NOW - 300), BODY, VALID, id="just in time"),
        pytest.param(headers(at=NOW - 301), BODY, INVALID, id="old"),
        pytest.param(headers(at=NOW + 301), BODY, INVALID, id="to come"),
        pytest.param(headers(), BODY + b" ", INVALID, id="one byte more"),
        pytest.param(
            headers() | {"Telnyx-Timestamp": str(NOW + 1)}, BODY, INVALID, id="time"
        ),
        pytest.param(
            headers(signer=Ed25519PrivateKey.generate()), BODY, INVALID, id="stranger"
        ),
        pytest.param({}, BODY, INVALID, id="no header"),
        *(
            pytest.param(headers() | {name: value}, BODY, INVALID, id=f"{name} {value}")
            for name in ("Telnyx-Timestamp", "Telnyx-Signature-Ed25519")
            for value in ("", "x", "é", "١٧٩", "-1", "1e9", "9" * 400, "AAAA")
        ),
    ],
)
def test_a_webhook_is_believed_only_with_a_fresh_signature(given, body, expected):
    keys = (public(SIGNER), public(OTHER))

    assert check(keys, body, given, now=NOW) is expected


def sample(name):
    return (Path(__file__).parent / "telnyx_sms" / f"{name}.body").read_text()


def test_a_read_is_one_by_its_event_alone():
    event = json.loads(sample("callback_rcs_read"))
    del event["data"]["payload"]["to"][0]["status"]
    assert telnyx_messages.callback(json.dumps(event).encode()).status == "read"


def test_a_location_that_is_not_on_earth_is_none():
    body = sample("inbound_rcs_location").replace("38.24961321640261", "91")
    assert telnyx_inbound.parse(body.encode()).location is None


def test_without_a_key_nothing_can_be_checked():
    assert check((), BODY, headers(), now=NOW) is SignatureCheck.UNCHECKED


def test_we_believe_what_the_official_library_believes():
    at = int(datetime.now(UTC).timestamp())
    official = Telnyx(api_key="x", public_key=public(SIGNER))

    assert official.webhooks.unwrap(BODY.decode(), headers=headers(at=at))
    assert make().verify_callback("", BODY, headers(at=at)) is VALID
    with pytest.raises(Exception, match=r"(?i)signature"):
        official.webhooks.unwrap(BODY.decode(), headers=headers(at=at, signer=OTHER))
    assert make().verify_callback("", BODY, headers(at=at, signer=OTHER)) is INVALID


# Verify connection ----------------------------------------------------------------

ME, MISSING = {"data": {"organization_id": "o"}}, reply(404, {"errors": []})
MONEY = {"data": {"available_credit": "400.00", "currency": "USD"}}
GOOD_PROFILE = {
    "enabled": True,
    "whitelisted_destinations": ["US"],
    "webhook_api_version": "2",
    "webhook_url": "https://h.example/in",
    "number_pool_settings": None,
    "alpha_sender": None,
}
NUMBER = {
    "phone_number": "+15555550200",
    "messaging_profile_id": PROFILE,
    "features": {"sms": {"domestic_two_way": True}, "mms": None},
}


def verify(*replies, **config):
    async def act():
        async with canned(*replies) as server, ProviderSession() as http:
            return await make(server.url, **config).verify_credentials(http)

    return asyncio.run(act())


def refused(status, code):
    return reply(status, {"errors": [{"code": code, "title": "no"}]})


@pytest.mark.parametrize(
    ("replies", "result"),
    [
        ([refused(401, "10009")], words.WRONG_KEY),
        ([refused(403, "10010")], words.MISSING_RIGHT),
        ([refused(403, "20012")], words.INACTIVE),
        ([refused(403, "20013")], words.BLOCKED),
        ([MISSING, refused(401, "10009")], words.WRONG_KEY),
        ([reply(429, {}, {"Retry-After": "1"})], words.BUSY),
        ([reply(503, {})], words.UNREACHABLE),
        # What comes after the key may fail: the key is right all the same.
        ([reply(200, ME), reply(503, {})], words.GOOD),
    ],
)
def test_the_key_is_judged_in_one_sentence(replies, result):
    assert verify(*replies) == result


def test_an_answer_that_is_not_known_is_said():
    result = verify(refused(418, "77"))

    assert (result.ok, result.code) == (False, "unexpected")
    assert "HTTP 418, code 77" in result.sentence


@pytest.mark.parametrize(
    ("profile", "rows", "config", "hints"),
    [
        ({}, [NUMBER], {}, ()),
        ({"enabled": False}, [NUMBER], {}, (words.PROFILE_OFF,)),
        ({"whitelisted_destinations": []}, [NUMBER], {}, (words.NO_COUNTRY,)),
        ({"webhook_api_version": "1"}, [NUMBER], {}, (words.OLD_WEBHOOKS,)),
        ({"webhook_url": None}, [NUMBER], {}, (words.NO_WEBHOOK,)),
        ({}, [], {}, (words.NOT_OURS,)),
        ({}, [NUMBER | {"messaging_profile_id": None}], {}, (words.OTHER_PROFILE,)),
        ({}, [NUMBER], {"media_urls": PICTURE}, (words.NO_MMS,)),
        ({}, [NUMBER | {"features": {"sms": None}}], {}, (words.NO_SMS,)),
        ({}, [], {"from_number": ""}, (words.NO_POOL,)),
        ({"number_pool_settings": {"geomatch": True}}, [], {"from_number": ""}, ()),
        ({"alpha_sender": "ACME"}, [], {"from_number": "ACME"}, ()),
        ({}, [], {"from_number": "ACME"}, (words.NO_NAME,)),
        (
            {},
            [{"alphanumeric_sender_id": "ACME"}],
            {"from_number": "ACME"},
            (),
        ),
        ({}, [{"short_code": "55502"}], {"from_number": "55502"}, ()),
        ({}, [], {"from_number": "55502"}, (words.OTHER_PROFILE,)),
    ],
)
def test_what_stands_in_the_way_is_a_hint_each(profile, rows, config, hints):
    result = verify(
        reply(200, ME),
        reply(200, MONEY),
        reply(200, {"data": GOOD_PROFILE | profile}),
        reply(200, {"data": rows}),
        **config,
    )

    assert (result.ok, result.code, result.hints) == (True, "good", hints)
    assert result.sentence == "The API key works. Credit left: 400.00 USD."


def test_an_empty_purse_and_a_missing_profile_are_hints():
    empty = {"data": {"available_credit": "0.00", "currency": "USD"}}

    result = verify(reply(200, ME), reply(200, empty), MISSING)

    assert result.ok
    assert result.hints == (words.NO_MONEY, words.NO_PROFILE)


# Anything may be posted -----------------------------------------------------------

NAMES = st.sampled_from(
    [
        *("data", "payload", "event_type", "record_type", "id", "from", "to", "errors"),
        *("status", "text", "body", "media", "user_file", "location", "code", "cost"),
        *("suggestion_response", "phone_number", "agent_id", "parts", "latitude"),
        *("longitude", "autoresponse_type"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.integers(),
    st.sampled_from(
        ["message.received", "STOP", PROFILE, "+12025550100", "\0", "link_clicked"]
    ),
    st.text(max_size=5),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_any_event_is_read_or_refused(payload):
    for event in (
        payload,
        {"data": payload},
        {"data": {"event_type": "message.received", "payload": payload}},
        {
            "data": {
                "event_type": "message.received",
                "payload": {
                    "id": PROFILE,
                    "from": {"phone_number": "+1"},
                    "body": payload,
                },
            }
        },
    ):
        body = json.dumps(event).encode()
        try:
            said = telnyx_inbound.parse(body)
        except NotInbound:
            pass
        else:
            assert "\\u0000" not in json.dumps(said.raw)
        try:
            telnyx_messages.callback(body)
        except ValueError:
            continue
