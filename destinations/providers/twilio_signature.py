"""
Whether a callback was signed by Twilio.

Source: www.twilio.com/docs/usage/webhooks/webhooks-security. The library computes
the signature; what surrounds it is done here, because its `validate` raises without
a header or with bytes and cuts URLs with user info or IPv6 hosts wrongly.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator

from destinations.providers.base import SignatureCheck

FORM = "application/x-www-form-urlencoded"


class Form(dict[str, list[str]]):
    """The library asks for all values of a name through `getlist`."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def check(
    auth_tokens: Sequence[str],
    url: str,
    raw_body: bytes,
    headers: Mapping[str, str],
) -> SignatureCheck:
    """
    Check against every token, since the old one signs until the new is promoted.

    An API key's secret signs nothing, so without a token the answer is UNCHECKED.
    """
    if not auth_tokens:
        return SignatureCheck.UNCHECKED
    lower = {name.lower(): value for name, value in headers.items()}
    signature = lower.get("x-twilio-signature", "").encode()
    media_type = lower.get("content-type", FORM).partition(";")[0].strip().lower()
    if media_type == FORM or not raw_body:
        params = Form(
            parse_qs(raw_body.decode("utf-8", "replace"), keep_blank_values=True)
        )
    elif _has_body_hash(url, raw_body):
        params = Form()  # the signed URL holds the hash of the body
    else:
        return SignatureCheck.INVALID
    is_valid = any(
        hmac.compare_digest(_sign(token, candidate, params), signature)
        for token in auth_tokens
        for candidate in _spellings(url)
    )
    return SignatureCheck.VALID if is_valid else SignatureCheck.INVALID


def _sign(token: str, url: str, params: Form) -> bytes:
    validator: Any = RequestValidator
    signature: str = validator(token).compute_signature(url, params)
    return signature.encode()


def _has_body_hash(url: str, raw_body: bytes) -> bool:
    digest = hashlib.sha256(raw_body).hexdigest().encode()
    hashes = [v for k, v in parse_qsl(urlsplit(url).query) if k == "bodySHA256"]
    return len(hashes) == 1 and hmac.compare_digest(hashes[0].lower().encode(), digest)


def _spellings(url: str) -> Iterator[str]:
    """
    The URL as Twilio may have signed it.

    Without user info and fragment; a default port may be present on either side.
    Path and query stay byte for byte, but for a lone `?` at the end.
    """
    parts = urlsplit(url)
    bare = url.partition("#")[0]
    path = bare.partition("://")[2][len(parts.netloc) :]
    host = parts.netloc.rpartition("@")[2]
    default = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    hosts = [host]
    if parts.port is None:
        hosts.append(host + default)
    elif default and host.endswith(default):
        hosts.append(host.removesuffix(default))
    for spelling in hosts:
        for ending in {path, path.removesuffix("?")}:
            yield f"{parts.scheme}://{spelling}{ending}"
