"""How a provider is asked over HTTP, how much of its answer is read, and its no."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from destinations.providers import errors
from leadrails.core.delivery import OutcomeUnknown, Refused

MAX_ANSWER = 256 * 1024  # bytes
MAX_LISTING = 4 * 1024 * 1024
MAX_SHARED_LISTING = 16 * 1024 * 1024  # a page of a thousand messages
MAX_PAGES = 50


@dataclass(frozen=True, slots=True)
class Auth:
    """The value of an Authorization header; never printed."""

    header: str = field(repr=False)

    @classmethod
    def basic(cls, user: str, password: str) -> Self:
        return cls(f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")

    @classmethod
    def bearer(cls, token: str) -> Self:
        return cls(f"Bearer {token}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: 2xx or 4xx with a JSON object."""

    status: int
    body: Mapping[str, Any] = field(repr=False)

    @property
    def is_client_error(self) -> bool:
        return self.status >= 400

    @property
    def error_code(self) -> str | None:
        return error_code(self.body)


def error_code(body: Mapping[str, Any]) -> str | None:
    """The code of an error answer: on top, or in the first of `errors`."""
    first = body
    match body:
        case {"errors": [dict() as error, *_]} if "code" not in body:
            first = error
    code = first.get("code")
    return str(code) if isinstance(code, int | str) and code != "" else None


def refusal(provider: str, answer: Answer, code: str | None = None) -> Refused:
    """
    The provider's no, classified by its code.

    The vendor's own wording is left out: it quotes phone numbers.
    """
    code = code or answer.error_code or str(answer.status)
    return refused(errors.lookup(provider, code, where="sync"), answer)


def refused(info: errors.ErrorInfo, answer: Answer) -> Refused:
    return Refused(
        code=info.code,
        title=info.title,
        error_class=info.error_class,
        scope=info.scope,
        http_status=answer.status,
    )


class TooManyMessages(OutcomeUnknown):
    """The list goes on beyond what was to be looked through."""

    def __init__(self) -> None:
        super().__init__("the account has too many messages to look through")
