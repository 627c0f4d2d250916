from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.signing import (
    SignedParts,
    callback_mac,
    is_fresh,
    parse_idempotency_key,
    parse_nonce,
    parse_timestamp,
    sign,
    verify,
    verify_callback_mac,
)

SECRET = "test-secret"
TIMESTAMP = "2026-05-22T12:00:00.000Z"
NONCE = "0123456789abcdef0123456789abcdef"
KEY = "fixed-idem-key"
BODY = (
    b'{"schema_version":"lead_event.v1","event_type":"lead.submitted",'
    b'"submitted_at":"2026-05-22T12:00:00.000Z","source":{"source_system":"test"},'
    b'"lead":{"email":"x@example.com"}}'
)
BODY_BEYOND_ASCII = (
    '{"schema_version":"lead_event.v1","event_type":"lead.submitted",'
    '"submitted_at":"2026-05-22T12:00:00.000Z","source":{"source_system":"café"},'
    '"lead":{"full_name":"Zoë 🚚"}}'
).encode()
SIGNATURE = "v1=I930XCT/7BZn+Ewozf60ynsVpLAEwPujpBLlrREHzW4="
SIGNATURE_BEYOND_ASCII = "v1=ULVGWczBn8pieneYuKSRA7hWtoZLrdL+mOgJ/mTkICQ="

DESTINATION = UUID("01970000-0000-7000-8000-000000000001")
JOB = UUID("01970000-0000-7000-8000-000000000002")
CALLBACK = {"version": 1, "destination": DESTINATION, "job": JOB, "attempt": 1}


def make_parts(**changes):
    defaults = {
        "timestamp": TIMESTAMP,
        "nonce": NONCE,
        "idempotency_key": KEY,
        "body": BODY,
    }
    return SignedParts(**(defaults | changes))


@pytest.mark.parametrize(
    ("body", "length", "signature"),
    [
        pytest.param(BODY, 173, SIGNATURE, id="ascii"),
        pytest.param(BODY_BEYOND_ASCII, 174, SIGNATURE_BEYOND_ASCII, id="beyond"),
    ],
)
def test_the_known_vectors_hold(body, length, signature):
    parts = make_parts(body=body)

    assert len(body) == length
    assert sign(parts, SECRET) == signature
    assert verify(signature, parts, SECRET)


def test_the_base_string_is_six_parts_joined_by_full_stops():
    assert make_parts().base_string() == (
        b"2026-05-22T12:00:00.000Z.0123456789abcdef0123456789abcdef.fixed-idem-key"
        b".post./v1/lead-events"
        b".e2f681a77192fff177380b901a30edcf2787d4de6800752375194329921dd812"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": "2026-05-22T12:00:00.001Z"},
        {"nonce": NONCE[::-1]},
        {"idempotency_key": "other"},
        {"body": BODY + b" "},
        {"method": "PUT"},
        {"path": "/v1/lead-events/"},
    ],
)
def test_a_signature_covers_every_part(changes):
    assert not verify(SIGNATURE, make_parts(**changes), SECRET)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        SIGNATURE[3:],
        SIGNATURE.replace("v1", "V1"),
        SIGNATURE.replace("v1", "v2"),
        SIGNATURE.rstrip("="),
        SIGNATURE + " ",
        SIGNATURE + "," + SIGNATURE,
        SIGNATURE.replace("W4=", "W5="),
        SIGNATURE.replace("/", "_"),
        "v1=é",
        "v1=\udcff",
    ],
)
def test_only_the_exact_signature_is_taken(signature):
    assert not verify(signature, make_parts(), SECRET)


def test_another_secret_makes_another_signature():
    assert not verify(SIGNATURE, make_parts(), "test-secret ")


@pytest.mark.parametrize(
    ("timestamp", "nonce", "key"),
    [
        ("2026-05-22T12:00:00", "000Z", f"{NONCE}.{KEY}"),
        (TIMESTAMP, f"{NONCE}.fixed-idem-key", ""),
    ],
)
def test_a_captured_request_split_anew_is_refused(timestamp, nonce, key):
    parts = make_parts(timestamp=timestamp, nonce=nonce, idempotency_key=key)

    assert not verify(sign(parts, SECRET), parts, SECRET)


def test_the_attack_is_real_without_the_strict_forms():
    parts = make_parts(
        timestamp="2026-05-22T12:00:00",
        nonce="000Z",
        idempotency_key=f"{NONCE}.{KEY}",
    )

    assert sign(parts, SECRET) == SIGNATURE
    assert not verify(SIGNATURE, parts, SECRET)


@given(st.text("0123456789abcdefTZ:-.", max_size=90), st.data())
def test_no_two_readings_of_strict_parts_share_a_base_string(text, data):
    whole = f"{TIMESTAMP}.{NONCE}.{KEY}.{text}"
    stops = [index for index, char in enumerate(whole) if char == "."]
    first, second = sorted(
        data.draw(st.lists(st.sampled_from(stops), min_size=2, max_size=2, unique=True))
    )
    parts = make_parts(
        timestamp=whole[:first],
        nonce=whole[first + 1 : second],
        idempotency_key=whole[second + 1 :],
    )

    if verify(sign(parts, SECRET), parts, SECRET):
        assert (parts.timestamp, parts.nonce) == (TIMESTAMP, NONCE)


def test_a_timestamp_is_read_to_the_millisecond():
    assert parse_timestamp("2026-05-22T12:00:00.123Z") == datetime(
        2026, 5, 22, 12, 0, 0, 123_000, tzinfo=UTC
    )


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
def test_every_instant_is_read_back(naive):
    at = naive.replace(microsecond=naive.microsecond // 1000 * 1000, tzinfo=UTC)
    text = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    assert parse_timestamp(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-05-22T12:00:00Z",
        "2026-05-22T12:00:00.00Z",
        "2026-05-22T12:00:00.0000Z",
        "2026-05-22T12:00:00.000z",
        "2026-05-22t12:00:00.000Z",
        "2026-05-22 12:00:00.000Z",
        "2026-05-22T12:00:00.000+00:00",
        "2026-05-22T12:00:00,000Z",
        "2026-05-22T12:00:00.000Z\n",
        " 2026-05-22T12:00:00.000Z",
        "2026-02-30T12:00:00.000Z",
        "2026-05-22T24:00:00.000Z",
        "2026-05-22T12:00:60.000Z",
        "0000-05-22T12:00:00.000Z",
        "２026-05-22T12:00:00.000Z",
        "1747915200",
    ],
)
def test_any_other_timestamp_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        parse_timestamp(text)


@pytest.mark.parametrize(
    "text", ["", NONCE[:-1], NONCE + "0", NONCE.upper(), NONCE[:-1] + "g", NONCE + "\n"]
)
def test_any_other_nonce_is_refused(text):
    assert parse_nonce(NONCE) == NONCE
    with pytest.raises(ValueError, match="32 lower-case hex"):
        parse_nonce(text)


@pytest.mark.parametrize("text", ["", "a b", "a\n", "é", "\x7f", "k" * 201])
def test_any_other_idempotency_key_is_refused(text):
    with pytest.raises(ValueError, match="visible ASCII"):
        parse_idempotency_key(text)


@pytest.mark.parametrize("text", ["k", "k" * 200, "order.17/~"])
def test_a_caller_may_choose_any_visible_key(text):
    assert parse_idempotency_key(text) == text


@pytest.mark.parametrize(
    ("off_s", "fresh"), [(0, True), (300, True), (-300, True), (301, False)]
)
def test_five_minutes_either_way_are_fresh(off_s, fresh):
    now = datetime(2026, 5, 22, 12, tzinfo=UTC)

    assert is_fresh(now + timedelta(seconds=off_s), now=now) is fresh
    assert is_fresh(now - timedelta(seconds=off_s), now=now) is fresh


def test_a_callback_mac_is_stable_and_fits_a_url():
    mac = callback_mac(b"k" * 32, **CALLBACK)

    assert mac == "EI8MQwbvV8XxsgnHspgR4w"
    assert len(mac) == 22
    assert verify_callback_mac(mac, b"k" * 32, **CALLBACK)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"destination": JOB},
        {"job": DESTINATION},
        {"destination": JOB, "job": DESTINATION},
        {"attempt": 2},
        {"attempt": -1},
        {"attempt": 2**32},
        {"version": 2**70},
    ],
)
def test_a_callback_mac_speaks_for_one_attempt_only(changes):
    mac = callback_mac(b"k" * 32, **CALLBACK)

    assert not verify_callback_mac(mac, b"k" * 32, **(CALLBACK | changes))


def test_a_callback_mac_needs_its_key_and_its_exact_text():
    mac = callback_mac(b"k" * 32, **CALLBACK)

    assert not verify_callback_mac(mac, b"j" * 32, **CALLBACK)
    for wrong in ("", mac[:-1], mac + "=", mac.swapcase(), "é" * 22, "\udc80"):
        assert not verify_callback_mac(wrong, b"k" * 32, **CALLBACK)


def test_parts_beyond_32_bits_cannot_be_signed():
    with pytest.raises(ValueError, match="32 bits"):
        callback_mac(b"k", **(CALLBACK | {"attempt": 2**32}))
