import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from leadrails.jobs.models import Job
from leadrails.leads import sources, trial
from leadrails.leads.models import Lead, Workflow
from leadrails.tenants.models import AuditEntry, Role
from tests.make import (
    make_destination,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def source():
    return make_source(make_tenant(slug="acme"), name="Acme form")


@pytest.fixture
def admin(client, source):
    admin = make_user(source.tenant, Role.ADMIN)
    client.force_login(admin)
    return admin


@pytest.fixture
def base(source):
    return f"/t/acme/sources/{source.public_id}/"


def test_the_list_shows_when_the_last_lead_came(client, source, admin):
    lead = make_lead(source)

    activity = client.get("/t/acme/sources/").context["rows"][0][2]

    assert (activity.recent, activity.last_at) == (1, lead.received_at)


@pytest.mark.parametrize("page", ["", "{source}/", "{source}/settings/"])
def test_a_page_takes_few_queries(
    client, source, admin, page, django_assert_max_num_queries
):
    for _ in range(10):
        make_lead(make_source(source.tenant))
        make_route(source, make_destination(source.tenant))
        sources.issue_signing_key(source, actor=None)
    address = f"/t/acme/sources/{page.format(source=source.public_id)}"
    client.get(address)

    # Session, user, membership and the shell's three besides.
    with django_assert_max_num_queries(6 + 6):
        client.get(address)


def test_both_scripts_are_on_the_overview(client, source, admin, base, settings):
    settings.LEADRAILS_PUBLIC_URL = "https://leads.example"

    page = client.get(base).content.decode()

    assert page.count("https://leads.example/v1/lead-events") >= 3
    assert "openssl dgst" in page
    assert "import base64" in page


def test_a_workflow_is_renamed(client, source, admin, base):
    workflow = sources.add_workflow(source, name="Sales", actor=None)
    address = f"{base}workflows/{workflow.public_id}/rename/"

    shown = client.get(address)
    refused = client.post(address, {"name": "Default"})
    client.post(address, {"name": "Support"})

    assert shown.status_code == 200
    assert refused.status_code == 422
    assert Workflow.objects.get(pk=workflow.pk).name == "Support"


# Send test event


def test_a_test_event_shows_its_result_in_place(client, source, admin, base):
    make_route(source, make_destination(source.tenant))

    answer = client.post(f"{base}test-event/", headers=HTMX)

    lead = Lead.objects.for_tenant(source.tenant).get()
    page = answer.content.decode()
    assert "<html" not in page
    assert f"{base}test-event/{lead.public_id}/" in page
    assert "every 1s" in page
    assert "+15555550100" in page
    assert "Queued" in page


def test_the_result_stops_asking_when_all_is_settled(client, source, admin, base):
    make_route(source, make_destination(source.tenant))
    client.post(f"{base}test-event/")
    lead = Lead.objects.for_tenant(source.tenant).get()
    Job.objects.for_tenant(source.tenant).update(state="delivered")

    page = client.get(
        f"{base}test-event/{lead.public_id}/", headers=HTMX
    ).content.decode()

    assert "Delivered" in page
    assert "every 1s" not in page


def test_a_job_says_in_words_why_nothing_was_sent(client, source, admin, base):
    make_route(source, make_destination(source.tenant))
    client.post(f"{base}test-event/")
    lead = Lead.objects.for_tenant(source.tenant).get()
    Job.objects.for_tenant(source.tenant).update(
        state="held", reason="destination_paused"
    )

    page = client.get(f"{base}test-event/{lead.public_id}/").content.decode()

    assert "The destination is paused, so its messages wait." in page


def test_a_lead_no_route_took_says_so(client, source, admin, base):
    page = client.post(f"{base}test-event/", headers=HTMX).content.decode()

    assert "No route took the lead" in page


def confirm(user, phone="+12025550144"):
    user.phone, user.phone_confirmed_at = phone, timezone.now()
    user.save()


def acts(action="source.tested"):
    return list(AuditEntry.objects.filter(action=action))


def test_every_test_event_is_in_the_audit_log(client, source, admin, base):
    make_route(source, make_destination(source.tenant))

    client.post(f"{base}test-event/", headers=HTMX)

    (act,) = acts()
    lead = Lead.objects.for_tenant(source.tenant).get()
    assert (act.actor, act.subject) == (admin, source.public_id)
    assert act.details == {"lead": lead.public_id}


def test_a_test_without_a_route_is_in_the_audit_log_too(client, source, admin, base):
    client.post(f"{base}test-event/")

    assert len(acts()) == 1


def test_a_double_click_is_one_test(client, source, admin, base):
    for _ in range(2):
        client.post(f"{base}test-event/")

    assert (Lead.objects.count(), len(acts())) == (1, 1)


def test_a_live_destination_needs_ones_confirmed_phone(client, source, admin, base):
    make_route(source, make_destination(source.tenant, is_simulated=False))

    card = client.get(f"{base}settings/").content.decode()
    refused = client.post(f"{base}test-event/", headers=HTMX)

    assert "Your phone is not confirmed yet" in card
    assert "/account/profile#phone" in card
    assert refused.status_code == 422
    assert "/account/profile#phone" in refused.content.decode()
    assert not Lead.objects.exists()
    assert acts() == []


def test_a_phone_that_was_only_entered_gets_nothing(client, source, admin, base):
    make_route(source, make_destination(source.tenant, is_simulated=False))
    admin.phone = "+12025550144"
    admin.save()

    refused = client.post(f"{base}test-event/", headers=HTMX)

    assert refused.status_code == 422
    assert not Lead.objects.exists()


def test_without_scripts_the_refusal_is_told_on_the_page(client, source, admin, base):
    make_route(source, make_destination(source.tenant, is_simulated=False))

    page = client.post(f"{base}test-event/", follow=True).content.decode()

    assert "Confirm your phone number in your profile first." in page


def test_a_live_destination_goes_to_ones_own_phone(client, source, admin, base):
    make_route(source, make_destination(source.tenant, is_simulated=False))
    confirm(admin)

    card = client.get(f"{base}settings/").content.decode()
    client.post(f"{base}test-event/")

    assert "your own confirmed phone, +1••••••0144" in card
    assert Lead.objects.get().phone == "+12025550144"
    assert Job.objects.get().recipient == "+12025550144"
    (act,) = acts()
    assert act.details["to"] == "+1••••••0144"


def test_a_simulated_destination_never_gets_ones_own_phone(client, source, admin, base):
    make_route(source, make_destination(source.tenant))
    confirm(admin)

    client.post(f"{base}test-event/")

    assert Job.objects.get().recipient == "+15555550100"


def test_a_fixed_recipient_gets_no_test_from_a_live_destination(
    client, source, admin, base
):
    live = make_destination(
        source.tenant, is_simulated=False, recipient_template="+12025550199"
    )
    simulated = make_destination(source.tenant, recipient_template="+12025550177")
    make_route(source, live)
    make_route(source, simulated)
    confirm(admin)

    client.post(f"{base}test-event/")

    jobs = dict(Job.objects.values_list("destination", "recipient"))
    assert jobs == {live.id: "+12025550144", simulated.id: "+12025550177"}


def test_jobs_to_strangers_roll_the_whole_test_back(source, admin, monkeypatch):
    make_route(
        source,
        make_destination(source.tenant, is_simulated=False),
    )
    # As if the destination had become live between the two looks.
    monkeypatch.setattr(trial, "is_live", lambda _source: False)

    with pytest.raises(ValidationError) as caught:
        trial.send_test_event(source, actor=admin, now=timezone.now())

    assert caught.value.code == "no_phone"
    assert not Lead.objects.exists()
    assert not Job.objects.exists()
    assert acts() == []


def test_the_phone_of_another_member_is_not_used(client, source, admin, base):
    make_route(source, make_destination(source.tenant, is_simulated=False))
    confirm(make_user(source.tenant, Role.OWNER))

    assert client.post(f"{base}test-event/", headers=HTMX).status_code == 422


def test_a_revoked_source_says_so_and_talks_of_no_phone(client, source, admin, base):
    confirm(admin)
    sources.revoke_source(source, actor=None)

    page = client.post(f"{base}test-event/", headers=HTMX).content.decode()

    assert "A revoked source takes no leads." in page
    assert "/account/profile" not in page


def test_only_test_leads_of_this_source_are_shown(client, source, admin, base):
    real = make_lead(source)
    other = make_lead(make_source(source.tenant), is_test=True)

    for lead in (real, other):
        assert client.get(f"{base}test-event/{lead.public_id}/").status_code == 404
