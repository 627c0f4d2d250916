"""Second factors, from their set-up to the login that asks for them."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail as outbox
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from leadrails.mail.models import Mail
from leadrails.tenants import factors, sign_in
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_tenant, make_user
from tests.tenants.people import SECRET, add_app, code_of, log_in

pytestmark = pytest.mark.django_db

WRONG = "000000"


@pytest.fixture
def tenant():
    return make_tenant(slug="acme", name="Acme")


@pytest.fixture
def ann(tenant):
    return make_user(tenant, email="ann@example.com")


def give_password(client, **more):
    body = {"username": "ann@example.com", "password": "pw", **more}
    return client.post("/account/login", body)


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_an_app_is_set_up_by_its_key_and_a_first_code(client, ann):
    log_in(client, ann)
    page = client.get("/account/app/add").content.decode()
    secret = re.search(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}", page)[0]

    refused = client.post("/account/app/add", {"code": WRONG})
    done = client.post("/account/app/add", {"code": code_of(secret)})

    assert "<svg" in page
    assert "data:" not in page
    assert refused.status_code == 422
    assert done.headers["Location"] == "/account/codes"
    assert client.session[sign_in.TWO_FACTORS] is True
    assert secret.replace(" ", "") not in str(factors.app_of(ann).data)
    assert actions() == ["member.app_added"]
    notice = Mail.objects.get()
    assert (notice.to, "authenticator app was added" in notice.subject) == (
        "ann@example.com",
        True,
    )
    assert outbox.outbox == [], "A worker sends it, not the request."


def test_a_login_with_an_app_asks_for_its_code(client, ann):
    add_app(ann)
    first = give_password(client, next="/t/acme/jobs/")
    closed = client.get("/t/acme/jobs/").status_code

    wrong = client.post("/account/second", {"code": WRONG})
    right = client.post(
        "/account/second", {"code": code_of(SECRET), "next": "/t/acme/jobs/"}
    )

    assert first.headers["Location"] == "/account/second?next=%2Ft%2Facme%2Fjobs%2F"
    assert closed == 302
    assert wrong.status_code == 422
    assert right.headers["Location"] == "/t/acme/jobs/"
    assert client.get("/t/acme/jobs/").status_code == 200


def test_a_code_works_once(client, ann):
    add_app(ann)
    code = code_of(SECRET)
    give_password(client)
    client.post("/account/second", {"code": code})
    elsewhere = Client()
    give_password(elsewhere)

    again = elsewhere.post("/account/second", {"code": code})

    assert again.status_code == 422


def test_a_recovery_code_works_once_and_is_told_of(client, ann):
    add_app(ann)
    code, *others = factors.recovery_codes(ann)
    give_password(client)
    first = client.post("/account/second", {"code": f"{code[:4]} {code[4:]}"})
    elsewhere = Client()
    give_password(elsewhere)
    again = elsewhere.post("/account/second", {"code": code})

    assert first.headers["Location"] == "/"
    assert again.status_code == 422
    assert factors.recovery_codes(ann) == others
    assert actions() == ["member.recovery_code_used"]
    assert "recovery code was used" in Mail.objects.get().subject


def test_guessing_codes_is_slowed_from_every_address(client, ann):
    add_app(ann)
    give_password(client)
    for number in range(10):
        address = f"203.0.113.{number}"
        client.post("/account/second", {"code": WRONG}, REMOTE_ADDR=address)

    blocked = client.post(
        "/account/second", {"code": code_of(SECRET)}, REMOTE_ADDR="203.0.113.99"
    )

    assert blocked.status_code == 429


@pytest.mark.parametrize("change", ["a new password", "too late", "an inactive person"])
def test_the_second_step_is_gone_after(client, ann, change, monkeypatch):
    add_app(ann)
    give_password(client)
    if change == "a new password":
        ann.set_password("another one 77")
    elif change == "too late":
        monkeypatch.setattr(sign_in, "PATIENCE", -1)
    else:
        ann.is_active = False
    ann.save()

    answer = client.post("/account/second", {"code": code_of(SECRET)})

    assert answer.headers["Location"] == "/account/login"
    assert "_auth_user_id" not in client.session


def test_a_link_that_sets_a_password_does_not_pass_by_the_second_factor(client, ann):
    from leadrails.tenants import password_links

    add_app(ann)
    token = password_links.issue(ann.memberships.get(), actor=None)
    body = {"name": "Ann", "password": "correct horse 9"}

    answer = client.post(password_links.path_of(ann, token), body)

    assert answer.headers["Location"] == "/account/second"
    assert client.get("/t/acme/").status_code == 302


GATED = ["app/add", "app/remove", "passkeys/add", "codes", "codes/file", "codes/renew"]


@pytest.mark.parametrize("page", GATED)
def test_what_matters_asks_first_who_it_is(client, ann, page):
    add_app(ann)
    client.force_login(ann)
    url = f"/account/{page}"

    asked = client.get(url)
    wrong = client.post("/account/prove", {"password": "no", "next": url})
    right = client.post("/account/prove", {"password": "pw", "next": url})

    assert asked.headers["Location"].startswith("/account/prove?next=")
    assert wrong.status_code == 422
    assert right.headers["Location"] == url
    assert client.get(url).headers.get("Location", "").startswith("/account/prove") is (
        False
    )


def test_a_proof_is_guarded_against_guessing(client, ann):
    client.force_login(ann)
    for _ in range(5):
        client.post("/account/prove", {"password": "no"})

    assert client.post("/account/prove", {"password": "pw"}).status_code == 429


def test_removing_the_last_factor_voids_recovery_codes(client, ann):
    add_app(ann)
    factors.recovery_codes(ann)
    log_in(client, ann)

    client.post("/account/app/remove")

    assert not Authenticator.objects.exists()
    assert actions() == ["member.app_removed"]
    assert "removed" in Mail.objects.get().subject


def test_new_recovery_codes_void_the_old_ones(client, ann):
    add_app(ann)
    old = factors.recovery_codes(ann)
    log_in(client, ann)
    client.post("/account/codes/renew")

    page = client.get("/account/codes").content.decode()
    file = client.get("/account/codes/file")

    new = factors.recovery_codes(ann)
    assert set(old).isdisjoint(new)
    assert all(f"{code[:4]} {code[4:]}" in page for code in new)
    assert "attachment" in file.headers["Content-Disposition"]
    assert "no-store" in file.headers["Cache-Control"]
    assert actions() == ["member.recovery_codes_made"]


def test_a_strict_workspace_shows_nothing_to_one_factor(client, ann, tenant):
    tenant.needs_two_factors = True
    tenant.save()
    log_in(client, ann)

    to_set_up = client.get("/t/acme/jobs/")
    account = client.get("/account/security").content.decode()
    add_app(ann)
    to_prove = client.get("/t/acme/jobs/")
    password = client.post("/account/prove", {"password": "pw", "two": "1"})
    code = client.post(
        "/account/prove",
        {"code": code_of(SECRET), "two": "1", "next": "/t/acme/jobs/"},
    )

    assert to_set_up.headers["Location"].startswith("/account/security")
    assert "Acme opens once you log in with two factors" in account
    assert 'id="sidebar"' not in account
    assert to_prove.headers["Location"].startswith("/account/prove")
    assert password.status_code == 422
    assert code.headers["Location"] == "/t/acme/jobs/"
    assert client.get("/t/acme/jobs/").status_code == 200


def test_in_a_strict_workspace_the_last_factor_stays(client, ann, tenant):
    tenant.needs_two_factors = True
    tenant.save()
    add_app(ann)
    log_in(client, ann, two_factors=True)

    page = client.post("/account/app/remove", follow=True).content.decode()

    assert "Acme wants two factors of every member" in page
    assert factors.app_of(ann)


@pytest.mark.parametrize("credential", ["", "[]", "{}", '{"id": 1}', '"x"', "null"])
@pytest.mark.parametrize("purpose", ["login", "second", "prove"])
def test_a_passkey_made_up_lets_nobody_in(client, ann, purpose, credential):
    add_app(ann)
    if purpose == "second":
        give_password(client)
    if purpose == "prove":
        client.force_login(ann)
    options = client.post("/account/passkey/options", {"purpose": purpose})
    body = {"purpose": purpose, "credential": credential}

    answer = client.post("/account/passkey", body)

    assert options.json()["challenge"]
    assert answer.status_code == 302
    assert sign_in.PROVEN_AT not in client.session


def test_somebody_elses_passkey_is_not_found(client, ann):
    other = make_user(make_tenant())
    key = Authenticator.objects.create(
        user=other, type="webauthn", data={"name": "Key", "credential": {}}
    )
    log_in(client, ann)

    assert client.post(f"/account/passkeys/{key.pk}/remove").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "name", ["account_signup", "account_login", "mfa_index", "mfa_activate_totp"]
)
def test_none_of_allauths_pages_is_served(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_member_who_looks_at_members_sees_who_has_two_factors(client, ann, tenant):
    make_user(tenant, Role.VIEWER, email="bob@example.com")
    add_app(ann)
    log_in(client, ann, two_factors=True)

    page = client.get("/t/acme/settings/members/").content.decode()

    assert page.count("Two factors on") == 1


def test_an_owner_requires_two_factors_only_after_showing_them(client, ann, tenant):
    url = "/t/acme/settings/members/two-factors"
    log_in(client, ann)
    client.post(url)
    tenant.refresh_from_db()
    first = tenant.needs_two_factors
    log_in(client, ann, two_factors=True)

    client.post(url)
    tenant.refresh_from_db()
    second = tenant.needs_two_factors
    client.post(url)
    tenant.refresh_from_db()

    assert (first, second, tenant.needs_two_factors) == (False, True, False)
    assert actions() == ["tenant.two_factors"] * 2


def test_whoever_runs_the_server_lets_somebody_in_again(client, ann):
    add_app(ann)
    factors.recovery_codes(ann)

    said = call_command("removefactors", "Ann@example.com")

    assert said == "2 second factor(s) of ann@example.com removed."
    assert give_password(client).headers["Location"] == "/"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("member.factors_removed", None)
    assert "All second factors were removed" in Mail.objects.get().subject
    with pytest.raises(CommandError):
        call_command("removefactors", "nobody@example.com")
