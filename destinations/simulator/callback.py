"""Status callbacks: what is sent, how it is signed, what the fragment overrides."""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

RANGES = {
    "ct": (100, 10_000, 5_000),
    "rt": (100, 15_000, 15_000),
    "tt": (100, 15_000, 15_000),
    "rc": (0, 5, 1),
}
POLICIES = {"4xx", "5xx", "ct", "rt", "all"}


@dataclass(slots=True)
class Callback:
    """
    One callback that is due.

    Attributes:
        id: the idempotency token, and a suffix when the callback is repeated.
        body: the form, fixed when the status was reached; at Telnyx JSON.
        others: of Telnyx only, further URLs to try when this one fails, as JSON.
    """

    id: str
    message: int
    account: str
    status: str
    url: str
    body: str
    is_badly_signed: bool
    due: int
    is_done: bool = False
    others: str = ""

    @property
    def is_telnyx(self) -> bool:
        return self.others != ""

    @property
    def token(self) -> str:
        return self.id.partition("/")[0]


@dataclass(slots=True)
class Try:
    number: int
    at: int
    http_status: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """Timeouts in ms; `rp` names the failures that are tried again, `rc` times."""

    ct: int
    rt: int
    tt: int
    rc: int
    rp: frozenset[str]

    def allows(self, failure: str) -> bool:
        return "all" in self.rp or failure in self.rp


def split(url: str) -> tuple[str, Overrides]:
    """
    Return the URL as it is requested and signed, and what its fragment says.

    User name and password stay out of the signature but go into the request, so
    they are left in the URL here. Values out of range keep their default.
    """
    bare, _, fragment = url.partition("#")
    given = dict(parse_qsl(fragment))
    numbers = {key: _number(given.get(key, ""), *RANGES[key]) for key in RANGES}
    policies = frozenset(given.get("rp", "ct").split(",")) & POLICIES
    return bare, Overrides(**numbers, rp=policies or frozenset({"ct"}))


def _number(text: str, low: int, high: int, default: int) -> int:
    is_good = text.isascii() and text.isdigit() and low <= int(text) <= high
    return int(text) if is_good else default


def sign(token: str, url: str, body: str) -> str:
    """The `X-Twilio-Signature` of a form post: HMAC-SHA1 over URL and parameters."""
    values: dict[str, set[str]] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        values.setdefault(name, set()).add(value)
    parameters = (
        name + value for name in sorted(values) for value in sorted(values[name])
    )
    text = without_user(url) + "".join(parameters)
    digest = hmac.new(token.encode(), text.encode(), "sha1").digest()
    return base64.b64encode(digest).decode()


def without_user(url: str) -> str:
    authority = urlsplit(url).netloc
    _, at, host = authority.rpartition("@")
    return url.replace(authority, host, 1) if at else url
