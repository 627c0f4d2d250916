"""A plain form on somebody's site, from its paste to its lead."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from leadrails.leads import directory
from leadrails.leads.models import Lead, Source
from leadrails.tenants.models import Role
from tests.make import make_destination, make_route, make_source, make_user

FILLED = {"name": "Ann Lee", "phone": "(202) 555-0100", "sms_consent": "yes"}


@pytest.fixture
def source(db):
    directory.forget()
    source = make_source(source_type="website_form")
    make_route(source, make_destination(source.tenant))
    return source


def page(source, view="form"):
    return reverse(f"sources:{view}", args=[source.tenant.slug, source.public_id])


def owner(source, role=Role.ADMIN):
    client = Client()
    client.force_login(make_user(source.tenant, role))
    return client


@pytest.fixture
def address(source):
    """What stands in the form that the page gives to paste."""
    client = owner(source)
    client.post(page(source, "form_open"))
    html = unescape(client.get(page(source)).text)
    directory.forget()
    return re.search(r'action="https?://[^/]+(/v1/forms/[^"]+)" method="post"', html)[1]


def test_the_pasted_form_makes_a_lead_and_a_job(source, address):
    answer = Client(enforce_csrf_checks=True).post(address, FILLED)
    assert "Thank you" in answer.text
    lead = Lead.objects.get()
    assert (lead.phone, lead.name, lead.job_count) == ("+12025550100", "Ann Lee", 1)
    assert lead.event["consent"] == {"sms_consent": "yes"}
    assert "last lead reads" in owner(source).get(page(source)).text


def test_the_same_words_twice_are_one_lead(source, address):
    for _button in range(2):
        assert Client().post(address, FILLED).status_code == 200
    Client().post(address, FILLED | {"message": "And the gutter"})
    assert Lead.objects.count() == 2


def test_mapped_and_unknown_fields_find_their_place(source, address):
    lines = "your-tel = phone\r\nyour-name = name\r\n\r\nzip=postal_code"
    client = owner(source)
    assert client.post(page(source), {"lines": lines}).status_code == 302
    assert "is not name = field" in client.post(page(source), {"lines": "oops"}).text
    directory.forget()
    posted = {"your-tel": "202 555 0101", "your-name": "Bo", "zip": "78701"}
    Client().post(address, posted | {"colour": ["red", "blue"], "_x": "1"})
    event = Lead.objects.get().event
    assert event["lead"] == {"phone": "202 555 0101", "full_name": "Bo"}
    assert event["location"] == {"postal_code": "78701"}
    assert event["custom_fields"] == {"colour": "red, blue"}


def test_a_program_that_fills_in_everything_is_thanked_and_not_stored(address):
    assert "Thank you" in Client().post(address, FILLED | {"_leave_empty": "x"}).text
    assert not Lead.objects.exists()


@pytest.mark.parametrize(
    ("referer", "following", "status", "goes_to"),
    [
        ("https://acme.example/contact", "https://acme.example/thanks", 303, True),
        ("https://acme.example/", "https://evil.example/", 200, False),
        ("https://acme.example", "", 200, False),
        ("https://acme.example.evil.example/", "", 403, False),
        ("", "", 403, False),
    ],
)
def test_only_the_named_site_may_post_and_only_there_people_are_led(
    source, address, referer, following, status, goes_to
):
    site = "https://acme.example/forms"
    Source.objects.filter(pk=source.pk).update(allowed_site_url=site)
    directory.forget()
    headers = {"Referer": referer} if referer else {}
    posted = FILLED | {"_next": following}
    answer = Client().post(address, posted, headers=headers)
    assert answer.status_code == status
    assert answer.get("Location", "") == (following if goes_to else "")
    assert Lead.objects.count() == (status != 403)


@pytest.mark.parametrize("act", ["form_close", "form_open"])
def test_a_closed_or_renewed_form_takes_nothing_at_the_old_address(
    source, address, act
):
    owner(source).post(page(source, act))
    directory.forget()
    answer = Client().post(address, FILLED)
    assert answer.status_code == 404
    assert "Nothing was sent" in answer.text
    assert not Lead.objects.exists()


def test_what_is_no_form_or_too_much_is_refused_in_words(address):
    client = Client()
    plain = client.post(address, b"{}", content_type="application/json")
    assert plain.status_code == 415
    large = client.post(address, FILLED | {"message": "x" * 300_000})
    assert large.status_code == 413
    assert "too much" in large.text
    opened = client.get(address)
    assert (opened.status_code, opened["Allow"]) == (405, "POST")
    assert "Fill in the form" in opened.text
