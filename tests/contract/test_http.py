"""What a failed call means, decided once for all providers."""

import asyncio
import ssl
import time
from datetime import UTC, datetime

import pytest

from destinations.providers.answers import Auth
from destinations.providers.http import LONGEST_WAIT, ProviderSession, retry_after
from leadrails.core.delivery import NotSent, OutcomeUnknown, RateLimited, SendError
from tests.contract.canned import CLOSE, HANG, RESET, canned, free_port, reply

AUTH = Auth.basic("AC123", "the-secret-of-this-test")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


async def post(url, **settings):
    async with ProviderSession(**settings) as http:
        return await http.post_form(
            f"{url}/m", [("To", "+1 2"), ("B", "é&=")], auth=AUTH
        )


def outcome_of(*replies, **settings):
    """What a post to a server with these replies comes to, and what it was sent."""

    async def act():
        async with canned(*replies) as server:
            try:
                return await post(server.url, **settings), server
            except SendError as error:
                return error, server

    return asyncio.run(act())


def test_a_form_goes_out_encoded_once_with_its_authorization():
    answer, server = outcome_of(reply(201, {"sid": "SM1"}))

    assert (answer.status, answer.body, answer.is_client_error) == (
        201,
        {"sid": "SM1"},
        False,
    )
    (request,) = server.requests
    assert request.line == "POST /m HTTP/1.1"
    assert request.body == b"To=%2B1+2&B=%C3%A9%26%3D"
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Authorization"] == AUTH.header
    assert "Cookie" not in request.headers


def test_json_goes_out_as_json():
    async def act():
        async with canned(reply()) as server, ProviderSession() as http:
            await http.post_json(server.url, {"to": "é"}, auth=Auth.bearer("key"))
            return server.requests[0]

    request = asyncio.run(act())

    assert request.body == '{"to":"é"}'.encode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == "Bearer key"


def test_a_client_error_is_an_answer():
    answer, _ = outcome_of(reply(400, {"code": 21211}))

    assert answer.is_client_error
    assert answer.error_code == "21211"


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(CLOSE, id="closed without an answer"),
        pytest.param(RESET, id="reset"),
        pytest.param(reply(500, {"code": 20500}), id="500"),
        pytest.param(reply(502, b"<html>Bad gateway</html>"), id="html 502"),
        pytest.param(reply(503, {"code": 20503}), id="503"),
        pytest.param(reply(504, b""), id="504"),
        pytest.param(reply(408, {"errors": [{"code": "10008"}]}), id="408"),
        pytest.param(reply(201, b"<html>Welcome</html>"), id="html 201"),
        pytest.param(reply(201, b'{"sid": "SM'), id="half an answer"),
        pytest.param(reply(201, b"[]"), id="a list"),
        pytest.param(reply(201, b""), id="empty 201"),
        pytest.param(reply(201, b"[" * 100_000), id="deep nesting"),
        pytest.param(reply(201, b'"\xff"'), id="not utf-8"),
        pytest.param(reply(400, b"<html>No</html>"), id="html 400"),
        pytest.param(reply(307, {}, {"Location": "http://127.0.0.1/"}), id="redirect"),
        pytest.param(reply(201, b"{}", length=500), id="cut short"),
        pytest.param(b"HTTP/nonsense\r\n\r\n", id="not http"),
        pytest.param(
            reply(201, {"x": "y" * 300_000}, {"Connection": "close"}), id="too large"
        ),
    ],
)
def test_a_request_without_a_usable_answer_is_unknown_and_not_repeated(trouble):
    error, server = outcome_of(trouble, total_timeout=1)

    assert type(error) is OutcomeUnknown
    assert len(server.requests) == 1


def test_no_answer_in_time_is_unknown():
    began = time.monotonic()

    error, server = outcome_of(HANG, total_timeout=0.3)

    assert type(error) is OutcomeUnknown
    assert "in time" in error.reason
    assert len(server.requests) == 1
    assert time.monotonic() - began < 2


def test_a_kept_connection_that_the_server_closed_is_not_written_to_twice():
    """The server hangs up on the second request, as after an idle time-out."""

    async def act():
        async with canned(reply(), CLOSE) as server, ProviderSession() as http:
            await http.post_form(server.url, [], auth=AUTH)
            with pytest.raises(OutcomeUnknown):
                await http.post_form(server.url, [], auth=AUTH)
            return server

    server = asyncio.run(act())

    assert (len(server.requests), server.connections) == (2, 1)


def test_connections_are_kept_and_shared():
    async def act():
        async with canned(reply()) as server, ProviderSession() as http:
            for _ in range(3):
                await http.post_form(server.url, [], auth=AUTH)
            return server.connections

    assert asyncio.run(act()) == 1


def test_a_refused_connection_is_not_sent():
    with pytest.raises(NotSent) as caught:
        asyncio.run(post(f"http://127.0.0.1:{free_port()}"))

    assert type(caught.value) is NotSent


def test_an_unknown_host_is_not_sent():
    with pytest.raises(NotSent, match="host name"):
        asyncio.run(post("http://nowhere.invalid"))


def test_an_address_that_is_none_is_not_sent():
    with pytest.raises(NotSent, match="valid URL"):
        asyncio.run(post("http://"))


def test_a_failed_tls_handshake_is_not_sent():
    async def act():
        async with canned(reply()) as server:
            await post(server.url.replace("http:", "https:"), connect_timeout=0.3)

    with pytest.raises(NotSent):
        asyncio.run(act())


def test_a_certificate_nobody_vouches_for_is_not_sent(tmp_path):
    async def act():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path))
        server = await asyncio.start_server(
            lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context
        )
        async with server:
            await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    with pytest.raises(NotSent, match="TLS"):
        asyncio.run(act())


def test_a_connection_that_takes_too_long_is_not_sent():
    """The one place in the pool is taken; waiting for it counts as connecting."""

    async def act():
        async with (
            canned(HANG) as server,
            ProviderSession(limit=1, connect_timeout=0.2, total_timeout=2) as http,
        ):
            first = asyncio.create_task(http.post_form(server.url, [], auth=AUTH))
            await asyncio.sleep(0.05)
            with pytest.raises(NotSent, match="in time"):
                await http.post_form(server.url, [], auth=AUTH)
            first.cancel()
            return len(server.requests)

    assert asyncio.run(act()) == 1


def test_a_closed_session_sends_nothing():
    async def act():
        async with canned(reply()) as server:
            http = ProviderSession()
            await http.close()
            with pytest.raises(NotSent, match="shutting down"):
                await http.post_form(server.url, [], auth=AUTH)
            return server.requests

    assert asyncio.run(act()) == []


@pytest.mark.parametrize(
    ("answer", "wait", "code"),
    [
        (reply(429, {"code": 20429}, {"Retry-After": "7"}), 7, "20429"),
        (reply(429, {"errors": [{"code": "10011"}]}), None, "10011"),
        (reply(429, b"slow down"), None, "429"),
    ],
)
def test_429_is_rate_limited_with_its_wait_and_code(answer, wait, code):
    error, _ = outcome_of(answer)

    assert type(error) is RateLimited
    assert (error.retry_after, error.code) == (wait, code)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("30", 30),
        ("1.5", 1.5),
        ("-4", 0),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 12:01:30 -0000", 90),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("999999999", LONGEST_WAIT),
        ("inf", None),
        ("nan", None),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after(header, NOW) == seconds


def test_a_listing_may_be_larger_than_an_answer():
    big = reply(200, {"x": "y" * 300_000})

    async def act():
        async with canned(big) as server, ProviderSession() as http:
            with pytest.raises(OutcomeUnknown, match="262,144"):
                await http.get_json(server.url, auth=AUTH)
            return await http.get_json(server.url, auth=AUTH, max_bytes=400_000)

    assert asyncio.run(act()).status == 200


def test_the_environment_names_no_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    answer, _ = outcome_of(reply())

    assert answer.status == 200


def test_failures_hold_neither_secret_nor_url():
    error, _ = outcome_of(CLOSE)

    assert (error.__cause__, error.__context__) == (None, None)
    assert "127.0.0.1" not in repr(error)
    assert "Basic" not in repr(AUTH)


def self_signed(folder):
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(private + certificate.public_bytes(pem))
    return path
