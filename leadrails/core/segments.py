"""
How many segments a text costs, and which characters make it dear.

A segment carries 140 octets: 160 GSM-7 septets or 70 UCS-2 code units. A text
that needs several loses 6 octets of each to the user data header, which leaves
153 or 67. Source: 3GPP TS 23.038 and 23.040.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from leadrails.core.data import load
from leadrails.core.graphemes import clusters

GSM7 = "GSM-7"
UCS2 = "UCS-2"
SINGLE = {GSM7: 160, UCS2: 70}
CONCATENATED = {GSM7: 153, UCS2: 67}
LONGEST_BODY = 1600  # characters; carriers' gateways refuse more in one message

_alphabet = load("gsm7_alphabet")
_EXTENSION = frozenset(_alphabet["extension"])
_NOT_GSM7 = re.compile(f"[^{re.escape(_alphabet['basic'] + _alphabet['extension'])}]")
_IN_EXTENSION = re.compile(f"[{re.escape(_alphabet['extension'])}]")


class Segments(Struct, frozen=True):
    """
    The cost of a text.

    `units` are septets in GSM-7 and UTF-16 code units in UCS-2. `first_ucs2` is
    the index (in characters) and the character that made the text UCS-2.
    """

    encoding: str
    units: int
    segments: int
    first_ucs2: tuple[int, str] | None


def measure(text: str) -> Segments:
    """
    Return encoding, units and segments of `text`, in time linear in its length.

    The pair of an extension character and a grapheme cluster are never split
    over two segments; the segment ends early instead.
    """
    dear = _NOT_GSM7.search(text)
    if dear is None:
        return _measure_gsm7(text)
    units = len(text) + sum(char > "\uffff" for char in text)
    if units <= SINGLE[UCS2]:
        segments = 1
    else:
        segments = _pack(_cluster_units(text), CONCATENATED[UCS2])
    return Segments(UCS2, units, segments, (dear.start(), dear.group()))


def smart_encode(text: str, provider: str | None = None) -> str:
    """
    Replace what a gateway replaces to keep a text in GSM-7.

    Characters without a replacement stay, and so may leave the text UCS-2.

    Args:
        provider: whose list to use; the common one if it has none of its own.
    """
    return text.translate(_REPLACEMENTS.get(provider or "", _COMMON))


def _measure_gsm7(text: str) -> Segments:
    pairs = len(_IN_EXTENSION.findall(text))
    units = len(text) + pairs
    if units <= SINGLE[GSM7]:
        segments = min(units, 1)
    elif not pairs:
        segments = -(-units // CONCATENATED[GSM7])
    else:
        septets = (2 if char in _EXTENSION else 1 for char in text)
        segments = _pack(septets, CONCATENATED[GSM7])
    return Segments(GSM7, units, segments, None)


def _cluster_units(text: str) -> Iterable[int]:
    for cluster in clusters(text):
        units = [2 if char > "\uffff" else 1 for char in cluster]
        if sum(units) <= CONCATENATED[UCS2]:
            yield sum(units)
        else:  # too long to keep whole: cut between characters
            yield from units


def _pack(pieces: Iterable[int], room: int) -> int:
    segments, used = 1, 0
    for units in pieces:
        if used + units > room:
            segments, used = segments + 1, 0
        used += units
    return segments


def _table(groups: dict[str, str]) -> dict[int, str]:
    return {
        int(code_point, 16): replacement
        for replacement, code_points in groups.items()
        for code_point in code_points.split()
    }


_REPLACEMENTS = {
    name: _table(groups) for name, groups in load("smart_encoding")["lists"].items()
}
_COMMON = next(iter(_REPLACEMENTS.values()))
