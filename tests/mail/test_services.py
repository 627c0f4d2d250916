"""The queue of the system's mail, against a real mail server on loopback."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from leadrails.mail import services
from leadrails.mail.models import Mail
from tests.mail.smtp_server import MailServer

pytestmark = pytest.mark.django_db
LINK = "https://leads.example.com/account/welcome?a=1&b=2"


@pytest.fixture
def server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    folders = [*settings.TEMPLATES[0]["DIRS"], Path(__file__).parent / "templates"]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": folders}]
    settings.DEFAULT_FROM_EMAIL = "LeadRails <rails@example.com>"
    yield server
    server.close()


def queue(to="ann@example.com", **more):
    context = {"name": "<Ann>", "url": LINK}
    subject = more.pop("subject", "Welcome,\n Ann")
    return services.queue("probe/mail", to, subject=subject, context=context, **more)


def make_due(mail):
    Mail.objects.filter(pk=mail.pk).update(due_at=timezone.now() - timedelta(days=1))


def test_a_mail_arrives_as_text_and_as_html(server):
    mail = queue()

    assert server.taken == []
    assert services.send_due() == 1
    [taken] = server.taken
    assert (taken["From"], taken["To"]) == (
        "LeadRails <rails@example.com>",
        "ann@example.com",
    )
    assert taken["Subject"] == "Welcome, Ann"
    assert taken["Message-ID"] == f"<{mail.pk}@example.com>"
    assert taken["Auto-Submitted"] == "auto-generated"
    text = taken.get_body(("plain",)).get_content()
    html = taken.get_body(("html",)).get_content()
    assert text.startswith("Dear <Ann>,")
    assert LINK in text
    assert "Dear &lt;Ann&gt;" in html
    assert LINK.replace("&", "&amp;") in html


def test_what_is_sent_is_sent_once_and_its_text_is_gone(server):
    mail = queue()
    services.send_due()
    mail.refresh_from_db()

    assert services.send_due() == 0
    assert mail.sent_at is not None
    assert (mail.text, mail.html, mail.error, mail.due_at) == ("", "", "", None)
    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("command", "answer", "is_final"),
    [
        ("RCPT", "550 5.1.1 No such user", True),
        ("RCPT", "450 4.2.1 Try later", False),
        ("MAIL", "530 5.7.0 Log in first", False),
        ("DATA", "451 4.3.0 Out of space", False),
    ],
)
def test_a_refusal_is_final_only_if_the_address_is_at_fault(
    server, command, answer, is_final
):
    server.answers = {command: answer}
    mail = queue()
    services.send_due()
    mail.refresh_from_db()

    assert mail.error == answer
    assert bool(mail.failed_at) == is_final
    assert (mail.due_at is None) == is_final
    assert bool(mail.html) != is_final
    assert mail.sent_at is None


def test_a_server_that_is_away_gets_it_when_it_is_back(server, settings):
    mail = queue()
    settings.EMAIL_PORT = 1
    services.send_due()
    mail.refresh_from_db()
    assert "refused" in mail.error
    assert services.send_due() == 0, "It waits."

    settings.EMAIL_PORT = server.port
    make_due(mail)
    services.send_due()
    assert len(server.taken) == 1


def test_after_a_day_of_failures_it_is_given_up(server):
    server.answers = {"MAIL": "421 4.3.2 Closing"}
    mail = queue()
    for _ in range(len(services.WAITS) + 1):
        make_due(mail)
        assert services.send_due() == 1
    mail.refresh_from_db()

    assert mail.failed_at is not None
    assert mail.due_at is None
    assert sum(services.WAITS, timedelta()) > timedelta(days=1)


@pytest.mark.django_db(transaction=True)
def test_another_worker_leaves_alone_what_one_has_taken_up(server):
    queue()
    with transaction.atomic():
        assert services._claim() is not None

    assert services._claim() is None


def test_mail_to_nobody_does_the_same_and_goes_nowhere(server):
    mail = queue(to="")
    services.send_due()
    mail.refresh_from_db()

    assert mail.sent_at is not None
    assert server.taken == []


def test_without_a_mail_server_nothing_is_queued(settings):
    settings.LEADRAILS_HAS_MAIL = False
    with pytest.raises(services.NotSetUp):
        queue()
    assert not Mail.objects.exists()


def test_old_mail_is_forgotten(server):
    sent, waiting = queue(), queue()
    Mail.objects.filter(pk=sent.pk).update(due_at=None)
    week = timezone.now() - services.KEPT - timedelta(minutes=1)
    Mail.objects.update(created_at=week)

    assert services.forget() == 1
    assert Mail.objects.get() == waiting
