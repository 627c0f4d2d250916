"""
What a provider's error code means: its class, its scope and words for people.

The table is `data/error_codes.json`; its `sources` name the providers' pages.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from leadrails.core.delivery import ErrorClass, Scope

Where = Literal["sync", "callback", "both", "debugger"]

DATA = Path(__file__).parent / "data"

# Queues that are full and limits per second, told after the message was taken. Limits
# of a day are not among them: to send more slowly does not help against those.
_TOO_FAST = frozenset(
    {
        ("twilio", "14107"),
        ("twilio", "30001"),
        ("twilio", "30022"),
        ("twilio", "63017"),
        ("twilio", "63018"),
        ("telnyx", "40011"),
        ("telnyx", "40014"),
        ("telnyx", "40018"),
        ("telnyx", "40318"),
    }
)


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    code: str
    title: str
    error_class: ErrorClass
    scope: Scope
    action: str
    where: Where
    docs_url: str | None
    sentence: str
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """A code of a provider that the shared table does not have."""

    code: str
    title: str
    error_class: ErrorClass
    scope: Scope
    sentence: str
    where: Where = "both"


_learned: dict[tuple[str, str], ErrorInfo] = {}
_pages: dict[str, str] = {}


def learn(vendor: str, page: str, codes: Iterable[Code]) -> None:
    """
    Take in a provider's codes; its module does so when it is imported.

    Args:
        page: where the provider explains a code, with `{code}` in it.
    """
    _pages[vendor] = page
    for row in codes:
        _learned[vendor, row.code] = ErrorInfo(
            code=row.code,
            title=row.title,
            error_class=row.error_class,
            scope=row.scope,
            action="",
            where=row.where,
            docs_url=docs_url(vendor, row.code),
            sentence=row.sentence,
        )


def lookup(provider: str, code: str, *, where: Where = "callback") -> ErrorInfo:
    """
    Return what is known of `code`; never fails.

    A code outside the table is judged by the table's `unknown_code_rule`: it ends
    the one job and never pauses a destination.

    Args:
        provider: a kind such as `twilio_sms`, or the vendor alone.
        where: for an unknown code, whether it came in the answer to the send
            (`sync`) or later (`callback`).
    """
    vendor = provider.partition("_")[0]
    known = _learned.get((vendor, code)) or _table().get((vendor, code))
    return known or _unknown(vendor, code, where)


def is_too_fast(provider: str, code: str) -> bool:
    """Whether a later report's code says that messages come faster than they go."""
    return (provider.partition("_")[0], code) in _TOO_FAST


def docs_url(provider: str, code: str) -> str | None:
    """The provider's own page about the code, or its list of codes."""
    vendor = provider.partition("_")[0]
    page = _pages.get(vendor)
    pages = [page] if page else _sources().get(vendor)
    if not pages or not re.fullmatch(r"[0-9]{3,6}", code):
        return None
    own_page = next((page for page in pages if "{code}" in page), pages[0])
    return own_page.replace("{code}", code)


def _unknown(vendor: str, code: str, where: Where) -> ErrorInfo:
    is_answer = where == "sync"
    return ErrorInfo(
        code=code,
        title=f"Unknown code {code}",
        error_class=(
            ErrorClass.DESTINATION_CONFIG
            if is_answer
            else ErrorClass.RECIPIENT_PERMANENT
        ),
        scope=Scope.MESSAGE,
        action="Read the provider's page about this code.",
        where=where,
        docs_url=docs_url(vendor, code),
        sentence=(
            f"The provider {'refused' if is_answer else 'did not deliver'} the message"
            f" with code {code}, which LeadRails does not know. The provider's page"
            " about it, or its support, can say more."
        ),
        is_known=False,
    )


@cache
def _table() -> Mapping[tuple[str, str], ErrorInfo]:
    sentences = _read("error_sentences.json")
    return {
        (row["provider"], row["code"]): ErrorInfo(
            code=row["code"],
            title=row["title"],
            error_class=ErrorClass(row["class"]),
            scope=Scope(row["scope"]),
            action=row["action"],
            where=row["where"],
            docs_url=docs_url(row["provider"], row["code"]),
            sentence=sentences.get(row["provider"], {}).get(row["code"])
            or _plain(row["title"], row["action"]),
        )
        for row in _read("error_codes.json")["codes"]
    }


def _plain(title: str, action: str) -> str:
    return " ".join(f"{part.rstrip('.')}." for part in (title, action) if part)


@cache
def _sources() -> Mapping[str, list[str]]:
    sources: Mapping[str, list[str]] = _read("error_codes.json")["sources"]
    return sources


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((DATA / name).read_text(encoding="utf-8"))
    return content
