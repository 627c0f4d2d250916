import base64
import io
import logging
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.redact import (
    RedactingFilter,
    redact,
    register_secrets,
    with_secrets,
)

TOKEN = "0123456789abcdef0123456789abcdef"
BASIC = base64.b64encode(f"AC{TOKEN}:{TOKEN}".encode()).decode()
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"Authorization: Basic {BASIC}", "Authorization: Basic [redacted]"),
        ("Authorization: Basic dTpw", "Authorization: Basic [redacted]"),
        ("authorization: abc", "authorization: [redacted]"),
        ("HTTP_AUTHORIZATION=Bearer abc", "HTTP_AUTHORIZATION=Bearer [redacted]"),
        (
            f"{{'Authorization': 'Bearer {TOKEN}'}}",
            "{'Authorization': 'Bearer [redacted]'}",
        ),
        (f"sent Basic {BASIC} there", "sent Basic [redacted] there"),
        ("sent Bearer abcdefgh12 there", "sent Bearer [redacted] there"),
        ("BasicAuth(login='AC1', password='p')", "BasicAuth([redacted])"),
        ("Cookie: sessionid=abc; x=y\nHost: h", "Cookie: [redacted]\nHost: h"),
        ("auth_token=abc&x=1", "auth_token=[redacted]&x=1"),
        ("AuthToken: abc", "AuthToken: [redacted]"),
        ('{"api_secret": "a\\"b c", "x": 1}', '{"api_secret": [redacted], "x": 1}'),
        ("{'password': 'a b', 'x': 1}", "{'password': [redacted], 'x': 1}"),
        ("X-Any-Signature: v1=abc=", "X-Any-Signature: [redacted]"),
        ("/callback?job=1&mac=abc&x=2", "/callback?job=1&mac=[redacted]&x=2"),
        ("postgresql://u:p@host/db", "postgresql://[redacted]@host/db"),
        ("redis://:p@ss@host:1/0", "redis://[redacted]@host:1/0"),
        ("https://user@host/", "https://[redacted]@host/"),
        (
            "Forbidden: /webhooks/status/dst_01/job_01/1/1/f6bwYY16US5-bzIm3aWHg",
            "Forbidden: /webhooks/status/dst_01/job_01/1/1/[redacted]",
        ),
        (
            "Forbidden: /webhooks/messages/f6bwYY16US5-bzIm3aWHg/incoming",
            "Forbidden: /webhooks/messages/[redacted]/incoming",
        ),
        (
            "To=1&StatusCallback=http%3A%2F%2Fh%2Fwebhooks%2Fstatus%2Fa%2Fb%2F1%2F1%2Fmac",
            "To=1&StatusCallback=http%3A%2F%2Fh%2Fwebhooks%2Fstatus%2Fa%2Fb%2F1%2F1%2F[redacted]",
        ),
        (
            "Gone: /account/welcome/usr_01/dhf3-0123456789abcdef",
            "Gone: /account/welcome/usr_01/[redacted]",
        ),
        (
            "Gone: /login?next=%2Faccount%2Finvitation%2Finv_01%2Fdhf3-0123",
            "Gone: /login?next=%2Faccount%2Finvitation%2Finv_01%2F[redacted]",
        ),
        (
            "Gone: /account/email/eyJ1c2VyIjo.1tTFyM:dhf3-0_123",
            "Gone: /account/email/[redacted]",
        ),
        ("key lr_live_abc-DEF_9.", "key lr_live_[redacted]."),
        ("lrs_abc+/=", "lrs_[redacted]"),
        (f"KEY{TOKEN}_abc", "KEY[redacted]"),
        (f"got {JWT}!", "got [redacted]!"),
        (f"token is {TOKEN}.", "token is [redacted]."),
        (f"{TOKEN}{TOKEN}".upper(), "[redacted]"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY----- x",
            "[redacted] x",
        ),
        ("-----BEGIN PRIVATE KEY-----\nabc", "[redacted]"),
        (
            "DETAIL:  Failing row contains (1, hello\nyou, x).",
            "DETAIL:  Failing row contains ([redacted])",
        ),
        (
            "DETAIL:  Key (lower(email))=(a\nb) already exists.",
            "DETAIL:  Key (lower(email))=([redacted]) already exists.",
        ),
        (
            "CONTEXT:  unnamed portal parameter $2 = 'it''s me'",
            "CONTEXT:  unnamed portal parameter $2 = '[redacted]'",
        ),
    ],
)
def test_a_secret_is_hidden_by_its_shape(text, redacted):
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sent 3 messages in 20 ms",
        f"AC{TOKEN} SM{TOKEN}",  # ids are no secrets
        "evt_01J5Z7K3M8X4VWPQ9YTBN2F0HR",
        "0190f0e1-7b5c-7d3a-8f00-0123456789ab",
        "https://example.com/a?b=c@d",
        "basic information for the bearer of news",
        "2026-01-31T18:05:00+00:00",
        "The idempotency_key=abc was used",
        "+15555550100",  # a page of the tenant shows it
    ],
)
def test_what_is_no_secret_stays(text):
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to +15555550100.", "to +1••••••0100."),
        ("To=%2B447700900123&x", "To=+44••••••0123&x"),
        ("a=1+15555550100", "a=1+1••••••0100"),
        ("typed (555) 555-0100", "typed (•••) •••-••00"),
        ("typed 555.555.0100", "typed •••.•••.••00"),
        ("typed +44 7700 900123", "typed +•• •••• ••••23"),
        ("at 2026-01-31 18:05:00+00:00", "at 2026-01-31 18:05:00+00:00"),
        ("from 192.168.100.200:8000", "from 192.168.100.200:8000"),
        ("took 1769882700123 ns", "took 1769882700123 ns"),
    ],
)
def test_logs_show_no_phone_number(text, masked):
    assert redact(text, phones=True) == masked


def test_nested_data_keeps_its_form():
    value = {
        "account_sid": f"AC{TOKEN}",
        "auth_token": "short",
        "Authorization": ["Basic x"],
        "X-Some-Signature": b"sig",
        "empty_token": "",
        "headers": [("Cookie", "a=b"), {"apiKey": 5}],
        "raw": b"auth_token=abc",
        "n": 1.5,
        "ok": True,
        "none": None,
        7: {1},
    }

    assert redact(value) == {
        "account_sid": f"AC{TOKEN}",
        "auth_token": "[redacted]",
        "Authorization": "[redacted]",
        "X-Some-Signature": "[redacted]",
        "empty_token": "",
        "headers": [("Cookie", "a=b"), {"apiKey": "[redacted]"}],
        "raw": b"auth_token=[redacted]",
        "n": 1.5,
        "ok": True,
        "none": None,
        7: [1],
    }


def test_an_object_becomes_its_redacted_text():
    assert redact(ValueError("password=abc")) == "password=[redacted]"


def test_exact_secrets_are_hidden_in_every_form():
    secret = "pa ss/wörd+1"

    text = f"{secret} pa%20ss%2Fw%C3%B6rd%2B1 pa+ss%2Fw%C3%B6rd%2B1"

    assert redact(text, [secret]) == "[redacted] [redacted] [redacted]"
    assert redact({"a": [secret]}, [secret]) == {"a": ["[redacted]"]}
    assert redact("abc abcdef", ["abc", "abcdef"]) == "abc [redacted]"


def test_with_secrets_lasts_for_its_block_and_thread():
    elsewhere = []
    with with_secrets("open sesame"), with_secrets("abracadabra"):
        inside = redact("open sesame abracadabra")
        thread = threading.Thread(
            target=lambda: elsewhere.append(redact("open sesame"))
        )
        thread.start()
        thread.join()

    assert inside == "[redacted] [redacted]"
    assert elsewhere == ["open sesame"]
    assert redact("open sesame") == "open sesame"


def test_a_registered_secret_is_hidden_from_then_on():
    assert redact("hocus pocus fidibus") == "hocus pocus fidibus"

    register_secrets("hocus pocus fidibus", "x")

    assert redact("x hocus pocus fidibus") == "x [redacted]"


def test_cycles_and_floods_end():
    loop = []
    loop.extend([loop, loop])

    assert "…" in str(redact(loop))
    assert len(redact(list(range(1_000_000)))) <= 10_000


@pytest.fixture
def log():
    """A logger with a real handler, and the text that it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""})
    )
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("tests.redact")
    logger.setLevel("INFO")
    logger.propagate = False
    logger.handlers = [handler]
    return logger, stream.getvalue


def test_a_log_line_is_redacted_with_its_arguments(log):
    logger, written = log

    logger.info("%s to %s by %r", "auth_token=abc", "+15555550100", {"password": "p"})
    logger.info("config %s", {"auth_token": "abc", "n": 1})
    logger.info("%(token)s of %(n)d", {"token": "abc", "n": 1})
    logger.info("done", extra={"extra": {"api_key": "abc", "to": "+15555550100"}})
    logger.info(ValueError("password=abc"))

    assert written().splitlines() == [
        "auth_token=[redacted] to +1••••••0100 by {'password': [redacted]} ",
        "config {'auth_token': [redacted], 'n': 1} ",
        "[redacted] of 1 ",
        "done {'api_key': '[redacted]', 'to': '+1••••••0100'}",
        "password=[redacted] ",
    ]


def test_an_exception_is_redacted_with_its_causes(log):
    logger, written = log
    try:
        try:
            raise ConnectionError("redis://:hunter2@host/0")
        except ConnectionError as error:
            raise RuntimeError(
                f"Failing row contains (+15555550100, {TOKEN})"
            ) from error
    except RuntimeError:
        logger.exception("failed", stack_info=True)

    text = written()
    assert "RuntimeError" in text
    assert "ConnectionError: redis://[redacted]@host/0" in text
    assert "Stack (most recent call last)" in text
    # The source line of the raise is in a traceback: it holds the braces, no value.
    assert "5555550100" not in text.replace("(+15555550100, {TOKEN})", "")
    assert TOKEN not in text


def test_no_later_handler_sees_the_raw_exception():
    record = logging.makeLogRecord({"msg": "m", "exc_info": (None, None, None)})
    try:
        raise ValueError("password=hunter2")
    except ValueError as error:
        record.exc_info = (ValueError, error, error.__traceback__)

    assert RedactingFilter().filter(record)

    assert record.exc_info is None
    assert "hunter2" not in str(vars(record)).replace('("password=hunter2")', "")


def test_a_wrong_log_call_is_redacted_too(log):
    logger, written = log

    logger.info(*["%d of %d", "password=hunter2"])

    assert "hunter2" not in written()


class Unprintable:
    def __str__(self):
        raise RuntimeError("password=hunter2")


def test_a_record_that_cannot_be_read_never_raises(log):
    logger, written = log

    logger.info("%s", Unprintable())

    assert written() == "A log record could not be redacted. \n"


def test_the_filter_hides_the_secrets_it_was_made_with():
    record = logging.makeLogRecord({"msg": "a secret word", "extra": ["secret word"]})

    RedactingFilter(secrets=["secret word"]).filter(record)

    assert record.getMessage() == "a [redacted]"
    assert record.extra == ["[redacted]"]


HOSTILE = [
    "a",
    "0",
    "f",
    "://",
    "://a:",
    "@",
    "eyJ-",
    "eyJaaaaaaaaaaaa.",
    "KEY-",
    "Key (",
    "Key (a)=(",
    "token=",
    "token='",
    "token='\\",
    'sig="',
    "authorization: ",
    "Authorization: Basic ",
    "basic ",
    "cookie:",
    "BasicAuth(",
    "Failing row contains (",
    "-----BEGIN PRIVATE KEY-----",
    "parameter $1 = '",
    "lr_live_",
    "+1 ",
    "+12 34 ",
    "(555) ",
    "+1555",
    " ",
    "\n",
    "_",
    "auth_",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_redacted_in_linear_time(piece):
    text = (piece * (400_000 // len(piece) + 1))[:400_000]
    started = time.process_time()

    redact(text, phones=True)

    assert time.process_time() - started < 3


@given(st.text() | st.recursive(st.text() | st.binary(), st.lists, max_leaves=20))
def test_any_value_is_redacted(value):
    redact(value, phones=True)


@given(st.text(), st.text(alphabet="xyzXYZ<>&%", min_size=6), st.text())
def test_an_exact_secret_never_shows(before, secret, after):
    assert secret not in redact(before + secret + after, [secret])


@given(
    st.sampled_from(
        ["auth_token=%s", "Authorization: Bearer %s", "a://u:%s@h", "lr_live_%s"]
    ),
    st.text(alphabet="ghijklmnop", min_size=12, max_size=40),
    st.text(alphabet=" \n(x", max_size=5),
)
def test_a_shaped_secret_never_shows(shape, secret, around):
    assert secret not in redact(around + " " + shape % secret + " " + around)
