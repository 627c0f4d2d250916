import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.optout import OptOut, read_word, sounds_like_stop


@pytest.mark.parametrize(
    "text",
    [
        *("STOP", "stop", "Stop.", "“STOP”", "STOP!!!", "STOPALL", "UNSUBSCRIBE"),
        *("CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "ＳＴＯＰ", "stop\n"),
        *("*stop*", "stop all", "Opt out", " stop ", "stop stop", "Stop 🛑"),
        "opt\tout",
    ],
)
def test_words_that_stop(text):
    assert read_word(text) is OptOut.STOP


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("START", OptOut.START),
        ("unstop", OptOut.START),
        ("Help?", OptOut.HELP),
        ("info", OptOut.HELP),
        ("yes", None),
        ("STOP PLEASE", None),
        ("the end", None),
        ("don't stop", None),
        ("", None),
        ("🛑", None),
        ("stop " * 9, None),
    ],
)
def test_only_the_whole_message_is_a_word(text, meant):
    assert read_word(text) is meant


def test_a_provider_may_have_more_words_to_start():
    assert read_word("Yes!", start_words={"YES"}) is OptOut.START


@pytest.mark.parametrize(
    "text",
    [
        "Please stop texting me",
        "STOP PLEASE",
        "can you stop sending these messages",
        "Don’t text me again",
        "do not ever contact me",
        "remove me from your list",
        "take my phone number off",
        "I want to opt-out",
        "no more texts!!",
        "wrong number",
        "Leave me alone.",
        "I'm not interested",
    ],
)
def test_sentences_that_ask_for_no_more_are_pointed_out(text):
    assert sounds_like_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes please call me",
        "I stopped by your shop",
        "My number is 202 555 0100",
        "Don't worry, tomorrow is fine",
        "When does the bus stop there?",
        "",
    ],
)
def test_other_sentences_are_not(text):
    assert not sounds_like_stop(text)


@given(st.text())
def test_any_text_can_be_asked_about(text):
    read_word(text)
    sounds_like_stop(text)
