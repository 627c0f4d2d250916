"""
Where a text may be cut without tearing a character that a reader sees as one.

The rules of Unicode Standard Annex 29 that matter for text messages: combining
marks, variation selectors, joiners, emoji modifiers and tags, flags, Hangul.
What a character is comes from `unicodedata`, so the rules age with Python.
"""

import unicodedata
from collections.abc import Iterator

ZERO_WIDTH_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Me", "Mc"})


def clusters(text: str) -> Iterator[str]:
    """
    Yield the grapheme clusters of `text`, in one pass.

    CR LF counts as two, since each costs a unit and carriers cut between them.
    """
    start = 0
    is_flag_open = False
    for index in range(1, len(text)):
        if is_flag_open or not _is_flag_half(text[index - 1]):
            joins_flag = False
        else:
            joins_flag = _is_flag_half(text[index])
        is_flag_open = joins_flag
        if not (joins_flag or _joins(text, start, index)):
            yield text[start:index]
            start = index
    if text:
        yield text[start:]


def _joins(text: str, start: int, index: int) -> bool:
    before, char = text[index - 1], text[index]
    if before < " " or char < "\u0300":
        return False
    if _extends(char):
        return True
    if before == ZERO_WIDTH_JOINER:
        return _is_symbol(text[start]) and _is_symbol(char)
    return _is_one_syllable(before, char)


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in _MARKS
        or char in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_symbol(char: str) -> bool:
    # "So" is close to Extended_Pictographic; the difference decides only whether
    # an exotic joined symbol may be cut. Arrows such as U+2194 are "Sm".
    return unicodedata.category(char) == "So" or "\u2190" <= char <= "\u21ff"


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_one_syllable(before: str, char: str) -> bool:
    if "\u1100" <= before <= "\u115f" or "\ua960" <= before <= "\ua97c":
        return (
            "\u1100" <= char <= "\u11a7"
            or "\ua960" <= char <= "\ua97c"
            or "\uac00" <= char <= "\ud7a3"
            or "\ud7b0" <= char <= "\ud7c6"
        )
    is_vowel = "\u1160" <= before <= "\u11a7" or "\ud7b0" <= before <= "\ud7c6"
    is_block = "\uac00" <= before <= "\ud7a3"
    is_open = is_block and (ord(before) - 0xAC00) % 28 == 0
    if (is_vowel or is_open) and (
        "\u1160" <= char <= "\u11a7" or "\ud7b0" <= char <= "\ud7c6"
    ):
        return True
    is_tail = "\u11a8" <= before <= "\u11ff" or "\ud7cb" <= before <= "\ud7fb"
    may_close = is_vowel or is_block or is_tail
    return may_close and ("\u11a8" <= char <= "\u11ff" or "\ud7cb" <= char <= "\ud7fb")
