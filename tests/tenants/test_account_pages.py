import pytest
from django.urls import reverse

from leadrails.tenants.models import Membership, Role, User
from tests.make import make_tenant, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/account/login"
SETUP = {
    "email": "ann@example.com",
    "name": "Ann",
    "password": "correct horse 9",
    "tenant_name": "Acme",
    "country": "GB",
    "time_zone": "Europe/London",
}


def log_in(client, email, password="pw", **more):
    return client.post(LOGIN, {"username": email, "password": password, **more})


def test_health_needs_no_login(client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"ok": True, "database": "ok"}


def test_an_empty_database_leads_to_the_set_up(client):
    assert client.get("/").headers["Location"] == "/account/setup"


def test_the_set_up_makes_an_owner_who_is_logged_in(client):
    answer = client.post("/account/setup", SETUP)

    made = Membership.objects.get()
    assert answer.headers["Location"] == "/t/acme/"
    assert (made.role, made.tenant.country) == (Role.OWNER, "GB")
    assert client.session["_auth_user_id"] == str(made.user.pk)


def test_the_set_up_shows_errors_beside_fields(client):
    answer = client.post("/account/setup", {**SETUP, "password": "12345678"})

    assert answer.status_code == 422
    assert "entirely numeric" in answer.content.decode()
    assert not User.objects.exists()


def test_after_the_set_up_its_page_is_gone(client):
    make_user()

    assert client.get("/account/setup").status_code == 404
    assert client.post("/account/setup", SETUP).status_code == 404
    assert client.get("/").headers["Location"] == LOGIN


def test_a_login_leads_to_the_workspace(client):
    tenant = make_tenant(slug="acme")
    make_user(tenant, email="ann@example.com")

    answer = log_in(client, "Ann@Example.com")

    assert answer.headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/t/acme/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example"])
def test_a_login_never_leads_elsewhere(client, target):
    make_user(make_tenant(), email="ann@example.com")

    answer = log_in(client, "ann@example.com", next=target)

    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({}, id="wrong password"),
        pytest.param({"is_active": False}, id="inactive"),
        pytest.param(None, id="unknown"),
    ],
)
def test_every_failed_login_says_the_same(client, person):
    if person is not None:
        make_user(email="ann@example.com", **person)

    password = "pw" if person else "wrong"
    page = log_in(client, "ann@example.com", password).content.decode()

    assert "The e-mail address and the password do not fit together." in page


def test_after_five_failures_even_the_right_password_waits(client):
    make_user(make_tenant(), email="ann@example.com")
    answers = [log_in(client, "ann@example.com", "no").status_code for _ in range(5)]

    blocked = log_in(client, "ann@example.com")

    assert answers == [200] * 5
    assert blocked.status_code == 429
    assert blocked.headers["Retry-After"] == "900"


def test_a_right_password_forgets_the_failures(client):
    make_user(make_tenant(), email="ann@example.com")
    for _ in range(4):
        log_in(client, "ann@example.com", "no")
    log_in(client, "ann@example.com")
    client.logout()

    assert log_in(client, "ann@example.com", "no").status_code == 200


def test_home_leads_to_the_workspace_used_last_even_after_a_new_login(client):
    ann = make_user(make_tenant(slug="aaa"), email="ann@example.com")
    second = make_tenant(slug="zzz")
    Membership.objects.create(tenant=second, user=ann, role=Role.VIEWER)
    client.force_login(ann)

    client.get("/t/zzz/settings/members/")
    before = client.get("/").headers["Location"]
    client.post("/account/logout")
    log_in(client, "ann@example.com")
    after = client.get("/").headers["Location"]

    assert (before, after) == ("/t/zzz/", "/t/zzz/")


def test_a_person_without_workspace_is_told_so(client):
    client.force_login(make_user())

    page = client.get("/").content.decode()

    assert "You belong to no workspace" in page


def test_logging_out_takes_a_post(client):
    client.force_login(make_user())

    assert client.get("/account/logout").status_code == 405
    assert client.post("/account/logout").headers["Location"] == LOGIN


def test_the_profile_is_saved_and_its_zone_shown(client):
    ann = make_user(make_tenant())
    client.force_login(ann)

    client.post("/account/profile", {"name": "Ann Lee", "time_zone": "Asia/Tokyo"})

    ann.refresh_from_db()
    assert (ann.name, ann.time_zone) == ("Ann Lee", "Asia/Tokyo")


def test_the_profile_opens_without_a_workspace(client):
    client.force_login(make_user())

    assert client.get("/account/profile").status_code == 200


def test_a_new_password_ends_other_sessions_and_keeps_this_one(
    client, django_user_model
):
    from django.test import Client

    ann = make_user(make_tenant())
    elsewhere = Client()
    client.force_login(ann)
    elsewhere.force_login(ann)

    answer = client.post(
        "/account/password",
        {
            "old_password": "pw",
            "new_password1": "correct horse 9",
            "new_password2": "correct horse 9",
        },
    )

    assert answer.headers["Location"] == "/account/security"
    assert client.get("/account/profile").status_code == 200
    assert elsewhere.get("/account/profile").status_code == 302


def test_a_wrong_old_password_changes_nothing(client):
    ann = make_user(make_tenant())
    client.force_login(ann)
    new = {"new_password1": "correct horse 9", "new_password2": "correct horse 9"}

    answer = client.post("/account/password", {"old_password": "no", **new})

    assert answer.status_code == 422
    ann.refresh_from_db()
    assert ann.check_password("pw")


@pytest.mark.parametrize("name", ["profile", "password"])
def test_account_pages_need_a_login(client, name):
    answer = client.post(reverse(f"tenants:{name}"))

    assert answer.headers["Location"].startswith(LOGIN)
