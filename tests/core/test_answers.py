import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadrails.core.answers import By, Said, Wanted, recognise

texts = st.text(max_size=30)


@pytest.mark.parametrize(
    ("wanted", "said", "by"),
    [
        (Wanted(postback="yes_1"), Said(words="Yes", postback="yes_1"), By.POSTBACK),
        (Wanted(postback="yes_1"), Said(words="Yes", postback="YES_1"), None),
        (Wanted(postback="yes"), Said(postback="yes_1"), None),
        (Wanted(postback="yes", is_prefix=True), Said(postback="yes_1"), By.POSTBACK),
        (Wanted(postback="yes_1"), Said(postback="eWVzXzE="), By.POSTBACK),
        (
            Wanted(postback="yes", is_prefix=True),
            Said(postback="eWVzXzE="),
            By.POSTBACK,
        ),
        (Wanted(postback="yes"), Said(postback="eWVzXzE="), None),
        (Wanted(postback="yes"), Said(postback="/w=="), None),
        (Wanted(postback="yes", words=("Yes",)), Said(words="yes!"), By.WORDS),
        (Wanted(words=("Call me",)), Said(words="“CALL  me.”", postback="c"), By.WORDS),
        (Wanted(words=("Call me",)), Said(words="Please call me"), None),
        (Wanted(words=("👍",)), Said(words=" 👍"), By.WORDS),
        (Wanted(words=("👍",)), Said(words="👎"), None),
        (Wanted(words=("Yes",)), Said(), None),
        (Wanted(words=("Ja", "Sí")), Said(words="sí"), By.WORDS),
    ],
)
def test_a_rule_recognises_what_it_waits_for(wanted, said, by):
    assert recognise(wanted, said) is by


@given(st.lists(texts.filter(str.strip), max_size=3), texts, texts, st.booleans())
def test_what_is_waited_for_is_recognised_and_nothing_else(
    words, postback, said, is_prefix
):
    wanted = Wanted(postback=postback, is_prefix=is_prefix, words=tuple(words))
    for each in words:
        assert recognise(wanted, Said(words=f" {each} "))
    if postback:
        assert recognise(wanted, Said(words=said, postback=postback)) is By.POSTBACK
        is_more = recognise(wanted, Said(postback=f"{postback}x")) is By.POSTBACK
        assert is_more is is_prefix
    assert recognise(Wanted(postback="y"), Said(words=said)) is None
