"""Pages that need a person in a state of their own: an account, its factors, a link."""

import re
from unittest.mock import patch

from allauth.mfa.models import Authenticator
from django.core import signing
from django.db import transaction
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from destinations.providers.base import FoundMessage
from leadrails.core import ids
from leadrails.leads.models import Source
from leadrails.leads.sources import open_form
from leadrails.mailbox.models import KeptMail
from leadrails.tenants import (
    email_changes,
    invitations,
    password_links,
    phone_codes,
)
from leadrails.tenants.models import Membership, Role, User
from leadrails.tenants.profile_views import SENDER
from tests.make import make_tenant, make_user
from tests.tenants.people import add_app, log_in

NAME = "Maria-Luise Hohenzollern-Sigmaringen"


def add_doors(site, tenant, world):
    add_account(site, tenant)
    add_links(site, tenant)
    add_shown_once(site, tenant, world)
    with override_settings(LEADRAILS_KEEPS_MAIL=True):
        add_mailbox(site, tenant)
    with transaction.atomic():
        Membership.objects.all().delete()
        User.objects.all().delete()
        site.add("nobody", Client(), "setup", reverse("tenants:setup"))
        transaction.set_rollback(True)


def add_account(site, tenant):
    """Setting factors up, with none yet; and with both, what takes them away."""
    person, client = make_user(tenant, name=NAME), Client()
    log_in(client, person, two_factors=True)
    for page in ("app_add", "passkey_add", "prove"):
        site.add("account", client, page, reverse(f"tenants:{page}"))
    add_app(person)
    key = Authenticator.objects.create(
        user=person, type="webauthn", data={"name": NAME, "credential": {}}
    )
    User.objects.filter(pk=person.pk).update(phone="+12025550100")
    for page in (
        "phone_remove",
        "app_remove",
        "codes",
        "codes_renew",
        "security",
        "sessions",
    ):
        site.add("account", client, page, reverse(f"tenants:{page}"))
    removal = reverse("tenants:passkey_remove", kwargs={"key": key.pk})
    site.add("account", client, "passkey_remove", removal)
    site.add("proving", client, "prove", reverse("tenants:prove") + "?two=1")
    add_simulated_phone(site, client, person)
    Client().force_login(person)  # another browser, which can be logged out
    others = client.get(reverse("tenants:sessions")).content.decode()
    session = re.search(r"/account/sessions/[^/\s]+/end", others)[0]
    site.add("account", client, "session_end", session)
    for page in ("app/remove", f"passkeys/{key.pk}/remove"):
        stale = Client()
        stale.force_login(person)
        asked = stale.get(f"/account/{page}", follow=True)
        site.keep("stale", f"/account/{page}", asked)

    waiting = Client()
    given = {"username": person.email, "password": "pw"}
    waiting.post(reverse("tenants:login"), given)
    site.add("waiting", waiting, "second", reverse("tenants:second"))
    wrong = waiting.post(reverse("tenants:second"), {"code": "000000"})
    site.keep("waiting", "/account/second-refused", wrong)

    told = {"user": str(person.pk), "old": person.email, "new": "new@example.com"}
    token = signing.dumps(told, salt=email_changes._SALT)
    confirm = reverse("tenants:email_confirm", args=[token])
    site.add("account", client, "email_confirm", confirm)
    alone = Client()
    alone.force_login(make_user())
    site.add("alone", alone, "home", "/")


def add_simulated_phone(site, client, person):
    """Where the code went that confirms a phone, as if one had just been sent."""
    place = phone_codes.senders_of(person)[0]
    session = client.session
    session[SENDER] = place.public_id
    session.save()
    now = timezone.now()
    said = FoundMessage(
        provider_id="SM1",
        to="+15555550100",
        sender=None,
        body="123456 is your code",
        created_at=now,
        update=None,
    )
    kept = {"phone_code": "sealed", "phone_code_sent_at": now}
    with (
        transaction.atomic(),
        patch.object(phone_codes, "phone_url", return_value=""),
        patch.object(phone_codes, "simulated_message", return_value=said),
    ):
        User.objects.filter(pk=person.pk).update(**kept)
        handset = reverse("tenants:phone_handset")
        site.add("account", client, "phone_handset", handset)
        transaction.set_rollback(True)


def add_links(site, tenant):
    """What those find who open a link that was mailed to them."""
    owner = make_user(tenant)
    paths = []

    def link_of(path):
        paths.append(path)
        return f"https://example.com{path}"

    known = make_user(make_tenant(), email="known@example.com")
    for email in ("guest@example.com", known.email):
        invitations.invite(
            tenant, email, role=Role.VIEWER, actor=owner, link_of=link_of
        )
    for path in paths:
        site.add("nobody", Client(), "invitation", path)
    joining = Client()
    joining.force_login(known)
    for path in paths:  # the one who is meant, and another
        site.add("known", joining, "invitation", path)
    member = make_user(tenant, Role.VIEWER, name=NAME)
    membership = Membership.objects.get(user=member)
    path = password_links.path_of(member, password_links.issue(membership, actor=owner))
    site.add("nobody", Client(), "welcome", path)


def add_shown_once(site, tenant, world):
    """What a form answers with that shows a key or a link, and nobody keeps."""
    client = Client()
    log_in(client, make_user(tenant), two_factors=True)
    once = str(ids.uuid7())

    def at(name, **kwargs):
        return reverse(name, kwargs={"tenant": tenant.slug, **kwargs})

    source = {"source": world["source"]}
    posts = (
        (at("settings:api_key_new"), {"name": NAME, "once": once}),
        (at("sources:key_issue", **source), {"once": once}),
        (at("settings:member_add"), {"email": "you@example.com", "role": "viewer"}),
        (at("settings:member_link", user=world["user"]), {}),
        (at("destinations:preview"), {"body_template": "Hi {{ nobody }} 👍"}),
        (at("sources:test_event", **source), {"once": once}),
        (
            at("channels:create", kind="webhook"),
            {
                "name": NAME,
                "url": "https://hooks.example.com/",
                "least": "severe",
                "time_zone": "UTC",
                "once": once,
            },
        ),
    )
    form = Source.objects.for_tenant(tenant).get()
    form = open_form(form, actor=None)
    to_form = reverse("api:html_form", args=[form.public_id, form.form_token])
    for path in (to_form, f"{to_form}x"):
        site.keep("visitor", path, Client().post(path, {"phone": "+12025550100"}))
    for path, data in posts:
        with transaction.atomic():
            answer = client.post(path, data, follow=True)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
            site.keep("posted", path, answer)
            transaction.set_rollback(True)


def add_mailbox(site, tenant):
    html = "<html><head></head><body><p>Hello</p></body></html>"
    mail = KeptMail.objects.create(
        sender="a@example.com", to="b@example.com", subject=NAME, text="Hi", html=html
    )
    client = Client()
    log_in(client, make_user(tenant), two_factors=True)
    client.get(reverse("overview", kwargs={"tenant": tenant.slug}))
    site.add("mailbox", client, "mailbox", reverse("mailbox:list"))
    page = reverse("mailbox:detail", kwargs={"mail": mail.public_id})
    site.add("mailbox", client, "mail", page)


def is_page(path):
    """Whether a template is a whole page, and not a part or a mail."""
    is_mail = "mail" in (path.parent.name, path.stem)
    if path.name.startswith(("_", "base")) or is_mail:
        return False
    return bool(re.search(r"{% extends|<html", path.read_text(encoding="utf-8")))
