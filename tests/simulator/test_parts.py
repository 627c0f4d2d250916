"""The pieces that need no server."""

from uuid import UUID

import pytest

from destinations.providers import simulated
from destinations.simulator import ids, segments
from destinations.simulator.callback import sign, split
from destinations.simulator.regions import normalise, region

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    "To=%2B18005551212&CallSid=CA1234567890ABCDE&Digits=1234&From=%2B12349013030"
    "&Caller=%2B12349013030"
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("中" * 70, 1),
        ("中" * 71, 2),
        ("é" * 70, 1),
        ("e\u0301" * 70, 3),
        ("a" * 80 + "\r\n" + "a" * 79, 2),
        ("a" * 80 + "\n" + "a" * 79, 1),
        ("a" * 200 + "\r\n" + "a" * 105, 3),
        ("|", 1),
        ("]" * 153, 3),
        ("", 1),
    ],
)
def test_segments_are_those_of_the_providers_calculator(text, count):
    assert segments.count(text) == count


def test_the_signature_is_the_published_one():
    assert sign("12345", URL, FORM) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def test_user_and_password_are_not_signed():
    with_user = URL.replace("https://", "https://ann:pass@")

    assert sign("12345", with_user, FORM) == sign("12345", URL, FORM)


def test_the_fragment_overrides_and_is_cut_off():
    url, overrides = split(f"{URL}#rc=5&rp=4xx,rt&ct=2000&tt=99999")

    assert url == URL
    assert (overrides.rc, overrides.ct, overrides.tt) == (5, 2000, 15_000)
    assert [overrides.allows(f) for f in ("4xx", "5xx", "ct", "rt")] == [
        True,
        False,
        False,
        True,
    ]


def test_without_a_fragment_only_a_failed_connection_is_repeated_once():
    _, overrides = split(URL)

    assert (overrides.rc, overrides.rt) == (1, 15_000)
    assert overrides.allows("ct")
    assert not overrides.allows("5xx")


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12125550150", "US"),
        ("+15555550100", "US"),
        ("+14165550150", "CA"),
        ("+17875550150", "PR"),
        ("+447700900050", "GB"),
        ("+4915112345678", "DE"),
        ("+919876543210", "IN"),
        ("+12", ""),
    ],
)
def test_every_number_has_a_country_even_a_fictional_one(number, country):
    assert region(number) == country


@pytest.mark.parametrize("raw", ["", "12", "+0123456789", "+1212555010", "2125550100"])
def test_what_is_no_number_is_none(raw):
    assert normalise(raw) is None


def test_common_writing_is_read():
    assert normalise("+1 (212) 555-0100") == "+12125550100"


def test_derived_names_are_stable_and_marked():
    tenant = UUID(int=1)
    sid = simulated.account_sid(tenant)

    assert sid == simulated.account_sid(tenant) != simulated.account_sid(UUID(int=2))
    assert simulated.is_simulated_sid(sid)
    assert simulated.sibling_sid("MG", sid) == f"MG{sid[2:]}"
    assert not simulated.is_simulated_sid("AC" + "0" * 32)
    assert not simulated.is_simulated_sid(sid + "\n")
    assert simulated.auth_token("a", sid) != simulated.auth_token("b", sid)


def test_tokens_are_uuids_of_version_4_and_ids_have_their_length():
    tokens = {ids.token() for _ in range(100)}

    assert len(tokens) == 100
    assert {UUID(token).version for token in tokens} == {4}
    assert {len(ids.hex_digits(24)) for _ in range(100)} == {24}
