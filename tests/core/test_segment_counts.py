"""
More than a thousand texts cost what an encoder written from the standards says, as the
product counts and as the simulator bills.
"""

import random

import pytest

from destinations.simulator import segments
from leadrails.core.segments import measure
from tests.core import gsm0338

BASIC = [char for char in gsm0338.SEPTET if len(gsm0338.SEPTET[char]) == 1]
EXTENDED = list(gsm0338.EXTENSION.values())
ACCENTED = ["e\u0301", "n\u0303", "o\u0308\u0304"]
SCRIPTS = list("中文短信テストпривет你好สวัส".replace("\u0e31", ""))
EMOJI = [
    "\U0001f600",
    "\U0001f44b\U0001f3fd",
    "\u2764\ufe0f",
    "\U0001f1eb\U0001f1f7",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "1\ufe0f\u20e3",
]
TYPED = ["“", "”", "’", "–", "…", "\u00a0", "ç", "`", "\t"]
MIXES = {
    "basic": [BASIC],
    "basic and extension": [BASIC, BASIC, BASIC, EXTENDED],
    "extension": [EXTENDED],
    "typed in an office": [BASIC] * 30 + [TYPED],
    "accents": [BASIC] * 5 + [ACCENTED],
    "scripts": [SCRIPTS],
    "emoji": [EMOJI],
    "everything": [BASIC, EXTENDED, ACCENTED, SCRIPTS, EMOJI, TYPED],
}
LENGTHS = [0, 1, 66, 67, 68, 69, 70, 71, 133, 134, 135, 152, 153, 154, 159, 160, 161]
LENGTHS += [200, 201, 305, 306, 307, 458, 459, 460, 612, 765, 1000, 1599, 1600]
EACH = 5


def made(mix):
    """(what readers see as characters) of texts around every border."""
    chance = random.Random(mix)
    for length in LENGTHS:
        for _ in range(EACH):
            yield [chance.choice(chance.choice(MIXES[mix])) for _ in range(length)]


def test_there_are_more_than_a_thousand():
    assert len(MIXES) * len(LENGTHS) * EACH >= 1_000


@pytest.mark.parametrize("mix", MIXES)
def test_texts_cost_what_the_standards_say(mix):
    for seen in made(mix):
        cost = measure("".join(seen))

        found = (cost.encoding, cost.units, cost.segments)
        expected = gsm0338.count(seen)
        assert found == expected, seen
        if seen:
            assert segments.count("".join(seen)) == expected[2], seen


def test_the_other_count_knows_the_provider_s_own_examples():
    """Results of Twilio's segment calculator, confirmed by live sends."""
    vectors = {
        "a" * 160: ("GSM-7", 1),
        "a" * 161: ("GSM-7", 2),
        "中" * 70: ("UCS-2", 1),
        "中" * 71: ("UCS-2", 2),
        "é" * 70: ("GSM-7", 1),
        "a" * 80 + "\r\n" + "a" * 79: ("GSM-7", 2),
        "a" * 80 + "\n" + "a" * 79: ("GSM-7", 1),
        "a" * 200 + "\r\n" + "a" * 105: ("GSM-7", 3),
        "]" * 153: ("GSM-7", 3),
        "|": ("GSM-7", 1),
        "“Hi”": ("UCS-2", 1),
    }
    for text, (encoding, parts) in vectors.items():
        found = gsm0338.count(list(text))
        assert (found[0], found[2]) == (encoding, parts), text
    accents = gsm0338.count(["e\u0301"] * 70)
    assert (accents[0], accents[2]) == ("UCS-2", 3)
