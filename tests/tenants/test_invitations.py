"""From the owner who invites to the member who joins."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from leadrails.mail import services as mail
from leadrails.mail.models import Mail
from leadrails.tenants import invitations
from leadrails.tenants.models import AuditEntry, Invitation, Membership, Role, User
from tests.make import make_tenant, make_user
from tests.tenants.people import add_app, log_in

pytestmark = pytest.mark.django_db

ADD = "/t/acme/settings/members/add"
LINK = re.compile(r"http://127.0.0.1:8000(/account/invitation/inv_\w+/[\w-]+)")
BODY = {"name": "Bob", "password": "correct horse 9"}


@pytest.fixture
def tenant():
    return make_tenant(slug="acme", name="Acme")


@pytest.fixture
def owner(client, tenant):
    owner = make_user(tenant, email="owner@example.com", name="Olga")
    log_in(client, owner)
    return owner


def invite(client, email="bob@example.com", role="admin"):
    """Return the answer and the path of the link that it shows."""
    answer = client.post(ADD, {"email": email, "role": role})
    found = LINK.search(answer.content.decode())
    return answer, found and found[1]


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_new_person_joins_by_the_mailed_link_once(client, tenant, owner, mailoutbox):
    invite(client)
    mail.send_due()
    [sent] = mailoutbox
    link, visitor = LINK.search(sent.body)[1], Client()

    shown = visitor.get(link).content.decode()
    joined = visitor.post(link, BODY)
    again = Client().get(link)

    bob = User.objects.get(email="bob@example.com")
    assert (sent.to, sent.subject) == (["bob@example.com"], "Join Acme on LeadRails")
    assert "Olga invites you to Acme" in shown
    assert joined.headers["Location"] == "/"
    assert visitor.get("/t/acme/settings/api-keys/").status_code == 200
    assert (bob.name, bob.check_password("correct horse 9")) == ("Bob", True)
    assert Membership.objects.get(user=bob).role == Role.ADMIN
    assert again.status_code == 410
    assert actions() == ["invitation.made", "member.added"]


def test_the_owner_is_told_the_same_whether_there_is_an_account(client, tenant, owner):
    make_user(make_tenant(), email="has@example.com")

    pages = [
        invite(client, email)[0] for email in ("has@example.com", "not@example.com")
    ]

    named = re.compile(
        r'\w+@example\.com|inv_\w+/[\w-]+|"X-CSRFToken": "\w+"|="\w{64}"'
    )
    first, second = (named.sub("", page.content.decode()) for page in pages)
    assert first == second
    assert "no-store" in pages[0].headers["Cache-Control"]
    assert Membership.objects.for_tenant(tenant).count() == 1


def test_a_person_with_an_account_logs_in_and_joins(client, tenant, owner):
    bob = make_user(make_tenant(), email="bob@example.com")
    _answer, link = invite(client, "Bob@Example.com", "viewer")
    visitor = Client()

    asked = visitor.get(link).content.decode()
    refused = visitor.post(link, BODY)
    login = {"username": "bob@example.com", "password": "pw", "next": link}
    to_link = visitor.post("/account/login", login)
    shown = visitor.get(link).content.decode()
    joined = visitor.post(link)

    assert f"/account/login?next={link.replace('/', '%2F')}" in asked
    assert refused.status_code == 200
    assert bob.check_password("pw")
    assert to_link.headers["Location"] == link
    assert "Join Acme" in shown
    assert joined.headers["Location"] == "/t/acme/"
    assert Membership.objects.for_tenant(tenant).get(user=bob).role == Role.VIEWER


def test_an_invitation_is_for_its_address_only(client, tenant, owner):
    _answer, link = invite(client)
    other, visitor = make_user(make_tenant(), email="eve@example.com"), Client()
    visitor.force_login(other)

    page = visitor.post(link).content.decode()

    assert "you are logged in as eve@example.com" in page
    assert not Membership.objects.for_tenant(tenant).filter(user=other).exists()


def test_a_weak_password_makes_no_account(client, tenant, owner):
    _answer, link = invite(client)

    refused = Client().post(link, {"name": "Bob", "password": "12345678"})

    assert refused.status_code == 422
    assert not User.objects.filter(email="bob@example.com").exists()


@pytest.mark.parametrize("end", ["revoked", "renewed", "too old", "replaced"])
def test_a_link_ends(client, tenant, owner, end):
    _answer, link = invite(client)
    made = Invitation.objects.get()
    url = f"/t/acme/settings/members/invitations/{made.public_id}"
    if end == "revoked":
        client.post(f"{url}/revoke")
    elif end == "renewed":
        new = LINK.search(client.post(f"{url}/renew").content.decode())[1]
        assert Client().get(new).status_code == 200
    elif end == "too old":
        Invitation.objects.update(expires_at=timezone.now())
    else:
        _answer, new = invite(client, role="viewer")
        assert Client().get(new).status_code == 200

    assert Client().get(link).status_code == 410
    assert Client().post(link, BODY).status_code == 410
    assert not User.objects.filter(email="bob@example.com").exists()
    assert Invitation.objects.count() == 1


def test_a_member_is_not_invited_again(client, tenant, owner):
    answer, _link = invite(client, "OWNER@example.com")

    assert answer.status_code == 422
    assert "is a member already" in answer.content.decode()


def test_without_mail_the_link_is_there_to_copy(client, tenant, owner, settings):
    settings.LEADRAILS_HAS_MAIL = False
    answer, link = invite(client)
    page = client.get("/t/acme/settings/members/").content.decode()

    assert "Mail is not set up on this server" in answer.content.decode()
    assert Client().get(link).status_code == 200
    assert "not mailed: pass the link on" in page
    assert not Mail.objects.exists()


def test_members_see_what_became_of_the_mail_and_only_owners(client, tenant, owner):
    invite(client)
    page = client.get("/t/acme/settings/members/").content.decode()
    Mail.objects.update(failed_at=timezone.now(), error="550 No such user")
    failed = client.get("/t/acme/settings/members/").content.decode()
    log_in(client, make_user(tenant, Role.ADMIN))
    others = client.get("/t/acme/settings/members/").content.decode()

    assert "the mail is on its way" in page
    assert "could not be mailed: 550 No such user" in failed
    assert "bob@example.com" not in others


def test_inviting_without_end_is_refused(client, tenant, owner, monkeypatch):
    wider = {invitations_act(): (2, None)}
    monkeypatch.setattr("leadrails.tenants.throttle._WIDER", wider)
    answers = [invite(client, f"{n}@example.com")[0].status_code for n in range(3)]

    assert answers == [200, 200, 429]
    assert Invitation.objects.count() == 2


def invitations_act():
    from leadrails.tenants.throttle import Act

    return Act.INVITATION


def test_inviting_asks_first_who_it_is(client, tenant):
    client.force_login(make_user(tenant))

    asked = client.get(ADD)
    posted = client.post(
        ADD,
        {"email": "bob@example.com", "role": "owner"},
        headers={"Referer": f"http://testserver{ADD}"},
    )

    assert asked.headers["Location"].startswith("/account/prove")
    assert posted.headers["Location"].endswith("members%2Fadd")
    assert not Invitation.objects.exists()


def test_an_invitation_does_not_pass_by_the_second_factor(client, tenant, owner):
    """An account that an earlier release made without a password has none to give."""
    bob = User.objects.create_user("bob@example.com", None)
    add_app(bob)
    _answer, link = invite(client)
    visitor = Client()

    joined = visitor.post(link, BODY)

    assert joined.headers["Location"] == "/account/second"
    assert visitor.get("/t/acme/").status_code == 302


def test_two_who_open_a_link_at_once_join_once(tenant, owner):
    made, link = invitations.invite(
        tenant, "bob@example.com", role=Role.VIEWER, actor=owner, link_of=str
    )
    token, bob = link.rpartition("/")[2], make_user(email="bob@example.com")

    first = invitations.accept(made.pk, token, bob)
    second = invitations.accept(made.pk, token, bob)

    assert first is not None
    assert second is None
