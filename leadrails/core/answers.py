"""
Whether what a person tapped or wrote is what a rule waits for. Pure.

A tap brings a postback, which nobody sees, and the label that was tapped. A phone that
shows no suggestions brings the words that the person typed instead.
"""

import base64
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from leadrails.core.optout import plain_words

LONGEST_WORDS = 100  # characters of a label or an answer; Google's labels have 25
LONGEST_POSTBACK = 2048  # Google's limit


class By(StrEnum):
    """What of an answer a rule recognised."""

    POSTBACK = "postback"
    WORDS = "words"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What a rule waits for: the postback, or any of the words.

    `is_prefix`: a postback that begins so is enough, for those with fields in them.
    """

    postback: str = ""
    is_prefix: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person tapped, `postback` and `words`, or wrote, `words` alone."""

    words: str = ""
    postback: str = ""


def recognise(wanted: Wanted, said: Said) -> By | None:
    """
    Return by what a rule recognises an answer; None if it does not.

    Postbacks are the tenant's own, so each character counts. Words are people's: the
    whole of them must be there, but case, punctuation and spaces do not matter.
    """
    if wanted.postback and any(
        _is_postback(wanted, each) for each in (said.postback, _decoded(said.postback))
    ):
        return By.POSTBACK
    if not said.words or len(said.words) > LONGEST_WORDS * 2:
        return None
    plain = _plain(said.words)
    return By.WORDS if any(_plain(each) == plain for each in wanted.words) else None


def _is_postback(wanted: Wanted, postback: str) -> bool:
    if wanted.is_prefix:
        return postback.startswith(wanted.postback)
    return postback == wanted.postback


def _decoded(postback: str) -> str:
    """Some providers hand back in base64 what they were given plain; else empty."""
    try:
        return base64.b64decode(postback, validate=True).decode()
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """An emoji alone is no word, and yet an answer."""
    return plain_words(text) or unicodedata.normalize("NFKC", text).strip()
