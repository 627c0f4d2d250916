import pytest

from leadrails.core.reasons import EXPLANATIONS, REASONS, Move, Reason


def test_every_reason_is_explained_once():
    assert set(EXPLANATIONS) == set(Reason)
    assert list(REASONS) == [reason.value for reason in EXPLANATIONS]


@pytest.mark.parametrize("slug", Reason)
def test_an_explanation_is_plain_and_says_what_to_do(slug):
    explanation = EXPLANATIONS[slug]

    assert isinstance(explanation.move, Move)
    for text in (explanation.sentence, explanation.next_step):
        assert text[0].isupper()
        assert text.endswith(".")
        assert len(text) <= 90
        assert "_" not in text


def test_slugs_are_lower_case_words_and_found_by_plain_text():
    assert all(slug.replace("_", "").islower() for slug in REASONS)
    assert EXPLANATIONS["opted_out"].move is Move.NOBODYS
