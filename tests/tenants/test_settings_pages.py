import csv
import io
import re

import pytest

from leadrails.tenants import audit, services
from leadrails.tenants.models import ApiKey, AuditEntry, Membership, Role
from tests.make import make_tenant, make_user
from tests.tenants.people import log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant():
    return make_tenant(slug="acme", name="Acme")


@pytest.fixture
def owner(client, tenant):
    owner = make_user(tenant, email="owner@example.com")
    log_in(client, owner)
    return owner


PAGES = [
    ("members/", Role.VIEWER),
    ("members/add", Role.OWNER),
    ("api-keys/", Role.ADMIN),
    ("api-keys/new", Role.ADMIN),
    ("audit/", Role.VIEWER),
    ("audit/export.csv", Role.VIEWER),
    ("workspace/", Role.VIEWER),
]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("page", "needed"), PAGES)
def test_each_role_sees_its_pages(client, tenant, page, needed, role):
    make_user(tenant)
    log_in(client, make_user(tenant, role))

    answer = client.get(f"/t/acme/settings/{page}")

    assert answer.status_code == (200 if role.covers(needed) else 403)


@pytest.mark.parametrize(("page", "needed"), PAGES)
def test_strangers_find_nothing(client, tenant, page, needed):
    client.force_login(make_user(make_tenant()))

    assert client.get(f"/t/acme/settings/{page}").status_code == 404


@pytest.mark.parametrize("link", ["usr_0/x", "usr_01J5Z7K3M8X4VWPQ9YTBN2F0HR/a-b"])
def test_a_link_that_was_never_made_sets_nothing(client, link):
    assert client.get(f"/account/welcome/{link}").status_code in (404, 410)


def test_adding_a_member_twice_is_an_error_beside_the_field(client, tenant, owner):
    body = {"email": "owner@example.com", "role": "viewer"}

    answer = client.post("/t/acme/settings/members/add", body)

    assert answer.status_code == 422
    assert "is a member already" in answer.content.decode()


def test_an_owner_changes_a_role(client, tenant, owner):
    bob = make_user(tenant, Role.VIEWER)

    client.post(f"/t/acme/settings/members/{bob.public_id}/", {"role": "operator"})

    assert Membership.objects.get(user=bob).role == Role.OPERATOR


def test_the_last_owner_cannot_step_down(client, tenant, owner):
    url = f"/t/acme/settings/members/{owner.public_id}/"

    demoted = client.post(url, {"role": "viewer"})
    removed = client.post(f"{url}remove", follow=True)

    assert demoted.status_code == 422
    assert "last owner" in demoted.content.decode()
    assert "last owner" in removed.content.decode()
    assert Membership.objects.get(user=owner).role == Role.OWNER


def test_a_removed_member_is_shut_out_at_once(client, tenant, owner):
    from django.test import Client

    bob, theirs = make_user(tenant, Role.ADMIN), Client()
    theirs.force_login(bob)

    client.post(f"/t/acme/settings/members/{bob.public_id}/remove")

    assert theirs.get("/t/acme/settings/members/").status_code == 404


def test_members_of_another_tenant_are_not_found(client, tenant, owner):
    stranger = make_user(make_tenant())
    url = f"/t/acme/settings/members/{stranger.public_id}/"

    assert client.get(url).status_code == 404
    assert client.post(f"{url}link").status_code == 404
    assert client.post(f"{url}remove").status_code == 404


def test_an_api_key_is_shown_once(client, tenant, owner):
    page = client.get("/t/acme/settings/api-keys/new").content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    body = {"name": "Zapier", "once": once}

    answer = client.post("/t/acme/settings/api-keys/new", body)
    again = client.post("/t/acme/settings/api-keys/new", body)

    plaintext = re.search(r"lr_live_\w{40}", answer.content.decode())[0]
    assert services.authenticate_api_key(plaintext).tenant == tenant
    assert "no-store" in answer.headers["Cache-Control"]
    assert again.status_code == 422
    assert plaintext not in client.get("/t/acme/settings/api-keys/").content.decode()
    assert ApiKey.objects.for_tenant(tenant).count() == 1


def test_a_key_is_revoked_after_a_question(client, tenant, owner):
    key, plaintext = services.issue_api_key(tenant, "Zapier", actor=owner)
    url = f"/t/acme/settings/api-keys/{key.public_id}/revoke"

    asked = client.get(url)
    still = services.authenticate_api_key(plaintext)
    client.post(url)

    assert "Zapier" in asked.content.decode()
    assert still == key
    assert services.authenticate_api_key(plaintext) is None


def test_keys_of_another_tenant_are_not_found(client, tenant, owner):
    key, _ = services.issue_api_key(make_tenant(), "Theirs", actor=None)

    answer = client.post(f"/t/acme/settings/api-keys/{key.public_id}/revoke")

    assert answer.status_code == 404


def test_the_workspace_is_saved_and_caches_notice(client, tenant, owner):
    body = {"name": "Acme Ltd", "time_zone": "Europe/Paris", "country": "FR"}

    client.post("/t/acme/settings/workspace/", body)

    tenant.refresh_from_db()
    assert (tenant.name, tenant.country, tenant.version) == ("Acme Ltd", "FR", 2)


def test_an_operator_reads_the_workspace_but_cannot_save_it(client, tenant, owner):
    client.force_login(make_user(tenant, Role.OPERATOR))
    body = {"name": "Mine", "time_zone": "UTC", "country": "US"}

    answer = client.post("/t/acme/settings/workspace/", body)

    assert answer.status_code == 403
    tenant.refresh_from_db()
    assert tenant.name == "Acme"


def test_the_audit_log_is_filtered_by_action_and_person(client, tenant, owner):
    audit.record(tenant, owner, "key.issued", tenant)
    audit.record(tenant, None, "destination.paused", tenant)
    audit.record(make_tenant(), owner, "job.replayed")

    everything = client.get("/t/acme/settings/audit/").content.decode()
    by_action = client.get("/t/acme/settings/audit/?action=key.issued")
    by_machine = client.get("/t/acme/settings/audit/?person=leadrails")

    assert "Job replayed" not in everything
    assert len(by_action.context["rows"]) == 1
    assert [row[0].action for row in by_machine.context["rows"]] == [
        "destination.paused"
    ]


def test_the_audit_log_pages_by_key(client, tenant, owner):
    for number in range(60):
        audit.record(tenant, owner, "key.issued", number=number)

    first = client.get("/t/acme/settings/audit/")
    cursor = first.context["page"].older
    second = client.get(f"/t/acme/settings/audit/?after={cursor}")

    assert (len(first.context["page"]), len(second.context["page"])) == (50, 10)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (
            {"fields": ["hourly_ceiling", "name"]},
            "changed: most messages per hour, name",
        ),
        ({"before": "viewer", "after": "admin"}, "viewer → admin"),
        ({"hourly_ceiling": [None, 20]}, "most messages per hour: none → 20"),
        ({"name": ["snake_case", "expired"]}, "name: snake_case → expired"),
        ({"reason": "manual"}, "reason: by hand"),
        ({"reason": "30034"}, "reason: 30034"),
        ({"ok": False, "code": "20003"}, "accepted: no, code: 20003"),
        ({"state": ["dead"], "count": 3}, "count: 3, state: Dead letter"),
        ({"source_type": "website_form"}, "type: website form"),
        ({"source_type": "wp-plugin"}, "type: wp plugin"),
    ],
)
def test_details_are_told_in_words(client, tenant, owner, details, words):
    audit.record(tenant, owner, "thing.done", tenant, **details)
    ((_entry, _title, told),) = client.get("/t/acme/settings/audit/").context["rows"]
    assert told == words


def test_the_export_is_csv_without_formulas(client, tenant, owner):
    owner.name = '=HYPERLINK("http://evil.example")'
    audit.record(tenant, owner, "key.issued", tenant, why="a, b")

    answer = client.get("/t/acme/settings/audit/export.csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))

    assert len(rows) == 1
    assert rows[0]["actor"].startswith("'=")
    assert rows[0]["actor_id"] == owner.public_id
    assert rows[0]["details"] == '{"why": "a, b"}'


@pytest.mark.parametrize("page", ["members/", "api-keys/", "audit/"])
def test_a_list_takes_few_queries(
    client, tenant, owner, page, django_assert_max_num_queries
):
    for number in range(10):
        make_user(tenant)
        services.issue_api_key(tenant, f"Key {number}", actor=owner)
    client.get(f"/t/acme/settings/{page}")

    # Session, user, membership and the shell's three besides.
    with django_assert_max_num_queries(6 + 6):
        client.get(f"/t/acme/settings/{page}")


def test_the_audit_log_cannot_be_rewritten(tenant):
    from django.db import DatabaseError, transaction

    entry = audit.record(tenant, None, "key.issued")

    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(action="nothing")
