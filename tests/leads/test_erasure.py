"""A person's data is handed out whole, and then is nowhere."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from leadrails.alerts.channels import create_channel
from leadrails.alerts.models import Delivery, Try
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.core import ids
from leadrails.jobs.models import Attempt, DeliveryEvent, Job
from leadrails.leads.models import Lead
from leadrails.rules.models import Run
from leadrails.rules.services import create_rule
from leadrails.tenants.models import AuditEntry, Role
from tests.make import (
    make_destination,
    make_job,
    make_lead,
    make_message,
    make_source,
    make_user,
)
from webhooks.models import RawCallback

PHONE, NEEDLES = "+12025550177", ["2025550177", "Zebulon", "zeb@example.com"]
EVENT = {
    "submitted_at": "2026-11-21T12:00:00.000Z",
    "source": {"site_url": "https://acme.example/roofs"},
    "lead": {"full_name": "Zebulon Quick", "phone": PHONE, "email": "zeb@example.com"},
    "consent": {"sms_consent": "on"},
}
# Numbers must stay where they keep messages from being sent; the log cannot change.
MAY_KNOW = {"contacts_suppression", "tenants_auditentry"}


@pytest.fixture
def person(db):
    """A lead with one of everything that says who it is."""
    source = make_source()
    lead = make_lead(
        source,
        phone=PHONE,
        phone_raw="202-555-0177 Zebulon",
        name="Zebulon Quick",
        email="zeb@example.com",
        remote_ip="192.0.2.7",
        user_agent="Zebulon's browser",
        event=EVENT,
        trail=[{"name": "To sales", "took": True, "why": "name is “Zebulon”"}],
    )
    place = make_destination(source.tenant)
    body = {"to": PHONE, "body": "Hi Zebulon"}
    job = make_job(lead, place, state="delivered", message=body, error_message=PHONE)
    Attempt.objects.create(
        job_id=job.id,
        number=1,
        tenant=lead.tenant,
        destination_id=place.id,
        started_at=timezone.now(),
        request=body,
        response={"to": PHONE},
        error_message=f"no {PHONE}",
    )
    DeliveryEvent.objects.create(
        job_id=job.id,
        provider_id="SM1",
        status="delivered",
        error="",
        tenant=lead.tenant,
        attempt=1,
        received_at=timezone.now(),
        payload={"To": PHONE},
    )
    said = make_message(job, "It is me, Zebulon", raw={"From": PHONE})
    InboundMedia.objects.create(
        tenant=lead.tenant, message=said, position=0, url="x", name="Zebulon.jpg"
    )
    add_run(said, lead)
    for kind, extra in (
        ("status", {"job_id": job.id}),
        ("inbound", {"id": said.callback_id}),
    ):
        RawCallback.objects.create(
            **{"id": ids.uuid7(), **extra},
            tenant=lead.tenant,
            destination_id=place.id,
            kind=kind,
            url="/?zeb@example.com",
            headers={"X": PHONE},
            body=f"To={PHONE}".encode(),
            is_signed=True,
            received_at=timezone.now(),
            processed_at=timezone.now(),
        )
    return lead


def add_run(said, lead):
    """What a rule did upon the answer: a webhook was told of it."""
    channel, _key = create_channel(
        lead.tenant,
        once=ids.uuid7(),
        kind="webhook",
        name="CRM",
        url="https://crm.invalid/hook",
        actor=None,
    )
    rule = create_rule(
        lead.tenant,
        once=ids.uuid7(),
        name="Interested",
        words=["Yes"],
        channel=channel,
        actor=None,
    )
    call = Delivery.objects.create(
        tenant=lead.tenant,
        channel=channel,
        is_call=True,
        content={"body": f"Zebulon wrote from {PHONE}"},
        due_at=timezone.now(),
        answer=f"200 hello Zebulon {PHONE}",
    )
    Try.objects.create(
        delivery=call, number=1, began_at=timezone.now(), answer=call.answer
    )
    Run.objects.create(
        tenant=lead.tenant,
        rule=rule,
        message=said,
        by="words",
        delivery=call,
        ran_at=timezone.now(),
    )
    Lead.objects.filter(pk=lead.pk).update(tags=["asked by Zebulon"])


def tables_that_know(needle):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND NOT relispartition AND relnamespace = 'public'::regnamespace"
        )
        knowing = set()
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE %s'
                "  OR t::text ILIKE %s)",
                [f"%{needle}%", f"%{needle.encode().hex()}%"],
            )
            if cursor.fetchone()[0]:
                knowing.add(table)
    return knowing


def client_of(lead, role=Role.ADMIN):
    client = Client()
    client.force_login(make_user(lead.tenant, role))
    return client


def url(name, lead):
    return reverse(name, args=[lead.tenant.slug, lead.public_id])


def test_an_export_has_all_that_is_known_of_the_person(person):
    answer = client_of(person, Role.OPERATOR).get(url("leads:export", person))
    assert "attachment" in answer["Content-Disposition"]
    told = answer.json()
    assert told["event"] == EVENT
    (job,) = told["jobs"]
    assert job["message"]["body"] == "Hi Zebulon"
    assert job["attempts"][0]["response"] == {"to": PHONE}
    assert job["reports"][0]["payload"] == {"To": PHONE}
    assert told["replies"][0]["files"][0]["name"] == "Zebulon.jpg"
    assert AuditEntry.objects.filter(action="lead.exported").count() == 1


def test_after_an_erasure_no_table_knows_the_person(person):
    Suppression.objects.create(tenant=person.tenant, phone=PHONE, reason="opted_out")
    other = make_lead(person.source, phone="+12025550199", name="Other One")
    for needle in NEEDLES:
        assert len(tables_that_know(needle) - MAY_KNOW) >= 1
    client, page = client_of(person), url("leads:erase", person)
    asked = client.get(page).text
    assert "1 job" in asked
    assert "stays in Suppressions" in asked
    assert "Erased" in client.post(page, follow=True).text

    for needle in NEEDLES:
        assert tables_that_know(needle) <= MAY_KNOW, needle
    assert Suppression.objects.get().phone == PHONE
    assert Job.objects.get().state == "delivered"
    assert not InboundMessage.objects.exists()
    assert Lead.objects.get(pk=other.pk).name == "Other One"
    assert AuditEntry.objects.filter(action="lead.erased").count() == 1
    shown = client.get(url("leads:detail", person)).text
    assert "was erased" in shown
    assert page not in shown


@pytest.mark.parametrize("with_others", [True, False])
def test_other_leads_of_the_number_go_when_asked(person, with_others):
    second = make_lead(person.source, phone=PHONE, event=EVENT, name="Zebulon")
    page = url("leads:erase", person)
    client_of(person).post(page, {"others": "1"} if with_others else {})
    second.refresh_from_db()
    assert second.is_erased == with_others


@pytest.mark.parametrize(
    ("state", "after"),
    [("queued", "canceled"), ("held", "canceled"), ("sending", "sending")],
)
def test_what_waits_is_canceled_and_what_is_being_sent_is_waited_for(
    person, state, after
):
    reason = "quiet_hours" if state == "held" else ""
    job = make_job(person, make_destination(person.tenant), state=state, reason=reason)
    client_of(person).post(url("leads:erase", person))
    job.refresh_from_db()
    assert job.state == after
    person.refresh_from_db()
    assert person.is_erased == (after == "canceled")


def test_consent_is_shown_as_evidence_and_missing_consent_is_told(person):
    client = client_of(person)
    shown = client.get(url("leads:detail", person)).context["consent"]
    assert ("Agreed to texts", "Yes") in shown
    assert ("Page", "https://acme.example/roofs") in shown
    assert ("From address", "192.0.2.7") in shown
    bare = make_lead(person.source)
    assert "posted nothing about consent" in client.get(url("leads:detail", bare)).text
