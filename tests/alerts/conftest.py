from datetime import timedelta

import pytest
from django.utils import timezone

from leadrails.alerts import outbox
from leadrails.alerts.channels import create_channel
from leadrails.alerts.models import Channel, Delivery
from leadrails.alerts.services import close_alerts, open_alert
from leadrails.core import ids
from tests.make import make_tenant
from tests.simulator.receiver import Receiver


def past():
    return timezone.now() - timedelta(hours=1)


@pytest.fixture
def tenant(db):
    return make_tenant(name="Acme")


@pytest.fixture
def receiver(settings):
    server = Receiver()
    settings.LEADRAILS_WEBHOOK_HOSTS = [f"127.0.0.1:{server.server_address[1]}"]
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def make(tenant, receiver):
    """A channel of the workspace; a webhook's key is left in `channel.key`."""

    def make(kind="webhook", **fields):
        if kind in ("webhook", "slack"):
            fields.setdefault("url", f"{receiver.url}/hook/{kind}-T0K3N")
        fields = {"name": kind, "once": ids.uuid7(), **fields}
        channel, key = create_channel(tenant, kind=kind, actor=None, **fields)
        # A test is one transaction, in which the database's clock stands still.
        Channel.objects.filter(pk=channel.pk).update(created_at=past())
        channel.key = key
        return channel

    return make


@pytest.fixture
def happen(tenant):
    """Let an alert of the workspace open, or close."""

    def happen(kind="dead_letters", *, over=False, scope="workspace"):
        place = {"tenant_id": tenant.pk, "kind": kind, "scope": scope}
        if over:
            close_alerts(now=timezone.now(), **place)
        else:
            open_alert(cause="attempts_exhausted", **place)

    return happen


@pytest.fixture
def later():
    """Let what waits for its next try be due."""

    def later():
        waiting = Delivery.objects.filter(state="waiting", tries__gt=0)
        waiting.update(due_at=past())
        return outbox.run()

    return later


@pytest.fixture
def quiet():
    """Move a channel's quiet hours so that they are on now, or over."""

    def quiet(channel, *, on):
        now = timezone.now().astimezone()
        hours = (-1, 1) if on else (1, 2)
        begins, ends = (
            (now + timedelta(hours=h)).time().replace(tzinfo=None) for h in hours
        )
        Channel.objects.filter(pk=channel.pk).update(quiet_from=begins, quiet_to=ends)

    return quiet
