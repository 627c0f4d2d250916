"""Having the provider post replies here, asked of the simulator."""

import json
import urllib.request

import pytest
from django.test import Client
from django.urls import reverse

from destinations.callbacks import addresses
from destinations.credentials import open_credentials
from destinations.providers.simulated import rcs_sender
from destinations.providers.twilio import TwilioSMS
from destinations.replies import can_connect, connect_replies
from leadrails.contacts.models import InboundMessage
from leadrails.tenants.models import AuditEntry, Role
from tests.make import make_destination, make_tenant, make_user
from tests.webhooks.telnyx import make_place

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def simulated(simulator, settings):
    settings.LEADRAILS_SIMULATOR_URL = simulator.url


def ask(simulator, place, path):
    account = simulator.account(place.tenant_id)
    provider = TwilioSMS.from_config(
        {"account_sid": account.sid},
        {"auth_token": account.auth_token},
        base_url=simulator.url,
    )
    request = urllib.request.Request(
        f"{simulator.url}{path}", headers={"Authorization": provider.auth.header}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_a_number_learns_where_replies_go(simulator):
    place = make_destination()

    result = connect_replies(place, actor=None)

    assert result.ok, result.sentence
    sid = place.config["account_sid"]
    path = f"/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json"
    rows = ask(simulator, place, path)["incoming_phone_numbers"]
    (number,) = [r for r in rows if r["phone_number"] == place.config["from_number"]]
    incoming = addresses(place).incoming
    assert (number["sms_url"], number["sms_fallback_url"]) == (incoming, incoming)
    assert AuditEntry.objects.get().action == "destination.replies_connected"


def test_a_service_learns_it_for_all_its_senders(simulator):
    tenant = make_tenant()
    account = simulator.account(tenant.id)
    config = {
        "account_sid": account.sid,
        "messaging_service_sid": account.service_sid,
    }
    place = make_destination(tenant, config=config)

    assert connect_replies(place, actor=None).ok

    service = ask(simulator, place, f"/v1/Services/{account.service_sid}")
    assert service["inbound_request_url"] == addresses(place).incoming
    assert service["fallback_url"] == addresses(place).incoming
    assert service["use_inbound_webhook_on_number"] is False


def test_an_rcs_sender_at_twilio_and_the_number_in_reserve_learn_it(simulator):
    tenant = make_tenant()
    account = simulator.account(tenant.id)
    agent, number = rcs_sender(account.sid), "+15555550107"
    config = {
        "account_sid": account.sid,
        "rcs_agent": agent,
        "channel": "rcs",
        "fallback": "leadrails",
        "fallback_from": number,
    }
    place = make_destination(tenant, config=config)

    assert connect_replies(place, actor=None).ok

    incoming = addresses(place).incoming
    (sender,) = ask(simulator, place, "/v2/Channels/Senders")["senders"]
    assert sender["webhook"]["callback_url"] == incoming
    assert sender["webhook"]["fallback_url"] == incoming
    path = f"/2010-04-01/Accounts/{account.sid}/IncomingPhoneNumbers.json"
    rows = ask(simulator, place, path)["incoming_phone_numbers"]
    assert {r["phone_number"] for r in rows if r["sms_url"] == incoming} == {number}
    place.config |= {"rcs_agent": "rcs:somebody_else"}
    place.save()
    assert "21606" in connect_replies(place, actor=None).sentence


def test_an_rcs_agent_at_telnyx_and_its_profile_learn_it(simulator):
    place = make_place(config={"channel": "rcs"})

    assert connect_replies(place, actor=None).ok

    incoming = addresses(place).incoming
    bearer = open_credentials(place)["api_key"]
    for path in (
        f"messaging/rcs/agents/{place.config['rcs_agent']}",
        f"messaging_profiles/{place.config['messaging_profile_id']}",
    ):
        request = urllib.request.Request(
            f"{simulator.url}/v2/{path}", headers={"Authorization": f"Bearer {bearer}"}
        )
        with urllib.request.urlopen(request) as answer:
            told = json.load(answer)["data"]
        assert (told["webhook_url"], told["webhook_failover_url"]) == (
            incoming,
            incoming,
        )


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"credentials": {"auth_token": "0" * 32}}, "20003"),
        ({"from_number": "+12025550111"}, "21606"),
    ],
)
def test_a_refusal_is_told(fields, word):
    tenant = make_tenant()
    place = make_destination(tenant)
    place.config |= {k: v for k, v in fields.items() if k == "from_number"}
    fresh = make_destination(
        tenant,
        config=place.config,
        **{k: v for k, v in fields.items() if k == "credentials"},
    )
    result = connect_replies(fresh, actor=None)

    assert not result.ok
    assert word in result.sentence
    assert not AuditEntry.objects.exists()


def test_a_sender_name_hears_nothing():
    place = make_destination(config={"account_sid": "AC1", "from_number": "Acme"})

    assert not can_connect(place)
    assert not connect_replies(place, actor=None).ok


def test_without_a_public_address_there_is_nothing_to_enter(settings):
    settings.LEADRAILS_PUBLIC_URL = ""
    assert not can_connect(make_destination())


def test_the_page_offers_it_and_does_it():
    place = make_destination()
    client = Client()
    client.force_login(make_user(place.tenant, Role.ADMIN))
    kwargs = {"tenant": place.tenant.slug, "destination": place.public_id}
    page = client.get(reverse("destinations:advanced", kwargs=kwargs))
    url = reverse("destinations:replies", kwargs=kwargs)
    assert url in page.content.decode()

    answer = client.post(url, follow=True)

    assert "Replies come here from now on." in answer.content.decode()
    assert not InboundMessage.objects.exists()
