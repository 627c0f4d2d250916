"""What a destination makes of a lead."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destinations.composing import (
    CannotCompose,
    Composed,
    as_sent,
    compose,
    in_reserve,
    size_of,
    thaw,
)
from destinations.providers.base import Content
from leadrails.core.rendering import TemplateError
from tests.core.test_rich import messages

LEAD = {
    "first_name": "Ann\n2 = Eve",
    "lead": {"full_name": "Ann Lee"},
    "custom_fields": {"photo": "https://h.example/ann.jpg", "empty": " "},
}
HX = "HX" + "0" * 32


def test_text_and_pictures_are_rendered_for_the_lead():
    config = {
        "media_urls": "https://h.example/all.png\r\n"
        "{{ custom_fields.photo }}\n\n{{ custom_fields.empty }}\n"
    }

    composed = compose(" Hi {{ lead.full_name }} ", config, LEAD)

    assert composed == Composed(
        "Hi Ann Lee", ("https://h.example/all.png", "https://h.example/ann.jpg")
    )


def test_a_template_of_the_provider_goes_in_place_of_the_text():
    config = {
        "content_template": HX,
        "content_variables": "1 = {{ first_name }}\nwho={{ lead.full_name }} = she",
    }

    composed = compose("never sent", config, LEAD)

    # What a lead says adds no line and no variable.
    variables = {"1": "Ann 2 = Eve", "who": "Ann Lee = she"}
    assert composed == Composed("", content=Content(HX, variables))


@pytest.mark.parametrize(
    ("body", "config", "words"),
    [
        (" {{ nothing }} ", {}, "empty message"),
        ("x" * 1601, {}, "has 1,601"),
        ("Hi", {"media_urls": "ftp://h.example/a"}, "not a web address"),
        ("Hi", {"media_urls": "{{ lead.full_name }}"}, "“Ann Lee” is not"),
        ("Hi", {"media_urls": "https://under_score.example/a"}, "not a web address"),
        ("Hi", {"media_urls": "https://[::1/a"}, "not a web address"),
        ("Hi", {"media_urls": "https:///a"}, "not a web address"),
    ],
)
def test_what_would_be_refused_is_not_sent(body, config, words):
    with pytest.raises(CannotCompose, match=words):
        compose(body, config, LEAD)


def test_a_picture_needs_no_text():
    config = {"media_urls": "https://h.example/a.jpg"}

    assert compose("", config, LEAD).media == ("https://h.example/a.jpg",)


def test_a_wrong_template_names_its_fault():
    with pytest.raises(TemplateError):
        compose("Hi", {"media_urls": "{{ x"}, LEAD)


@pytest.mark.parametrize(
    "composed",
    [
        Composed("Hi"),
        Composed("Hi", ("https://h.example/a",)),
        Composed("", content=Content(HX, {"1": "Ann"})),
        Composed("", content=Content(HX)),
    ],
)
def test_what_was_frozen_is_sent(composed):
    message = thaw({"to": "+1", **composed.frozen()})

    assert (message.body, message.media) == (composed.body, composed.media)
    assert message.content == composed.content


@given(messages, st.sampled_from(["rcs", "rcs_only"]), st.booleans())
def test_whatever_goes_by_rcs_is_frozen_and_thaws_the_same(rich, channel, is_kept):
    content = Content(HX, {"1": "Ann"}) if is_kept else None
    media = ("https://h.example/a",)
    composed = Composed("Hi", media, content=content, rich=rich, channel=channel)

    kept = json.loads(json.dumps({"to": "+1", **composed.frozen()}))
    message = thaw(kept)

    assert (message.rich, message.channel) == (rich, channel)
    assert (message.body, message.media) == ("Hi", media)
    assert message.content == content
    text = Composed("Hi", media) if channel == "rcs" else None
    assert in_reserve(message) == in_reserve(composed) == text


@pytest.mark.parametrize(
    ("config", "verification", "text"),
    [
        ({}, {}, "“Hi”"),
        ({"smart_encoded": "true"}, {}, '"Hi"'),
        ({}, {"smart_encoding": True}, '"Hi"'),
        ({}, {"smart_encoding": None}, "“Hi”"),
        ({"smart_encoded": "false"}, {"smart_encoding": True}, "“Hi”"),
        ({}, {"prefix": "Trial - "}, "Trial - “Hi”"),
    ],
)
def test_a_text_leaves_as_the_provider_changes_it(config, verification, text):
    assert as_sent(Composed("“Hi”"), config, verification) == text


@pytest.mark.parametrize(
    ("composed", "config", "verification", "encoding", "segments"),
    [
        (Composed("a" * 160), {}, {}, "GSM-7", 1),
        (Composed("a" * 160), {}, {"prefix": "x"}, "GSM-7", 2),
        (Composed("“" + "a" * 70), {}, {}, "UCS-2", 2),
        (Composed("“" + "a" * 70), {"smart_encoded": "true"}, {}, "GSM-7", 1),
        (Composed("a" * 500, ("https://h.example/a",)), {}, {}, "MMS", 1),
    ],
)
def test_a_message_costs_what_leaves(
    composed, config, verification, encoding, segments
):
    size = size_of(composed, config, verification)

    assert (size.encoding, size.segments) == (encoding, segments)


def test_only_what_is_billed_by_segments_is_changed():
    picture = Composed("“Hi”", ("https://h.example/a",))
    smart = {"smart_encoded": "true"}

    assert as_sent(picture, smart, {}) == "“Hi”"
    assert as_sent(Composed("“Hi”"), {**smart, "channel": "whatsapp"}, {}) == "“Hi”"


def test_what_goes_by_rcs_costs_what_its_text_would():
    config = {"channel": "rcs"}
    composed = Composed("a" * 161, channel="rcs")

    assert size_of(composed, config, {}) is None
    assert size_of(in_reserve(composed), config, {}).segments == 2
    assert in_reserve(Composed("a", channel="rcs_only")) is None


def test_what_is_no_text_message_has_no_segments():
    assert size_of(Composed("Hi"), {"channel": "whatsapp"}, {}) is None
    assert size_of(Composed("", content=Content(HX)), {}, {}) is None
