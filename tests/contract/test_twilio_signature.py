"""Twilio's signature over a callback. The vectors are those of the published
documents and of the official library, all with the token 12345."""

import hashlib
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from destinations.providers.base import SignatureCheck
from destinations.providers.twilio_signature import check

VALID, INVALID = SignatureCheck.VALID, SignatureCheck.INVALID
TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://leads.example.com/twilio/status/?a=1&b=%7E"
FORM = {"MessageSid": "SM1", "MessageStatus": "sent", "From": "+1 5", "Empty": ""}
BODY = urlencode(FORM).encode()


def sign(url=URL, params=FORM, token=TOKEN):
    return RequestValidator(token).compute_signature(url, params)


def headers(signature, media_type="application/x-www-form-urlencoded"):
    return {"X-Twilio-Signature": signature, "Content-Type": media_type}


CALL = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "To": "+18005551212"}


@pytest.mark.parametrize(
    ("url", "caller", "signature"),
    [
        (
            "https://example.com/myapp.php?foo=1&bar=2",
            "+14158675310",
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
        ),
        (
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            "+12349013030",
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
        ),
        ("https://example.com/myapp", "+12349013030", "NGAgWNhdnsLF8j385frvrQoi9sg="),
    ],
)
def test_published_vectors_hold(url, caller, signature):
    body = urlencode({**CALL, "Caller": caller, "From": caller}).encode()

    assert check(["12345"], url, body, headers(signature)) is VALID
    assert check(["12346"], url, body, headers(signature)) is INVALID
    assert check(["12345"], url, body + b"&x=1", headers(signature)) is INVALID


def test_the_published_json_vector_holds():
    body = b'{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}'
    digest = "5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9"
    url = f"https://example.com/myapp?bodySHA256={digest}"
    given = headers("hPXmLwIy3Fgqv1i9KPmH/HhQ6zo=", "application/json")

    assert check(["12345"], url, body, given) is VALID
    assert check(["12345"], url, body + b" ", given) is INVALID


def test_json_without_its_hash_in_the_url_is_invalid():
    given = headers(sign(params={}), "application/json")

    assert check([TOKEN], URL, b'{"a": 1}', given) is INVALID


def test_json_with_two_hashes_is_invalid():
    body = b'{"a": 1}'
    digest = hashlib.sha256(body).hexdigest()
    url = f"{URL}&bodySHA256={'0' * 64}&bodySHA256={digest}"
    given = headers(sign(url, {}), "application/json")

    assert check([TOKEN], url, body, given) is INVALID


@pytest.mark.parametrize("name", ["X-Twilio-Signature", "x-twilio-signature"])
def test_header_names_have_no_case(name):
    assert check([TOKEN], URL, BODY, {name: sign()}) is VALID


@pytest.mark.parametrize("given", [{}, {"X-Twilio-Signature": ""}, headers("é")])
def test_no_signature_is_invalid(given):
    assert check([TOKEN], URL, BODY, given) is INVALID


def test_without_a_token_nothing_can_be_checked():
    assert check([], URL, BODY, headers(sign())) is SignatureCheck.UNCHECKED


def test_another_algorithm_in_the_headers_changes_nothing():
    given = headers("forged")
    given["X-Twilio-Webhooks-Signature-Settings"] = "key=k,algorithm=HMAC_SHA256"

    assert check([TOKEN], URL, BODY, given) is INVALID


def test_the_old_and_the_new_token_both_count_during_a_rotation():
    old = headers(sign(token="f" * 32))

    assert check([TOKEN, "f" * 32], URL, BODY, old) is VALID
    assert check([TOKEN], URL, BODY, old) is INVALID


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://h.example/p?q=1", "https://h.example:443/p?q=1"),
        ("https://h.example:443/p?q=1", "https://h.example/p?q=1"),
        ("http://h.example:8443/p", "http://h.example:8443/p"),
        ("http://h.example/p", "http://h.example:80/p"),
        ("https://user:pass@h.example:8443/p", "https://h.example:8443/p"),
        ("https://user:pass@h.example/p", "https://h.example/p"),
        ("http://[::1]:8000/p", "http://[::1]:8000/p"),
        ("http://[::1]/p", "http://[::1]:80/p"),
        ("https://h.example/p#rc=5&rp=all", "https://h.example/p"),
        ("https://h.example/p?", "https://h.example/p"),
        ("https://s/s", "https://s:443/s"),
        ("https://H.example/%7Ep", "https://H.example/%7Ep"),
    ],
)
def test_urls_may_differ_as_twilio_lets_them(ours, signed):
    assert check([TOKEN], ours, BODY, headers(sign(signed))) is VALID


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://h.example:8443/p", "https://h.example/p"),
        ("https://h.example/p/", "https://h.example/p"),
        ("https://h.example/~p", "https://h.example/%7Ep"),
        ("https://h.example/p", "http://h.example/p"),
        ("https://h.example/p?a=1&b=2", "https://h.example/p?b=2&a=1"),
        ("https://user@evil.example/p", "https://h.example/p"),
    ],
)
def test_urls_may_not_differ_otherwise(ours, signed):
    assert check([TOKEN], ours, BODY, headers(sign(signed))) is INVALID


@pytest.mark.parametrize(
    "pairs",
    [
        pytest.param([("A", "2"), ("A", "1"), ("A", "2")], id="repeated names"),
        pytest.param([("b", "1"), ("B", "2"), ("a", "3")], id="case decides order"),
        pytest.param([("Body", " hi\n\té 👋 ")], id="white space and emoji stay"),
        pytest.param([("Body", ""), ("New", "field")], id="empty and unknown"),
    ],
)
def test_all_of_the_form_is_signed(pairs):
    class MultiDict(dict):
        def getlist(self, name):
            return [v for k, v in pairs if k == name]

    signature = sign(params=MultiDict(pairs))
    body = urlencode(pairs).encode()

    assert check([TOKEN], URL, body, headers(signature)) is VALID
    assert check([TOKEN], URL, body + b"&Z=1", headers(signature)) is INVALID


def test_bytes_that_are_no_text_are_invalid_and_harmless():
    assert check([TOKEN], URL, b"\xff\xfe=%ff", headers(sign())) is INVALID
