from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone

from leadrails.core import ids
from leadrails.core.crypto import Place
from leadrails.jobs.models import Job
from leadrails.leads import sources
from leadrails.leads.models import Lead, SigningKey, Workflow
from leadrails.leads.source_facts import activity_of
from leadrails.leads.source_trial import run_trial
from leadrails.tenants.models import AuditEntry
from tests.make import (
    make_destination,
    make_lead,
    make_route,
    make_source,
    make_tenant,
    make_user,
)

pytestmark = pytest.mark.django_db


def version_of(tenant):
    return type(tenant).objects.get(pk=tenant.pk).version


def actions(tenant):
    entries = AuditEntry.objects.for_tenant(tenant).order_by("id")
    return list(entries.values_list("action", flat=True))


def test_a_source_comes_with_its_default_workflow():
    tenant = make_tenant(country="GB")

    source = sources.create_source(tenant, name=" Form ", actor=None)

    assert (source.name, source.country, source.status) == ("Form", "GB", "active")
    assert source.workflows.get().name == Workflow.DEFAULT
    assert version_of(tenant) == 2
    assert actions(tenant) == ["source.created"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_source_needs_a_name_that_fits(name):
    with pytest.raises(ValidationError):
        sources.create_source(make_tenant(), name=name, actor=None)


def test_pausing_and_resuming_are_noticed_once_each():
    source = make_source()

    sources.pause_source(source, actor=None)
    sources.pause_source(source, actor=None)
    sources.resume_source(source, actor=None)
    sources.resume_source(source, actor=None)

    assert version_of(source.tenant) == 3
    assert actions(source.tenant) == ["source.paused", "source.resumed"]


def test_revoking_is_for_good_and_takes_the_keys_along():
    source = make_source()
    key, _ = sources.issue_signing_key(source, actor=None)

    sources.revoke_source(source, actor=None)

    key.refresh_from_db()
    assert key.revoked_at is not None
    with pytest.raises(ValidationError):
        sources.resume_source(source, actor=None)
    with pytest.raises(ValidationError):
        sources.issue_signing_key(source, actor=None)
    with pytest.raises(ValidationError):
        sources.add_workflow(source, name="more", actor=None)
    with pytest.raises(ValidationError):
        sources.update_source(
            source, name="x", allowed_site_url="", country="US", actor=None
        )


def test_a_change_is_audited_with_before_and_after():
    source = make_source(name="Old")

    sources.update_source(
        source, name="New", allowed_site_url="", country="US", actor=None
    )

    entry = AuditEntry.objects.for_tenant(source.tenant).get(action="source.changed")
    assert entry.details == {"name": ["Old", "New"]}


def test_a_signing_secret_is_kept_encrypted_in_its_place():
    source = make_source()

    key, secret = sources.issue_signing_key(source, actor=None)

    stored = bytes(SigningKey.objects.get(pk=key.pk).secret)
    place = Place(source.tenant_id, "leads_signingkey", key.id, "secret")
    assert secret.startswith("lrs_")
    assert secret.encode() not in stored
    assert settings.LEADRAILS_KEYRING.decrypt(stored, place) == secret
    assert secret not in str(AuditEntry.objects.values_list())


def test_several_keys_are_active_at_a_time():
    source = make_source()
    first, _ = sources.issue_signing_key(source, actor=None)
    second, _ = sources.issue_signing_key(source, actor=None)

    sources.revoke_signing_key(first, actor=None)

    assert list(source.keys.filter(revoked_at=None)) == [second]


def test_a_key_form_sent_twice_makes_one_key():
    source, once = make_source(), ids.uuid7()
    sources.issue_signing_key(source, actor=None, once=once)

    with pytest.raises(ValidationError):
        sources.issue_signing_key(source, actor=None, once=once)

    assert source.keys.count() == 1


def test_a_workflow_name_is_taken_in_any_case():
    source = make_source()
    sources.add_workflow(source, name="Sales", actor=None)

    for name in ("sales", "DEFAULT"):
        with pytest.raises(ValidationError):
            sources.add_workflow(source, name=name, actor=None)

    assert source.workflows.count() == 2


def test_a_workflow_is_renamed_but_not_the_default_one():
    source = make_source()
    workflow = sources.add_workflow(source, name="Sales", actor=None)

    sources.rename_workflow(workflow, name="Support", actor=None)
    with pytest.raises(ValidationError):
        sources.rename_workflow(
            source.workflows.get(name=Workflow.DEFAULT), name="x", actor=None
        )

    names = set(source.workflows.values_list("name", flat=True))
    assert names == {"default", "Support"}


def test_a_workflow_is_not_renamed_to_a_name_that_is_taken():
    source = make_source()
    sources.add_workflow(source, name="Sales", actor=None)
    workflow = sources.add_workflow(source, name="Support", actor=None)

    with pytest.raises(ValidationError):
        sources.rename_workflow(workflow, name="SALES", actor=None)
    sources.rename_workflow(workflow, name="SUPPORT", actor=None)

    workflow.refresh_from_db()
    assert workflow.name == "SUPPORT"


def test_a_workflow_is_paused_and_resumed():
    workflow = make_source().workflows.get()

    sources.pause_workflow(workflow, actor=None)
    sources.pause_workflow(workflow, actor=None)
    sources.resume_workflow(workflow, actor=None)

    workflow.refresh_from_db()
    assert not workflow.is_paused
    assert version_of(workflow.tenant) == 3


# Test events


def test_a_test_event_takes_the_real_routes():
    source = make_source()
    user = make_user(source.tenant)
    make_route(source, make_destination(source.tenant))

    lead = run_trial(source, actor=user)

    job = Job.objects.for_tenant(source.tenant).get(lead=lead)
    assert (lead.is_test, lead.phone) == (True, "+15555550100")
    assert (job.state, job.recipient) == ("queued", "+15555550100")
    assert actions(source.tenant) == ["source.tested"]


def test_two_clicks_send_one_test_event():
    source = make_source()
    user = make_user(source.tenant)

    assert run_trial(source, actor=user) == run_trial(source, actor=user)
    assert Lead.objects.for_tenant(source.tenant).count() == 1


@pytest.mark.parametrize("route_status", ["active", "paused"])
@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_live_destination_is_tested_on_ones_own_phone_only(status, route_status):
    source = make_source()
    live = make_destination(source.tenant, is_simulated=False, status=status)
    make_route(source, live, status=route_status)
    stranger = make_user(source.tenant, phone="+12025550143")
    confirmed = make_user(
        source.tenant, phone="+12025550144", phone_confirmed_at=timezone.now()
    )

    with pytest.raises(ValidationError):
        run_trial(source, actor=stranger)
    lead = run_trial(source, actor=confirmed)

    assert lead.phone == "+12025550144"


def test_a_revoked_source_sends_no_test():
    source = make_source(status="revoked")

    with pytest.raises(ValidationError):
        run_trial(source, actor=make_user(source.tenant))


# What the list shows


def test_activity_counts_a_day_and_finds_the_last_lead():
    tenant, now = make_tenant(), timezone.now()
    busy, quiet = make_source(tenant), make_source(tenant)
    old = ids.uuid7_floor(now - timedelta(hours=30))
    make_lead(busy, id=old, received_at=now - timedelta(hours=30))
    newest = [make_lead(busy), make_lead(busy)][-1]

    found = activity_of(tenant, [busy.pk, quiet.pk], now=now + timedelta(seconds=1))

    assert (found[busy.pk].recent, found[busy.pk].last_at) == (2, newest.received_at)
    assert (found[quiet.pk].recent, found[quiet.pk].last_at) == (0, None)


def test_activity_of_another_tenants_source_is_nothing():
    lead = make_lead()

    found = activity_of(make_tenant(), [lead.source_id], now=timezone.now())

    assert found[lead.source_id].recent == 0
