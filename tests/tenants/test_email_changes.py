"""A new address counts once its mailed link was opened."""

import re

import pytest
from django.test import Client

from leadrails.mail import services as mail
from leadrails.mail.models import Mail
from leadrails.tenants import email_changes
from leadrails.tenants.models import AuditEntry
from tests.make import make_tenant, make_user
from tests.tenants.people import log_in

pytestmark = pytest.mark.django_db

LINK = re.compile(r"http://127.0.0.1:8000(/account/email/\S+)")


@pytest.fixture
def ann(client):
    ann = make_user(make_tenant(), email="ann@example.com")
    log_in(client, ann)
    return ann


def ask(client, new_email="new@example.com"):
    return client.post("/account/email", {"new_email": new_email})


def mailed_link(mailoutbox):
    mail.send_due()
    return LINK.search(mailoutbox[-1].body)[1]


def test_the_link_changes_the_address_once_and_tells_the_old_one(
    client, ann, mailoutbox
):
    asked = ask(client, "New@Example.com")
    link = mailed_link(mailoutbox)
    assert mailoutbox[-1].to == ["new@example.com"]
    client.get(link)
    ann.refresh_from_db()
    assert ann.email == "ann@example.com", "Scanners of mail open links too."

    done = client.post(link)
    again = client.post(link)
    mail.send_due()

    ann.refresh_from_db()
    assert asked.headers["Location"] == done.headers["Location"] == "/account/security"
    assert ann.email == "new@example.com"
    assert again.status_code == 410
    assert mailoutbox[-1].to == ["ann@example.com"]
    assert "was changed" in mailoutbox[-1].subject
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "member.email_change_requested",
        "member.email_changed",
    ]


def test_an_address_that_somebody_has_looks_the_same_and_gets_no_mail(
    client, ann, mailoutbox
):
    make_user(make_tenant(), email="bob@example.com")

    free, taken = ask(client, "free@example.com"), ask(client, "bob@example.com")
    mail.send_due()

    assert free.headers["Location"] == taken.headers["Location"]
    assert [sent.to for sent in mailoutbox] == [["free@example.com"]]
    assert Mail.objects.count() == 2


def test_an_address_taken_meanwhile_is_not_taken_away(client, ann, mailoutbox):
    ask(client)
    link = mailed_link(mailoutbox)
    make_user(make_tenant(), email="NEW@example.com")

    assert client.post(link).status_code == 410
    ann.refresh_from_db()
    assert ann.email == "ann@example.com"


def test_the_link_is_worth_nothing_to_others_and_after_a_day(
    client, ann, mailoutbox, monkeypatch
):
    ask(client)
    link, eve = mailed_link(mailoutbox), Client()
    eve.force_login(make_user(make_tenant()))

    others = eve.post(link)
    nobody = Client().post(link)
    monkeypatch.setattr(email_changes, "LIFETIME", -1)
    late = client.post(link)

    assert (others.status_code, late.status_code) == (410, 410)
    assert nobody.headers["Location"].startswith("/account/login")
    ann.refresh_from_db()
    assert ann.email == "ann@example.com"


def test_asking_needs_a_fresh_proof_and_has_an_end(client, ann):
    answers = [ask(client, f"{n}@example.com").status_code for n in range(6)]
    client.force_login(ann)
    session = client.session
    session["proven_at"] = 0
    session.save()
    stale = ask(client)

    assert answers == [302] * 5 + [429]
    assert "/account/prove" in stale.headers["Location"]


def test_without_mail_the_page_says_so(client, ann, settings):
    settings.LEADRAILS_HAS_MAIL = False

    page = ask(client).content.decode()

    assert "Mail is not set up on this server" in page
    assert "new_email" not in page
