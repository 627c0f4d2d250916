"""A session that ended says what was lost, and leads back."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.make import make_tenant

FORM = "/t/acme/suppressions/new/"


def back(answer):
    assert urlsplit(answer["Location"]).path == reverse("tenants:login")
    return parse_qs(urlsplit(answer["Location"]).query)["next"]


@pytest.fixture
def visitor(db):
    make_tenant(slug="acme")
    return Client()


def test_a_page_is_come_back_to(visitor):
    answer = visitor.get("/t/acme/jobs/?state=dead")
    assert back(answer) == ["/t/acme/jobs/?state=dead"]
    login = visitor.get(answer["Location"]).content.decode()
    assert "Nothing was saved" not in login


def test_a_form_says_that_nothing_was_saved_and_is_come_back_to(visitor):
    sent_from = f"http://testserver{FORM}?first=1"
    answer = visitor.post(FORM, {"phone": "1"}, headers={"Referer": sent_from})
    assert back(answer) == [f"{FORM}?first=1"]
    login = visitor.get(answer["Location"]).content.decode()
    assert "Nothing was saved: you had been logged out." in login


@pytest.mark.parametrize("sent_from", ["", "https://evil.example/t/acme/", "//x"])
def test_another_site_is_never_led_to(visitor, sent_from):
    answer = visitor.post(FORM, headers={"Referer": sent_from})
    assert back(answer) == [FORM]
