import json
import re
import secrets
from datetime import UTC, datetime

import pytest

from leadrails.core import signing
from leadrails.leads import directory, sources
from leadrails.leads.models import Lead, SigningKey, Source, Workflow
from leadrails.tenants.models import AuditEntry, Role
from tests.make import (
    make_destination,
    make_route,
    make_signing_key,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db
GET_PAGES = [
    ("", Role.VIEWER),
    ("settings/", Role.VIEWER),
    ("pause/", Role.OPERATOR),
    ("resume/", Role.OPERATOR),
    ("revoke/", Role.ADMIN),
    ("keys/{key}/revoke/", Role.ADMIN),
    ("workflows/{workflow}/pause/", Role.OPERATOR),
]
POSTS = [
    "settings/",
    "pause/",
    "resume/",
    "revoke/",
    "test-event/",
    "keys/new/",
    "keys/{key}/revoke/",
    "workflows/new/",
    "workflows/{workflow}/pause/",
    "workflows/{workflow}/resume/",
]


@pytest.fixture
def tenant():
    return make_tenant(slug="acme", name="Acme")


@pytest.fixture
def source(tenant):
    return make_source(tenant, name="Quote form")


@pytest.fixture
def admin(client, tenant):
    admin = make_user(tenant, Role.ADMIN)
    client.force_login(admin)
    return admin


def url(source, page, slug="acme"):
    key = SigningKey.objects.filter(source=source).first()
    key_id = key.public_id if key else make_signing_key(source)[0]
    workflow = source.workflows.get(name="default").public_id
    page = page.format(key=key_id, workflow=workflow)
    return f"/t/{slug}/sources/{source.public_id}/{page}"


def post_lead(client, source, key_id, secret, **headers):
    event = {
        "schema_version": "lead_event.v1",
        "event_type": "lead.submitted",
        "submitted_at": "2026-11-21T12:00:00.000Z",
        "source": {"source_system": "tests"},
        "lead": {"full_name": "Ann Lee", "phone": "+12025550100"},
    }
    body = json.dumps(event).encode()
    stamp = datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    parts = signing.SignedParts(
        timestamp=stamp,
        nonce=secrets.token_hex(16),
        idempotency_key=secrets.token_hex(8),
        body=body,
    )
    headers = {
        "X-LR-Client-Id": source.tenant.public_id,
        "X-LR-Source-Id": source.public_id,
        "X-LR-Key-Id": key_id,
        "X-LR-Timestamp": parts.timestamp,
        "X-LR-Nonce": parts.nonce,
        "X-LR-Idempotency-Key": parts.idempotency_key,
        "X-LR-Signature": signing.sign(parts, secret),
    }
    return client.post(
        "/v1/lead-events", body, content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("page", "needed"), GET_PAGES)
def test_each_role_sees_its_pages(client, tenant, source, page, needed, role):
    client.force_login(make_user(tenant, role))

    answer = client.get(url(source, page))

    assert answer.status_code == (200 if role.covers(needed) else 403)


@pytest.mark.parametrize(("page", "needed"), [("", Role.VIEWER), ("new/", Role.ADMIN)])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_list_and_new(client, tenant, source, page, needed, role):
    client.force_login(make_user(tenant, role))

    answer = client.get(f"/t/acme/sources/{page}")

    assert answer.status_code == (200 if role.covers(needed) else 403)


@pytest.mark.parametrize("page", POSTS)
def test_a_viewer_changes_nothing(client, tenant, source, page):
    client.force_login(make_user(tenant, Role.VIEWER))

    assert client.post(url(source, page)).status_code == 403


@pytest.mark.parametrize("page", POSTS)
def test_another_tenants_source_is_not_found(client, admin, page):
    foreign = make_source(make_tenant(), name="Theirs")

    assert client.post(url(foreign, page)).status_code == 404


@pytest.mark.parametrize("page", ["keys/{key}/revoke/", "workflows/{workflow}/pause/"])
def test_another_sources_parts_are_not_found(client, admin, tenant, source, page):
    foreign = make_source(make_tenant(), name="Theirs")
    address = url(foreign, page).replace(foreign.public_id, source.public_id)

    assert client.post(address).status_code == 404
    assert SigningKey.objects.active().filter(source=foreign).exists()


def once(client, address):
    page = client.get(address).content.decode()
    return re.search(r'name="once" value="([\w-]+)"', page)[1]


def test_a_new_source_has_its_default_workflow_once(client, admin, tenant):
    form = {
        "once": once(client, "/t/acme/sources/new/"),
        "name": "CRM",
        "source_type": "crm",
        "country": "GB",
    }
    first = client.post("/t/acme/sources/new/", form)
    again = client.post("/t/acme/sources/new/", form)

    made = Source.objects.get(name="CRM")
    assert first.status_code == 302
    assert again.status_code == 422
    assert (made.country, made.source_type) == ("GB", "crm")
    assert [workflow.name for workflow in made.workflows.all()] == ["default"]
    assert AuditEntry.objects.filter(action="source.created").count() == 1


def test_a_type_of_somebody_elses_is_told_in_words(client, admin, tenant):
    make_source(tenant, source_type="wp-plugin")
    make_source(tenant, source_type="website_form")
    types = {row[1] for row in client.get("/t/acme/sources/").context["rows"]}
    assert types == {"Wp plugin", "Website form"}


def test_the_list_counts_leads_of_the_last_day(client, admin, source):
    key_id, secret = make_signing_key(source)
    for _ in range(3):
        post_lead(client, source, key_id, secret)

    page = client.get("/t/acme/sources/").content.decode()

    assert re.search(r'class="number">\s*3\s*<', page)


def test_a_key_is_shown_once_and_signs_posts(client, admin, source):
    settings = f"/t/acme/sources/{source.public_id}/settings/"
    form = {"once": once(client, settings)}
    address = f"/t/acme/sources/{source.public_id}/keys/new/"

    answer = client.post(address, form)
    secret = re.search(r"lrs_[0-9a-f]{40}", answer.content.decode())[0]
    again = client.post(address, form, follow=True)
    key = SigningKey.objects.get(source=source)
    posted = post_lead(client, source, key.public_id, secret)

    assert "no-store" in answer.headers["Cache-Control"]
    assert posted.status_code == 202
    assert "sent before" in again.content.decode()
    for page in (settings, f"/t/acme/sources/{source.public_id}/"):
        assert secret not in client.get(page).content.decode()
    assert secret.encode() not in bytes(key.secret)
    assert secret not in json.dumps(list(AuditEntry.objects.values("details")))


def test_the_script_on_the_page_posts_a_lead(client, admin, source):
    key_id, secret = make_signing_key(source)
    page = client.get(f"/t/acme/sources/{source.public_id}/")
    script = {"__name__": "send_lead"}

    exec(page.context["script"], script)
    body = json.dumps(script["sample_lead"]()).encode()
    headers = script["signed_headers"](body, secret)
    answer = client.post(
        "/v1/lead-events", body, content_type="application/json", headers=headers
    )

    assert headers["X-LR-Key-Id"] == key_id
    assert answer.status_code == 202, answer.content
    assert Lead.objects.get(source=source).phone == "+15555550100"


def test_the_script_fits_a_pinned_site(client, admin, source):
    _key_id, secret = make_signing_key(source)
    site = "https://example.com/it's"
    form = {"name": "Form", "allowed_site_url": site, "country": "US"}
    client.post(f"/t/acme/sources/{source.public_id}/settings/", form)
    page = client.get(f"/t/acme/sources/{source.public_id}/")
    script = {"__name__": "send_lead"}

    exec(page.context["script"], script)
    body = json.dumps(script["sample_lead"]()).encode()
    answer = client.post(
        "/v1/lead-events",
        body,
        content_type="application/json",
        headers=script["signed_headers"](body, secret),
    )

    assert answer.status_code == 202, answer.content


def test_a_revoked_key_signs_nothing(client, admin, source):
    key_id, secret = make_signing_key(source)

    client.post(url(source, "keys/{key}/revoke/"))
    directory.forget()

    assert post_lead(client, source, key_id, secret).status_code == 401
    assert AuditEntry.objects.filter(action="signing_key.revoked").count() == 1


def test_a_revoked_source_refuses_posts_for_good(client, admin, source):
    key_id, secret = make_signing_key(source)

    client.post(url(source, "revoke/"))
    client.post(url(source, "resume/"))
    directory.forget()

    source.refresh_from_db()
    assert source.status == Source.Status.REVOKED
    assert post_lead(client, source, key_id, secret).status_code == 401
    assert not SigningKey.objects.active().filter(source=source).exists()
    with pytest.raises(sources.ValidationError):
        sources.issue_signing_key(source, actor=admin)


def test_an_operator_pauses_and_resumes(client, tenant, source):
    client.force_login(make_user(tenant, Role.OPERATOR))
    before = tenant.version

    client.post(url(source, "pause/"))
    source.refresh_from_db()
    paused = source.status
    client.post(url(source, "resume/"))
    source.refresh_from_db()
    tenant.refresh_from_db()

    assert (paused, source.status) == ("paused", "active")
    assert tenant.version == before + 2


def test_a_paused_workflow_refuses_leads(client, admin, source):
    key_id, secret = make_signing_key(source)

    client.post(url(source, "workflows/{workflow}/pause/"))
    directory.forget()
    refused = post_lead(client, source, key_id, secret)
    client.post(url(source, "workflows/{workflow}/resume/"))
    directory.forget()

    assert refused.status_code == 409
    assert post_lead(client, source, key_id, secret).status_code == 202


def test_a_workflow_name_is_taken_in_any_case(client, admin, source):
    address = f"/t/acme/sources/{source.public_id}/workflows/new/"

    added = client.post(address, {"workflow-name": "After hours"})
    refused = client.post(address, {"workflow-name": "AFTER HOURS"})

    assert (added.status_code, refused.status_code) == (302, 422)
    assert Workflow.objects.filter(source=source).count() == 2


@pytest.mark.parametrize("site", ["ftp://example.com", "https://example.com/?a=1"])
def test_a_site_that_cannot_be_compared_is_refused(client, admin, source, site):
    form = {"name": "Form", "allowed_site_url": site, "country": "US"}

    answer = client.post(f"/t/acme/sources/{source.public_id}/settings/", form)

    assert answer.status_code == 422
    assert "allowed_site_url" in answer.context["form"].errors


def test_settings_say_when_no_route_exists(client, admin, source):
    address = f"/t/acme/sources/{source.public_id}/settings/"

    without = client.get(address).content.decode()
    make_route(source, make_destination(source.tenant))
    with_route = client.get(address).content.decode()

    assert "No active route" in without
    assert "routes/new/" in without
    assert "No active route" not in with_route


def test_a_test_event_makes_a_marked_lead_and_its_job(client, tenant, source):
    make_route(source, make_destination(tenant))
    client.force_login(make_user(tenant, Role.OPERATOR))

    answer = client.post(f"/t/acme/sources/{source.public_id}/test-event/")

    lead = Lead.objects.get(source=source)
    assert answer.headers["Location"] == f"/t/acme/leads/{lead.public_id}/"
    assert (lead.is_test, lead.phone, lead.job_count) == (True, "+15555550100", 1)


def test_a_test_event_to_a_live_destination_needs_ones_own_phone(
    client, tenant, source
):
    make_route(source, make_destination(tenant, is_simulated=False))
    client.force_login(make_user(tenant, Role.OPERATOR))

    answer = client.post(f"/t/acme/sources/{source.public_id}/test-event/", follow=True)

    assert "Confirm your phone number" in answer.content.decode()
    assert not Lead.objects.filter(source=source).exists()
