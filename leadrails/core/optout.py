"""
The words by which people say stop, start and help, read as providers read them.

A word counts when it is the whole message. Besides the providers' lists these are the
words that United States rules name (47 CFR 64.1200): no provider knows all of them.
Whoever says it in a sentence of their own is pointed out to a person.
"""

import re
import unicodedata
from collections.abc import Collection
from enum import StrEnum


class OptOut(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


STOP_WORDS = frozenset(
    {
        "STOP",
        "STOPALL",
        "STOP ALL",
        "UNSUBSCRIBE",
        "CANCEL",
        "END",
        "QUIT",
        "REVOKE",
        "OPTOUT",
        "OPT OUT",
    }
)
START_WORDS = frozenset({"START", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
LONGEST = 40  # characters; the longest word, twice, with its punctuation

_NOT_IN_WORDS = re.compile(r"[\W_]+")
_VERB = r"(?:text|messag|contact|send|call|spam|bother)"
_SAYS_STOP = re.compile(
    r"\b(?:"
    rf"(?:stop|quit|cease) (?:\w+ ){{0,2}}{_VERB}ing"
    rf"|(?:do not|don ?t|dont|never) (?:\w+ ){{0,2}}{_VERB}"
    r"|(?:remove|delete|take) (?:me|my (?:\w+ )?number)"
    r"|(?:opt|sign) me out|opt(?:ing)? ?out|unsubscribe"
    r"|no more (?:\w+ )?(?:text|message|msg|sms)\w*"
    r"|leave me alone|not interested|wrong (?:number|person)"
    r"|(?:please|pls|plz) stop|stop (?:it|this|now|please|pls|plz)"
    r")"
)


def read_word(
    text: str, *, start_words: Collection[str] = START_WORDS
) -> OptOut | None:
    """
    Return what the whole message means; None if it is no such word.

    Case, punctuation and repetition do not matter: `“Stop!!”`, `OPT-OUT`, `stop stop`.

    Args:
        start_words: in capitals; providers differ in them.
    """
    if len(text) > LONGEST:
        return None
    words = plain_words(text).split()
    if len(set(words)) == 1:
        words = words[:1]
    said = " ".join(words)
    if said in STOP_WORDS:
        return OptOut.STOP
    if said in start_words:
        return OptOut.START
    return OptOut.HELP if said in HELP_WORDS else None


def plain_words(text: str) -> str:
    """The words alone, in capitals: what is left is said alike however it is typed."""
    plain = _NOT_IN_WORDS.sub(" ", unicodedata.normalize("NFKC", text))
    return " ".join(plain.upper().split())


def sounds_like_stop(text: str) -> bool:
    """Whether a sentence seems to ask for no more messages; a person must judge."""
    plain = unicodedata.normalize("NFKC", text[:2000]).casefold().replace("’", "'")
    return _SAYS_STOP.search(_NOT_IN_WORDS.sub(" ", plain)) is not None
