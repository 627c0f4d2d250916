"""
Keep secrets out of logs and pages, and leads' phone numbers out of logs.

Three nets, because each has holes: names of keys that hold secrets, the shapes of
known kinds of secrets, and the exact secrets in use (`with_secrets`). All time is
linear in the text: each pattern starts at a literal and repeats only what it
consumes or at most a fixed number of times.
"""

import logging
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from leadrails.core.phone import mask

HIDDEN = "[redacted]"
SHORTEST_SECRET = 6  # characters; hiding shorter ones would hide the text
MAX_DEPTH = 20
MAX_ITEMS = 10_000  # of one value, counted through all its levels

_secrets: ContextVar[tuple[str, ...]] = ContextVar("secrets", default=())
_process_secrets: set[str] = set()

_NAMES = (
    r"(?:auth[_-]?token|access[_-]?token|refresh[_-]?token|csrf[_-]?token|api[_-]?key|"
    r"api[_-]?secret|client[_-]?secret|signing[_-]?secret|secret[_-]?key|"
    r"private[_-]?key|encryption[_-]?keys?|password|passwd|passphrase|pwd|secret|"
    r"signature|token|mac|hmac|sig)"
)
_SECRET_KEY = re.compile(
    rf"(?:.{{0,60}}[_-])?(?:authorization|credentials?|cookie|sessionid|{_NAMES})",
    re.IGNORECASE | re.DOTALL,
)
_IS = (
    r"[\"']?\s{0,4}(?:=>|[:=])\s{0,4}"  # between a name and its value, in any notation
)
_ALONE = r"(?<![A-Za-z0-9_-])"  # so that a run of such characters is tried once
_PEM = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----"
    r"(?:(?!-----END).)*(?:-----END [A-Z ]{0,30}-----)?"
)
_SCHEME = r"(?:(?:basic|bearer|digest)\s{1,4})?"
_HEADER = (
    rf"(?i)(?<![a-z0-9])(authorization{_IS}[\"']?(?!{_SCHEME}\[redacted){_SCHEME})"
    r"[^\s\"',;)}\]]+"
)
_NAMED = (
    rf"(?i)(?<![a-z0-9])({_NAMES}{_IS})(?!\[redacted)"
    r"(?:\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\s\"',;&)}\]]+)"
)
_ROW_END = r"(?=\n(?:The above exception|During handling)|\Z)"
_SLASH = r"(?:/|%2[Ff])"
# Addresses that are secrets: a provider's callback, links by which people get in.
_CALLBACK = rf"(webhooks{_SLASH}status{_SLASH}(?:\w{{1,60}}{_SLASH}){{4}})[\w-]+"
_MESSAGES = rf"(webhooks{_SLASH}messages{_SLASH})[\w-]+"
_LINK = (
    rf"(account{_SLASH}(?:(?:welcome|invitation){_SLASH}\w{{1,60}}|email){_SLASH})"
    r"[\w:.-]+"
)
_REFUSED_KEY = r"(Key \([^\n]{0,100}?\)=\().*?(?=\) (?:already|is |conflicts)|\Z)"
# Each shape with what lower-cased text must hold for it to be worth a search.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (needs, re.compile(pattern, re.DOTALL), shown)
    for needs, pattern, shown in (
        (("-----begin",), _PEM, HIDDEN),
        (("authorization",), _HEADER, rf"\1{HIDDEN}"),
        (
            ("basic", "bearer"),
            # "basic" is also an English word: credentials are longer than most.
            r"(?i)\b(basic(?=\s{1,4}\S{16})|bearer)(\s{1,4})[a-z0-9+/=_.~-]{8,}",
            rf"\1\2{HIDDEN}",
        ),
        (
            ("cookie",),
            rf"(?i)\b((?:set-)?cookie{_IS})[^\r\n\"'}}]+",
            rf"\1{HIDDEN}",
        ),
        # How aiohttp prints the credentials of a request.
        (("basicauth(",), r"BasicAuth\([^)]*\)?", f"BasicAuth({HIDDEN})"),
        (
            ("token", "key", "pass", "pwd", "secret", "sig", "mac"),
            _NAMED,
            rf"\1{HIDDEN}",
        ),
        # User and password in a URL.
        (("://",), r"://[^\s/?#\"'<>]{1,2000}@", f"://{HIDDEN}@"),
        (("webhooks",), _CALLBACK, rf"\1{HIDDEN}"),
        (("webhooks",), _MESSAGES, rf"\1{HIDDEN}"),
        (("welcome", "invitation", "email"), _LINK, rf"\1{HIDDEN}"),
        # Our API keys and signing secrets, keys of providers, JSON web tokens.
        (
            ("lr_live_", "lrs_", "whsec_"),
            r"\b(lr_live_|lrs_|whsec_)[A-Za-z0-9_=+/-]+",
            rf"\1{HIDDEN}",
        ),
        (
            ("key", "re_", "sk_live_", "xox"),
            rf"{_ALONE}(KEY|re_|sk_live_|xox[a-z]-)[A-Za-z0-9_-]{{16,}}",
            rf"\1{HIDDEN}",
        ),
        (("eyj",), rf"{_ALONE}eyJ[A-Za-z0-9_-]{{10,}}\.[A-Za-z0-9_.-]+", HIDDEN),
        # Auth tokens and MACs in hexadecimal: 32 digits or more, alone.
        (
            ("",),
            rf"{_ALONE}(?:[0-9a-f]{{32,}}|[0-9A-F]{{32,}})(?![A-Za-z0-9])",
            HIDDEN,
        ),
        # What PostgreSQL quotes of a row that it refused.
        (
            ("failing row",),
            rf"(Failing row contains \().*?{_ROW_END}",
            rf"\1{HIDDEN})",
        ),
        (("key (",), _REFUSED_KEY, rf"\1{HIDDEN}"),
        (
            ("parameter $",),
            r"(parameter \$[0-9]{1,5} = ')(?:[^']|'')*",
            rf"\1{HIDDEN}",
        ),
    )
)
_PHONES: tuple[re.Pattern[str], ...] = (
    re.compile(r"[+%](?:(?<=\+)|2[Bb])[1-9][0-9]{7,14}(?![0-9])"),
    re.compile(r"(?<![\w.-])\(?[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}(?![\w-])"),
    re.compile(r"(?<![\w.])\+[1-9][0-9]{0,2}(?:[ .-]\(?[0-9]{2,7}\)?){2,5}(?![\w-])"),
)
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


@contextmanager
def with_secrets(*secrets: str) -> Iterator[None]:
    """
    Hide these exact texts too while the block runs, in this task or thread alone.
    """
    token = _secrets.set((*_secrets.get(), *secrets))
    try:
        yield
    finally:
        _secrets.reset(token)


def register_secrets(*secrets: str) -> None:
    """Hide these exact texts for the life of the process: its own keys."""
    _process_secrets.update(_worth_hiding(secrets))


def redact(value: Any, secrets: Iterable[str] = (), *, phones: bool = False) -> Any:
    """
    Return a copy of `value` without secrets: text, bytes, dicts, lists, others.

    Dicts and lists keep their form, a value under a key that names a secret is
    hidden whole, and an object of another type becomes its redacted text.

    Args:
        secrets: exact texts to hide, beside those of `with_secrets`.
        phones: whether to mask phone numbers, which logs need and pages do not.
    """
    exact = _all_forms(frozenset({*secrets, *_secrets.get(), *_process_secrets}))
    return _Redactor(exact, phones).value(value, MAX_DEPTH)


class RedactingFilter(logging.Filter):
    """
    Redacts a record's message, fields, exception and stack before it is written.

    Goes on handlers: a logger's filter does not see what its children log. The
    exception is replaced by its redacted text, so that no later handler can print
    what a driver or HTTP client has put into it.
    """

    def __init__(self, name: str = "", secrets: Iterable[str] = ()) -> None:
        super().__init__(name)
        self._own = tuple(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        if not super().filter(record):
            return False
        try:
            self._redact(record)
        except Exception:  # noqa: BLE001 - a log line must never end a send
            record.msg, record.args = "A log record could not be redacted.", None
            record.exc_info = record.exc_text = record.stack_info = None
        return True

    def _redact(self, record: logging.LogRecord) -> None:
        record.msg, record.args = self._text(_message(record)), None
        if record.exc_info and record.exc_info[0]:
            lines = traceback.format_exception(*record.exc_info)
            record.exc_text = "".join(lines).rstrip("\n")
        record.exc_info = None
        if record.exc_text:
            record.exc_text = self._text(record.exc_text)
        if record.stack_info:
            record.stack_info = self._text(record.stack_info)
        for key in record.__dict__.keys() - _STANDARD:
            field = redact({key: record.__dict__[key]}, self._own, phones=True)
            record.__dict__[key] = next(iter(field.values()))

    def _text(self, text: str) -> str:
        redacted: str = redact(text, self._own, phones=True)
        return redacted


def _message(record: logging.LogRecord) -> str:
    if isinstance(record.args, Mapping):
        # Only a mapping still tells which of its values is a secret by name.
        args: Any = redact(dict(record.args))
    else:
        args = record.args
    try:
        return str(record.msg) % args if args else str(record.msg)
    except (TypeError, ValueError, KeyError):  # a wrong call; logging would print it
        return f"{record.msg} {record.args!r}"


class _Redactor:
    def __init__(self, exact: tuple[str, ...], phones: bool) -> None:
        self._exact = exact
        self._phones = phones
        self._left = MAX_ITEMS

    def value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes | bytearray):
            return self.text(value.decode("utf-8", "replace")).encode()
        if depth <= 0 or self._left <= 0:
            return "…"
        if isinstance(value, Mapping):
            return {
                self._key(key): HIDDEN
                if _names_secret(key) and item not in (None, "")
                else self.value(item, depth - 1)
                for key, item in value.items()
                if self._left > 0
            }
        if isinstance(value, list | tuple | set | frozenset):
            items = [self.value(item, depth - 1) for item in value if self._left > 0]
            return tuple(items) if isinstance(value, tuple) else items
        return self.text(str(value))

    def text(self, text: str) -> str:
        for secret in self._exact:
            text = text.replace(secret, HIDDEN)
        lower = text.lower()
        for needs, pattern, shown in _SHAPES:
            if any(need in lower for need in needs):
                text = pattern.sub(shown, text)
        if self._phones:
            for pattern in _PHONES:
                text = pattern.sub(_masked, text)
        return text

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key


def _names_secret(key: Any) -> bool:
    return isinstance(key, str) and _SECRET_KEY.fullmatch(key) is not None


def _masked(match: re.Match[str]) -> str:
    return mask(match[0].replace("%2B", "+").replace("%2b", "+"))


def _worth_hiding(secrets: Iterable[str]) -> Iterator[str]:
    return (secret for secret in secrets if len(secret) >= SHORTEST_SECRET)


@lru_cache(maxsize=16)
def _all_forms(secrets: frozenset[str]) -> tuple[str, ...]:
    """Return secrets as they are and as URLs carry them, the longest first."""
    forms = {
        form
        for secret in _worth_hiding(secrets)
        for form in (secret, quote(secret, safe=""), quote_plus(secret))
    }
    return tuple(sorted(forms, key=len, reverse=True))
