"""Forgotten passwords: one answer for everybody, a link for whoever has an account."""

import re

import pytest

from leadrails.mail import services as mail
from leadrails.mail.models import Mail
from leadrails.tenants.models import AuditEntry
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db
URL = "/account/reset"


def ask(client, email="ann@example.com", **more):
    return client.post(URL, {"email": email}, **more)


def test_a_link_comes_by_mail_and_sets_the_password_once(client, mailoutbox):
    ann = make_user(make_tenant(slug="acme"), email="ann@example.com")

    ask(client, "Ann@Example.com")
    mail.send_due()
    [sent] = mailoutbox
    link = re.search(r"http://127.0.0.1:8000(/account/welcome/\S+)", sent.body)[1]
    done = client.post(link, {"name": "Ann", "password": "correct horse 9"})
    again = client.get(link)

    ann.refresh_from_db()
    assert sent.to == ["ann@example.com"]
    assert ann.check_password("correct horse 9")
    assert done.headers["Location"] == "/"
    assert again.status_code == 410
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "member.reset_requested",
        "member.password_set",
    ]
    assert "password of your account was changed" in Mail.objects.latest("id").subject


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_the_answer_does_not_tell_who_has_an_account(client, email, mailoutbox):
    make_user(make_tenant(), email="ann@example.com")

    page = ask(client, email).content.decode()
    mail.send_due()
    other = ask(client, "other@example.com").content.decode()

    assert Mail.objects.count() == 2, "The same work is done for nobody."
    assert len(mailoutbox) == (email == "ann@example.com")
    named = re.compile(r'\w+@example.com|"X-CSRFToken": "\w+"|value="\w+"')
    assert named.sub("", page) == named.sub("", other)


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
def test_asking_often_is_refused_alike(client, email):
    make_user(make_tenant(), email="ann@example.com")
    answers = [ask(client, email).status_code for _ in range(6)]

    assert answers == [200] * 5 + [429]


def test_without_mail_the_page_says_who_can_help(client, settings):
    settings.LEADRAILS_HAS_MAIL = False

    page = ask(client).content.decode()

    assert "Mail is not set up on this server" in page
    assert not Mail.objects.exists()
