"""What is kept as RCS content has been judged."""

import pytest
from django.core.exceptions import ValidationError

from destinations.providers.registry import PROVIDERS
from destinations.rich_content import check_content, place_of
from leadrails.core.rich_limits import GOOGLE
from tests.make import make_destination

PICTURE = {"url": "https://h.example/{{ lead.photo }}"}
CHIP = {"kind": "open_url", "label": "See", "url": "{{ link }}"}
CAROUSEL = {
    "cards": [
        {"title": "{{ name }}", "media": PICTURE, "suggestions": [CHIP]},
        {"title": "B", "media": PICTURE, "suggestions": [CHIP]},
    ]
}


@pytest.mark.django_db
def test_content_is_kept_with_its_destination_and_nothing_is_the_default():
    assert make_destination().rich == {}
    row = make_destination(rich=CAROUSEL)
    row.refresh_from_db()
    assert row.rich == CAROUSEL


@pytest.mark.parametrize(
    ("kept", "sentences"),
    [
        ({"text": 7}, ["Text: This must be a text."]),
        (
            {"text": "a", "suggestions": [{**CHIP, "label": "{{ name", "url": ""}]},
            [
                "Suggestion 1, label: Line 1: A {{ has no }}, or a {% has no %}.",
                "Suggestion 1, address: Give its address.",
            ],
        ),
        (
            {"text": "a", "suggestions": [CHIP] * 12},
            ["Suggestions: At most 11 suggestions can stand here, not 12."],
        ),
    ],
)
def test_what_is_at_fault_is_said_with_its_place(kept, sentences):
    with pytest.raises(ValidationError) as raised:
        check_content(kept, GOOGLE)

    assert raised.value.messages == sentences


def test_each_provider_judges_by_its_own_limits():
    share = {"kind": "share_location", "label": "Where are you?"}
    kept = {"text": "a", "suggestions": [share]}

    check_content({}, None)
    check_content(CAROUSEL, PROVIDERS["twilio_sms"].rich_limits)
    check_content(kept, PROVIDERS["telnyx_sms"].rich_limits)
    with pytest.raises(ValidationError, match="cannot send suggestions of this kind"):
        check_content(kept, PROVIDERS["twilio_sms"].rich_limits)
    with pytest.raises(ValidationError, match="nothing by RCS"):
        check_content(kept, None)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", ""),
        ("text", "Text"),
        ("cards[1].suggestions[0].label", "Card 2, suggestion 1, label"),
        ("cards[0].media.url", "Card 1, picture, address"),
    ],
)
def test_a_place_is_told_in_words(path, words):
    assert place_of(path) == words
