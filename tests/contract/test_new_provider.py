"""
A new kind of destination is its module, a line in the registry and its samples.

The pigeon post is registered here and then used like any other: no page, address or
migration knows of it.
"""

import asyncio
import io
import json
import logging
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from destinations.callbacks import status_url
from destinations.models import Destination
from destinations.providers.inbound import NotInbound
from destinations.providers.registry import PROVIDERS
from leadrails.core.delivery import OutcomeUnknown
from leadrails.core.redact import RedactingFilter
from leadrails.jobs.loop import SenderLoop
from leadrails.jobs.models import Job
from leadrails.tenants.models import Role
from tests.contract.pigeon import Pigeon, sign
from tests.make import make_job, make_lead, make_source, make_tenant, make_user
from webhooks.services import process_callbacks

pytestmark = pytest.mark.django_db(transaction=True)
LIVE_KEY = "pk_live_" + "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def registered(monkeypatch, settings, pigeon_post):
    monkeypatch.setitem(PROVIDERS, Pigeon.kind, Pigeon)
    settings.LEADRAILS_SIMULATOR_URL = pigeon_post.url
    settings.LEADRAILS_PUBLIC_URL = "http://testserver"


@pytest.fixture
def tenant():
    return make_tenant()


@pytest.fixture
def client(tenant):
    client = Client()
    client.force_login(make_user(tenant, Role.OWNER))
    return client


def address(tenant, view, **of):
    return reverse(f"destinations:{view}", kwargs={"tenant": tenant.slug, **of})


def made(client, tenant, mode="simulated", **changes):
    url = address(tenant, "create", kind=Pigeon.kind, mode=mode)
    form = client.get(url).context["form"]
    data = {bound.name: bound.value() or "" for bound in form} | changes
    data["allowed_countries"] = "US"
    return client.post(url, {name: str(value) for name, value in data.items()})


def read(client, url):
    return unescape(client.get(url).content.decode())


def test_it_is_offered_with_what_it_needs_and_can(client, tenant):
    page = read(client, address(tenant, "new"))

    assert "Pigeon post" in page
    assert "You need: Pigeon key, From loft" in page
    assert "it can: pictures (MMS)" in page
    assert address(tenant, "create", kind=Pigeon.kind, mode="live") in page


def test_its_form_follows_from_its_fields(client, tenant):
    url = address(tenant, "create", kind=Pigeon.kind, mode="live")
    page = read(client, url)

    for field in Pigeon.fields:
        assert f'name="{field.name}"' in page
        assert field.label in page
    assert "Over the sea" in page
    assert "More about the account" not in page
    answer = made(client, tenant, "live", api_key="pk_live_1", from_number="5")
    errors = answer.context["form"].errors
    assert errors["api_key"] == [
        "The Pigeon key is pk_live_ followed by 32 hex characters."
    ]
    assert "from_number" in errors


def test_its_secret_is_sealed_and_never_shown(client, tenant, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    assert (
        made(
            client, tenant, "live", api_key=LIVE_KEY, from_number="+15555550100"
        ).status_code
        == 302
    )
    (row,) = Destination.objects.for_tenant(tenant)

    views = ("detail", "edit", "advanced", "troubleshooting")
    pages = [read(client, address(tenant, v, destination=row.public_id)) for v in views]

    assert row.config == {"from_number": "+15555550100"}
    assert LIVE_KEY.encode() not in bytes(row.credentials)
    assert LIVE_KEY not in "".join([*pages, caplog.text, *capfd.readouterr()])
    assert "A hawk took the message. Send it at another hour." in pages[3]
    assert "+15555550100" in pages[0]


def test_its_secret_stays_out_of_the_log_when_it_fails(
    client, tenant, pigeon_post, monkeypatch
):
    async def fail(self, message, http):
        raise RuntimeError(f"no pigeon for {self.api_key}")

    monkeypatch.setattr(Pigeon, "send", fail)
    key = pigeon_post.new_key()
    made(client, tenant, api_key=key, from_number="+15555550100")
    (row,) = Destination.objects.for_tenant(tenant)
    job = make_job(make_lead(make_source(tenant)), row)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactingFilter())
    logger = logging.getLogger("leadrails.jobs.sending")
    logger.addHandler(handler)

    loop = SenderLoop(linger=0)
    try:
        loop.run()
    finally:
        loop.close()
        logger.removeHandler(handler)

    job.refresh_from_db()
    assert job.state == "unknown"
    assert "no pigeon for [redacted]" in written.getvalue()
    assert key not in written.getvalue()


def test_it_delivers_and_its_callbacks_count(client, tenant, pigeon_post):
    key = pigeon_post.new_key()
    sent = made(
        client,
        tenant,
        api_key=key,
        from_number="+15555550100",
        route="fast",
        body_template="Coo {{ first_name }}",
        media_urls="https://h.example/feather.png",
    )
    assert sent.status_code == 302
    (row,) = Destination.objects.for_tenant(tenant)
    verify = address(tenant, "verify", destination=row.public_id)
    assert "The key works." in unescape(
        client.post(verify, follow=True).content.decode()
    )
    job = make_job(make_lead(make_source(tenant)), row)

    loop = SenderLoop(linger=0)
    loop.run()
    loop.close()

    job.refresh_from_db()
    (message,) = pigeon_post.ledger(account=key)
    assert (message["body"], message["to"]) == ("Coo Ann", job.recipient)
    assert message["media"] == ["https://h.example/feather.png"]
    assert (job.state, job.provider_id) == ("accepted", message["sid"])
    for state in ("landed", "flying"):
        assert call_back(job, key, state).status_code == 204
    process_callbacks()
    assert Job.objects.get(pk=job.pk).state == "delivered"


def test_a_callback_with_a_wrong_signature_is_refused(client, tenant, pigeon_post):
    key = pigeon_post.new_key()
    made(client, tenant, api_key=key, from_number="+15555550100")
    (row,) = Destination.objects.for_tenant(tenant)
    job = make_job(make_lead(make_source(tenant)), row, state="accepted", attempts=1)

    assert call_back(job, "pk_test_" + "0" * 32, "landed").status_code == 403


def call_back(job, key, state):
    url = status_url(job.destination_id, job.id, 1)
    body = json.dumps({"id": job.provider_id, "state": state}).encode()
    return Client().post(
        url.removeprefix("http://testserver"),
        body,
        content_type="application/json",
        headers={"Pigeon-Signature": sign(key, url, body)},
    )


def test_what_it_cannot_do_is_an_error_and_never_a_silent_success():
    pigeon = Pigeon(api_key=LIVE_KEY, from_number="+1", route="", base_url="")
    with pytest.raises(OutcomeUnknown):
        asyncio.run(pigeon.find(None, timezone.now(), None))
    with pytest.raises(OutcomeUnknown):
        asyncio.run(pigeon.connect_replies("https://h.example/", None))
    with pytest.raises(NotInbound):
        pigeon.parse_inbound(b"")
