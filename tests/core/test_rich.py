import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadrails.core.graphemes import clusters
from leadrails.core.rich import (
    Card,
    File,
    Height,
    Kind,
    Orientation,
    Picture,
    Rich,
    RichError,
    Suggestion,
    Width,
    dump,
    load,
    map_texts,
    texts,
)
from leadrails.core.rich_limits import (
    GOOGLE,
    Limits,
    doubts,
    first_beyond,
    problems,
)

calmly = settings(max_examples=60)
FAMILY = "👩‍👩‍👧"
words = st.text("ab é{}%\n<👩\u200d", max_size=12)
some = st.text("ab é{}%\n<👩\u200d", min_size=1, max_size=12)
degrees = st.floats(-90, 90)
suggestions = st.one_of(
    st.builds(Suggestion, kind=st.just(Kind.REPLY), label=words, postback=words),
    st.builds(Suggestion, kind=st.just(Kind.OPEN_URL), label=words, url=words),
    st.builds(Suggestion, kind=st.just(Kind.DIAL), label=words, phone=words),
    st.builds(
        Suggestion,
        kind=st.just(Kind.VIEW_LOCATION),
        label=words,
        latitude=degrees,
        longitude=degrees,
        place=words,
    ),
    st.builds(Suggestion, kind=st.just(Kind.SHARE_LOCATION), label=words),
    st.builds(
        Suggestion,
        kind=st.just(Kind.CALENDAR),
        label=words,
        title=words,
        details=words,
        starts_at=words,
        ends_at=words,
    ),
)
chips = st.lists(suggestions, max_size=3).map(tuple)
cards = st.builds(
    Card,
    title=words,
    description=words,
    media=st.none()
    | st.builds(
        Picture, url=words, thumbnail_url=words, height=st.sampled_from(Height)
    ),
    suggestions=chips,
)
messages = st.one_of(
    st.builds(Rich, text=some, suggestions=chips),
    st.builds(
        Rich, file=st.builds(File, url=words, thumbnail_url=words), suggestions=chips
    ),
    st.builds(
        Rich,
        cards=st.lists(cards, min_size=1, max_size=10).map(tuple),
        suggestions=chips,
        orientation=st.sampled_from(Orientation),
        width=st.sampled_from(Width),
    ),
)


def reply(label="Yes", **changes):
    return Suggestion(kind=Kind.REPLY, label=label, **changes)


def told(rich, limits=GOOGLE, **how):
    return {one.path: one.position for one in problems(rich, limits, **how)}


@calmly
@given(messages)
def test_what_is_kept_as_json_comes_back_the_same(rich):
    assert load(json.loads(json.dumps(dump(rich)))) == rich


@calmly
@given(messages)
def test_every_text_is_reached_once_and_nothing_else_changes(rich):
    seen = []
    same = map_texts(rich, lambda text: seen.append(text) or text)
    marked = map_texts(rich, lambda text: f"<{text}>")

    assert same == rich
    assert seen == [text for _path, text in texts(rich)]
    assert [text for _path, text in texts(marked)] == [f"<{text}>" for text in seen]
    assert len({path for path, _text in texts(rich)}) == len(seen)
    assert map_texts(marked, lambda text: text[1:-1]) == rich


def test_paths_name_the_part_as_people_count_it_in_the_form():
    card = Card(title="A", media=Picture(url="https://h.example/a"))
    rich = Rich(cards=(Card(title="B"), card), suggestions=(reply(postback="y"),))

    assert dict(texts(rich)) == {
        "cards[0].title": "B",
        "cards[1].title": "A",
        "cards[1].media.url": "https://h.example/a",
        "suggestions[0].label": "Yes",
        "suggestions[0].postback": "y",
    }


def test_what_comes_back_of_a_tap_is_its_label_unless_said_otherwise():
    assert (reply().data, reply(postback="yes_1").data) == ("Yes", "yes_1")


@pytest.mark.parametrize(
    ("kept", "path", "words"),
    [
        ({}, "", "Give a text"),
        ({"text": ""}, "", "Give a text"),
        ([], "", "object"),
        ({"text": "a", "file": {"url": "b"}}, "file", "a text already"),
        ({"text": 7}, "text", "must be a text"),
        ({"txet": "a"}, "", "no field “txet”"),
        ({"cards": "a"}, "cards", "a list"),
        ({"cards": [{}] * 11}, "cards", "at most 10"),
        ({"cards": [{"media": {}}]}, "cards[0].media", "“url” is missing"),
        (
            {"cards": [{"media": {"url": "a", "height": "HUGE"}}]},
            "cards[0].media.height",
            "“HUGE” is none",
        ),
        (
            {"text": "a", "suggestions": [{"kind": "reply", "label": "b", "url": "c"}]},
            "suggestions[0].url",
            "has no url",
        ),
        (
            {"text": "a", "suggestions": [{"kind": "view_location", "label": "b"}]},
            "suggestions[0]",
            "latitude",
        ),
        (
            {
                "cards": [
                    {
                        "suggestions": [
                            {"kind": "dial", "label": "b", "phone": "1"},
                            {"kind": "view_location", "label": "b", "latitude": "x"},
                        ]
                    }
                ]
            },
            "cards[0].suggestions[1].latitude",
            "a number",
        ),
    ],
)
def test_what_has_not_the_form_is_refused_with_its_place(kept, path, words):
    with pytest.raises(RichError) as raised:
        load(kept)

    assert raised.value.path == path
    assert words in raised.value.sentence


@given(st.text(max_size=40), st.integers(0, 40), st.booleans())
def test_the_character_at_fault_begins_where_people_see_one(text, most, in_bytes):
    def size(part):
        return len(part.encode(errors="replace")) if in_bytes else len(part)

    at = first_beyond(text, most, in_bytes=in_bytes)

    if size(text) <= most:
        assert at is None
    else:
        whole = list(clusters(text))
        starts = [len("".join(whole[:n])) for n in range(len(whole))]
        assert at in starts
        assert size(text[:at]) <= most
        assert size(text[:at] + whole[starts.index(at)]) > most


def test_a_label_that_is_too_long_says_where_and_tears_no_character():
    rich = Rich(text="Hi", suggestions=(reply("x" * 23 + FAMILY),))

    [problem] = problems(rich)

    assert problem.path == "suggestions[0].label"
    assert problem.position == 23
    assert "28 characters; at most 25" in problem.sentence


URL = "https://h.example/a.png"


@pytest.mark.parametrize(
    ("rich", "expected"),
    [
        (Rich(text="x" * 3072), {}),
        (Rich(text="x" * 3073), {"text": 3072}),
        (Rich(text=" "), {"text": None}),
        (Rich(file=File(url=URL)), {}),
        (Rich(file=File(url="h.example/a b")), {"file.url": 11}),
        (Rich(file=File(url="")), {"file.url": None}),
        (Rich(cards=(Card(),)), {"cards[0]": None}),
        (Rich(cards=(Card(title="x" * 201),)), {"cards[0].title": 200}),
        (Rich(text="a", suggestions=(reply(),) * 12), {"suggestions": None}),
        (
            Rich(cards=(Card(title="a", suggestions=(reply(),) * 5),)),
            {"cards[0].suggestions": None},
        ),
        (
            Rich(
                cards=(Card(media=Picture(url=URL, height=Height.TALL)),) * 2,
                width=Width.SMALL,
            ),
            {"cards[0].media.height": None, "cards[1].media.height": None},
        ),
        (Rich(text="a" * 3000, suggestions=(reply(postback="p" * 2048),) * 11), {}),
    ],
)
def test_google_s_limits_are_named_by_path_and_character(rich, expected):
    assert told(rich) == expected


@pytest.mark.parametrize(
    ("kind", "details", "expected"),
    [
        (Kind.REPLY, {"label": " "}, {"label": None}),
        (Kind.OPEN_URL, {"url": "ftp://h.example"}, {"url": 0}),
        (Kind.OPEN_URL, {"url": URL}, {}),
        (Kind.DIAL, {"phone": "+1 512 555 0100"}, {"phone": 2}),
        (Kind.DIAL, {"phone": "5125550100"}, {"phone": 0}),
        (Kind.DIAL, {"phone": "+15125550100"}, {}),
        (
            Kind.VIEW_LOCATION,
            {"latitude": 91.0, "longitude": 180.0},
            {"latitude": None},
        ),
        (
            Kind.CALENDAR,
            {"starts_at": "2026-05-04T15:00:00Z", "ends_at": "2026-05-04T15:00"},
            {"title": None, "ends_at": 0},
        ),
        (
            Kind.CALENDAR,
            {
                "title": "Visit",
                "starts_at": "2026-05-04T15:00:00Z",
                "ends_at": "2026-05-04T16:00:00+02:00",
            },
            {"ends_at": 0},
        ),
    ],
)
def test_what_a_suggestion_needs_is_asked_for(kind, details, expected):
    one = Suggestion(kind=kind, **{"label": "Tap", **details})

    found = told(Rich(text="a", suggestions=(one,)))

    assert found == {f"suggestions[0].{name}": at for name, at in expected.items()}


def test_a_provider_may_allow_less():
    narrow = Limits(
        beside_cards=0,
        on_carousel_card=(1, 2),
        kinds=frozenset({Kind.REPLY}),
        needs_media=True,
        has_thumbnails=False,
    )
    call = Suggestion(kind=Kind.DIAL, label="Call", phone="+15125550100")
    picture = Picture(url=URL, thumbnail_url=URL)
    rich = Rich(
        cards=(Card(title="a"), Card(media=picture, suggestions=(call,))),
        suggestions=(reply(),),
    )

    assert problems(rich) == []
    assert set(told(rich, narrow)) == {
        "cards[0].media.url",
        "cards[0].suggestions",
        "cards[1].media.thumbnail_url",
        "cards[1].suggestions[0].kind",
        "suggestions",
    }


def test_the_whole_has_a_weight():
    big = Rich(text="a" * 3000, suggestions=(reply(postback="p" * 2048),) * 11)

    assert told(big, Limits(payload=20_000)) == {"": None}


def test_a_template_is_judged_by_what_does_not_depend_on_a_lead():
    rich = Rich(
        cards=(
            Card(
                title="{{ name }}" * 30,
                description="x" * 2001,
                suggestions=(
                    Suggestion(kind=Kind.OPEN_URL, label="Go", url="{{ link }}"),
                    Suggestion(kind=Kind.DIAL, label="Call", phone="12"),
                    *(reply(),) * 3,
                ),
            ),
        )
    )

    assert told(rich, is_template=True) == {
        "cards[0].description": 2000,
        "cards[0].suggestions": None,
        "cards[0].suggestions[1].phone": 0,
    }
    assert "cards[0].title" in told(rich)


def test_what_google_may_count_double_is_a_doubt_and_no_problem():
    rich = Rich(text="a", suggestions=(reply("é" * 13), reply("x" * 26)))

    assert set(told(rich)) == {"suggestions[1].label"}
    [doubt] = doubts(rich)
    assert (doubt.path, doubt.position) == ("suggestions[0].label", 12)


def test_a_suggestion_whose_words_say_stop_is_doubtful():
    words = ["Cancel", "Quit!", "opt-out", "Cancel my visit", "Yes"]
    cards = tuple(Card(title="a", suggestions=(reply(word),)) for word in words)

    found = doubts(Rich(cards=cards))

    assert [doubt.path for doubt in found] == [
        f"cards[{number}].suggestions[0].label" for number in range(3)
    ]
    assert "gets no more messages" in found[0].sentence
