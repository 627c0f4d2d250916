"""What is kept of people's messages, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from leadrails import retention
from leadrails.contacts.models import InboundMedia, InboundMessage, Suppression
from leadrails.contacts.services import forget_messages, suppress
from leadrails.core import ids
from leadrails.rules.models import Pending, Run
from leadrails.rules.services import create_rule
from tests.make import make_message, make_tenant
from tests.webhooks.twilio import make_sent_job

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 6, 15, tzinfo=UTC)


def message_of(job, at):
    message = make_message(job, id=ids.uuid7_beside(ids.uuid7_floor(at)))
    InboundMedia.objects.create(
        tenant_id=job.tenant_id, message=message, position=0, state="kept", data=b"x"
    )
    return message


def test_old_messages_go_with_their_files():
    job = make_sent_job()
    for days in (3, 2, 1):
        message_of(job, NOW - timedelta(days=days))
    young = message_of(job, NOW)
    rule = create_rule(
        job.tenant, once=ids.uuid7(), name="Yes", words=["Yes"], tag="x", actor=None
    )
    for message in InboundMessage.objects.all():
        Run.objects.create(
            tenant=job.tenant, rule=rule, message=message, by="words", ran_at=NOW
        )
        Pending.objects.create(message=message, due_at=NOW)

    assert forget_messages(NOW, batch=2) == 3

    assert list(InboundMessage.objects.all()) == [young]
    for model in (InboundMedia, Run, Pending):
        assert model.objects.get().message_id == young.pk


def test_messages_go_with_the_leads_and_suppressions_stay(settings, monkeypatch):
    settings.LEADRAILS_KEEP_MONTHS = 3
    monkeypatch.setattr(retention, "drop", lambda *_, **__: [])
    job = make_sent_job()
    message_of(job, NOW - timedelta(days=200))
    kept = message_of(job, NOW - timedelta(days=30))
    suppress(tenant_id=job.tenant_id, phone="+12025550100", reason="opted_out")

    retention.drop_old(now=NOW)

    assert list(InboundMessage.objects.all()) == [kept]
    assert Suppression.objects.count() == 1


def test_nobody_is_suppressed_twice():
    tenant = make_tenant()
    told = {"tenant_id": tenant.id, "phone": "+12025550100", "reason": "opted_out"}

    assert [suppress(**told), suppress(**told)] == [True, False]
    assert suppress(**{**told, "phone": ""}) is False
