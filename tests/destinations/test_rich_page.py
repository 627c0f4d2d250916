"""The RCS editor: all of it by plain posts, each fault beside its field."""

import json
from html import unescape
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import assume, given
from msgspec.structs import replace

from destinations.rich_draft import FEW, Draft, Shape
from destinations.rich_parts import CardDraft, ChipDraft
from destinations.services import create_destination
from leadrails.core.rich import Kind, Rich, load
from leadrails.core.rich_limits import GOOGLE
from leadrails.tenants.models import Role
from tests.core.test_rich import calmly, messages
from tests.make import make_lead, make_source, make_tenant, make_user

PICTURE = {"url": "https://h.example/{{ lead.service_type }}.jpg"}
REPLY = {"kind": "reply", "label": "Call me, {{ first_name }}", "postback": "call"}
EVERY_KIND = [
    REPLY,
    {"kind": "open_url", "label": "See", "url": "https://h.example/?a=1&b=2"},
    {"kind": "dial", "label": "Call", "phone": "+15125550100"},
    {
        "kind": "view_location",
        "label": "Where",
        "latitude": 30.25,
        "longitude": -97.5,
        "place": 'The "old" mill',
    },
    {"kind": "share_location", "label": "Where are you?"},
    {
        "kind": "calendar",
        "label": "Save",
        "title": "Visit",
        "starts_at": "2026-05-04T15:00:00-05:00",
        "ends_at": "2026-05-04T16:00:00-05:00",
    },
]
CAROUSEL = {
    "cards": [
        {"title": "One", "media": {**PICTURE, "height": "SHORT"}},
        {"title": "Two", "description": " a\n\nb", "suggestions": EVERY_KIND[:4]},
        {"title": "Three", "media": PICTURE},
    ],
    "suggestions": EVERY_KIND,
    "width": "SMALL",
}
CONTENTS = {
    "same": {},
    "text": {"text": "\nHi {{ first_name }} <b>", "suggestions": EVERY_KIND},
    "card": {
        "cards": [{"title": "One", "media": PICTURE}],
        "orientation": "HORIZONTAL",
        "image_side": "RIGHT",
    },
    "carousel": CAROUSEL,
    "file": {"file": {"url": "https://h.example/a.pdf"}},
}


MANY = json.dumps({"suggestions": [{}] * 11})


class Form(HTMLParser):
    """What a browser would post of a page."""

    def __init__(self, page):
        super().__init__()
        self.data, self.focus = {}, ""
        self._open = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name")
        if "autofocus" in given:
            self.focus = given.get("value") if tag == "button" else name
        if tag == "select":
            self._open = name
        elif tag == "option" and self._open and "selected" in given:
            self.data[self._open] = given["value"]
        elif tag == "textarea":
            self._open, self.data[name] = name, ""
        elif tag == "input" and (given.get("type") != "radio" or "checked" in given):
            self.data[name] = given.get("value", "")

    def handle_data(self, data):
        if self._open in self.data and self.lasttag == "textarea":
            self.data[self._open] += data

    def handle_endtag(self, tag):
        if tag == "textarea":  # browsers drop its first line end, and post CR LF
            text = self.data[self._open].removeprefix("\n")
            self.data[self._open] = text.replace("\n", "\r\n")
        if tag in ("select", "textarea"):
            self._open = None


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def client(tenant):
    client = Client()
    client.force_login(make_user(tenant, Role.ADMIN))
    return client


def place(tenant, rich, kind="telnyx_sms"):
    row = create_destination(
        tenant,
        kind=kind,
        name="Sales",
        is_simulated=True,
        config={},
        credentials={},
        body_template="Hi {{ first_name }}. Reply STOP to opt out.",
        actor=None,
    )
    row.config["channel"], row.rich = "rcs", rich
    row.save()
    return row


def address(row):
    kwargs = {"tenant": row.tenant.slug, "destination": row.public_id}
    return reverse("destinations:rich", kwargs=kwargs)


def text(answer):
    return unescape(answer.content.decode())


def form_of(answer):
    return Form(answer.content.decode())


@pytest.mark.django_db
def test_pictures_of_the_text_make_it_an_mms(client, tenant):
    row = place(tenant, CONTENTS["card"])
    row.config["media_urls"] = "https://h.example/a.jpg"
    row.save()

    answer = client.get(address(row))

    assert answer.status_code == 200
    assert "characters, as one MMS" in text(answer)


@calmly
@given(messages)
def test_a_draft_loses_nothing_of_a_message(rich):
    assume(all(card.media is None or card.media.url for card in rich.cards))
    # What shapes a card alone is not asked of a carousel, nor the reverse.
    of_other = ["orientation", "image_side"] if rich.is_carousel else ["width"]
    unused = of_other if rich.cards else ["orientation", "image_side", "width"]
    defaults = {name: getattr(Rich(text="a"), name) for name in unused}

    draft = Draft.of(rich)
    assert draft.built(GOOGLE) == replace(rich, **defaults)
    closed = [part.kept() for part in draft.cards]
    assert not set("".join(closed)) & set("<>&"), "They would end the field."
    assert [CardDraft.thaw(kept) for kept in closed] == draft.cards


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", MANY, '{"title": 1}', '{"title": "\\u0000"}']
)
def test_what_no_page_gave_is_an_empty_part(kept):
    assert CardDraft.thaw(kept) == CardDraft()


@pytest.mark.parametrize(
    ("act", "titles", "labels", "focus"),
    [
        ("add cards", "AB-", "xyz", "cards[2].title"),
        ("up cards[1]", "BA", "xyz", "down cards[0]"),
        ("down cards[0]", "BA", "xyz", "up cards[1]"),
        ("remove cards[0]", "B-", "xyz", "add cards"),
        ("add cards[1].suggestions", "AB", "xyz", "cards[1].suggestions[0].label"),
        ("down suggestions[0]", "AB", "yxz", "down suggestions[1]"),
        ("up suggestions[0]", "AB", "xyz", "down suggestions[0]"),
        ("remove suggestions[1]", "AB", "xz", "add suggestions"),
        ("remove suggestions[7]", "AB", "xyz", ""),
        ("remove cards[9].suggestions[0]", "AB", "xyz", ""),
        ("open suggestions[0].kind", "AB", "xyz", "suggestions[0].kind"),
        ("open cards[1]", "AB", "xyz", "cards[1].title"),
        ("open cards[1].suggestions", "AB", "xyz", "add cards[1].suggestions"),
        ("drop tables", "AB", "xyz", ""),
    ],
)
def test_a_button_changes_the_draft_and_says_where_to_go_on(act, titles, labels, focus):
    draft = Draft(
        Shape.CAROUSEL,
        cards=[CardDraft(title="A"), CardDraft(title="B")],
        suggestions=[ChipDraft(label=label) for label in "xyz"],
    )

    assert draft.act(act) == focus
    assert "".join(card.title or "-" for card in draft.cards) == titles
    assert "".join(chip.label for chip in draft.suggestions) == labels


def test_few_parts_are_all_open_and_of_many_one_in_each_list():
    """What has the focus, else what was open, else the first."""

    def open_ones(act=""):
        draft.fold(draft.act(act))
        chips = draft.suggestions + draft.cards[0].suggestions
        return "".join(p.title for p in draft.cards if p.is_open), "".join(
            p.label for p in chips if p.is_open
        )

    draft = Draft(Shape.CAROUSEL, cards=[CardDraft(title=name) for name in "ABC"])
    draft.suggestions = [ChipDraft(label=name) for name in "xyz"[: FEW - 3]]
    draft.cards[0].suggestions = []
    assert open_ones() == ("ABC", "xyz")
    draft.cards[0].suggestions = [ChipDraft(label=name) for name in "vw"]
    assert open_ones("open cards[1]") == ("B", "xv")
    assert open_ones("down cards[1]") == ("B", "xv")
    assert open_ones("open cards[0].suggestions[1].url") == ("A", "xw")
    assert open_ones("up suggestions[2]") == ("A", "zw")
    assert open_ones("remove suggestions[1]") == ("A", "yw"), "What stands there now."
    assert open_ones("remove cards[0]")[0] == "CB"
    draft.suggestions += [ChipDraft(label="more") for _ in range(FEW)]
    draft.shape = Shape.CARD
    assert open_ones("open cards[1]")[0] == draft.cards[0].title, "No other is seen."


@pytest.mark.django_db
@pytest.mark.parametrize("shape", CONTENTS)
def test_what_is_kept_stands_in_the_form_and_is_kept_again(client, tenant, shape):
    row = place(tenant, CONTENTS[shape])
    before = load(row.rich) if row.rich else None

    data = form_of(client.get(address(row))).data
    assert data["shape"] == shape
    answer = client.post(address(row), data)

    assert answer.status_code == 302, text(answer)
    row.refresh_from_db()
    assert (load(row.rich) if row.rich else None) == before


@pytest.mark.django_db
def test_a_carousel_is_made_by_plain_posts_alone(client, tenant):
    row = place(tenant, {})

    def press(act, **fields):
        answer = client.post(address(row), {**shown.data, **fields, "act": act})
        assert answer.status_code == 200
        return form_of(answer)

    shown = form_of(client.get(address(row)))
    shown = press("add cards", shape="carousel", **{"cards[0].title": "First"})
    assert shown.focus == "cards[2].title"
    shown = press("add cards[0].suggestions", **{"cards[2].title": "Third"})
    shown = press("up cards[2]", **{"cards[0].suggestions[0].label": "Yes"})
    assert shown.focus == "up cards[1]"
    row.refresh_from_db()
    assert row.rich == {}, "Nothing is saved before it is asked for."
    client.post(address(row), {**shown.data, "cards[2].description": "Last"})

    row.refresh_from_db()
    assert row.rich == {
        "cards": [
            {"title": "First", "suggestions": [{"kind": "reply", "label": "Yes"}]},
            {"title": "Third"},
            {"description": "Last"},
        ]
    }


@pytest.mark.django_db
def test_a_fault_stands_beside_its_field_and_nothing_is_saved(client, tenant):
    row = place(tenant, CAROUSEL)
    wrong = {
        "cards[0].title": "Hi {{ name",
        "cards[1].suggestions[0].label": "x" * 25 + "é is too much",
        "suggestions[3].latitude": "north",
    }
    shown = form_of(client.get(address(row)))
    for field, value in wrong.items():
        typed = {**shown.data, "act": f"open {field}"}
        shown = form_of(client.post(address(row), typed))
        assert (shown.focus, field in shown.data) == (field, True)
        shown.data[field] = value

    answer = client.post(address(row), shown.data)
    page = text(answer)

    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.rich == CAROUSEL
    first, second, third = wrong
    assert page.count("Line 1: A {{ has no }}") == 2, (
        "In the list and beside its field."
    )
    assert form_of(answer).data[first] == wrong[first], "The first at fault is open."
    assert page.count("38 characters; at most 25") == 2, "Where card 2 is closed, too."
    assert f'value="open {second}" hx-post>Card 2, suggestion 1, label</button>' in page
    assert "The latitude is a number from -90 to 90." in page
    assert form_of(answer).data[third] == wrong[third]

    typed = {**form_of(answer).data, "act": f"open {second}"}
    answer = client.post(address(row), typed)
    assert form_of(answer).data[second] == wrong[second]
    assert '<mark class="culprit">é</mark> is too much' in text(answer)


@pytest.mark.django_db
def test_what_is_typed_is_shown_for_a_lead_with_what_is_too_long(client, tenant):
    lead = make_lead(
        make_source(tenant),
        event={"lead": {"full_name": "Zoë " + "Long" * 9, "phone": "+12025550100"}},
    )
    row = place(tenant, {})
    typed = {
        "act": "preview",
        "shape": "text",
        "text": "<Dear> {{ first_name }}",
        "body_template": "Plain {{ first_name }}",
        "suggestions[0].kind": "reply",
        "suggestions[0].label": "I am {{ name }}",
        "preview_lead": lead.public_id,
    }

    answer = client.post(address(row), typed, headers={"HX-Request": "true"})
    page = text(answer)

    assert "<html" not in page
    assert 'class="phone-bubble" dir="auto"><Dear> Zoë</p>' in page
    assert "&lt;Dear&gt;" in answer.content.decode()
    assert 'class="phone-bubble" dir="auto">Plain Zoë</p>' in page
    assert 'id="r-suggestions-0-label-limit" hx-swap-oob="true"' in page
    assert "45 / 25" in page
    assert "45 characters; at most 25 are possible." in page
    assert "Likely billed as Rich: 1 × 160 bytes of text, of which 11" in page


@pytest.mark.django_db
def test_leads_for_whom_it_would_be_too_long_are_named(client, tenant):
    source = make_source(tenant)
    make_lead(source, name="Ann Lee")
    event = {"lead": {"full_name": "M" * 30, "phone": "+12025550100"}}
    make_lead(source, name="Em", event=event)
    other = make_lead(make_source(), name="Stranger", event=event)
    rich = {"text": "Hi", "suggestions": [{"kind": "reply", "label": "{{ name }}"}]}
    row = place(tenant, rich)

    typed = form_of(client.get(address(row))).data
    sample = client.post(address(row), {**typed, "act": "preview", "preview_lead": ""})
    foreign = {**typed, "act": "preview", "preview_lead": other.public_id}

    sentence = "something would be missing or too long for: Em. The text message goes"
    assert sentence in text(sample)
    assert text(client.post(address(row), foreign)).count("MMM") == 0


@pytest.mark.django_db
def test_what_is_unwise_names_the_message_that_it_is_said_of(client, tenant):
    stop = {"kind": "reply", "label": "Cancel"}
    row = place(tenant, {"text": "Hi", "suggestions": [stop]})
    says_how = "does not say how to stop messages"

    page = text(client.get(address(row)))
    assert "Whoever taps this says STOP" in page
    assert says_how not in page

    row.rich = {"text": "Hi"}
    row.save()
    page = text(client.get(address(row)))
    assert page.count(says_how) == 1
    assert f"The RCS message {says_how}" in page


@pytest.mark.django_db
def test_a_provider_offers_only_what_it_can_send(client, tenant):
    telnyx = text(client.get(address(place(tenant, CONTENTS["text"]))))
    twilio = text(client.get(address(place(tenant, {"text": "a"}, "twilio_sms"))))

    assert "Ask for a location" in telnyx
    assert "Height of the picture" in telnyx
    assert "Ask for a location" not in twilio
    assert "Height of the picture" not in twilio
    assert f'value="{Kind.OPEN_URL}"' in telnyx


@pytest.mark.django_db
def test_the_pictures_may_be_fetched_here_and_nowhere_else(client, tenant):
    row = place(tenant, CONTENTS["card"])
    detail = reverse(
        "destinations:detail",
        kwargs={"tenant": tenant.slug, "destination": row.public_id},
    )

    here, there = client.get(address(row)), client.get(detail)

    assert "img-src 'self' data: https:" in here["Content-Security-Policy"]
    assert "https:" not in there["Content-Security-Policy"]
    assert "script-src 'self'" in here["Content-Security-Policy"].split("; ")
    assert "phone-rcs" in text(there)
