import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leadrails.alerts.channels import create_channel
from leadrails.core import ids
from leadrails.mailbox import backend
from leadrails.mailbox.models import KeptMail
from leadrails.tenants.models import Invitation, Membership, Role, User
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings):
    settings.EMAIL_BACKEND = "leadrails.mailbox.backend.MailboxBackend"
    settings.LEADRAILS_KEEPS_MAIL = True


@pytest.fixture
def send():
    def send(to, html="<html><head></head><body><b>Hi</b></body></html>"):
        message = EmailMultiAlternatives("Hello", "Hi\nhttp://x.example/", to=[to])
        message.attach_alternative(html, "text/html")
        message.send()
        return KeptMail.objects.latest("id")

    return send


def enter(user):
    client = Client()
    client.force_login(user)
    return client


def page(view, mail):
    return reverse(f"mailbox:{view}", kwargs={"mail": mail.public_id})


def test_an_owner_reads_what_would_have_gone_out(send):
    owner = make_user(make_tenant())
    mail = send(owner.email, "<p>Hi<script>alert(1)</script></p>")
    client = enter(owner)
    text = client.get(reverse("mailbox:list")).content.decode()
    assert page("detail", mail) in text
    shown = client.get(page("detail", mail)).content.decode()
    assert 'sandbox="allow-popups' in shown
    assert "<script>alert" not in shown
    framed = client.get(page("html", mail))
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    policy = framed["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_nobody_else_does(send):
    ours, theirs = make_tenant(), make_tenant()
    owner, other = make_user(ours), make_user(theirs)
    admin = make_user(ours, Role.ADMIN)
    mail = send(owner.email)
    for reader in (other, admin):
        for view in ("detail", "html"):
            assert enter(reader).get(page(view, mail)).status_code == 404
    assert page("detail", mail) not in (
        enter(other).get(reverse("mailbox:list")).content.decode()
    )


def test_neither_invitations_nor_alerts_of_another_workspace_are_read(send):
    ours, theirs = make_tenant(), make_tenant()
    owner, other = make_user(ours), make_user(theirs)
    make_user(theirs, Role.VIEWER, email="both@example.com")
    both = User.objects.get(email="both@example.com")
    Membership.objects.create(tenant=ours, user=both, role=Role.OWNER)
    Invitation.objects.create(
        tenant=ours,
        email="Guest@example.com",
        role=Role.VIEWER,
        digest=b"x" * 32,
        expires_at=timezone.now(),
    )
    create_channel(
        ours,
        once=ids.uuid7(),
        kind="email",
        name="On call",
        address="call@example.com",
        actor=None,
    )
    for to in ("guest@example.com", "call@example.com"):
        mail = send(to)
        assert enter(owner).get(page("detail", mail)).status_code == 200
        assert enter(other).get(page("detail", mail)).status_code == 404
    own = send(both.email)
    assert enter(both).get(page("detail", own)).status_code == 200
    assert enter(owner).get(page("detail", own)).status_code == 404


def test_where_mail_goes_out_there_is_no_mailbox(send, settings):
    owner = make_user(make_tenant())
    mail = send(owner.email)
    settings.LEADRAILS_KEEPS_MAIL = False
    assert enter(owner).get(page("detail", mail)).status_code == 404


def test_only_the_newest_are_kept(send, monkeypatch):
    monkeypatch.setattr(backend, "MOST", 2)
    for number in range(4):
        send(f"{number}@acme.example")
    kept = KeptMail.objects.order_by("id").values_list("to", flat=True)
    assert list(kept) == ["2@acme.example", "3@acme.example"]
