import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.graphemes import clusters
from leadrails.core.segments import measure, smart_encode

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"  # 11 units
FLAG = "\U0001f1eb\U0001f1f7"
WAVE = "\U0001f44b\U0001f3fd"


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        pytest.param("", "GSM-7", 0, 0, id="empty"),
        pytest.param("a" * 160, "GSM-7", 160, 1, id="160 a"),
        pytest.param("a" * 161, "GSM-7", 161, 2, id="161 a"),
        pytest.param("a" * 306, "GSM-7", 306, 2, id="306 a"),
        pytest.param("a" * 307, "GSM-7", 307, 3, id="307 a"),
        pytest.param("中" * 70, "UCS-2", 70, 1, id="70 Han"),
        pytest.param("中" * 71, "UCS-2", 71, 2, id="71 Han"),
        pytest.param("中" * 134, "UCS-2", 134, 2, id="134 Han"),
        pytest.param("中" * 135, "UCS-2", 135, 3, id="135 Han"),
        pytest.param("é" * 70, "GSM-7", 70, 1, id="70 precomposed"),
        pytest.param("e\u0301" * 70, "UCS-2", 140, 3, id="70 combining"),
        pytest.param("a" * 80 + "\r\n" + "a" * 79, "GSM-7", 161, 2, id="CR LF"),
        pytest.param("a" * 80 + "\n" + "a" * 79, "GSM-7", 160, 1, id="LF"),
        pytest.param("a" * 200 + "\r\n" + "a" * 105, "GSM-7", 307, 3, id="long CR LF"),
        pytest.param("|", "GSM-7", 2, 1, id="one extension"),
        pytest.param("]" * 80, "GSM-7", 160, 1, id="80 extensions"),
        pytest.param("]" * 153, "GSM-7", 306, 3, id="pairs are not split"),
        pytest.param("^{}\\[]~|€\f", "GSM-7", 20, 1, id="whole extension table"),
        pytest.param("“Hi”", "UCS-2", 4, 1, id="curly quotes"),
        pytest.param("ç", "UCS-2", 1, 1, id="small c cedilla"),
        pytest.param("Ç", "GSM-7", 1, 1, id="capital c cedilla"),
        pytest.param("`", "UCS-2", 1, 1, id="backtick"),
        pytest.param("\t", "UCS-2", 1, 1, id="tab"),
        pytest.param("\x1b", "UCS-2", 1, 1, id="the escape itself"),
        pytest.param(FAMILY, "UCS-2", 11, 1, id="family"),
        pytest.param("\U0001f600" * 35, "UCS-2", 70, 1, id="35 emoji"),
        # 67 is odd: a surrogate pair would be torn at the border
        pytest.param("\U0001f600" * 67, "UCS-2", 134, 3, id="67 emoji"),
        # 6 × 11 = 66: the seventh family starts the next segment
        pytest.param(FAMILY * 12, "UCS-2", 132, 2, id="12 families"),
        pytest.param(FAMILY * 13, "UCS-2", 143, 3, id="13 families"),
        pytest.param("a" * 66 + FLAG + "b" * 63, "UCS-2", 133, 2, id="flag moves on"),
        pytest.param("a" * 64 + FLAG + "b" * 67, "UCS-2", 135, 3, id="flag and more"),
        # a heap of accents longer than a segment is cut, not looped over
        pytest.param("e" + "\u0301" * 133, "UCS-2", 134, 2, id="endless accents"),
        pytest.param("\ud83d", "UCS-2", 1, 1, id="lone surrogate"),
    ],
)
def test_a_text_costs_its_segments(text, encoding, units, segments):
    cost = measure(text)

    assert (cost.encoding, cost.units, cost.segments) == (encoding, units, segments)


def test_the_first_dear_character_is_shown():
    assert measure("Hi {name} “you”").first_ucs2 == (10, "“")
    assert measure("ok \U0001f600").first_ucs2 == (3, "\U0001f600")
    assert measure("Hi").first_ucs2 is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("ab", ["a", "b"], id="letters"),
        pytest.param("e\u0301a", ["e\u0301", "a"], id="combining accent"),
        pytest.param(FAMILY + "a", [FAMILY, "a"], id="joined family"),
        pytest.param(WAVE + WAVE, [WAVE, WAVE], id="skin tone"),
        pytest.param(FLAG * 2, [FLAG, FLAG], id="two flags"),
        pytest.param(FLAG + FLAG[0], [FLAG, FLAG[0]], id="flag and a half"),
        pytest.param("\u2764\ufe0f!", ["\u2764\ufe0f", "!"], id="variation selector"),
        pytest.param("\r\n", ["\r", "\n"], id="CR LF stays two"),
        pytest.param("\n\u0301", ["\n", "\u0301"], id="no accent on a line end"),
        pytest.param("\u1112\u1161\u11ab가", ["\u1112\u1161\u11ab", "가"], id="Hangul"),
        pytest.param("가\u11a8", ["가\u11a8"], id="Hangul with a tail"),
        pytest.param("각\u1161", ["각", "\u1161"], id="Hangul closed"),
        pytest.param("a\u200db", ["a\u200d", "b"], id="joiner between letters"),
    ],
)
def test_a_seen_character_is_one_cluster(text, parts):
    assert list(clusters(text)) == parts


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("“Hi”", '"Hi"'),
        ("it’s", "it's"),
        ("a–b…", "a-b..."),
        ("\u2033", "\u2033"),
        ("½", "1/2"),
        ("a\u200bb\ufeff", "ab"),
        ("\u200c", ""),
        ("\t", " " * 7),
        ("\u00a0", "  "),
        ("‹›", "><"),
        ("naïve \U0001f600’", "naïve \U0001f600'"),
    ],
)
def test_smart_encoding_replaces_character_by_character(text, encoded):
    assert smart_encode(text) == encoded


def test_a_provider_may_have_its_own_list():
    assert smart_encode("‹Α›\u00a0", "telnyx") == "<A> "
    assert smart_encode("‹›", "somebody else") == smart_encode("‹›")


def test_smart_encoding_brings_curly_quotes_back_to_gsm7():
    assert measure(smart_encode("“Hi”")).encoding == "GSM-7"


@given(st.text())
def test_clusters_give_the_text_back(text):
    assert "".join(clusters(text)) == text
    assert all(clusters(text))


@given(st.text(alphabet=st.sampled_from("aé]€中e\u0301\U0001f600\u200d"), max_size=400))
def test_segments_have_room_for_the_text_and_no_more_than_needed(text):
    cost = measure(text)
    single, each = (160, 153) if cost.encoding == "GSM-7" else (70, 67)

    if cost.units <= single:
        assert cost.segments == (1 if text else 0)
    else:
        assert -(-cost.units // each) <= cost.segments <= cost.units


@given(st.text(max_size=300), st.text(max_size=5))
def test_more_text_never_costs_less(text, more):
    before, after = measure(text), measure(text + more)

    assert after.units >= before.units
    assert after.segments >= before.segments


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "]" * 1_000_000,
        "\u0301" * 1_000_000,
        FLAG * 250_000,
        FAMILY * 90_000,
        "\U0001f600" * 500_000,
    ],
    ids=["a", "pairs", "accents", "flags", "families", "emoji"],
)
def test_a_million_characters_are_measured_in_linear_time(text):
    started = time.process_time()
    measure(text)
    assert time.process_time() - started < 5
